import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstDossier } from "../../../test/support/web-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { instantFromIso } from "../../core/clock.ts";

const INCIDENT = "/chv/incidents/inc-1";
const TEXT = `${INCIDENT}/declaration`;
let scene: Scene;
let person: Visitor;
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

const dossier = () => firstDossier(scene.desk);

describe("the list", () => {
  it("puts what waits for a decision first and says how many", async () => {
    const { text } = await person.get("/chv/incidents");
    expect(text).toContain("Un incident attend une action");
    expect(text).toContain("À faire maintenant");
    expect(text).toContain("PACS régional, RIS");
  });

  it("filters by state, and says what to do when nothing is there", async () => {
    expect((await person.get("/chv/incidents?etat=in_review")).text).toContain("2026-0007");
    const none = await person.get("/chv/incidents?etat=closed");
    expect(none.text).toContain("Aucun incident dans cet état");
    scene.desk.dossiers = [];
    expect((await person.get("/chv/incidents")).text).toContain("Appelez l’astreinte informatique");
  });
});

describe("the page of an incident", () => {
  it("opens with the verdict and shows criteria, origins, settings and doctrine apart", async () => {
    const { text } = await person.get(INCIDENT);
    const verdict = text.indexOf("À déclarer maintenant");
    expect(verdict).toBeGreaterThan(0);
    expect(verdict).toBeLessThan(text.indexOf("En dix secondes"));
    for (const words of [
      "Rempli (potentiel)",
      "À déterminer",
      "Non rempli",
      "réglage de l’établissement",
      "Consigne, hors critères légaux",
      "Suffisant pour déclarer\u00a0: <strong>oui</strong>",
      "À compléter ensuite\u00a0: 2",
      "Sans confirmation, à vérifier",
      "Répondre\u00a0: 4 questions",
    ]) {
      expect(text).toContain(words);
    }
    expect(text).not.toMatch(/régime|\bactifs?\b|candidat|qualification/i);
  });

  it("shows no form to whoever may only read, and refuses theirs", async () => {
    const auditor = visitor(scene);
    await auditor.signIn("anne");
    const { text } = await auditor.get(INCIDENT);
    expect(text).not.toContain("/reponse");
    expect(text).not.toContain("/champs");
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const fields = { csrf, question: "degraded_mode", answer: "yes" };
    expect((await auditor.post(`${INCIDENT}/reponse`, fields)).status).toBe(403);
    expect(scene.desk.answers).toEqual([]);
  });
});

describe("taking charge", () => {
  it("offers it while nobody has taken note, and records the constat by a form only", async () => {
    dossier().incident = { ...dossier().incident, found: null };
    expect((await person.get(INCIDENT)).text).toContain(
      "Personne de l&#39;établissement n&#39;en a encore pris note.",
    );
    expect(dossier().incident.found).toBeNull();
    const reply = await person.submit(INCIDENT, `${INCIDENT}/prise-en-charge`, {});
    expect(reply).toMatchObject({ status: 303, location: `${INCIDENT}?fait=charge` });
    expect(dossier().incident.found).toBe(scene.clock.now());
    expect((await person.get(INCIDENT)).text).not.toContain("Je prends en charge");
  });
});

describe("answering", () => {
  const answer = (fields: Record<string, string>) =>
    person.submit(TEXT, `${INCIDENT}/reponse`, { question: "degraded_mode", answer: "yes", ...fields });

  it("passes on the answer, since when and who knows", async () => {
    const reply = await answer({ date: "2026-11-15", time: "02:25", source: "cadre de santé" });
    expect(reply).toMatchObject({ status: 303, location: `${TEXT}?fait=reponse#questions` });
    expect(scene.desk.answers).toMatchObject([
      {
        answer: {
          question: "degraded_mode",
          since: instantFromIso("2026-11-15T01:25:00Z"),
          source: "cadre de santé",
        },
      },
    ]);
  });

  it("leaves the instant and the source open when the person says neither", async () => {
    await answer({ date: "2026-11-15", time: "", source: "" });
    expect(scene.desk.answers[0]?.answer).toMatchObject({ since: undefined, source: undefined });
  });

  it.each([
    ["in the future", { date: "2026-11-15", time: "23:50" }, "dans le futur"],
    ["unreadable", { date: "2026-11-15", time: "26:00" }, "pas lisible"],
  ])("gives an instant %s back with what was typed", async (_what, fields, words) => {
    const reply = await answer({ ...fields, source: "cadre de nuit" });
    expect(reply.status).toBe(422);
    expect(reply.text).toContain(words);
    expect(reply.text).toContain('value="cadre de nuit"');
    expect(scene.desk.answers).toEqual([]);
  });

  it("comes back to the incident when it was asked there, before there is a text", async () => {
    dossier().current = undefined;
    const fields = { question: "degraded_mode", answer: "yes", date: "", time: "" };
    const reply = await person.submit(INCIDENT, `${INCIDENT}/reponse`, fields);
    expect(reply.location).toBe(`${INCIDENT}?fait=reponse#questions`);
    expect(
      (await person.submit(INCIDENT, `${INCIDENT}/reponse`, { ...fields, time: "26:00" })).text,
    ).toContain("En dix secondes");
  });

  it("answers 422 when no answer was chosen", async () => {
    const reply = await person.submit(TEXT, `${INCIDENT}/reponse`, { question: "degraded_mode" });
    expect(reply.status).toBe(422);
    expect(reply.text).toContain("answer");
  });
});

describe("the logbook", () => {
  const write = (fields: Record<string, string>) =>
    person.submit(INCIDENT, `${INCIDENT}/notes`, { date: "2026-11-15", time: "", text: "", ...fields });

  it("keeps a note with its author, listed in time with the rest, and none of it in the text", async () => {
    const reply = await write({ text: "Le cadre d'astreinte arrive à 3 h.", time: "02:20" });
    expect(reply).toMatchObject({ status: 303, location: `${INCIDENT}?fait=note#chronologie` });
    const { text } = await person.get(INCIDENT);
    expect(text).toMatch(/Main courante <span class="tally">1<\/span>/);
    expect(text).toMatch(
      /<span class="mark">Note<\/span> <span class="said">Le cadre d&#39;astreinte[^<]*<\/span><\/td><td>Dr claire/,
    );
    expect((await person.get(TEXT)).text).not.toContain("astreinte arrive");
  });

  it("gives a note back with what was typed when its hour cannot be", async () => {
    const reply = await write({ text: "À garder.", time: "23:59" });
    expect(reply.status).toBe(422);
    expect(reply.text).toMatch(/<textarea[^>]*name="text"[^>]*>À garder\.<\/textarea>/);
    expect(dossier().notes).toEqual([]);
  });

  it("is not written in by whoever only reads", async () => {
    const auditor = visitor(scene);
    await auditor.signIn("anne");
    const { text } = await auditor.get(INCIDENT);
    expect(text).not.toContain(`${INCIDENT}/notes`);
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const form = "0198c0de-0000-7000-8000-000000000001";
    expect((await auditor.post(`${INCIDENT}/notes`, { csrf, form, text: "x" })).status).toBe(403);
  });
});

describe("the timeline", () => {
  it("is a picture with the same in words, whatever an attacker wrote", async () => {
    const { text } = await person.get(INCIDENT);
    expect(text).toMatch(
      /<svg[^>]*role="img" aria-labelledby="chronologie-image" aria-describedby="chronologie-texte">/,
    );
    expect(text).toContain("02:14 RIS\u00a0: Système indisponible");
    expect(text).toMatch(/<td>signalé par cadre de santé des urgences, noté par A\. Morel<\/td>/);
    expect(text).not.toMatch(/style=/);
  });
});

describe("the other duties", () => {
  const beside = () => {
    const first = dossier();
    first.others = [
      {
        incident: "inc-1",
        regime: "rgpd-33",
        regime_version: "1",
        title: "Violation de données personnelles (CNIL)",
        verified: "2025-01-01",
        leads: false,
        criteria: [
          {
            id: "violation",
            label: "Violation de données personnelles",
            article: "RGPD, article 33",
            verbatim: "violation de données à caractère personnel",
            legal: true,
            value: "met",
            degree: null,
            because: [
              {
                text: "Données altérées : PACS régional",
                facts: ["f2"],
                basis: "setting",
                setting: "système dit contenir des données de santé",
              },
            ],
          },
        ],
        verdict: "answer_missing",
        sentence: "Il manque une réponse du délégué à la protection des données.",
        questions: [
          {
            id: "risk",
            text: "Un risque pour les personnes concernées peut-il être exclu ?",
            asked_of: "dpo",
            answers: [
              { id: "no", label: "Non : notifier" },
              { id: "yes", label: "Oui : risque improbable" },
            ],
            criteria: ["violation"],
          },
        ],
      },
    ];
    const found = first.incident.found ?? 0;
    first.deadlines.push({
      id: "d2",
      incident: "inc-1",
      regime: "rgpd-33",
      label: "Notifier à la CNIL (72 h)",
      from: "awareness",
      started: found,
      due: found + 72 * 3_600_000_000,
      met: null,
      settled_by: "dpo",
      candidates: [{ from: "found", at: found }],
    });
  };

  it("stand beside the first with verdict, clock, who settles it, and the rule behind each reason", async () => {
    beside();
    const { text } = await person.get(INCIDENT);
    for (const words of [
      "Violation de données personnelles (CNIL)",
      "Il manque une réponse",
      "(proposé, à fixer)",
      "À fixer par\u00a0: délégué à la protection des données",
      "système dit contenir des données de santé",
      "règle r-1 (abcdef012345), 12 alertes",
      "Répondre\u00a0: 5 questions",
      "Textes vérifiés le 01/01/2025",
      "à faire relire",
    ])
      expect(text).toContain(words);
    expect(text).not.toMatch(/régime|\bactifs?\b|candidat|qualification/i);
  });

  it("leave out a clock whose cause was withdrawn", async () => {
    beside();
    const clock = dossier().deadlines.at(-1);
    if (clock !== undefined) clock.void = true;
    expect((await person.get(INCIDENT)).text).not.toContain("(proposé, à fixer)");
  });
});

describe("the secret of national defence", () => {
  const post = async (secret: string, motif: string) => {
    const { csrf = "" } = hiddenFields((await person.get(INCIDENT)).text, `${INCIDENT}/secret`);
    return person.post(`${INCIDENT}/secret`, { csrf, secret, motif });
  };

  it("is flagged from the page, in the person's name", async () => {
    expect((await post("oui", "")).status).toBe(303);
    expect(scene.desk.flags).toEqual([{ incident: "inc-1", holds: true }]);
  });

  it("leaves nothing on the page but the flag and the other way", async () => {
    const first = dossier();
    if (first.qualification === undefined) throw new Error("no evaluation");
    first.qualification = {
      ...first.qualification,
      criteria: [],
      questions: [],
      verdict: "withheld",
      sentence:
        "Secret de la défense nationale : rien n'est transmis. Voyez le haut fonctionnaire de défense.",
    };
    const { text } = await person.get(INCIDENT);
    expect(text).toContain("haut fonctionnaire de défense");
    expect(text).toContain("Lever le secret");
    for (const gone of ["PACS-SRV01", "En dix secondes", "Projet de déclaration", "Faits retenus"])
      expect(text).not.toContain(gone);
  });
});
