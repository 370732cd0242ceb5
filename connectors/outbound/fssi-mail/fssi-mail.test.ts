import PostalMime from "postal-mime";
import { afterEach, describe, expect, it } from "vitest";
import { AT, HOSTILE } from "../../../test/support/messages.ts";
import { startSmtp } from "../../../test/support/smtp-peer.ts";
import type { Filing } from "../../contract.ts";
import { fssiMail } from "./index.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const aFiling = (over: Partial<Filing> = {}): Filing => ({
  key: "deliver:ch-x:fssi:declaration-1/1",
  kind: "information",
  facility: { id: "ch-x", name: "CH X" },
  incident: "incident-1",
  reference: "2026-0007",
  declaration: { id: "declaration-1", kind: "initial", version: 1, sha256: "ab".repeat(32) },
  bytes: Buffer.from("{}"),
  text: "DÉCLARATION",
  print: async () => Buffer.from("%PDF-1.7"),
  exercise: false,
  ...over,
});
const SETTINGS = {
  host: "127.0.0.1",
  security: "none",
  from: "direction@ch.example",
  contact: "Claire Petit, 02 00 00 00 00",
  timeout_seconds: 1,
};
async function send(filing: Filing) {
  const peer = await startSmtp();
  closing.push(peer.close);
  // A test writes to nobody but itself.
  const config = fssiMail.config.parse({ ...SETTINGS, port: peer.port, to: ["fssi@loopback.example"] });
  const signal = AbortSignal.timeout(10_000);
  const attempt = await fssiMail.open(config, () => "").send(filing, { now: AT, signal });
  const [taken] = peer.received;
  return { attempt, mail: taken && (await PostalMime.parse(taken.bytes)), taken };
}

describe("information to the FSSI", () => {
  it("says that it is no declaration, with the text and its paper and no data", async () => {
    const { attempt, mail, taken } = await send(aFiling());
    expect(attempt).toMatchObject({
      outcome: "delivered",
      because: expect.stringContaining("réception par le FSSI non prouvée"),
    });
    expect(taken?.bytes.equals(attempt.sent?.bytes as Buffer)).toBe(true);
    expect(mail?.subject).toBe("Information : incident critique suspecté, CH X, dossier 2026-0007");
    expect(mail?.text).toContain("il ne vaut pas déclaration et ne la remplace pas");
    expect(mail?.text).toContain("DÉCLARATION");
    expect(mail?.attachments.map(({ filename }) => filename)).toEqual(["declaration-2026-0007-v1.pdf"]);
  });

  it.each([
    ["a declaration", { kind: "declaration" }, /ne porte pas de déclaration/],
    ["an exercise", { exercise: true }, /EXERCICE/],
  ] as const)("refuses %s", async (_, over, because) => {
    const { attempt, taken } = await send(aFiling(over));
    expect(attempt).toEqual({ outcome: "refused", because: expect.stringMatching(because) });
    expect(taken).toBeUndefined();
  });

  it.each(HOSTILE)("adds no header and no addressee whatever is planted: %j", async (planted) => {
    const { mail, taken } = await send(
      aFiling({ facility: { id: "x", name: planted }, reference: planted, text: planted }),
    );
    expect(taken?.to).toEqual(["fssi@loopback.example"]);
    expect(mail?.headers.map(({ key }) => key).toSorted()).toEqual([
      "content-type",
      "date",
      "from",
      "message-id",
      "mime-version",
      "subject",
      "to",
    ]);
  });

  it("goes to the address of the procedure by default, says when it serves and where that is known from", () => {
    const config = fssiMail.config.parse(SETTINGS);
    expect(config.to).toEqual(["ssi@sg.social.gouv.fr"]);
    const { to, hours, steps, source } = fssiMail.guide(config);
    expect(to).toContain("ssi@sg.social.gouv.fr");
    expect(hours).toContain("En dehors des jours ouvrés");
    expect(steps.join(" ")).toContain("ne vaut pas déclaration");
    expect(source?.verified).toMatch(/^\d{4}-\d\d-\d\d$/);
    const kinds: readonly string[] = fssiMail.kinds;
    expect(kinds).not.toContain("declaration");
  });
});
