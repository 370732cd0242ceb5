import { afterEach, describe, expect, it } from "vitest";
import { explainedText, explainIncident } from "../../agent/cli/explain-incident.ts";
import type { Dossier, Proof } from "../../agent/stages/desk/desk.ts";
import type { Actor } from "../../agent/stages/person-act.ts";
import { loadWork } from "../../agent/stages/work.ts";
import { DELETED, NOTE, openStages, type Stages } from "../support/pipeline.ts";

let stages: Stages;
afterEach(() => stages?.close());

const PROOF: Proof = { channel: "web", second_factor: "totp" };
const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };

async function storm(options: Parameters<typeof openStages>[0] = {}) {
  stages = await openStages(options);
  await stages.take(DELETED, NOTE);
  const [first] = await stages.desk.incidents({ limit: 1 });
  const id = first?.incident.id ?? "";
  const dossier = async (): Promise<Dossier> => {
    const found = await stages.desk.dossier(id);
    if (found === undefined) throw new Error("no dossier");
    return found;
  };
  return { id, anne: stages.delegate, dossier };
}

const textOf = ({ incident, current }: Dossier) => {
  const { id = "", version = 0, sha256 = "" } = current?.declaration ?? {};
  return { incident: incident.id, declaration: id, version, sha256 };
};

describe("several law packs at once", () => {
  it("evaluate one incident side by side, and the health pack leads", async () => {
    const { dossier } = await storm();
    const { incident, qualification, others, current } = await dossier();
    expect(incident.state).toBe("in_review");
    expect([qualification?.regime, qualification?.leads]).toEqual(["sante-2022", true]);
    expect(others.map(({ regime, verdict, leads }) => [regime, verdict, leads])).toEqual([
      ["rgpd-33", "answer_missing", false],
    ]);
    expect(current?.content.pack.id).toBe("sante-2022");
  });

  it("take answers to the questions of each, and keep every evaluation in the journal", async () => {
    const { id, anne, dossier } = await storm();
    const revision = async () =>
      (await stages.store.reads.record("ch-exemple", "qualification", `${id}/rgpd-33`))?.revision ?? 0;
    const before = await revision();
    expect(await stages.desk.answer({ incident: id, question: "risk", answer: "no" }, anne)).toEqual({
      outcome: "answered",
    });
    expect((await dossier()).others[0]?.verdict).toBe("declare");
    await stages.desk.answer({ incident: id, question: "risk", answer: "yes" }, anne);
    expect((await dossier()).others[0]?.verdict).not.toBe("declare");
    expect(await revision()).toBeGreaterThanOrEqual(before + 2);
    expect((await dossier()).answered.map(({ question }) => question.id)).toContain("risk");
  });

  it("are what the store gives back after a restart, each in its place", async () => {
    const { id, dossier } = await storm();
    const before = await dossier();
    const work = await loadWork(stages.store.reads, "ch-exemple", id);
    expect([work?.qualification?.regime, work?.others.map((each) => each.regime)]).toEqual([
      before.qualification?.regime,
      before.others.map((each) => each.regime),
    ]);
  });

  it("leave the clocks of the others running when the health declaration is filed", async () => {
    const { anne, dossier } = await storm();
    await stages.desk.takeUp((await dossier()).incident.id, anne);
    await stages.desk.approve(textOf(await dossier()), PROOF, anne);
    await stages.sweeper.sweep();
    const { incident, deadlines } = await dossier();
    expect(incident.state).toBe("declared");
    expect(Object.fromEntries(deadlines.map(({ regime, met }) => [regime, met !== null]))).toEqual({
      "sante-2022": true,
      "rgpd-33": false,
    });
  });
});

describe("a dossier under the secret of national defence", () => {
  it("shows nothing but the flag, and nothing more is told, drafted, answered, decided or sent", async () => {
    const { id, anne, dossier } = await storm({ mode: "live", reach: "exercise" });
    const text = textOf(await dossier());
    expect(await stages.desk.flagSecret({ incident: id, holds: true, reason: "" }, OPERATOR)).toEqual({
      outcome: "flagged",
    });
    await stages.sweeper.sweep();
    expect([stages.messages, stages.filings]).toEqual([[], []]);
    const flagged = await dossier();
    expect(flagged).toMatchObject({
      qualification: { verdict: "withheld", criteria: [], questions: [] },
      others: [],
      declarations: [],
      current: undefined,
      evidence: [],
      deadlines: [],
    });
    expect(flagged.facts.map(({ kind }) => kind)).toEqual(["defence_secret"]);
    expect(flagged.qualification?.sentence).toContain("haut fonctionnaire de défense et de sécurité");
    for (const refused of [
      await stages.desk.approve(text, PROOF, anne),
      await stages.desk.answer({ incident: id, question: "degraded_mode", answer: "yes" }, anne),
      await stages.desk.amend({ text, fields: [{ id: "measures", value: "x", unknown: false }] }, anne),
      await stages.desk.takeUp(id, anne),
    ])
      expect(refused).toMatchObject({ outcome: "refused", code: "defence_secret" });
    const { declarations } = (await loadWork(stages.store.reads, "ch-exemple", id)) ?? { declarations: [] };
    await stages.take({ ...DELETED, host: "pacs-09" });
    expect((await loadWork(stages.store.reads, "ch-exemple", id))?.declarations).toEqual(declarations);
    const explained = await explainIncident(stages.store.reads, id, {
      facility: "ch-exemple",
      systems: [],
      masks: stages.setup.masks,
    });
    expect(explained.duties.map(({ verdict, criteria }) => [verdict, criteria])).toEqual([["withheld", []]]);
  });

  it("sends no approved text that had not left yet", async () => {
    const { id, anne, dossier } = await storm({ mode: "live", reach: "exercise" });
    await stages.desk.approve(textOf(await dossier()), PROOF, anne);
    await stages.desk.flagSecret({ incident: id, holds: true, reason: "" }, anne);
    await stages.sweeper.sweep();
    expect(stages.filings).toEqual([]);
    const work = await loadWork(stages.store.reads, "ch-exemple", id);
    expect(work?.deliveries.map(({ state }) => state)).toEqual(["refused"]);
  });

  it("is lifted by the delegate for a reason only, and is evaluated again", async () => {
    const { id, anne, dossier } = await storm();
    await stages.desk.flagSecret({ incident: id, holds: true, reason: "" }, anne);
    const lift = (reason: string, actor: Actor) =>
      stages.desk.flagSecret({ incident: id, holds: false, reason }, actor);
    expect(await lift("Signalé par erreur.", OPERATOR)).toMatchObject({ code: "not_allowed" });
    expect(await lift("non", anne)).toMatchObject({ code: "reason_missing" });
    expect(await lift("Signalé par erreur.", anne)).toEqual({ outcome: "flagged" });
    expect(await lift("Signalé par erreur.", anne)).toMatchObject({ code: "already_flagged" });
    const { qualification, current } = await dossier();
    expect(qualification?.verdict).toBe("declare");
    expect(current?.content.text).not.toContain("secret");
  });
});

describe("explain", () => {
  it("goes from the verdict to the alert: criterion, article, fact, rule and version", async () => {
    const { dossier } = await storm();
    const { incident } = await dossier();
    const explained = await explainIncident(stages.store.reads, incident.reference, {
      facility: "ch-exemple",
      systems: [...stages.setup.systems.values()],
      masks: stages.setup.masks,
    });
    const [health] = explained.duties;
    const met = health?.criteria.find(({ value }) => value === "met");
    const fact = met?.because[0]?.facts[0];
    expect(met?.article).toContain("D.1111-16-2");
    expect(fact?.origin).toMatchObject({ by: "rule", version: expect.stringMatching(/^[0-9a-f]{12}$/) });
    expect(fact?.alerts[0]).toMatchObject({
      id: expect.any(String),
      source: "test",
      title: expect.any(String),
    });
    const text = explainedText(explained, "Europe/Paris");
    for (const word of [
      incident.reference,
      health?.sentence,
      "article : D.1111-16-2",
      fact?.alerts[0]?.id,
      "rgpd-33",
      "réglage de l'établissement",
    ])
      expect(text).toContain(word);
  });

  it("says that there is no such incident", async () => {
    await storm();
    const parts = { facility: "ch-exemple", systems: [], masks: stages.setup.masks };
    await expect(explainIncident(stages.store.reads, "1999-0001", parts)).rejects.toMatchObject({
      code: "incident_unknown",
    });
  });
});
