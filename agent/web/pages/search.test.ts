import { readdirSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type NotedIncident, notedIncident, signedIn } from "../../../test/support/noted-incident.ts";
import { FOUND, scriptedSearches } from "../../../test/support/searches.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";

let searches: ReturnType<typeof scriptedSearches>;
let noted: NotedIncident;
let page: string;
let omar: Visitor;
beforeEach(async () => {
  searches = scriptedSearches();
  noted = await notedIncident({ searches: searches.open });
  page = `${noted.page}/recherche`;
  omar = await signedIn(noted.scene, "omar");
});
afterEach(() => noted.scene.close());

const RECORDING = new File(["{}\n"], "octobre.ndjson", { type: "application/x-ndjson" });
async function send(person: Visitor, files: readonly File[], fields: Record<string, string> = {}) {
  const { text } = await person.get(page);
  const csrf = /name="csrf" value="([^"]+)"/.exec(text.split(`action="${page}/fichier"`)[1] ?? "")?.[1];
  const body = new FormData();
  body.set("csrf", csrf ?? "");
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  for (const file of files) body.append("recording", file);
  return person.get(`${page}/fichier`, { method: "POST", body });
}
const SOURCE = {
  source: "siem",
  keep: "all",
  host: "",
  sinceDate: "2026-11-01",
  sinceTime: "02:00",
  untilDate: "",
  untilTime: "",
};
const ask = (fields: object) => omar.submit(page, `${page}/source`, { ...SOURCE, ...fields });
const plain = (text: string) => text.replaceAll("&#39;", "'").replaceAll("\u00a0", " ");
const error = (text: string) => /<strong>(Recherche non commencée[^<]*)<\/strong>/.exec(plain(text))?.[1];
const lying = () => readdirSync(noted.scene.uploads);

describe("the page of a search", () => {
  it("takes a recording from who may answer, in their name, and shows what would be found before anything is kept", async () => {
    expect((await send(omar, [RECORDING], { host: "pacs-01" })).location).toBe(`${page}?fait=commence`);
    expect(searches.asked).toEqual([
      expect.objectContaining({
        incident: noted.incident,
        login: "omar",
        dryRun: true,
        asked: { what: { from: "recording", name: "octobre.ndjson", bytes: 3 }, host: "pacs-01", all: false },
      }),
    ]);
    await expect.poll(lying).toEqual([]);
    searches.tell(1, 2);
    expect((await omar.get(page)).text).toContain('<progress max="100" value="50"');
    await searches.end({ result: FOUND });
    const { text } = await omar.get(page);
    expect(text).toContain("Seraient donnés à l’incident");
    expect(text).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(text).not.toContain("<img src=x");
    expect((await omar.submit(page, `${page}/confirmer`, {})).location).toBe(`${page}?fait=confirme`);
    expect(searches.asked.at(-1)).toMatchObject({ dryRun: false, login: "omar" });
    await searches.end({ result: { ...FOUND, state: "settled", dry_run: false } });
    expect((await omar.get(page)).text).toContain("Recherche terminée");
  });

  it("asks a polled source for a stretch of time, in the facility's hours, until now when no end is given", async () => {
    expect((await ask({})).status).toBe(303);
    expect(searches.asked[0]?.asked).toEqual({
      what: {
        from: "source",
        source: "siem",
        since: Date.parse("2026-11-01T01:00:00Z") * 1000,
        until: expect.any(Number),
      },
      host: "",
      all: true,
    });
  });

  it.each<[string, object, string]>([
    ["an unknown source", { source: "autre" }, "Choisissez une des sources que l'on peut interroger."],
    ["no beginning", { sinceDate: "" }, "Donnez le jour (et l'heure) à partir duquel chercher."],
    ["a date that is none", { untilDate: "2026-02-31" }, "Le jour ou l'heure de fin ne se lit pas."],
    ["an end before the beginning", { untilDate: "2026-10-01" }, "Le début est après la fin : inversez-les."],
    ["a beginning to come", { sinceDate: "2027-01-01" }, "Le début est dans le futur : vérifiez la date."],
  ])("refuses %s, says why and keeps what was typed", async (_, fields, because) => {
    const { status, text } = await ask({ ...fields, host: "poste-7" });
    expect(status).toBe(422);
    expect(error(text)).toBe(`Recherche non commencée : ${because}`);
    expect(text).toContain('value="poste-7"');
    expect(searches.asked).toEqual([]);
  });

  it.each<[string, readonly File[], string]>([
    ["no file", [], "Choisissez le fichier à chercher."],
    ["an empty file", [new File([], "vide.log")], "« vide.log » est vide : vérifiez l'export."],
    [
      "two files",
      [RECORDING, new File(["y"], "b.log")],
      "Le fichier « b.log » est de trop : un seul fichier à la fois.",
    ],
  ])("refuses %s and leaves nothing behind", async (_, files, because) => {
    const { status, text } = await send(omar, files);
    expect(status).toBe(422);
    expect(error(text)).toBe(`Recherche non commencée : ${because}`);
    expect(searches.asked).toEqual([]);
    await expect.poll(lying).toEqual([]);
  });

  it("refuses a second search while one runs, and leaves nothing of it behind", async () => {
    const again = await signedIn(noted.scene, "remi");
    const { text } = await again.get(page);
    await send(omar, [RECORDING]);
    const body = new FormData();
    body.set(
      "csrf",
      /name="csrf" value="([^"]+)"/.exec(text.split(`action="${page}/fichier"`)[1] ?? "")?.[1] ?? "",
    );
    body.append("recording", RECORDING);
    const reply = await again.get(`${page}/fichier`, { method: "POST", body });
    expect(reply.status).toBe(409);
    expect(plain(reply.text)).toContain("Une recherche est déjà en cours pour cet incident");
    await expect.poll(lying).toEqual([]);
  });

  it.each([
    ["nothing_recognised", "Aucun enregistrement de « octobre.ndjson » n'a été reconnu"],
    ["unreadable_file", "« octobre.ndjson » ne se lit pas jusqu'au bout"],
    ["ended", "La recherche s'est arrêtée avant la fin."],
  ])("says of %s what it was and what to do", async (code, said) => {
    await send(omar, [RECORDING]);
    await searches.end({ problem: { code, message: "<b>details</b>" } });
    const { text } = await omar.get(page);
    expect(plain(text)).toContain(said);
    expect(text).not.toContain("<b>details");
  });

  it("is read by an auditor, who may not search", async () => {
    const anne = await signedIn(noted.scene, "anne");
    const { status, text } = await anne.get(page);
    expect(status).toBe(200);
    expect(text).not.toContain('<form method="post" action="/chv/incidents');
    expect((await send(anne, [RECORDING])).status).toBe(403);
    expect((await send(visitor(noted.scene), [RECORDING])).status).toBe(401);
    expect(searches.asked).toEqual([]);
  });

  it("offers nothing on a dossier under the secret of national defence", async () => {
    await send(omar, [RECORDING]);
    await searches.end({ result: FOUND });
    await omar.submit(noted.page, `${noted.page}/secret`, { secret: "oui" });
    const { text } = await omar.get(page);
    expect(plain(text)).toContain("couvert par le secret de la défense nationale");
    expect(text).not.toMatch(/octobre|pacs-01|name="recording"/);
  });
});
