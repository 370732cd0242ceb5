import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FRENCH, frenchIn, frenchLeft } from "../../../test/support/french-left.ts";
import { type House, openHouse } from "../../../test/support/web-roles.ts";
import { ROUTES, type RouteRow, VISITORS, type VisitorKind } from "../../../test/support/web-routes.ts";
import { loadCatalogue } from "./catalogue.ts";

const { say } = loadCatalogue();
let house: House;
const tokens = new Map<VisitorKind, string>();
beforeAll(async () => {
  house = await openHouse();
  for (const kind of VISITORS) {
    const page = ["inactive", "signed out"].includes(kind) ? "/chv/connexion" : "/chv/secours";
    const { html: text } = await house.people[kind].get(page);
    tokens.set(kind, /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "");
    house.people[kind].cookies.set("tocsin-language", "en");
  }
});
afterAll(() => house.scene.close());

const kindOf = ({ who }: RouteRow): VisitorKind =>
  who === "doors" ? "signed out" : who.includes("director") ? "director" : (who[0] ?? "director");

function addressOf({ route }: RouteRow): string {
  const [, path = ""] = route.split(" ");
  const { main, person, outside } = house.ids;
  const known = path
    .replace("/incidents/:id", `/incidents/${main}`)
    .replace("/personnes/:id", `/personnes/${person}`)
    .replace("/bordereaux/:id", "/bordereaux/liste-0")
    .replace("/hors-tocsin/:id", `/hors-tocsin/${outside}`)
    .replace(":regime", "rgpd-33")
    .replace(":version", "1")
    .replace(":format", "csv");
  return path.startsWith("/:facility") ? known.replace(":facility", "chv") : `/chv${known}`;
}

const routes = (method: string) =>
  ROUTES.filter(({ route }) => route.startsWith(`${method} /`) && !route.includes("/api/")).map(
    (row) => [row.route, row] as const,
  );

/** What refusals say, each `${…}` of it standing for something; those glued from parts are seen on the pages. */
function refusals(): [string, string][] {
  const folders = ["stages", "web"].map((name) => join(import.meta.dirname, "..", "..", name));
  return folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .flatMap((name) => {
        const code = readFileSync(join(folder, name), "utf8");
        return [
          ...code.matchAll(/refuse\(\s*(?:"\w+"|code),\s*(?:"([^"]+)"|`((?:[^`$]|\$\{[^{}`]*\})+)`),?\s*\)/g),
        ].map(([, plain = "", glued = ""]): [string, string] => [
          name,
          plain || glued.replace(/\$\{[^{}]*\}/g, "2026"),
        ]);
      }),
  );
}

describe("a refusal", () => {
  const all = refusals();

  it("is found in the code", () => expect(all.length).toBeGreaterThan(100));

  it.each(all)("of %s is said in English: %s", (_, french) => {
    expect(say(french)).not.toBe(french);
    expect(String(say(french))).not.toMatch(FRENCH);
  });
});

describe("in English, no French is left", () => {
  it("is found where it is, and not where it is marked", () => {
    expect(frenchLeft('<p>Personne ne le sait <b lang="fr">ni <i>elle</i></b> encore</p>')).toEqual([
      "Personne ne le sait",
    ]);
    expect(frenchLeft('<a title="Pas encore"><img alt="La cour"></a>')).toEqual(["Pas encore", "La cour"]);
    expect(
      frenchLeft(
        '<p translate="no">Le câble<br>du réseau</p><pre>la <b>ligne</b></pre><p>A cable</p><!-- LA -->',
      ),
    ).toEqual([]);
  });

  it.each(routes("GET"))("on %s", async (_, row) => {
    const { status, html: text } = await house.people[kindOf(row)].get(addressOf(row));
    expect(status).toBe(row.status);
    expect(frenchIn(text)).toEqual([]);
  });

  it.each(routes("GET").filter(([, { who }]) => who !== "doors"))(
    "on %s, seen by an auditor",
    async (_, row) => {
      const { html: text } = await house.people.auditor.get(addressOf(row));
      expect(frenchIn(text)).toEqual([]);
    },
  );

  // Forms that would act are not filled: what they lead to is another test's.
  it.each(routes("POST").filter(([, { acts }]) => !acts))("on what %s refuses", async (_, row) => {
    const kind = kindOf(row);
    const filled = row.route.endsWith("/secret") ? {} : row.form;
    for (const form of [{}, filled ?? {}]) {
      const { html: text } = await house.people[kind].post(addressOf(row), {
        csrf: tokens.get(kind) ?? "",
        ...form,
      });
      expect(frenchIn(text)).toEqual([]);
    }
    const { html: text } = await house.people.auditor.post(addressOf(row), {
      csrf: tokens.get("auditor") ?? "",
    });
    expect(frenchIn(text)).toEqual([]);
  });

  it.each([
    ["/incidents?q=introuvable"],
    ["/incidents?etat=candidate"],
    ["/incidents?etat=closed"],
    ["/incidents/inconnu"],
    ["/nulle-part"],
    ["/registre?annee=2020"],
    ["/registre/rapport?annee=2020"],
    ["/clotures?mois=2026-10"],
    ["/sourdines?incident=main"],
    ["/incidents/:merged"],
    ["/incidents/:merged/faits"],
    ["/incidents/:merged/declaration"],
    ["/incidents/:id/declaration/historique?champ=description"],
    ["/incidents/:id/demandes?question=care_interrupted"],
    ["/incidents/:id/demandes?question=care_diverted"],
    ["/personnes/acc-claire"],
    ["/personnes/acc-dora"],
  ])("on %s", async (path) => {
    const address = path.replace(":id", house.ids.main).replace(":merged", house.ids.merged);
    const { html: text } = await house.people.director.get(`/chv${address}`);
    expect(frenchIn(text)).toEqual([]);
  });

  it.each([
    [
      "incidents/:id",
      "reponse vu charge texte secret signale constate termine retire clos fini delai rouvert reuni",
    ],
    ["incidents/:id", "distingue separe defait inchange brouillon jete demande demande-retiree note piece"],
    ["incidents/:id/demandes", "demande demande-retiree"],
    ["incidents/:id/declaration", "texte inchange brouillon jete reponse"],
    ["incidents/:id/decision", "attend retire refuse renvoye passe rendu charge"],
    ["incidents/:id/decision-orale", "pret enregistre retire confirme conteste"],
    ["incidents/:id/recherche", "commence confirme abandonne"],
    ["personnes/acc-omar", "modifie desactive reactive delegation fin revue ferme"],
    ["acces", "session sessions cle cle-retiree signature-retiree"],
    ["sourdines", "sourdine travaux fini"],
    ["registre", "inscrit"],
    ["registre/hors-tocsin/:outside", "corrige"],
    ["clotures", "signe"],
  ])("on %s after %s", async (path, done) => {
    const address = `/chv/${path.replace(":id", house.ids.main).replace(":outside", house.ids.outside)}`;
    for (const each of done.split(" ")) {
      const { html: text } = await house.people.director.get(`${address}?fait=${each}`);
      expect(frenchIn(text), each).toEqual([]);
      expect(text, each).toContain('class="note good"');
    }
  });
});

/** Our own words for something that no page of this house says. */
const PHRASE = "Vol d'équipement";
const IN_ENGLISH = "Theft of equipment";

describe("what a person wrote", () => {
  it("stays as it was written, although we would say it in English", async () => {
    const { director, rssi } = house.people;
    const base = `/chv/incidents/${house.ids.main}`;
    const token = { csrf: tokens.get("rssi") ?? "" };
    const acts: [string, Record<string, string>][] = [
      [`${base}/notes`, { form: house.desk.newForm(), text: PHRASE }],
      [
        `${base}/faits`,
        { form: house.desk.newForm(), kinds: "patient_harmed", who: "other", name: PHRASE, text: PHRASE },
      ],
      [`${base}/distinguer`, { autre: "2026-0002", motif: PHRASE }],
      [
        "/chv/registre/hors-tocsin",
        { form: house.desk.newForm(), declared_date: "2026-11-14", what: PHRASE, where: PHRASE, by: PHRASE },
      ],
      ["/chv/sourdines", { form: house.desk.newForm(), host: "machine-exemple", hours: "1", reason: PHRASE }],
    ];
    const statuses = [];
    for (const [path, fields] of acts) statuses.push((await rssi.post(path, { ...token, ...fields })).status);
    expect(statuses).toEqual([303, 303, 409, 303, 303]);
    for (const path of [
      base,
      `${base}/faits`,
      `${base}/declaration`,
      "/chv/registre",
      "/chv/sourdines",
      "/chv/registre/rapport",
    ]) {
      const { html: text } = await director.get(path);
      expect(text.includes(IN_ENGLISH), path).toBe(false);
      if (!path.endsWith("/rapport")) expect(text.includes("Vol d&#39;équipement"), path).toBe(true);
    }
  });
});
