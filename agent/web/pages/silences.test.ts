import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDesk } from "../../../test/support/real-desk.ts";
import { ORIGINAL } from "../../../test/support/web-desk.ts";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { MutedView } from "../../stages/mute/tell-muted.ts";

const PAGE = "/chv/sourdines";
const WORKS = `${PAGE}/travaux`;
const END = `${PAGE}/fin`;
const REASON = "Changement du stockage du PACS.";
const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(1)</script>`;

describe("the page of silences and works", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await startScene({ desk: realDesk });
  });
  afterEach(() => scene.close());

  async function signedIn(login: Login) {
    const person = visitor(scene);
    await person.signIn(login);
    return person;
  }
  async function silenced(fields: Record<string, string> = {}, login: Login = "remi") {
    const person = await signedIn(login);
    const typed = { system: "pacs", hours: "4", reason: REASON, ...fields };
    return { person, done: await person.submit(PAGE, PAGE, typed) };
  }
  async function planned(fields: Record<string, string> = {}) {
    const person = await signedIn("remi");
    const when = { from_date: "2026-11-15", from_time: "22:00", date: "2026-11-16", time: "06:00" };
    const typed = { systems: "pacs", dependents: "oui", ...when, reason: REASON, ...fields };
    return { person, done: await person.submit(PAGE, WORKS, typed) };
  }

  it("says that nothing is muted, and is found from the list", async () => {
    const person = await signedIn("claire");
    expect((await person.get("/chv/incidents")).text).toContain(`href="${PAGE}"`);
    const { text } = await person.get(PAGE);
    expect(text).toContain("Rien n’est en sourdine.");
    expect(text).toContain("Un soupçon de malveillance");
  });

  it("is for people who are signed in", async () => {
    const { status, location } = await visitor(scene).get(PAGE);
    expect([status, location]).toEqual([303, expect.stringContaining("/chv/connexion")]);
  });

  it("makes a silence, and shows to all who muted what, why and until when", async () => {
    const { done } = await silenced();
    expect(done.location).toBe(`${PAGE}?fait=sourdine`);
    const anne = await signedIn("anne");
    const { text } = await anne.get(PAGE);
    for (const shown of ["Mise en sourdine", "PACS", REASON, "Dr remi", "dim. 15 nov. 06:"])
      expect(text).toContain(shown);
    const list = (await anne.get("/chv/incidents")).text;
    expect(list).toContain("<strong>Mise en sourdine</strong> par Dr remi");
  });

  it("plans works, and shows them as to come, then as running", async () => {
    const { done, person } = await planned();
    expect(done.location).toBe(`${PAGE}?fait=travaux`);
    const { text } = await person.get(PAGE);
    for (const shown of ["PACS et ce qui en dépend", "dim. 15 nov. 22:00 → lun. 16 nov. 06:00", "Annuler"])
      expect(text).toContain(shown);
    expect((await person.get("/chv/incidents")).text).not.toContain("<strong>Travaux prévus</strong>");
    // The session is one night long.
    scene.clock.instant += 10 * MICROSECONDS.hour;
    scene.clock.instant += 10 * MICROSECONDS.hour;
    const later = await signedIn("remi");
    expect((await later.get("/chv/incidents")).text).toContain("<strong>Travaux prévus</strong> par Dr remi");
  });

  it("ends one before its time, with a reason, and keeps who did", async () => {
    const { person } = await silenced();
    const without = await person.submit(PAGE, END, { reason: "" });
    expect(without.status).toBe(422);
    expect(without.text).toContain("de 10 à 500 caractères");
    const done = await person.submit(PAGE, END, { reason: "Le changement est fait." });
    expect(done.location).toBe(`${PAGE}?fait=fini`);
    const { text } = await person.get(PAGE);
    expect(text).toContain("Rien n’est en sourdine.");
    expect(text).toContain("Fini avant l’heure par Dr remi");
    expect(text).toContain("Le changement est fait.");
  });

  it("is made once by a form that is sent twice", async () => {
    const person = await signedIn("remi");
    const { text } = await person.get(PAGE);
    const fields = { ...hiddenFields(text, PAGE), system: "pacs", hours: "4", reason: REASON };
    await person.post(PAGE, fields);
    expect((await person.post(PAGE, fields)).status).toBe(303);
    expect((await person.get(PAGE)).text.match(/class="mark">Mise en sourdine/g)).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, string]>([
    ["about an unknown system", { system: "nope" }, "« nope »"],
    ["without a reason", { reason: "" }, "de 10 à 500 caractères"],
    ["over since yesterday", { hours: "", date: "2026-11-14", time: "10:00" }, "est déjà passée"],
    ["of two months", { hours: "", date: "2027-01-14", time: "10:00" }, "30 jours au plus"],
    ["without an hour of its end", { hours: "", date: "2026-11-16" }, "la fin manque"],
    [
      "at an hour that there is not",
      { hours: "", date: "2027-03-28", time: "02:30" },
      "changement d&#39;heure",
    ],
  ])("refuses a silence %s, and keeps what was typed", async (_, fields, told) => {
    const { done, person } = await silenced({ host: "pacs-0*", ...fields });
    expect(done.status).toBe(422);
    expect(done.text).toContain(told);
    expect(done.text).toContain('value="pacs-0*"');
    expect((await person.get(PAGE)).text).toContain("Rien n’est en sourdine.");
  });

  it("refuses a silence about everything", async () => {
    const { done } = await silenced({ system: "", host: " " });
    expect(done.status).toBe(422);
    expect(done.text).toContain("Jamais tout");
  });

  it.each<[string, Record<string, string>, string]>([
    ["that end before they begin", { date: "2026-11-15", time: "21:00" }, "précède le début"],
    ["on an unknown system", { systems: "nope" }, "« nope »"],
    ["on nothing", { systems: "" }, "au moins un"],
    ["without an end", { time: "" }, "la fin manque"],
    ["that began yesterday", { from_date: "2026-11-14" }, "laissez-le vide"],
  ])("refuses works %s, and keeps what was typed", async (_, fields, told) => {
    const { done } = await planned(fields);
    expect(done.status).toBe(422);
    expect(done.text).toContain(told);
    expect(done.text).toContain(`value="${REASON}"`);
  });

  it("tells works that overlap others as a conflict, with whose those are", async () => {
    await planned();
    const { done } = await planned({ from_time: "23:00" });
    expect(done.status).toBe(409);
    expect(done.text).toContain("Des travaux sont déjà prévus sur PACS");
    expect(done.text).toContain("par Dr remi");
  });

  it.each(["omar", "anne"] as const)("is read and not changed by %s", async (login) => {
    await silenced();
    const person = await signedIn(login);
    const { text, status } = await person.get(PAGE);
    expect(status).toBe(200);
    expect(text).not.toContain(`action="${PAGE}`);
    const { csrf = "" } = hiddenFields(text, "/chv/deconnexion");
    for (const address of [PAGE, WORKS, END])
      expect((await person.post(address, { csrf, form: "x", mute: "x" })).status).toBe(403);
  });

  it("changes nothing by a GET, nor by a form of elsewhere", async () => {
    const person = await signedIn("remi");
    scene.written();
    await person.get(`${PAGE}?system=pacs&hours=4&reason=${encodeURIComponent(REASON)}`);
    expect((await person.post(PAGE, { csrf: "forged", system: "pacs", reason: REASON })).status).toBe(403);
    expect(scene.written()).toEqual([]);
  });

  it("escapes and masks what was typed", async () => {
    const { person } = await silenced({ system: "", host: HOSTILE, reason: `${HOSTILE} ${ORIGINAL}` });
    for (const address of [PAGE, "/chv/incidents"]) {
      const { text } = await person.get(address);
      for (const hidden of ["<img src=x", "<script>alert"]) expect(text).not.toContain(hidden);
      expect(text).not.toMatch(/1 85 05 78/);
    }
  });
});

describe("the page of an incident", () => {
  const MUTED: MutedView = {
    holds: true,
    line: "Mise en sourdine par Rémi Roy jusqu'au 15/11/2026 06:00",
    because: "Personne n'est prévenu d'ici là.",
    otherwise: "À déclarer maintenant : fonctionnement de l'établissement.",
    mutes: [
      {
        ...{ id: "m-1", kind: "silence", covers: "PACS", author: "Rémi Roy", reason: HOSTILE },
        ...{ from: 0, until: Date.UTC(2026, 10, 15, 5) * 1000, over: false },
      },
    ],
    mains: [{ incident: "inc-2", reference: "2026-0002", system: "Annuaire" }],
  };
  let scene: Scene;
  afterEach(() => scene.close());

  async function shown(muted: MutedView): Promise<string> {
    scene = await startScene({ dossier: { ...sceneDossier(), muted } });
    const person = visitor(scene);
    await person.signIn("claire");
    return (await person.get("/chv/incidents/inc-1")).text;
  }

  it("says what is muted, by whom, why, until when, and what would be said", async () => {
    const text = await shown(MUTED);
    for (const words of [
      "<strong>Mise en sourdine</strong> par <strong>Rémi Roy</strong>, jusqu’au dim. 15 nov. 06:00",
      "&lt;img src=x",
      "Personne n&#39;est prévenu d&#39;ici là.",
      "Un critère est rempli, et retenu\u00a0: mise en sourdine par Rémi Roy jusqu&#39;au 15/11/2026 06:00.</h1>",
      "Sans cela\u00a0: À déclarer maintenant",
      'href="/chv/incidents/inc-2">2026-0002</a> (Annuaire)',
    ])
      expect(text).toContain(words);
    expect(text).not.toContain("<img src=x");
  });

  it("says that a mute is without effect", async () => {
    const because = "Sourdine sans effet : un critère est rempli.";
    const text = await shown({ ...MUTED, holds: false, otherwise: null, because });
    expect(text).toContain(`<strong>${because}</strong>`);
    expect(text).toContain("À déclarer maintenant");
    expect(text).not.toContain("Sans cela");
  });
});
