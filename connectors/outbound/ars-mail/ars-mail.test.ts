import { createHash } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import PostalMime from "postal-mime";
import { describe, expect, it } from "vitest";
import {
  aFiling,
  inTime,
  openArs,
  RELAY_PASSWORD,
  SHA256,
  sendArs,
  TEXT,
} from "../../../test/support/ars-mail.ts";
import { HOSTILE } from "../../../test/support/messages.ts";
import { answering, closedAfterEach } from "../../../test/support/smtp-peer.ts";
import type { Filing } from "../../contract.ts";
import { arsMail } from "./index.ts";

const { relay, folder } = closedAfterEach();

describe("a declaration by mail", () => {
  it("says what it is and why it comes this way, and carries the text, the paper and the data", async () => {
    const { port, received } = await relay();
    const sent = await sendArs(port);
    expect(sent).toMatchObject({
      outcome: "delivered",
      because:
        "« 250 queued as 42 » : accepté par le serveur de messagerie, réception par l'ARS non prouvée.",
    });
    expect("reference" in sent).toBe(false);
    const mail = await PostalMime.parse(received[0]?.bytes ?? "");
    expect(mail.from).toMatchObject({ name: "CH de l'Été", address: "direction@ch.example" });
    expect(mail.subject).toBe(
      "Déclaration initiale : incident de sécurité des systèmes d'information, CH de l'Été, dossier 2026-0007",
    );
    expect(mail.html).toBeUndefined();
    expect(mail.text).toContain("application de l'article 1er de l'arrêté du 30 octobre 2017");
    expect(mail.text).toContain("La déclaration électronique a été impossible");
    expect(mail.text).toContain("il ne reproduit pas l'annexe");
    expect(mail.text).toContain("Claire Petit, directrice de garde, 02 00 00 00 00");
    expect(mail.text).toContain(SHA256);
    expect(mail.text).toContain(TEXT);
    expect(mail.attachments.map(({ filename, mimeType }) => [filename, mimeType])).toEqual([
      ["declaration-2026-0007-v1.pdf", "application/pdf"],
      ["declaration-2026-0007-v1.json", "application/json"],
    ]);
    const data = Buffer.from(mail.attachments[1]?.content as ArrayBuffer);
    expect(createHash("sha256").update(data).digest("hex")).toBe(SHA256);
  });

  it("keeps exactly the bytes that the server took", async () => {
    const { port, received } = await relay();
    const { sent } = await sendArs(port);
    expect(sent).toMatchObject({ name: "declaration-2026-0007-v1.eml", type: "message/rfc822" });
    expect(received[0]?.bytes.equals(sent?.bytes as Buffer)).toBe(true);
    const text = Buffer.from(sent?.bytes ?? []).toString("latin1");
    expect(text).not.toMatch(/[^\x00-\x7f]/);
    expect(text.split("\r\n").every((line) => line.length <= 998 && !/[\r\n]/.test(line))).toBe(true);
  });

  it("has the Message-ID of its filing, so that a repeat is known for one", async () => {
    const { port, received } = await relay();
    await sendArs(port);
    await sendArs(port);
    await sendArs(port, aFiling({ key: "another" }));
    const ids = await Promise.all(
      received.map(async ({ bytes }) => (await PostalMime.parse(bytes)).messageId),
    );
    expect(ids[0]).toMatch(/^<[0-9a-f]{40}@ch\.example>$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
    expect(arsMail.repeatable).toBe(false);
  });

  it("is answered where the settings say, and comes back where they say", async () => {
    const { port, received } = await relay();
    await sendArs(port, aFiling(), { reply_to: "garde@ch.example", bounces_to: "retours@ch.example" });
    const mail = await PostalMime.parse(received[0]?.bytes ?? "");
    expect(mail.replyTo?.[0]?.address).toBe("garde@ch.example");
    expect(received[0]).toMatchObject({ from: "retours@ch.example", to: ["alerte@ars.example"] });
  });

  it.each([
    ["complement", "Complément", "complète sa déclaration"],
    ["resolution", "Avis de résolution", "vous informe de la résolution"],
  ] as const)("a %s says that it is one", async (kind, subject, words) => {
    const { port, received } = await relay();
    await sendArs(port, aFiling({ declaration: { id: "d", kind, version: 2, sha256: SHA256 } }));
    const mail = await PostalMime.parse(received[0]?.bytes ?? "");
    expect(mail.subject).toMatch(new RegExp(`^${subject} : `));
    expect(mail.text).toContain(words);
  });

  it("carries the facility's own blank annex, and leaves without it rather than not at all", async () => {
    const { port, received } = await relay();
    const annex = join(folder(), "annexe.pdf");
    writeFileSync(annex, "%PDF-1.4 blank");
    await sendArs(port, aFiling(), { annex });
    rmSync(annex);
    const without = await sendArs(port, aFiling(), { annex });
    const [with_, bare] = await Promise.all(received.map(({ bytes }) => PostalMime.parse(bytes)));
    expect(with_?.attachments.map(({ filename }) => filename)[2]).toBe(
      "annexe-arrete-du-30-octobre-2017.pdf",
    );
    expect(with_?.text).toContain("le formulaire annexé à l'arrêté, vierge");
    expect(bare?.attachments).toHaveLength(2);
    expect(bare?.text).not.toContain("vierge");
    expect(without).toMatchObject({
      outcome: "delivered",
      because: expect.stringContaining("Annexe vierge illisible : envoyé sans elle."),
    });
  });

  it.each(HOSTILE)("adds no header, addressee or part whatever is planted: %j", async (planted) => {
    const { port, received } = await relay();
    const filing = aFiling({ facility: { id: "x", name: planted }, reference: planted, text: planted });
    const attempt = await sendArs(port, filing, { contact: planted.slice(0, 200) });
    expect(attempt.outcome).toBe("delivered");
    const mail = await PostalMime.parse(received[0]?.bytes ?? "");
    expect(received[0]?.to).toEqual(["alerte@ars.example"]);
    expect(mail.headers.map(({ key }) => key).toSorted()).toEqual([
      "content-type",
      "date",
      "from",
      "message-id",
      "mime-version",
      "subject",
      "to",
    ]);
    expect(mail.to).toEqual([{ name: "", address: "alerte@ars.example" }]);
    expect(mail.attachments.map(({ mimeType }) => mimeType)).toEqual(["application/pdf", "application/json"]);
    expect(
      mail.attachments.every(({ filename }) =>
        /^declaration-[A-Za-z0-9-]*-v1\.(pdf|json)$/.test(filename ?? ""),
      ),
    ).toBe(true);
    expect(mail.subject).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(attempt.sent?.name).toMatch(/^declaration-[A-Za-z0-9-]*-v1\.eml$/);
  });

  it.each([
    ["an exercise", { exercise: true }, /EXERCICE/],
    ["what is no declaration", { kind: "information" }, /ne porte qu'une déclaration/],
    [
      "a decision not to declare",
      { declaration: { id: "d", kind: "set_aside", version: 1, sha256: SHA256 } },
      /ne porte qu'une déclaration/,
    ],
  ] as const)("refuses %s before any server is asked", async (_, over, because) => {
    const { port, connections } = await relay();
    const attempt = await sendArs(port, aFiling(over as Partial<Filing>));
    expect(attempt).toEqual({ outcome: "refused", because: expect.stringMatching(because) });
    expect(connections()).toBe(0);
  });

  it("is tried again when the paper could not be made, and says that nothing left", async () => {
    const { port, connections } = await relay();
    const print = async () => Promise.reject(new Error("no font"));
    const attempt = await sendArs(port, aFiling({ print }));
    expect(attempt).toEqual({
      outcome: "unreachable",
      because: "Le message n'a pas pu être préparé (no font). Rien n'est parti.",
    });
    expect(connections()).toBe(0);
  });
});

describe("settings", () => {
  const GOOD = { host: "relay.example", from: "a@ch.example", to: ["x@ars.example"], contact: "C. Petit" };
  it("ask for STARTTLS unless another protection is chosen", () => {
    expect(arsMail.config.parse(GOOD)).toMatchObject({ security: "starttls", timeout_seconds: 30 });
    const clear = { ...GOOD, security: "none" };
    expect(arsMail.config.safeParse({ ...clear, encrypt: { certificates: { file: "x" } } }).success).toBe(
      true,
    );
    expect(arsMail.config.safeParse({ ...clear, host: "127.0.0.1" }).success).toBe(true);
    expect(arsMail.config.safeParse(clear).error?.issues[0]?.message).toContain("in clear");
  });

  it.each([
    [{ host: undefined }],
    [{ from: "no address" }],
    [{ to: [] }],
    [{ to: ["a@b.example\r\nRCPT TO:<x@y.example>"] }],
    [{ contact: undefined }],
    [{ bounces_to: "x" }],
    [{ username: "u" }],
    [{ username: "u", password: "inline" }],
    [{ sign: { certificate: { file: "c" } } }],
    [{ sign: { certificate: "inline", key: { file: "k" } } }],
    [{ encrypt: { certificates: [] } }],
    [{ security: "none", host: "127.0.0.1", client: { certificate: { file: "c" }, key: { file: "k" } } }],
    [{ timeout_seconds: 0 }],
    [{ unknown: 1 }],
  ])("are refused with %j", (wrong) => {
    expect(arsMail.config.safeParse({ ...GOOD, ...wrong }).success).toBe(false);
  });

  it("leak no password into what is opened or sent", async () => {
    const { port } = await relay(answering("onAuth", 535));
    const opened = openArs(port, { username: "u", password: { env: "P" } });
    const attempt = await opened.send(aFiling(), inTime());
    expect(attempt.outcome).toBe("refused");
    expect(inspect([arsMail, opened, attempt], { depth: 10 })).not.toContain(RELAY_PASSWORD);
  });
});
