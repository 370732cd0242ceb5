import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDesk } from "../../../test/support/real-desk.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";

let scene: Scene;
let desk: Desk;
let id: string;
let here: string;

beforeEach(async () => {
  scene = await startScene({
    desk: async (parts) => {
      desk = await realDesk(parts);
      id = desk.newForm();
      const source = { who: "self", name: "" } as const;
      await desk.openByHand(
        { form: id, kinds: ["degraded_mode", "care_interrupted"], systems: [], source, text: "" },
        { id: "acc-omar", name: "Dr omar", role: "operator", active: true },
      );
      return desk;
    },
  });
  here = `/chv/incidents/${id}`;
});
afterEach(() => scene.close());

async function enter(login: Login): Promise<Visitor> {
  const who = visitor(scene);
  await who.signIn(login);
  return who;
}
const dossier = async (): Promise<Dossier> => {
  const found = await desk.dossier(id);
  if (found === undefined) throw new Error("no dossier");
  return found;
};
/** A code that was not used yet. */
function code(login: Login): string {
  scene.clock.instant += MICROSECONDS.minute;
  return scene.code(login);
}
const six = async () => (await dossier()).current?.declaration.sha256.slice(0, 6) ?? "";

describe("not to declare while a criterion is met", () => {
  it("waits for a second person, in sight of everyone, and is decided by their code", async () => {
    const claire = await enter("claire");
    const page = await claire.get(`${here}/decision`);
    expect(page.text).toContain("une seconde personne devra confirmer");
    const comment = "Exercice interne de l'astreinte.";
    const asked = await claire.submit(`${here}/decision`, `${here}/decision/ecarter`, {
      comment,
      code: code("claire"),
    });
    expect(asked).toMatchObject({ status: 303, location: `${here}/decision?fait=attend` });
    expect((await dossier()).decisions).toEqual([]);
    const waiting = await claire.get(`${here}/decision`);
    expect(waiting.text).toContain("En attente d’une seconde personne.");
    expect(waiting.text).toContain("Retirer ma demande");
    expect(waiting.text).not.toContain("Confirmer : ne pas déclarer");
    const omar = await enter("omar");
    expect((await omar.get(here)).text).toContain("En attente d&#39;une seconde personne");

    const dora = await enter("dora");
    const confirm = `${here}/decision/confirmer`;
    expect((await dora.submit(`${here}/decision`, confirm, { code: "000000" })).status).toBe(403);
    expect((await dossier()).decisions).toEqual([]);
    expect((await dora.submit(`${here}/decision`, confirm, { code: code("dora") })).status).toBe(303);
    expect((await dossier()).decisions).toMatchObject([
      { decision: "set_aside", delegate: { name: "Dr claire" }, second: { by: { name: "Dr dora" } } },
    ]);
    const done = (await dora.get(`${here}/decision`)).text;
    expect(done).toContain("Non déclaré (motivé)");
    expect(done).toContain("Confirmé par Dr dora.");
  });

  it("is taken back by who asked, and refused by the other, with what happened told", async () => {
    const claire = await enter("claire");
    const dora = await enter("dora");
    const ask = () =>
      claire.submit(`${here}/decision`, `${here}/decision/ecarter`, {
        comment: "Exercice interne.",
        code: code("claire"),
      });
    await ask();
    const page = await dora.get(`${here}/decision`);
    await claire.submit(`${here}/decision`, `${here}/decision/ne-pas-confirmer`, {});
    const late = await dora.post(`${here}/decision/confirmer`, {
      ...hiddenFields(page.text, `${here}/decision/confirmer`),
      code: code("dora"),
    });
    expect(late.status).toBe(409);
    expect(late.text).toContain("Aucune demande de ne pas déclarer n&#39;attend plus");
    await ask();
    await dora.submit(`${here}/decision`, `${here}/decision/ne-pas-confirmer`, {
      comment: "Le bloc est arrêté.",
    });
    const { text } = await claire.get(`${here}/decision`);
    expect(text).toContain("Ne pas déclarer : non confirmé");
    expect(text).toContain("Le bloc est arrêté.");
  });
});

describe("a text sent back, a hand passed on", () => {
  it("shows the comment to those who edit", async () => {
    const claire = await enter("claire");
    const action = `${here}/decision/renvoyer`;
    expect((await claire.submit(`${here}/decision`, action, { comment: "non" })).status).toBe(422);
    const comment = "Il manque les urgences <b>du soir</b>.";
    expect((await claire.submit(`${here}/decision`, action, { comment })).status).toBe(303);
    const remi = await enter("remi");
    const { text } = await remi.get(`${here}/decision`);
    expect(text).toContain("Renvoyé à corriger");
    expect(text).toContain("Il manque les urgences &lt;b&gt;du soir&lt;/b&gt;.");
  });

  it("goes to the colleague chosen, who may give it back", async () => {
    const claire = await enter("claire");
    const passed = await claire.submit(`${here}/decision`, `${here}/decision/passer`, {
      to: "acc-dora",
      comment: "Je suis au bloc.",
    });
    expect(passed).toMatchObject({ status: 303, location: `${here}/decision?fait=passe` });
    const dora = await enter("dora");
    const { text } = await dora.get(`${here}/decision`);
    expect(text).toContain("Dr claire vous passe la main");
    expect(text).toContain("Je valide ce texte");
    await dora.submit(`${here}/decision`, `${here}/decision/rendre`, { comment: "En avion." });
    expect((await claire.get(`${here}/decision`)).text).toContain("Main rendue");
    const nobody = await claire.submit(`${here}/decision`, `${here}/decision/passer`, { to: "acc-remi" });
    expect(nobody.status).toBe(409);
    expect(nobody.text).toContain("ne peut pas décider maintenant");
  });
});

describe("a decision by telephone", () => {
  const oral = () => `${here}/decision-orale`;

  async function read(): Promise<{ omar: Visitor; remi: Visitor }> {
    const omar = await enter("omar");
    const remi = await enter("remi");
    await omar.submit(oral(), `${oral()}/preparer`, { delegate: "acc-dora" });
    return { omar, remi };
  }
  async function recorded() {
    const people = await read();
    const done = await people.omar.submit(oral(), `${oral()}/enregistrer`, {
      number: "01 23 45 67 89",
      six: await six(),
      entendu: "oui",
      code: code("omar"),
    });
    expect(done).toMatchObject({ status: 303, location: `${oral()}?fait=enregistre` });
    return people;
  }

  it("is read, recorded, heard, shown as oral, and confirmed by the delegate who finds it on every page", async () => {
    const { remi } = await recorded();
    const listening = await remi.get(oral());
    expect(listening.text).toContain("Les six caractères que vous avez entendus");
    expect(listening.text).not.toContain(`>${await six()}<`);
    const heard = { six: await six(), entendu: "oui", code: code("remi") };
    expect((await remi.submit(oral(), `${oral()}/ecouter`, heard)).status).toBe(303);
    expect((await dossier()).decisions).toMatchObject([{ state: "oral", delegate: { name: "Dr dora" } }]);
    expect((await remi.get(`${here}/decision`)).text).toContain("Décision orale, à confirmer");

    const dora = await enter("dora");
    expect((await dora.get("/chv/incidents")).text).toContain("Décision orale à confirmer");
    expect((await remi.get("/chv/incidents")).text).not.toContain("Décision orale à confirmer");
    const page = await dora.get(oral());
    expect(page.text).toContain("On a enregistré une décision en votre nom");
    const confirmed = await dora.submit(oral(), `${oral()}/confirmer`, { code: code("dora") });
    expect(confirmed).toMatchObject({ status: 303, location: `${oral()}?fait=confirme` });
    expect((await dossier()).decisions).toMatchObject([{ state: "confirmed" }]);
    expect((await dora.get("/chv/incidents")).text).not.toContain("Décision orale à confirmer");
  });

  it("is contested with a reason, and the state says it", async () => {
    const { remi } = await recorded();
    await remi.submit(oral(), `${oral()}/ecouter`, { six: await six(), entendu: "oui", code: code("remi") });
    const dora = await enter("dora");
    const contest = `${oral()}/contester`;
    expect((await dora.submit(oral(), contest, { comment: "non", code: code("dora") })).status).toBe(422);
    const comment = "Personne ne m'a appelée.";
    expect((await dora.submit(oral(), contest, { comment, code: code("dora") })).status).toBe(303);
    expect((await dossier()).incident.state).toBe("in_review");
    expect((await remi.get(here)).text).toContain("Décision orale CONTESTÉE par Dr dora");
  });

  it.each<[string, Record<string, string>, number, string]>([
    ["other characters", { six: "zzzzzz" }, 422, "ne sont pas ceux de ce texte"],
    ["no yes", { entendu: "" }, 422, "Cochez que la personne a dit oui"],
    ["no number", { number: "portable" }, 422, "Écrivez le numéro appelé"],
    ["a wrong code", { code: "000000" }, 403, "Code incorrect"],
  ])("is not recorded with %s", async (_what, over, status, told) => {
    const { omar } = await read();
    const fields = { number: "0123456789", six: await six(), entendu: "oui", code: code("omar"), ...over };
    const reply = await omar.submit(oral(), `${oral()}/enregistrer`, fields);
    expect(reply.status).toBe(status);
    expect(reply.text).toContain(told);
    expect((await dossier()).steps).toEqual([]);
  });

  it.each(["claire", "dora", "anne"] as Login[])("is not recorded by %s", async (login) => {
    const { omar } = await read();
    const form = hiddenFields((await omar.get(oral())).text, `${oral()}/enregistrer`);
    const other = await enter(login);
    const { text } = await other.get(oral());
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const fields = { ...form, csrf, number: "0123", six: await six(), entendu: "oui", code: code(login) };
    expect((await other.post(`${oral()}/enregistrer`, fields)).status).toBe(403);
    expect((await dossier()).steps).toEqual([]);
  });
});

describe("decisions that come at once", () => {
  it("by page and page, by editor and decider: one stands, the others are told what happened", async () => {
    const claire = await enter("claire");
    const dora = await enter("dora");
    await claire.submit(`${here}/decision`, `${here}/prise-en-charge`, { retour: "decision" });
    const action = `${here}/decision/valider`;
    const hers = hiddenFields((await claire.get(`${here}/decision`)).text, action);
    const aside = hiddenFields((await dora.get(`${here}/decision`)).text, `${here}/decision/ecarter`);
    scene.clock.instant += MICROSECONDS.minute;
    const remi = { id: "acc-remi", name: "Dr remi", role: "rssi", active: true } as const;
    await desk.answer({ incident: id, question: "care_diverted", answer: "yes" }, remi);
    scene.clock.instant += MICROSECONDS.minute;
    const late = await claire.post(action, { ...hers, code: scene.code("claire") });
    expect(late.status).toBe(409);
    expect(late.text).toContain("Le texte a changé pendant votre lecture");
    expect(late.text).toContain("Fait : ");
    expect((await dossier()).decisions).toEqual([]);

    const now = hiddenFields((await claire.get(`${here}/decision`)).text, action);
    const [won, lost] = await Promise.all([
      claire.post(action, { ...now, code: scene.code("claire") }),
      dora.post(`${here}/decision/ecarter`, {
        ...aside,
        ...Object.fromEntries(["declaration", "version", "sha256"].map((each) => [each, now[each] ?? ""])),
        comment: "Exercice interne.",
        code: scene.code("dora"),
      }),
    ]);
    expect(won.status).toBe(303);
    const { decisions, steps } = await dossier();
    expect(decisions).toHaveLength(1);
    if (lost.status === 303) expect(steps).toMatchObject([{ step: "second_awaited" }]);
    else expect(lost.text).toContain("validé par Dr claire");
  });
});
