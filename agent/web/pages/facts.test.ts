import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realDesk } from "../../../test/support/real-desk.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { FactKind, JUDGEMENTS } from "../../core/fact.ts";
import { OFFERED } from "./statement-form.ts";

const REPORT = "/chv/incidents/signaler";
const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(1)</script>`;
const REASON = "Le service s'était trompé.";
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

/** An incident opened by a ward's call; its page. */
async function reported(login: Login = "omar", fields: Record<string, string> = {}) {
  const person = await signedIn(login);
  const done = await person.submit(REPORT, REPORT, {
    kinds: "degraded_mode",
    who: "care",
    name: "Mme Roux, poste 1234",
    text: "Le DPI ne répond plus, on est passé au papier.",
    ...fields,
  });
  const page = (done.location ?? "").split("?")[0] ?? "";
  return { person, done, page };
}

async function factId(page: string, person: Awaited<ReturnType<typeof signedIn>>): Promise<string> {
  const { text } = await person.get(`${page}/faits`);
  return (
    hiddenFields(text, `${page}/faits/fin`).fact ?? hiddenFields(text, `${page}/faits/retrait`).fact ?? ""
  );
}

describe("the form", () => {
  it("offers every kind of fact once, but for judgements, which have their questions", () => {
    expect([...OFFERED].sort()).toEqual(FactKind.options.filter((kind) => !JUDGEMENTS.has(kind)).sort());
  });

  it.each([
    ["omar", 200],
    ["claire", 200],
    ["anne", 403],
  ] as const)("is open to %s: %i", async (login, status) => {
    expect((await (await signedIn(login)).get(REPORT)).status).toBe(status);
  });

  it("is found from the list by who may use it", async () => {
    expect((await (await signedIn("omar")).get("/chv/incidents")).text).toContain("Signaler un incident");
    expect((await (await signedIn("anne")).get("/chv/incidents")).text).not.toContain("Signaler un incident");
  });
});

describe("an incident reported on the page", () => {
  it("is evaluated at once, and its page says who told it, who wrote it and what was said", async () => {
    const { done, person, page } = await reported();
    expect(done.status).toBe(303);
    const { text } = await person.get(done.location ?? "");
    for (const words of [
      "Incident signalé",
      "À déclarer maintenant",
      "signalé par cadre de santé, Mme Roux, poste 1234, noté par Dr omar",
      "on est passé au papier",
      "cet incident vient d’une personne",
      "une personne l&#39;a signalé",
    ])
      expect(text).toContain(words);
    // The next person who reports is shown it first.
    const again = await person.get(REPORT);
    expect(again.text).toContain("Est-ce l’un de ceux-ci");
    expect(again.text).toContain(`${page}/faits`);
  });

  it("is one when the form is sent twice", async () => {
    const person = await signedIn("omar");
    const { text } = await person.get(REPORT);
    const fields = { ...hiddenFields(text, REPORT), kinds: "degraded_mode" };
    const [one, two] = [await person.post(REPORT, fields), await person.post(REPORT, fields)];
    expect(one.location).toBe(two.location);
    expect((await person.get("/chv/incidents")).text.match(/class="card /g)).toHaveLength(1);
  });

  it("takes several kinds and systems from plain form fields", async () => {
    const person = await signedIn("omar");
    const hidden = hiddenFields((await person.get(REPORT)).text, REPORT);
    const body = new URLSearchParams({ ...hidden, who: "self" });
    for (const kind of ["system_unavailable", "degraded_mode"]) body.append("kinds", kind);
    for (const system of ["dpi", "pacs"]) body.append("systems", system);
    const done = await person.get(REPORT, { method: "POST", body });
    const { text } = await person.get(done.location ?? "");
    expect(text).toContain("DPI");
    expect(text).toContain("PACS");
  });

  it.each<[string, Record<string, string>, string]>([
    ["nothing happened", { kinds: "" }, "Valeur absente ou illisible"],
    ["of an unknown kind", { kinds: "sabotage" }, "Valeur absente ou illisible"],
    ["on an unknown system", { systems: "nope" }, "« nope »"],
    ["in 1970", { date: "1970-01-02", time: "10:00" }, "vérifiez l&#39;année"],
    ["in 2090", { date: "2090-01-02", time: "10:00" }, "dans le futur"],
    ["at no hour of another day", { date: "2026-11-10" }, "Donnez aussi l&#39;heure"],
    ["in 60 kB", { text: "x".repeat(60_000) }, "60000 caractères"],
  ])("that %s is refused, and what was typed is kept", async (_, fields, told) => {
    const { done } = await reported("omar", fields);
    expect(done.status).toBe(422);
    expect(done.text).toContain(told);
    if (!told.startsWith("Valeur")) expect(done.text).toContain("Mme Roux, poste 1234");
    expect((await (await signedIn("claire")).get("/chv/incidents")).text).toContain(
      "Aucun incident en cours",
    );
  });

  it("is not made by a GET, nor by a form of elsewhere", async () => {
    const person = await signedIn("omar");
    scene.written();
    await person.get(`${REPORT}?kinds=degraded_mode&form=x`);
    expect((await person.post(REPORT, { csrf: "forged", kinds: "degraded_mode" })).status).toBe(403);
    expect(scene.written()).toEqual([]);
  });

  it("escapes and masks what its writer typed, on every page", async () => {
    const { page, person } = await reported("omar", {
      text: `${HOSTILE} patient DUPONT Jean, NIR 1 85 05 78 006 084 91`,
      name: HOSTILE,
    });
    for (const address of [page, `${page}/faits`, "/chv/incidents", REPORT]) {
      const { text, status } = await person.get(address);
      expect(status).toBe(200);
      expect(text).not.toContain("<img src=x");
      expect(text).not.toContain("<script>alert");
      expect(text).not.toMatch(/DUPONT|1 85 05 78/);
    }
  });
});

describe("a fact on its page", () => {
  it("is added to the incident that exists", async () => {
    const { page, person } = await reported();
    const done = await person.submit(`${page}/faits`, `${page}/faits`, {
      kinds: "care_diverted",
      who: "partner",
      name: "SAMU",
    });
    expect(done.status).toBe(303);
    expect((await person.get(page)).text).toContain("signalé par partenaire, SAMU, noté par Dr omar");
  });

  it("ends, keeps its criterion, and says who said so", async () => {
    const { page, person } = await reported();
    scene.clock.instant += MICROSECONDS.hour;
    const fact = await factId(page, person);
    const done = await person.submit(`${page}/faits`, `${page}/faits/fin`, { fact, who: "care", name: "" });
    expect(done.location).toContain("fait=termine");
    const { text } = await person.get(page);
    expect(text).toContain("Fin signalée par cadre de santé, notée par Dr omar");
    expect(text).toContain("À déclarer maintenant");
  });

  it("that would end before it starts is refused with both instants, and what was typed is kept", async () => {
    const { page, person } = await reported();
    const fact = await factId(page, person);
    const typed = { fact, date: "2026-11-14", time: "22:15", who: "care", name: "Mme Roux" };
    const done = await person.submit(`${page}/faits`, `${page}/faits/fin`, typed);
    expect(done.status).toBe(422);
    expect(done.text).toMatch(/La fin \(14\/11\/2026 22:15\) précède le début \(15\/11\/2026 02:/);
    expect(done.text).toContain('value="22:15"');
  });

  it("is withdrawn for a reason, stays readable, struck through, and loses its criterion", async () => {
    const { page, person } = await reported();
    const fact = await factId(page, person);
    const without = await person.submit(`${page}/faits`, `${page}/faits/retrait`, { fact, reason: "" });
    expect(without.status).toBe(422);
    expect(without.text).toContain("de 10 à 500 caractères");
    await person.submit(`${page}/faits`, `${page}/faits/retrait`, { fact, reason: REASON });
    const { text } = await person.get(page);
    expect(text).toContain('class="withdrawn"');
    expect(text).toContain("Le service s&#39;était trompé.");
    expect(text).not.toContain("À déclarer maintenant");
  });

  it("that somebody else withdrew meanwhile is told as a conflict, with who and why", async () => {
    const { page, person } = await reported();
    const fact = await factId(page, person);
    const claire = await signedIn("claire");
    const forms = (await person.get(`${page}/faits`)).text;
    await claire.submit(`${page}/faits`, `${page}/faits/retrait`, { fact, reason: REASON });
    const late = await person.post(`${page}/faits/retrait`, {
      ...hiddenFields(forms, `${page}/faits/retrait`),
      reason: "Autre raison, plus longue.",
    });
    expect(late.status).toBe(409);
    expect(late.text).toContain("a déjà été retiré par Dr claire");
  });

  it("is read and not changed by an auditor", async () => {
    const { page } = await reported();
    const anne = await signedIn("anne");
    const { text } = await anne.get(`${page}/faits`);
    expect(text).toContain("Mode dégradé");
    expect(text).not.toContain(`<form method="post" action="${page}`);
  });
});

describe("closings", () => {
  it("list nothing at first, name the month, and offer no signature while it runs", async () => {
    const { text } = await (await signedIn("remi")).get("/chv/clotures");
    expect(text).toContain("Clôtures automatiques\u00a0: novembre 2026");
    expect(text).toContain("Le mois n’est pas fini");
    expect(text).not.toContain("Je signe");
  });

  it("are signed for a month that is over by the RSSI, once", async () => {
    const remi = await signedIn("remi");
    const page = "/chv/clotures?mois=2026-10";
    const { text } = await remi.get(page);
    const fields = hiddenFields(text, "/chv/clotures");
    const done = await remi.post("/chv/clotures", fields);
    expect(done.location).toBe("/chv/clotures?mois=2026-10&fait=signe");
    const after = (await remi.get(page)).text;
    expect(after).toContain("<strong>Dr remi</strong>");
    expect(after).not.toContain("Je signe");
    const dora = await signedIn("dora");
    const { csrf = "" } = hiddenFields((await dora.get(REPORT)).text, REPORT);
    const second = await dora.post("/chv/clotures", { ...fields, csrf });
    expect(second.status).toBe(409);
    expect(second.text).toContain("déjà signée par Dr remi");
  });

  it.each(["omar", "anne"] as const)("are read and not signed by %s", async (login) => {
    const { text, status } = await (await signedIn(login)).get("/chv/clotures?mois=2026-10");
    expect(status).toBe(200);
    expect(text).not.toContain("Je signe");
  });

  it("show the month that runs for an address that names none", async () => {
    const { text } = await (await signedIn("remi")).get("/chv/clotures?mois=<script>");
    expect(text).toContain("novembre 2026");
  });
});
