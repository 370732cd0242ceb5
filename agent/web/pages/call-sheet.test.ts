import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import type { WayOut } from "../../stages/work.ts";

const SHEET = "/chv/incidents/inc-1/appel/cert";
const HELP: WayOut = {
  id: "cert",
  reach: "assisted",
  kind: "help",
  guide: { to: "CERT Santé", phone: "09 72 43 91 25", hours: "24 h sur 24", steps: ["Dire qui appelle."] },
};

let scene: Scene;
let person: Visitor;
const recorded: object[] = [];
beforeEach(async () => {
  recorded.length = 0;
  scene = await startScene({ dossier: sceneDossier() });
  const refused = { outcome: "refused", code: "nothing_told", because: "Notez qui a répondu." } as const;
  Object.assign(scene.desk, {
    waysOf: async () => [{ way: HELP, delivery: null, closed: null }],
    recordFiling: async (call: { told?: string }) => {
      recorded.push(call);
      return call.told === "" ? refused : { outcome: "recorded" };
    },
  });
  person = visitor(scene);
  await person.signIn("omar");
});
afterEach(() => scene.close());

describe("the sheet of a call", () => {
  it("says the number, what to do and what is known, and that it is no declaration", async () => {
    const { status, text } = await person.get(SHEET);
    expect(status).toBe(200);
    expect(text).toContain('href="tel:0972439125"');
    expect(text).toContain("Dire qui appelle.");
    expect(text).toContain("ce n’est pas une déclaration");
  });

  it("records the call where it was read, and comes back to it", async () => {
    const told = "Analyste joint, rappel à 04:00.";
    expect(await person.submit(SHEET, SHEET, { told })).toMatchObject({ status: 303, location: SHEET });
    expect(recorded).toEqual([expect.objectContaining({ incident: "inc-1", channel: "cert", told })]);
  });

  it("gives back what was typed when it cannot be taken, and says why", async () => {
    const { status, text } = await person.submit(SHEET, SHEET, { told: "", reference: "C-17" });
    expect(status).toBe(422);
    expect(text).toContain("Notez qui a répondu.");
    expect(text).toContain('value="C-17"');
  });

  it("gives back what is far too long, beside the sentence, and what was typed for a call that is closed since", async () => {
    const told = "x".repeat(20_000);
    Object.assign(scene.desk, {
      recordFiling: async () => ({ outcome: "refused", code: "too_long", because: "Trop long." }),
    });
    const long = await person.submit(SHEET, SHEET, { told, time: "25:00", date: "2026-11-15" });
    expect(long.text).toContain(`>${told}</textarea>`);
    expect(long.text).toContain('value="25:00"');
    expect(long.text).toMatch(/id="appel-erreur">Cette heure n&#39;est pas lisible/);
    const closed = async () => [{ way: HELP, delivery: null, closed: "Ce texte est déjà parti." }];
    const { text } = await person.get(SHEET);
    Object.assign(scene.desk, { waysOf: closed });
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const gone = await person.post(SHEET, { csrf, told: "Mme Le Gall a répondu.", reference: "R-9" });
    expect(gone.text).toMatch(/à reprendre(.|\n)*R-9\nMme Le Gall a répondu\./);
  });

  it("is not found for a way that nobody calls", async () => {
    expect((await person.get("/chv/incidents/inc-1/appel/autre")).status).toBe(404);
  });
});
