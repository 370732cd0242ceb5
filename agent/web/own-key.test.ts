import { execFile } from "node:child_process";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changePerson } from "../../test/support/web-people.ts";
import { type Scene, startScene, TOOL_SECRET } from "../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { renewMeans } from "./accounts.ts";
import { statementText } from "./own-key.ts";

const OWN = "/chv/acces";
const REASON = "Exercice interne, aucun soin touché.";
let scene: Scene;
let person: Visitor;
let key: { id: string; pem: string };
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
  const made = await make();
  key = {
    id: /n° <code>([0-9a-f]{16})<\/code>/.exec(made.text)?.[1] ?? "",
    pem: /-----BEGIN[\s\S]*?-----END PRIVATE KEY-----/.exec(made.text)?.[0] ?? "",
  };
});
afterEach(() => scene.close());

const make = (more: Record<string, string> = {}) => {
  scene.clock.instant += MICROSECONDS.minute;
  const fields = { name: "Poste du bureau", code: scene.code("claire"), ...more };
  return person.submit(OWN, `${OWN}/signature`, fields);
};
const decisions = () => scene.desk.dossiers[0]?.decisions ?? [];
const kept = async () => (await scene.store.reads.factors("chv", "acc-claire")).factors.ownKeys ?? [];

/** What a person decides, and what of it is changed after they signed. */
function message(
  signed: object = {},
  { changed = {}, pem = key.pem }: { changed?: object; pem?: string } = {},
) {
  const { id = "", version = 0, sha256 = "" } = scene.desk.dossiers[0]?.current?.declaration ?? {};
  const statement = {
    facility: "chv",
    declaration: id,
    version,
    sha256,
    decision: "approved",
    delegate: "claire",
    reason: "",
    signedAt: Math.floor(scene.clock.now() / MICROSECONDS.second),
    ...signed,
  };
  const { facility: _, signedAt: signed_at, reason, ...body } = statement;
  const signature = sign(null, Buffer.from(statementText(statement)), createPrivateKey(pem)).toString(
    "base64",
  );
  const own_key = { key: key.id, signed_at, signature };
  return { ...body, ...(reason && { reason }), own_key, ...changed };
}
let messages = 0;
async function send(body: object) {
  const text = JSON.stringify(body);
  const at = new Date(scene.clock.now() / 1000);
  const id = `own_${++messages}`;
  const response = await fetch(`${scene.url}/api/v1/decisions`, {
    method: "POST",
    body: text,
    headers: {
      "webhook-id": id,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
      "webhook-signature": new Webhook(TOOL_SECRET).sign(id, at, text),
    },
  });
  return { status: response.status, body: await response.json() };
}

describe("a key of one's own to sign decisions", () => {
  it("is made with the second factor, shown once, and only its public half is kept", async () => {
    expect(key.id).toMatch(/^[0-9a-f]{16}$/);
    expect(await kept()).toMatchObject([{ id: key.id, name: "Poste du bureau" }]);
    const page = await person.get(OWN);
    expect(page.text).toContain(key.id);
    expect(page.text).not.toContain("PRIVATE KEY");
    const journal = JSON.stringify(await scene.store.reads.journal("chv", 1, 1000));
    expect(journal).toContain("note.own_key_added");
    const secret = key.pem.split("\n")[1] ?? "";
    expect(secret.length).toBeGreaterThan(40);
    for (const where of [journal, JSON.stringify(await kept()), scene.logged.join()])
      expect(where).not.toContain(secret);
  });

  it("is not made without the second factor, nor beyond three, nor by who may not decide", async () => {
    expect((await make({ code: "000000" })).status).toBe(403);
    await make();
    const fields = { csrf: /name="csrf" value="([^"]+)"/.exec((await person.get(OWN)).text)?.[1] ?? "" };
    await make();
    expect((await person.get(OWN)).text).not.toContain(`action="${OWN}/signature"`);
    scene.clock.instant += MICROSECONDS.minute;
    const more = await person.post(`${OWN}/signature`, { ...fields, name: "x", code: scene.code("claire") });
    expect(more.status).toBe(409);
    expect(await kept()).toHaveLength(3);
    const remi = visitor(scene);
    await remi.signIn("remi");
    const { text } = await remi.get(OWN);
    expect(text).not.toContain("Clés de signature");
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const reply = await remi.post(`${OWN}/signature`, { csrf, name: "x", code: scene.code("remi") });
    expect(reply.status).toBe(403);
  });

  it("decides through a tool, in place of the one-time code", async () => {
    expect(await send(message())).toEqual({ status: 200, body: { outcome: "approved" } });
    expect(decisions()).toMatchObject([
      {
        delegate: { name: "Dr claire" },
        how: { channel: "webhook", tool: "siem", second_factor: "own_key" },
      },
    ]);
    expect((await person.get("/chv/incidents/inc-1/decision")).text).toContain(
      "clé de signature personnelle",
    );
  });

  it.each([
    ["the decision", { decision: "set_aside", reason: REASON }],
    ["the text", { version: 1, sha256: "0".repeat(64) }],
    ["the person", { delegate: "dora" }],
    ["the reason", { reason: "Une autre raison que la mienne." }],
  ])("holds against a tool that changes %s", async (_what, changed) => {
    expect([403, 409]).toContain((await send(message({}, { changed }))).status);
    expect(decisions()).toEqual([]);
  });

  it.each<[string, object]>([
    ["another facility", { facility: "autre" }],
    ["ten minutes ago", { signedAt: Math.floor(Date.UTC(2026, 10, 1) / 1000) }],
    ["another login than in the message", { delegate: "dora" }],
  ])("refuses what was signed for %s", async (_what, signed) => {
    expect((await send({ ...message(signed), delegate: "claire" })).status).toBe(403);
    expect(decisions()).toEqual([]);
  });

  it("answers another's key, an unknown key and an unknown person alike", async () => {
    const other = generateKeyPairSync("ed25519")
      .privateKey.export({ format: "pem", type: "pkcs8" })
      .toString();
    const wrong = await send(message({}, { pem: other }));
    expect(wrong.status).toBe(403);
    const own_key = { ...message().own_key, key: "0".repeat(16) };
    expect(await send(message({}, { changed: { own_key } }))).toEqual(wrong);
    expect(await send(message({ delegate: "nobody" }))).toEqual(wrong);
    expect(decisions()).toEqual([]);
  });

  it("hears one statement once, whatever message carries it", async () => {
    const signed = message({ decision: "set_aside", reason: REASON });
    const [waiting] = structuredClone(scene.desk.dossiers);
    expect((await send(signed)).status).toBe(200);
    // As where a second person refused: the same text waits again.
    if (waiting !== undefined) scene.desk.dossiers[0] = waiting;
    expect((await send(signed)).status).toBe(403);
  });

  it.each([
    ["with a code beside it", (body: object) => ({ ...body, code: "123456" }), "code"],
    ["with neither", ({ own_key: _, ...body }: ReturnType<typeof message>) => body, "code"],
    [
      "with a signature of another length",
      (body: ReturnType<typeof message>) => ({ ...body, own_key: { ...body.own_key, signature: "AA==" } }),
      "own_key.signature",
    ],
  ])("is a mistake %s", async (_what, change, field) => {
    expect(await send(change(message()))).toMatchObject({ status: 422, body: { field } });
  });

  it.each<[string, () => Promise<unknown>]>([
    [
      "it is taken back",
      async () => {
        scene.clock.instant += MICROSECONDS.minute;
        const fields = { id: key.id, code: scene.code("claire") };
        const reply = await person.submit(OWN, `${OWN}/signature/retrait`, fields);
        expect(reply.location).toBe(`${OWN}?fait=signature-retiree`);
      },
    ],
    [
      "the person's means are renewed",
      () => {
        const house = { store: scene.store, clock: scene.clock, facility: { id: "chv", name: "CH" } };
        return renewMeans(house, { account: "acc-claire", by: "Dr dora" });
      },
    ],
    ["the account is closed", () => changePerson(scene, "claire", { active: false })],
    ["the person's role decides no more", () => changePerson(scene, "claire", { role: "operator" })],
    [
      "the delegation has ended",
      () => {
        const act = { from: 0, until: 1, by: "Dr dora", document: "d", scope: "", published: "" };
        return changePerson(scene, "claire", {
          delegations: [{ ...act, recorded: { at: 0, by: "Dr dora" } }],
        });
      },
    ],
  ])("signs nothing any more once %s", async (_what, act) => {
    await act();
    expect((await send(message())).status).toBe(403);
    expect(decisions()).toEqual([]);
  });
});

describe("docs/examples/decide-own-key.mjs", () => {
  it("decides as the document says", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tocsin-key-"));
    try {
      const file = join(folder, "key.pem");
      writeFileSync(file, key.pem, { mode: 0o600 });
      // The script reads the machine's clock.
      scene.clock.instant = Date.now() * 1000;
      const { id = "", version = 0, sha256 = "" } = scene.desk.dossiers[0]?.current?.declaration ?? {};
      const script = join(import.meta.dirname, "../../docs/examples/decide-own-key.mjs");
      const run = [script, id, String(version), sha256, "claire", key.id, file];
      const env = {
        TOCSIN_URL: scene.url,
        TOCSIN_TOOL: "siem",
        TOCSIN_SECRET: TOOL_SECRET,
        TOCSIN_FACILITY: "chv",
      };
      const told = await new Promise((resolve) =>
        execFile(process.execPath, run, { env }, (_error, stdout, stderr) => resolve(stdout + stderr)),
      );
      expect(told).toBe('200 {"outcome":"approved"}\n');
      expect(decisions()).toMatchObject([{ decision: "approved", how: { second_factor: "own_key" } }]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
