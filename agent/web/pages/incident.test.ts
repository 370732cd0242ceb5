import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { instantFromIso } from "../../core/clock.ts";

const INCIDENT = "/chv/incidents/inc-1";
let scene: Scene;
let person: Visitor;
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

const dossier = () => {
  const [first] = scene.desk.dossiers;
  if (first === undefined) throw new Error("no dossier");
  return first;
};

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
      "Origine\u00a0: machine",
      "Origine\u00a0: personne (A. Morel, dim. 15 nov. 02:22)",
      "Origine\u00a0: inconnue",
      "Inconnu à ce stade",
      "À compléter ensuite (2)",
      "Sans confirmation, à vérifier",
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
    expect((await person.get(INCIDENT)).text).toContain("personne n’en a encore pris note");
    expect(dossier().incident.found).toBeNull();
    const reply = await person.submit(INCIDENT, `${INCIDENT}/prise-en-charge`, {});
    expect(reply).toMatchObject({ status: 303, location: `${INCIDENT}?fait=charge` });
    expect(dossier().incident.found).toBe(scene.clock.now());
    expect((await person.get(INCIDENT)).text).not.toContain("Je prends en charge");
  });
});

describe("answering", () => {
  const answer = (fields: Record<string, string>) =>
    person.submit(INCIDENT, `${INCIDENT}/reponse`, { question: "degraded_mode", answer: "yes", ...fields });

  it("passes on the answer, since when and who knows", async () => {
    const reply = await answer({ date: "2026-11-15", time: "02:25", source: "cadre de santé" });
    expect(reply).toMatchObject({ status: 303, location: `${INCIDENT}?fait=reponse#questions` });
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

  it("answers 422 when no answer was chosen", async () => {
    const reply = await person.submit(INCIDENT, `${INCIDENT}/reponse`, { question: "degraded_mode" });
    expect(reply.status).toBe(422);
    expect(reply.text).toContain("answer");
  });
});

describe("correcting the text", () => {
  const action = `${INCIDENT}/champs#sec-incident`;
  const shown = async () => hiddenFields((await person.get(INCIDENT)).text, action);
  const values = () =>
    Object.fromEntries(
      (dossier().current?.content.sections.find((each) => each.id === "incident")?.fields ?? []).flatMap(
        (field) => [
          [`v.${field.id}`, field.value ?? ""],
          ...(field.unknown ? [[`u.${field.id}`, "on"]] : []),
        ],
      ),
    ) as Record<string, string>;

  it("makes a new version of what was changed only, with its author", async () => {
    const reply = await person.post(`${INCIDENT}/champs`, {
      ...(await shown()),
      ...values(),
      "v.systems": "PACS, RIS,\r\nDPI",
    });
    expect(reply.location).toBe(`${INCIDENT}?fait=texte#texte`);
    const fields = dossier().current?.content.sections.flatMap((each) => each.fields) ?? [];
    expect(fields.find((each) => each.id === "systems")).toMatchObject({
      value: "PACS, RIS,\nDPI",
      provenance: { by: "person" },
    });
    expect(fields.find((each) => each.id === "description")?.provenance.by).toBe("machine");
  });

  it("takes « inconnu à ce stade » for a value of its own", async () => {
    await person.post(`${INCIDENT}/champs`, { ...(await shown()), ...values(), "u.systems": "on" });
    const fields = dossier().current?.content.sections.flatMap((each) => each.fields) ?? [];
    expect(fields.find((each) => each.id === "systems")).toMatchObject({ value: null, unknown: true });
  });

  it("saves nothing when nothing changed", async () => {
    const reply = await person.post(`${INCIDENT}/champs`, { ...(await shown()), ...values() });
    expect(reply.location).toBe(`${INCIDENT}?fait=inchange#texte`);
    expect(dossier().declarations).toHaveLength(1);
  });

  it("keeps what was typed when the text moved meanwhile, and shows what it says now", async () => {
    const before = { ...(await shown()), ...values() };
    const { id, version, sha256 } = dossier().current?.declaration ?? { id: "", version: 0, sha256: "" };
    const text = { incident: "inc-1", declaration: id, version, sha256 };
    const other = { id: "acc-dora", name: "Dr dora", role: "director", active: true } as const;
    const moved = [
      { id: "systems", value: "PACS, DPI", unknown: false },
      { id: "occurred", value: "14/11/2026 23:40", unknown: false },
    ];
    await scene.desk.amend({ text, fields: moved }, other);
    const reply = await person.post(`${INCIDENT}/champs`, {
      ...before,
      "v.systems": "Tout le SI",
      "v.description": "Ma phrase.",
    });
    expect(reply.status).toBe(409);
    expect(reply.text).toContain("vous aviez la version 1, voici la version 2");
    expect(reply.text).toMatch(/changé entre-temps[\s\S]*«\u00a0PACS, DPI\u00a0»/);
    expect(reply.text).toMatch(/<textarea[^>]*name="v\.systems"[^>]*>Tout le SI<\/textarea>/);
    expect(reply.text).toMatch(/<textarea[^>]*name="v\.description"[^>]*>Ma phrase\.<\/textarea>/);
    expect(reply.text).toMatch(/<textarea[^>]*name="v\.occurred"[^>]*>14\/11\/2026 23:40<\/textarea>/);
    expect(dossier().declarations).toHaveLength(2);
    const again = hiddenFields(reply.text, action);
    await person.post(`${INCIDENT}/champs`, {
      ...again,
      ...values(),
      "v.systems": "Tout le SI",
      "v.description": "Ma phrase.",
    });
    expect(dossier().current?.content.version).toBe(3);
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
      "Un risque pour les personnes concernées peut-il être exclu ?",
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
