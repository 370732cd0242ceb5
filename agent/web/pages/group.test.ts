import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { keepDossier, noteFacility } from "../../../test/support/group-scene.ts";
import { realDesk } from "../../../test/support/real-desk.ts";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";

const GROUP = "/chv/groupe";
const REPORT = "/chv/incidents/signaler";
const REASON = "Le même compte de télémaintenance des deux côtés.";
const HOSTILE = `<img src=x onerror="alert(1)"><script>alert(1)</script>`;
let scene: Scene;
beforeEach(async () => {
  scene = await startScene({ desk: realDesk });
});
afterEach(() => scene.close());

async function signedIn(login: Login): Promise<Visitor> {
  const person = visitor(scene);
  await person.signIn(login);
  return person;
}

/** A dossier of ours that a person opened; its address. */
async function reported(person: Visitor): Promise<string> {
  const fields = { kinds: "malicious_action_suspected", who: "self", text: "" };
  const done = await person.submit(REPORT, REPORT, fields);
  return (done.location ?? "").split("?")[0] ?? "";
}
const idOf = (page: string) => page.split("/").at(-1) ?? "";

const theirs = (over: object = {}) =>
  keepDossier(scene.store, {
    facility: "chy",
    incident: {
      ...{ id: "y1", reference: "2026-0007", state: "in_review", causes: ["ransomware", "malware"] },
      ...{ systems: ["dpi"], because: "Vu par Mme Exemple" },
      ...over,
    },
    sentence: "À déclarer maintenant : sécurité des soins (potentiel).",
  });

describe("the page of the group", () => {
  it("shows a member what the others have open, to read only, and no text of theirs", async () => {
    await theirs();
    await noteFacility(scene.store, "chy", { mode: "exercise", systems: { dpi: "Dossier patient Y" } });
    const remi = await signedIn("remi");
    const ours = await reported(remi);
    const { status, text } = await remi.get(GROUP);
    expect(status).toBe(200);
    expect(text).toMatch(/<title>EXERCICE .*<strong>EXERCICE<\/strong>/s);
    for (const words of [
      ...["GHT du Val", "CH Y", "2026-0007", "À déclarer maintenant", "Dossier patient Y", "EXERCICE"],
      ...["Attend une décision", `href="${ours}"`],
    ])
      expect(text).toContain(words);
    expect(text).not.toContain("Mme Exemple");
    expect(text).not.toContain("/chy/");
  });

  it("is in the navigation of members alone, and refused to the others by its address", async () => {
    for (const [login, member] of [
      ["remi", true],
      ["anne", true],
      ["dora", false],
      ["omar", false],
    ] as const) {
      const person = await signedIn(login);
      const { text } = await person.get("/chv/incidents");
      expect([login, text.includes(`href="${GROUP}"`)]).toEqual([login, member]);
      const page = await person.get(GROUP);
      expect([login, page.status]).toEqual([login, member ? 200 : 403]);
      if (!member) expect(page.text).toContain("Seules les personnes désignées dans la configuration");
    }
  });

  it("says of a facility that shows nothing that this is no good news", async () => {
    const { text } = await (await signedIn("remi")).get(GROUP);
    expect(text).toContain("Rien n’est lisible d’ici.");
    await theirs({ state: "closed" });
    const after = await (await signedIn("remi")).get(GROUP);
    expect(after.text).toContain("Aucun incident en cours.");
  });

  it.each([
    ["?etablissement=chv", false],
    ["?etablissement=chy", true],
    ["?decision=oui", true],
    ["?etat=closed", false],
    ["?etat=__proto__&decision=x&etablissement=", true],
    [`?etablissement=${"x".repeat(5000)}`, true],
    ["?etat=a&etat=b", true],
  ])("takes %s for a filter", async (query, shown) => {
    await theirs();
    const { status, text } = await (await signedIn("remi")).get(`${GROUP}${query}`);
    expect([status, text.includes("2026-0007")]).toEqual([200, shown]);
  });

  it("escapes whatever another facility wrote", async () => {
    await theirs({ reference: HOSTILE, systems: [HOSTILE] });
    const { html } = await (await signedIn("remi")).get(GROUP);
    expect(html).not.toContain("<img");
    expect(html).toContain("&lt;img");
  });

  it("offers an auditor no link to make", async () => {
    await theirs();
    await reported(await signedIn("remi"));
    const { text } = await (await signedIn("anne")).get(GROUP);
    expect(text).toContain("2026-0007");
    expect(text).not.toContain("/groupe/lier");
  });
});

describe("a link with a dossier of another facility", () => {
  async function linked(person: Visitor, page: string): Promise<void> {
    const fields = { autre: "2026-0007", motif: REASON, etablissement: "chy" };
    const done = await person.submit(page, `${GROUP}/lier`, fields);
    expect([done.status, done.location]).toEqual([303, `${page}?fait=lie#groupe`]);
  }
  const criterion = async (page: string) => {
    const found = await scene.store.reads.ofIncident("chv", "qualification", idOf(page));
    return found.flatMap(({ content }) => content.criteria).find(({ id }) => id === "C5")?.value;
  };

  it("is made from our dossier, meets no criterion, and leads to the form that does", async () => {
    await theirs();
    const remi = await signedIn("remi");
    const page = await reported(remi);
    const before = await criterion(page);
    await linked(remi, page);
    const { text } = await remi.get(page);
    for (const words of [
      ...["Lié au dossier 2026-0007 de CH Y", REASON, "pas encore confirmé là-bas"],
      ...["D.1111-16-2, II et III", "Chaque directeur décide pour son établissement"],
    ])
      expect(text).toContain(words);
    expect(await criterion(page)).toBe(before);
    expect(before).not.toBe("met");
    const form = `${page}/faits?constat=others_affected`;
    expect(text).toContain(`href="${form}#constater-titre"`);
    const { text: facts } = await remi.get(form);
    expect(facts).toMatch(/value="others_affected" checked/);
    expect(facts.match(/name="kinds"[^>]* checked/g)).toHaveLength(1);
    const stated = await remi.submit(form, `${page}/faits`, { kinds: "others_affected" });
    expect(stated.status).toBe(303);
    expect(await criterion(page)).toBe("met");
    expect((await remi.get(page)).text).toContain("Une personne a répondu pour ce dossier");
  });

  it("is made from the page of the group too", async () => {
    const { id } = await theirs();
    const remi = await signedIn("remi");
    const page = await reported(remi);
    const fields = { ici: idOf(page), autre: id, etablissement: "chy", motif: REASON };
    expect((await remi.submit(GROUP, `${GROUP}/lier`, fields)).location).toBe(`${page}?fait=lie#groupe`);
  });

  it("that they declared is proposed to all who read ours, and confirmed by a member", async () => {
    await theirs();
    const remi = await signedIn("remi");
    const page = await reported(remi);
    const incident = idOf(page);
    const link = {
      ...{
        id: "link-y",
        reference: "2026-0007",
        incident: "y1",
        at: scene.clock.now(),
        reason: "Vu chez nous aussi.",
        answers: null,
      },
      other: { facility: "chv", name: "CHV", incident, reference: "2026-0001", title: "Rançongiciel" },
      ...{ by: { account: "a", name: "Ursule Y" }, withdrawn: null },
    };
    const put = { write: "record", kind: "group_link", id: link.id, revision: 1 } as const;
    await scene.store.commit({
      ...{ facility: "chy", at: scene.clock.now() },
      writes: [{ ...put, incident: "y1", state: `chv/${incident}`, content: link }],
    });
    const read = (await (await signedIn("dora")).get(page)).text;
    expect(read).toContain("a lié son dossier 2026-0007 à celui-ci");
    expect(read).toMatch(/Lien proposé par un autre établissement : CH Y, 2026-0007 ?<[\s\S]{0,60}Ursule Y/);
    expect(read).toContain("Une personne membre du groupe peut le confirmer.");
    expect(read).not.toContain("/groupe/confirmer");
    const done = await remi.submit(page, `${page}/groupe/confirmer`, { motif: REASON });
    expect(done.location).toBe(`${page}?fait=lie#groupe`);
    const { text } = await remi.get(page);
    expect(text).toContain("déclaré des deux côtés");
    expect(text).not.toContain("a lié son dossier 2026-0007 à celui-ci");
  });

  it("is withdrawn with a reason and stays readable", async () => {
    await theirs();
    const remi = await signedIn("remi");
    const page = await reported(remi);
    await linked(remi, page);
    const motif = "Deux comptes différents.";
    expect((await remi.submit(page, `${page}/groupe/retirer`, { motif })).location).toBe(
      `${page}?fait=delie#groupe`,
    );
    const { text } = await remi.get(page);
    for (const words of ["Lié au dossier 2026-0007", "retiré", motif]) expect(text).toContain(words);
    expect(text).not.toContain("/groupe/retirer");
    expect(text).not.toContain("Un lien est une raison de répondre");
  });

  it("stands in the timeline and in the return of experience, with who made it and who took it back", async () => {
    await theirs();
    const remi = await signedIn("remi");
    const page = await reported(remi);
    await linked(remi, page);
    await remi.submit(page, `${page}/groupe/retirer`, { motif: "Deux comptes différents." });
    const made = /Lié à un dossier d’un autre établissement : CH Y, 2026-0007 ?<[\s\S]{0,60}Dr remi/;
    const back = /Lien retiré : CH Y, 2026-0007 ?<[\s\S]{0,60}Dr remi/;
    for (const path of [page, `${page}/debriefing`]) {
      const { text } = await remi.get(path);
      expect(text, path).toMatch(made);
      expect(text, path).toMatch(back);
    }
  });

  it("that cannot be made says why, and nothing is recorded", async () => {
    const remi = await signedIn("remi");
    const page = await reported(remi);
    const fields = { autre: "2026-0007", motif: REASON, etablissement: "chy" };
    const refused = await remi.submit(page, `${GROUP}/lier`, fields);
    expect(refused.status).toBe(409);
    expect(refused.text).toContain("est visible d&#39;ici chez CH Y");
    expect(await scene.store.reads.byState("chv", "group_link", [], { limit: 5 })).toEqual([]);
  });

  it.each(["dora", "anne"] as const)("is not made by %s, whom nothing entitles to it", async (login) => {
    await theirs();
    const page = await reported(await signedIn("remi"));
    const person = await signedIn(login);
    const { text } = await person.get(page);
    expect(text).not.toContain("/groupe/lier");
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const fields = { csrf, form: crypto.randomUUID(), ici: idOf(page), etablissement: "chy" };
    const refused = await person.post(`${GROUP}/lier`, { ...fields, autre: "y1", motif: REASON });
    expect(refused.status).toBe(403);
  });
});

it("a dossier under the secret of national defence shows nothing of the group", async () => {
  const remi = await signedIn("remi");
  const page = await reported(remi);
  expect((await remi.get(page)).text).toContain("/groupe/lier");
  await remi.submit(page, `${page}/secret`, { secret: "oui" });
  expect((await remi.get(page)).text).not.toContain("/groupe/lier");
});

it("without a group its pages are not there, and a dossier is as before", async () => {
  const alone = await startScene({ dossier: sceneDossier(), group: null });
  const person = visitor(alone);
  await person.signIn("remi");
  expect((await person.get(GROUP)).status).toBe(404);
  expect((await person.get("/chv/incidents/inc-1")).text).not.toContain("autre établissement…");
  await alone.close();
});
