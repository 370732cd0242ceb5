import { afterEach, describe, expect, it } from "vitest";
import { aFact, NIGHT } from "../../../test/support/incident.ts";
import { type Seed, seededDesk } from "../../../test/support/seeded-desk.ts";
import { contentOfScene, draftOf } from "../../../test/support/web-declaration.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";

const PAGE = "/chv/incidents/incident-1";
const REASON = "Tout est rétabli et la résolution est annoncée.";
const minutes = (count: number) => count * MICROSECONDS.minute;

let scene: Scene | undefined;
afterEach(() => scene?.close());

/** Who is signed in, over a record that holds these incidents. */
async function opened(login: Login, ...seeds: Seed[]) {
  scene = await startScene({ desk: seededDesk(seeds) });
  const person = visitor(scene);
  await person.signIn(login);
  return person;
}

const outage = (over: Parameters<typeof aFact>[1] = {}) =>
  aFact("system_unavailable", { system: "pacs", since: NIGHT, stated: NIGHT, ...over });
const watched = (...facts: Seed["facts"] & object): Seed => ({
  incident: { state: "candidate", systems: ["pacs"], causes: ["infrastructure_failure"] },
  facts,
});
const over: Seed = {
  incident: { state: "facts_ended", systems: ["pacs"], because: "Tous les états constatés ont pris fin." },
  facts: [outage({ until: NIGHT + minutes(40) })],
};

describe("the page of what is only watched", () => {
  it.each<[string, Seed, string[], string[]]>([
    [
      "when it closes by itself",
      watched(outage({ until: NIGHT + minutes(17) })),
      ["Tocsin clôt cette surveillance de lui-même dim. 15 nov. 06:30 si rien de nouveau"],
      ["ne se clôt pas"],
    ],
    [
      "what keeps it, and when a delay makes it an incident",
      watched(outage({ since: NIGHT + minutes(25) })),
      [
        "ne se clôt pas d’elle-même\u00a0: « Système indisponible » (PACS) dure encore.",
        "Si rien ne change, elle devient un incident dim. 15 nov. 02:55",
      ],
      ["Tocsin clôt"],
    ],
    [
      "that malice is suspected",
      { ...watched(), incident: { state: "candidate", causes: ["ransomware"] } },
      ["ne se clôt pas d’elle-même\u00a0: un acte malveillant est soupçonné."],
      ["devient un incident"],
    ],
    [
      "that an account is in doubt",
      watched(aFact("account_compromised")),
      ["un compte ou des données sont en cause, et leur sort est inconnu"],
      [],
    ],
  ])("says %s", async (_, seed, words, absent) => {
    const { text } = await (await opened("claire", seed)).get(PAGE);
    for (const each of words) expect(text).toContain(each);
    for (const each of absent) expect(text).not.toContain(each);
  });

  it("says nothing of the kind of any other", async () => {
    const { text } = await (await opened("claire", over)).get(PAGE);
    expect(text).not.toMatch(/<dt>Ensuite<\/dt>/);
  });
});

describe("closing what is decided", () => {
  it("is offered first to who declares once nothing keeps it, and shows who closed it and why", async () => {
    const person = await opened("claire", over);
    const { text } = await person.get(PAGE);
    expect(text).toContain(`href="/chv/incidents/incident-1#clore">Clore le dossier`);
    expect(text).not.toContain("sans_avis");
    const done = await person.submit(PAGE, `${PAGE}/clore`, { reason: REASON });
    expect(done).toMatchObject({ status: 303, location: `${PAGE}?fait=fini` });
    const closed = await person.get(`${PAGE}?fait=fini`);
    for (const words of ["Dossier clos.", "Clos par Dr claire", REASON, "Rouvrir cet incident"])
      expect(closed.text).toContain(words);
    // What is closed takes nothing in: no form of an answer, a fact or a constat.
    for (const form of ["/reponse", "/prise-en-charge", "/clore"])
      expect(closed.text).not.toContain(`action="${PAGE}${form}"`);
    expect(closed.text).not.toContain(`${PAGE}/faits"`);
    expect(closed.text).not.toContain("Répondre aux questions");
  });

  it("says that the notice of resolution is not filed, and takes no closing that does not say so", async () => {
    const filed = { ...draftOf(contentOfScene(1, "Chiffrement."), "filed"), id: "dec-filed" };
    const person = await opened("claire", { ...over, declarations: [filed] });
    const { text } = await person.get(PAGE);
    expect(text).toContain("L’avis de résolution n’est pas déposé");
    expect(text).toContain("D.1111-16-3");
    expect(text).toContain(`href="${PAGE}/suivi"`);
    const refused = await person.submit(PAGE, `${PAGE}/clore`, { reason: REASON });
    expect(refused.status).toBe(409);
    const done = await person.submit(PAGE, `${PAGE}/clore`, { reason: REASON, sans_avis: "oui" });
    expect(done).toMatchObject({ status: 303, location: `${PAGE}?fait=fini` });
  });

  it("is left to who declares: others read that nothing keeps it", async () => {
    const person = await opened("remi", over);
    const { text } = await person.get(PAGE);
    expect(text).toContain("Seuls le directeur et la personne déléguée le closent");
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const refused = await person.post(`${PAGE}/clore`, { csrf, reason: REASON });
    expect(refused.text).toContain("Votre rôle ne permet pas");
    expect((await person.get(PAGE)).text).toContain("Rétabli, reste à clore");
  });

  it("is not offered while something lasts, and says what", async () => {
    const person = await opened("claire", {
      incident: { state: "declared", systems: ["pacs"] },
      facts: [outage()],
    });
    const { text } = await person.get(PAGE);
    expect(text).toContain("Pas encore\u00a0: « Système indisponible » (PACS) dure encore");
    expect(hiddenFields(text, `${PAGE}/clore`)).toEqual({});
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const refused = await person.post(`${PAGE}/clore`, { csrf, reason: REASON });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("mettez-y fin d&#39;abord");
  });

  it("asks for a reason, and reopening too: it goes back where it stood", async () => {
    const person = await opened("claire", over);
    const refused = await person.submit(PAGE, `${PAGE}/clore`, { reason: "ok" });
    expect(refused).toMatchObject({ status: 422, text: expect.stringContaining("Le motif compte de 10") });
    await person.submit(PAGE, `${PAGE}/clore`, { reason: REASON });
    const again = await person.submit(PAGE, `${PAGE}/rouvrir`, { reason: "Le PACS est retombé." });
    expect(again.location).toBe(`${PAGE}?fait=rouvert`);
    const { text } = await person.get(PAGE);
    for (const words of ["Rétabli, reste à clore", "Rouvert par Dr claire", "Le PACS est retombé"])
      expect(text).toContain(words);
  });
});

describe("a month of automatic closings that nobody has signed", () => {
  const seeds: Seed[] = [
    { incident: { state: "closed", closed_by: "machine" }, closings: [{}] },
    { incident: { state: "closed", closed_by: "person" }, closings: [{ by: "person", month: "2026-09" }] },
    { incident: { state: "closed", closed_by: "machine" }, closings: [{ month: "2026-11" }] },
  ];
  const told = 'href="/chv/clotures?mois=2026-10">octobre 2026</a>';

  it.each<[Login, boolean]>([
    ["remi", true],
    ["claire", true],
    ["omar", false],
  ])("is shown to %s on the list: %s", async (login, shown) => {
    const { text } = await (await opened(login, ...seeds)).get("/chv/incidents");
    expect(text.includes(told)).toBe(shown);
    for (const month of ["septembre", "novembre"]) expect(text).not.toContain(`${month} 2026</a>`);
  });

  it("stands first for the RSSI, whose task it is, and after what waits for the others", async () => {
    const waiting: Seed = { incident: { state: "in_review" } };
    const places = async (login: Login) => {
      const { text } = await (await opened(login, ...seeds, waiting)).get("/chv/incidents");
      await scene?.close();
      return text.indexOf(told) < text.indexOf("À faire maintenant");
    };
    expect([await places("remi"), await places("claire")]).toEqual([true, false]);
    scene = undefined;
  });

  it("is gone once it is signed", async () => {
    const person = await opened("remi", ...seeds);
    const page = "/chv/clotures?mois=2026-10";
    expect((await person.get(page)).text).toContain("avoir relu cette clôture (empreinte");
    expect((await person.submit(page, "/chv/clotures", {})).status).toBe(303);
    expect((await person.get("/chv/incidents")).text).not.toContain(told);
  });
});
