import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aFact, NIGHT } from "../../../test/support/incident.ts";
import { seededDesk } from "../../../test/support/seeded-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";

const INCIDENT = "/chv/incidents/incident-1";
const TEXT = `${INCIDENT}/declaration`;
const HISTORY = `${TEXT}/historique`;
const ACTION = `${INCIDENT}/champs#sec-incident`;

let scene: Scene;
let person: Visitor;
beforeEach(async () => {
  const desk = seededDesk([
    {
      incident: { state: "open", systems: ["pacs"], causes: ["ransomware"] },
      facts: [
        aFact("system_unavailable", { system: "pacs", since: NIGHT, stated: NIGHT }),
        aFact("degraded_mode", {
          since: NIGHT,
          stated: NIGHT,
          origin: { by: "person", source: "cadre", writer: "A" },
        }),
      ],
    },
  ]);
  scene = await startScene({ desk });
  person = visitor(scene);
  await person.signIn("claire");
  // The first act of a person has the text written.
  await person.submit(INCIDENT, `${INCIDENT}/prise-en-charge`, {});
});
afterEach(() => scene.close());

/** Sends one field of the section as this visitor's page showed it, `before` when it was opened earlier. */
const correct = async (who: Visitor, id: string, value: string, before?: string) => {
  const page = before ?? (await who.get(TEXT)).text;
  scene.clock.instant += MICROSECONDS.minute;
  const hidden = hiddenFields(page, ACTION);
  const mark = { [`m.${id}`]: hidden[`m.${id}`] ?? "" };
  const { csrf = "", declaration = "", version = "", sha256 = "", section = "" } = hidden;
  const form = { csrf, declaration, version, sha256, section };
  return who.post(`${INCIDENT}/champs`, { ...form, ...mark, [`v.${id}`]: value });
};

describe("the history of the text", () => {
  it("tells of each field what it said before, who said so, when and why", async () => {
    await correct(person, "description", "Première version.");
    await correct(person, "description", "Deuxième version <script>.");
    const { text } = await person.get(`${HISTORY}?champ=description`);
    const [second, first, machine] = [
      text.indexOf("Deuxième version &lt;script&gt;."),
      text.indexOf("Première version."),
      text.indexOf("faits reconnus, par ordre de date"),
    ];
    expect(second).toBeGreaterThan(0);
    expect(first).toBeGreaterThan(second);
    expect(machine).toBeGreaterThan(first);
    expect(text.match(/personne \(Dr claire, dim\. 15 nov\./g)).toHaveLength(2);
  });

  it("lists the writings with what changed and by whom, and compares two of them word by word", async () => {
    await correct(person, "description", "Le PACS ne répond plus.");
    await correct(person, "description", "Le PACS répond lentement.");
    const { text } = await person.get(HISTORY);
    expect(text).toMatch(/<strong>Dr claire<\/strong>\u00a0: Description/);
    const [, link = ""] = /href="([^"]*comparer\?de=\d+&amp;a=\d+)"/.exec(text) ?? [];
    const { text: compared, status } = await person.get(link.replace("&amp;", "&"));
    expect(status).toBe(200);
    expect(compared).toMatch(/Le PACS <del>ne <\/del>répond <del>plus\.<\/del>/);
    expect(compared).toMatch(/Le PACS répond <ins>lentement\.<\/ins>/);
    expect(compared).toContain("sans changement");
  });

  it.each([`${HISTORY}?champ=nope`, `${TEXT}/comparer?de=999999`, `${TEXT}/comparer?a=x`])(
    "has no %s",
    async (page) => {
      expect((await person.get(page)).status).toBe(404);
    },
  );

  it("is not shown under the secret of national defence", async () => {
    await person.submit(INCIDENT, `${INCIDENT}/secret`, { secret: "oui", motif: "" });
    for (const page of [HISTORY, `${TEXT}/comparer`, `${TEXT}.pdf`])
      expect((await person.get(page)).status).toBe(404);
  });

  it("shows nothing to whoever is not signed in", async () => {
    const stranger = visitor(scene);
    for (const page of [HISTORY, `${TEXT}/comparer`]) expect((await stranger.get(page)).status).toBe(303);
  });
});

describe("two people on one text that is really kept", () => {
  it("saves what each changed, though the other was first, when it is not the same field", async () => {
    const director = visitor(scene);
    await director.signIn("remi");
    const opened = (await person.get(TEXT)).text;
    expect((await correct(director, "systems", "PACS et RIS")).status).toBe(303);
    const reply = await correct(person, "description", "Ma phrase.", opened);
    expect(reply.location).toBe(`${TEXT}?fait=texte#sec-incident`);
    const { text } = await person.get(TEXT);
    expect(text).toContain("PACS et RIS");
    expect(text).toContain("Ma phrase.");
  });

  it("asks when it is the same field", async () => {
    const director = visitor(scene);
    await director.signIn("remi");
    const opened = (await person.get(TEXT)).text;
    await correct(director, "description", "La sienne.");
    const reply = await correct(person, "description", "La mienne.", opened);
    expect(reply.status).toBe(409);
    expect(reply.text).toMatch(/«\u00a0La sienne\.\u00a0»[\s\S]*>La mienne\.<\/textarea>/);
  });
});

describe("the logbook on record", () => {
  it("is journalled, leaves the text and its author alone, and outlives the page", async () => {
    const sha = async () => /name="sha256" value="([0-9a-f]{64})"/.exec((await person.get(TEXT)).text)?.[1];
    const before = await sha();
    const nurse = visitor(scene);
    await nurse.signIn("dora");
    const note = {
      text: "Appel du SAMU : M. DUPONT Jean, NIR 1 85 05 78 006 084 91.",
      date: "2026-11-15",
      time: "",
    };
    expect((await nurse.submit(INCIDENT, `${INCIDENT}/notes`, note)).status).toBe(303);
    expect(await sha()).toBe(before);
    const [entry] = await scene.store.reads.putsOf("chv", "logbook", "incident-1", 10);
    expect(entry).toMatchObject({ type: "logbook.put", incident: "incident-1" });
    const { text } = await person.get(INCIDENT);
    expect(text).toContain("Appel du SAMU");
    expect(text).not.toContain("85 05 78 006");
  });

  it("shows a correction and what it corrects, each leading to the other, and corrects nothing twice", async () => {
    const post = (text: string, corrects: string) =>
      person.submit(INCIDENT, `${INCIDENT}/notes`, { text, corrects, date: "2026-11-15", time: "" });
    const notes = async () =>
      (await scene.store.reads.ofIncident("chv", "logbook", "incident-1")).map(({ content }) => content);
    expect((await post("Le PACS est tombé à 3 h.", "")).status).toBe(303);
    const first = (await notes())[0]?.id ?? "";
    expect((await post("Le PACS est tombé à 2 h.", first)).status).toBe(303);
    const second = (await notes())[1]?.id ?? "";
    expect(await notes()).toMatchObject([{ id: first }, { id: second, corrects: first }]);
    const { text } = await person.get(INCIDENT);
    const row = (id: string) => new RegExp(`<li id="note-${id}">.*?</li>`, "s").exec(text)?.[0] ?? "";
    expect(row(first)).toMatch(new RegExp(`Rectifié</span> <a href="#note-${second}">[^]*tombé à 3 h`));
    expect(row(second)).toMatch(new RegExp(`<a href="#note-${first}">Rectifie la note[^]*tombé à 2 h`));
    expect(text).toContain("Note rectifiée");
    expect((await post("Encore.", first)).status).toBe(409);
    expect((await post("D'un autre dossier.", "inconnue")).status).toBe(409);
    expect(await notes()).toHaveLength(2);
  });

  it("is written once when it is sent twice", async () => {
    const page = (await person.get(INCIDENT)).text;
    const fields = {
      ...hiddenFields(page, `${INCIDENT}/notes`),
      text: "Une fois.",
      date: "2026-11-15",
      time: "",
    };
    await person.post(`${INCIDENT}/notes`, fields);
    await person.post(`${INCIDENT}/notes`, fields);
    expect(await scene.store.reads.ofIncident("chv", "logbook", "incident-1")).toHaveLength(1);
  });

  it.each([
    ["empty", { text: "   " }],
    ["too long", { text: "x".repeat(4001) }],
    ["of a form that is none", { text: "Bonjour.", form: "x" }],
  ])("refuses what is %s", async (_, fields) => {
    const reply = await person.submit(INCIDENT, `${INCIDENT}/notes`, {
      date: "2026-11-15",
      time: "",
      ...fields,
    });
    expect(reply.status).toBe(409);
    expect(await scene.store.reads.ofIncident("chv", "logbook", "incident-1")).toEqual([]);
  });
});
