import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aFiling } from "../../../test/support/register-entry.ts";
import { testSetup } from "../../../test/support/test-setup.ts";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import type { Delivery } from "../../core/delivery.ts";
import { ATTACHMENTS } from "../../core/logbook.ts";
import { type Carried, type KnownReference, recordFiling } from "../../stages/delivery/record-filing.ts";
import type { Actor } from "../../stages/person-act.ts";
import type { Work } from "../../stages/work.ts";

const PAGE = "/chv/incidents/inc-1/depot";
const OTHERS: KnownReference[] = ["SIG-2026-0812", "SIG-2026-0813", "SIG-2026-0814"].map((reference, n) => ({
  incident: `inc-${n + 10}`,
  channel: "portail",
  reference,
}));

let scene: Scene;
let person: Visitor;
/** What was recorded, as the desk was given it, and the receipt as it is kept. */
let recorded: (Carried & { kept: string | undefined })[];
beforeEach(async () => {
  recorded = [];
  const dossier = sceneDossier();
  const { current, incident } = dossier;
  if (current === undefined) throw new Error("no text");
  dossier.filing = { ...current, declaration: { ...current.declaration, state: "approved" } };
  const { sha256 } = current.declaration;
  const of = { incident: "inc-1", sha256, settled: null, reference: null } as const;
  const portal: Delivery = { ...aFiling(1), ...of, id: "d-1", channel: "portail", state: "planned" };
  dossier.deliveries = [portal];
  scene = await startScene({ dossier });
  const work = { incident, deliveries: [portal], decisions: [], declarations: [] } as unknown as Work;
  const setup = testSetup([], scene.clock);
  Object.assign(scene.desk, {
    waysOf: async () => [
      {
        way: { id: "portail", reach: "assisted", guide: { to: "Portail", steps: [] } },
        delivery: portal,
        closed: null,
      },
    ],
    recordFiling: async (carried: Carried, actor: Actor) => {
      // What the desk doubts or refuses is its own; what it takes is remembered.
      const copy = {
        ...work,
        deliveries: [...work.deliveries],
        beside: [],
        deadlines: [],
      } as unknown as Work;
      const now = scene.clock.now();
      const by = { actor, setup, now, known: OTHERS };
      const looked = recordFiling(copy, { ...carried, delivery: "d-1" }, by);
      if (looked.outcome !== "refused")
        recorded.push({ ...carried, kept: looked.delivery.receipts?.[0]?.name });
      return looked;
    },
  });
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

/** Sends the form of the filing as a browser does, with a receipt. */
async function file(
  fields: Record<string, string>,
  receipt?: { name: string; type: string; bytes: string | Buffer<ArrayBuffer> },
) {
  const { text } = await person.get(PAGE);
  const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
  const body = new FormData();
  for (const [name, value] of Object.entries({ csrf, delivery: "d-1", ...fields })) body.set(name, value);
  if (receipt !== undefined)
    body.set("receipt", new Blob([receipt.bytes], { type: receipt.type }), receipt.name);
  return person.get(PAGE, { method: "POST", body });
}
const REFERENCE = { reference: "SIG-2026-0815" };

describe("a receipt that is hostile", () => {
  it.each([
    ["a page that runs", "recu.html", "text/html", "<script>alert(1)</script>"],
    ["a program that says it is a PDF", "recu.pdf", "application/pdf", "MZ\u0000\u0000"],
    ["a picture of another type", "recu.png", "image/svg+xml", "<svg onload='alert(1)'/>"],
  ])("is kept as bytes, never shown as a page: %s", async (_, name, type, bytes) => {
    const done = await file(REFERENCE, { name, type, bytes });
    expect(done.status).toBe(303);
    expect(Buffer.from(recorded[0]?.receipt?.bytes ?? []).toString()).toBe(bytes);
    expect((await person.get(PAGE)).html).not.toMatch(/<script>alert|onload/);
  });

  it.each([
    ["a path", "../../etc/cron.d/recu.pdf"],
    ["a path of Windows", "C:\\temp\\recu.pdf"],
    ["an order of letters turned round", "recu\u202Efdp.exe"],
    ["letters that do not show", "re\u200Bcu\u2066.pdf"],
  ])("loses what its name hides: %s", async (_, name) => {
    expect((await file(REFERENCE, { name, type: "application/pdf", bytes: "%PDF-1.7" })).status).toBe(303);
    expect(recorded[0]?.kept).toMatch(/^[\w.]+$/);
  });

  it("is not taken over the limit, and what was typed stays", async () => {
    const bytes = Buffer.alloc(ATTACHMENTS.bytes + 1);
    const refused = await file(REFERENCE, { name: "recu.pdf", type: "application/pdf", bytes });
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('value="SIG-2026-0815"');
    expect(refused.text).toMatch(/class="wrong"[^>]*>[^<]*(?:Mo|octets)/);
    expect(recorded).toEqual([]);
  });
});

describe("a reference that is doubtful", () => {
  it.each([
    ["mistyped", "SIG-2O26-815", "ne ressemble pas aux références déjà relevées par cette voie"],
    ["of another incident", "SIG-2026-0813", "est déjà la référence d&#39;un autre dépôt"],
  ])("is asked for twice, with what was typed and a box to confirm it: %s", async (_, reference, words) => {
    const doubted = await file({ reference });
    expect(doubted.status).toBe(422);
    expect(doubted.text).toContain(`Rien n&#39;est encore enregistré : « ${reference} » ${words}`);
    expect(doubted.text).toContain(`value="${reference}"`);
    expect(doubted.text).toContain('name="confirmed" value="oui"');
    expect(recorded).toEqual([]);
  });

  it("is not doubted, and no box shown, when it is like the others", async () => {
    expect((await person.get(PAGE)).text).not.toContain('name="confirmed"');
    expect((await file(REFERENCE)).status).toBe(303);
    expect(recorded).toMatchObject([{ reference: "SIG-2026-0815", confirmed: false }]);
  });

  it("runs nothing of what was typed", async () => {
    const doubted = await file({ reference: `"><script>alert(1)</script>` });
    expect(doubted.status).toBe(422);
    expect(doubted.html).not.toContain("<script>alert");
  });

  it("is taken once the person confirms it", async () => {
    expect((await file({ reference: "SIG-2O26-815", confirmed: "oui" })).status).toBe(303);
    expect(recorded).toMatchObject([{ reference: "SIG-2O26-815", confirmed: true }]);
  });
});
