import { afterEach, describe, expect, it } from "vitest";
import { aFact, NIGHT } from "../../../test/support/incident.ts";
import { type Seed, seededDesk } from "../../../test/support/seeded-desk.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";

let scene: Scene;
afterEach(() => scene.close());

const PAGE = "/chv/registre/hors-tocsin";
const TYPED = {
  declared_date: "2026-11-14",
  declared_time: "09:30",
  occurred_date: "2026-11-13",
  occurred_time: "",
  where: "CNIL, téléservice",
  reference: "CNIL-42",
  what: "Courriel envoyé au mauvais destinataire.",
  by: "Le DPO",
};

async function signedIn(login: Login, ...seeds: Seed[]) {
  scene = await startScene({ desk: seededDesk(seeds) });
  const person = visitor(scene);
  await person.signIn(login);
  return {
    ...person,
    /** The page once the register has been read: until then it answers 503. */
    async read(page: string) {
      for (let tries = 0; ; tries += 1) {
        const reply = await person.get(page);
        if (reply.status !== 503 || tries > 50) return reply;
      }
    },
    async record(fields: Record<string, string> = {}) {
      return person.submit(PAGE, PAGE, { ...TYPED, ...fields });
    },
  };
}
const house = (type: string) =>
  scene.store.reads.journalOfHouse("chv", {
    types: [type],
    from: 0,
    before: Number.MAX_SAFE_INTEGER,
    limit: 100,
  });
const states: Seed[] = [
  { incident: { id: "i-closed", state: "closed", because: "Panne finie." } },
  { incident: { id: "i-open", state: "open", because: "=cmd|'/c calc'!A0" } },
  { incident: { id: "i-old", state: "closed", occurred: Date.UTC(2024, 5, 1) * 1000 } },
];

describe("a declaration made outside", () => {
  it("is written down once, shown with its entry, and counted", async () => {
    const person = await signedIn("remi");
    const done = await person.record();
    expect(done.status).toBe(303);
    const page = await person.get(done.location ?? "");
    expect(page.text).toContain("Déclaration inscrite au registre");
    expect(page.text).toMatch(/CNIL-42.*par Le DPO/);
    expect(page.text).toMatch(/journal n° \d+/);
    const register = await person.read("/chv/registre?annee=2026");
    expect(register.text).toContain("Hors de Tocsin");
    expect(register.text).toMatch(/Déclarés hors de Tocsin\s: <strong>1</);
  });

  it("sent twice is one", async () => {
    const person = await signedIn("remi");
    const { text } = await person.get(PAGE);
    const form = /name="form" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    for (const _ of [1, 2])
      expect((await person.post(PAGE, { ...TYPED, form, csrf })).location).toBe(
        `${PAGE}/${form}?fait=inscrit`,
      );
    expect(await scene.store.reads.countByState("chv", "outside_declaration")).toEqual({ "": 1 });
  });

  it.each([
    { fields: { declared_date: "2027-01-01" }, said: "dans le futur" },
    { fields: { declared_date: "" }, said: "lisible" },
    { fields: { declared_date: "2026-02-31" }, said: "lisible" },
    { fields: { occurred_date: "2026-11-15" }, said: "après sa déclaration" },
    { fields: { what: "x" }, said: "ce qui s&#39;est passé" },
    { fields: { incident: "1999-0001" }, said: "Aucun incident" },
    { fields: { systems: "unheard-of" }, said: "pas décrit ici" },
  ])("with $fields is refused, saying $said, and nothing typed is lost", async ({ fields, said }) => {
    const person = await signedIn("remi");
    const refused = await person.record(fields);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain(said);
    expect(refused.text).toContain(`value="CNIL-42"`);
    expect(await scene.store.reads.countByState("chv", "outside_declaration")).toEqual({});
  });

  it("is corrected by a new revision with a reason; what stood before stays readable", async () => {
    const person = await signedIn("remi");
    const page = ((await person.record()).location ?? "").split("?")[0] ?? "";
    const fields = { ...TYPED, reference: "CNIL-43", reason: "Numéro mal recopié." };
    const refused = await person.submit(page, page, { ...fields, reason: "" });
    expect(refused.status).toBe(422);
    expect((await person.submit(page, page, fields)).status).toBe(303);
    const { text } = await person.get(page);
    expect(text).toContain("CNIL-43");
    expect(text).toContain("Numéro mal recopié.");
    expect(text).toContain("CNIL-42");
    const entries = await house("outside_declaration.put");
    expect(entries).toHaveLength(2);
  });

  it("corrected by two at once keeps the first and refuses the other", async () => {
    const person = await signedIn("remi");
    const page = ((await person.record()).location ?? "").split("?")[0] ?? "";
    const csrf = /name="csrf" value="([^"]+)"/.exec((await person.get(page)).text)?.[1] ?? "";
    const post = (reference: string) =>
      person.post(page, { ...TYPED, csrf, revision: "1", reference, reason: "Numéro mal recopié." });
    const both = await Promise.all([post("A"), post("B")]);
    expect(both.map(({ status }) => status).sort()).toEqual([303, 422]);
  });

  it("called off counts no more and stays on the register", async () => {
    const person = await signedIn("remi");
    const page = ((await person.record()).location ?? "").split("?")[0] ?? "";
    await person.submit(page, page, { ...TYPED, void: "oui", reason: "Inscrite deux fois." });
    const { text } = await person.read("/chv/registre?annee=2026");
    expect(text).toContain("Annulée");
    expect(text).toMatch(/Déclarés hors de Tocsin\s: <strong>0</);
  });

  it.each(["omar", "anne"] as const)("is not written by %s", async (login) => {
    const person = await signedIn(login);
    expect((await person.get(PAGE)).status).toBe(403);
    const csrf = /name="csrf" value="([^"]+)"/.exec((await person.get("/chv/incidents")).text)?.[1] ?? "";
    expect((await person.post(PAGE, { ...TYPED, csrf })).status).toBe(403);
  });

  it("shows what was typed as text", async () => {
    const person = await signedIn("remi");
    const { location } = await person.record({ what: "<img src=x onerror=alert(1)>\u202e" });
    const { text } = await person.get(location ?? "");
    expect(text).not.toContain("<img");
    expect(text).toContain("[U+202E]");
  });
});

describe("the register", () => {
  it.each([
    { asked: "annee=2026", found: ["i-open", "i-closed"], missing: ["i-old"] },
    { asked: "annee=2024", found: ["i-old"], missing: ["i-open", "i-closed"] },
    { asked: "annee=2026&etat=closed", found: ["i-closed"], missing: ["i-open"] },
    { asked: "annee=2026&declare=oui", found: [], missing: ["i-open", "i-closed"] },
    { asked: "annee=abcd", found: ["i-open"], missing: ["i-old"] },
  ])("of $asked lists $found", async ({ asked, found, missing }) => {
    const person = await signedIn("anne", ...states);
    const { status, text } = await person.read(`/chv/registre?${asked}`);
    expect(status).toBe(200);
    for (const id of found) expect(text).toContain(`/incidents/${id}"`);
    for (const id of missing) expect(text).not.toContain(`/incidents/${id}"`);
  });

  it("leaves as CSV without formulas, as JSON, and the journal holds who took it", async () => {
    const person = await signedIn("anne", ...states);
    await person.read("/chv/registre");
    const csv = await person.get("/chv/registre/export.csv?annee=2026&bom=1");
    expect(csv.headers.get("content-type")).toContain("text/csv");
    expect(csv.headers.get("content-disposition")).toContain('filename="EXERCICE-registre-chv-2026.csv"');
    expect(csv.text).toContain(`"'=cmd|'/c calc'!A0"`);
    const json = JSON.parse((await person.get("/chv/registre/export.json?annee=2026&etat=closed")).text);
    expect(json.lines.map(({ id }: { id: string }) => id)).toEqual(["i-closed"]);
    const notes = await house("note.register_exported");
    expect(notes.map(({ content }) => JSON.parse(content ?? "{}").format)).toEqual(["csv", "json"]);
    expect((await person.get("/chv/registre/export.exe")).status).toBe(404);
  });

  it("draws the year and gives the same numbers as a table", async () => {
    const person = await signedIn("anne", ...states);
    const { text } = await person.read("/chv/registre?annee=2026");
    expect(text).toMatch(/<svg class="figure" viewBox="0 0 760 260" role="img" aria-label="[^"]+2026/);
    expect(text).toMatch(/Surveillés, clos sans suite<\/th>.*<strong>1<\/strong>/);
  });
});

describe("the auditor's report", () => {
  it("lists what was met and not declared, and the entries that prove the rest", async () => {
    const closings = [{ month: "2026-11", because: "Système indisponible : PACS, 17 min." }];
    const seeds: Seed[] = [
      { incident: { id: "i-closed", state: "closed" }, closings, facts: [aFact("system_unavailable")] },
    ];
    const person = await signedIn("anne", ...seeds);
    const { status, text } = await person.read("/chv/registre/rapport?annee=2026");
    expect(status).toBe(200);
    expect(text).toMatch(/novembre 2026\s: 1 clôture/);
    expect(text).toContain("Pas encore signé");
    expect(text).toContain("Comptes et rôles");
    expect(text).not.toContain("note.");
    expect(text).toMatch(/journal n° \d+/);
  });
});

describe("pages about the house", () => {
  it.each([
    { page: "sources", says: ["Source muette", "annuaire", "Non reconnus"] },
    { page: "regles", says: ["Chargées", "too-wide"] },
    { page: "reglages", says: ["Centre hospitalier du Val", "jamais montrés"] },
    { page: "sante", says: ["Dernière entrée", "CN=tocsin.example", "Expire dans", "Rien n’est en retard"] },
  ])("$page is read by an auditor, and by nobody who is not signed in", async ({ page, says }) => {
    const person = await signedIn("anne");
    const { status, text } = await person.get(`/chv/${page}`);
    expect(status).toBe(200);
    for (const each of says) expect(text).toContain(each);
    expect((await visitor(scene).get(`/chv/${page}`)).location).toContain("/connexion");
  });

  it("shows samples of what was refused, cut and without patients", async () => {
    const person = await signedIn("anne");
    const entry = {
      ...{ source: "divers", received: NIGHT, code: "not_json", message: "unexpected <b>" },
      sample: `NIR 1 85 05 78 006 084 91 ${"x".repeat(1000)}`,
    };
    await scene.store.commit({ facility: "chv", at: NIGHT, writes: [{ write: "quarantine", entry }] });
    const { text } = await person.get("/chv/sources");
    expect(text).toContain("unexpected &lt;b&gt;");
    expect(text).not.toContain("85 05 78");
    expect(text).not.toContain("x".repeat(400));
  });
});
