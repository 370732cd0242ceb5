import { afterEach, describe, expect, it } from "vitest";
import { type Deciding, EVE, LUC, openDeciding, PAUL, PROOF, REMI } from "../../../test/support/deciding.ts";
import { down, openStages, type Stages } from "../../../test/support/pipeline.ts";

let night: Deciding;
afterEach(() => night?.stages.close());

const REASON = "Exercice interne de l'astreinte.";

async function asked() {
  night = await openDeciding();
  const text = await night.text();
  expect(await night.stages.desk.setAside(text, REASON, PROOF, night.anne)).toMatchObject({
    outcome: "second_awaited",
  });
  night.stages.clock.pass(1);
  return { text, desk: night.stages.desk };
}

describe("not to declare while a criterion is met", () => {
  it("is no decision until a second person confirms, and the director is told", async () => {
    const { text, desk } = await asked();
    expect(await night.dossier()).toMatchObject({ incident: { state: "in_review" }, decisions: [] });
    await night.stages.sweeper.sweep();
    expect(night.stages.messages).toMatchObject([
      { event: "second_needed", subject: expect.stringContaining("Anne Martin demande de NE PAS DÉCLARER") },
    ]);
    expect(await desk.confirmSetAside(text, PROOF, PAUL)).toMatchObject({ outcome: "set_aside" });
    expect(await night.dossier()).toMatchObject({
      incident: { state: "set_aside", because: REASON },
      decisions: [
        {
          delegate: { name: "Anne Martin" },
          reason: REASON,
          second: { by: { name: "Paul Durand" }, how: PROOF },
        },
      ],
      steps: [{ step: "second_awaited", comment: REASON, how: PROOF, text: { sha256: text.sha256 } }],
    });
  });

  it("takes a second person too when who decides has withdrawn the facts that met it", async () => {
    night = await openDeciding();
    const { desk } = night.stages;
    const withdrawAll = async (who: typeof PAUL) => {
      for (const fact of (await night.dossier()).facts)
        if (fact.withdrawn === null)
          expect(
            await desk.withdrawFact({ incident: night.id, fact: fact.id, reason: "Faux positif." }, who),
          ).toEqual({ outcome: "withdrawn" });
    };
    await withdrawAll(night.anne);
    expect((await night.dossier()).qualification?.verdict).not.toBe("declare");
    const alone = await desk.setAside(await night.text(), REASON, PROOF, night.anne);
    expect(alone).toMatchObject({ outcome: "second_awaited" });
    expect(await desk.confirmSetAside(await night.text(), PROOF, PAUL)).toMatchObject({
      outcome: "set_aside",
      decision: { delegate: { name: "Anne Martin" }, second: { by: { name: "Paul Durand" } } },
    });
  });

  it("takes one person where another withdrew them", async () => {
    night = await openDeciding();
    const { desk } = night.stages;
    for (const { id: fact } of (await night.dossier()).facts)
      await desk.withdrawFact({ incident: night.id, fact, reason: "Faux positif." }, REMI);
    expect(await desk.setAside(await night.text(), REASON, PROOF, night.anne)).toMatchObject({
      outcome: "set_aside",
    });
  });

  it("is not confirmed by who asked, nor by who may not decide", async () => {
    const { text, desk } = await asked();
    expect(await desk.confirmSetAside(text, PROOF, night.anne)).toMatchObject({ code: "second_is_first" });
    expect(await desk.confirmSetAside(text, PROOF, EVE)).toMatchObject({ code: "not_allowed" });
    expect((await night.dossier()).decisions).toEqual([]);
  });

  it("is asked once: another request says who asked already", async () => {
    const { text, desk } = await asked();
    expect(await desk.setAside(text, REASON, PROOF, PAUL)).toMatchObject({
      code: "second_awaited",
      because: expect.stringContaining("Anne Martin a déjà demandé"),
    });
  });

  it("ends when the text changes: the second person cannot confirm another text", async () => {
    const { text, desk } = await asked();
    await desk.answer({ incident: night.id, question: "care_diverted", answer: "yes" }, EVE);
    expect((await desk.confirmSetAside(text, PROOF, PAUL)).outcome).toBe("stale");
    expect(await desk.confirmSetAside(await night.text(), PROOF, PAUL)).toMatchObject({
      code: "nothing_awaited",
    });
    expect(await night.told()).not.toContain("second_needed");
  });

  it("ends when the first person may decide no more", async () => {
    const { text, desk } = await asked();
    await night.change({ ...night.anne, active: false }, 2);
    expect(await desk.confirmSetAside(text, PROOF, PAUL)).toMatchObject({ code: "first_gone" });
    expect((await night.dossier()).decisions).toEqual([]);
  });

  it("is taken back by who asked, and may be asked anew", async () => {
    const { text, desk } = await asked();
    expect(await desk.endSetAside(text, "", night.anne)).toEqual({ outcome: "withdrawn" });
    expect(await desk.confirmSetAside(text, PROOF, PAUL)).toMatchObject({ code: "nothing_awaited" });
    expect(await desk.setAside(text, REASON, PROOF, PAUL)).toMatchObject({ outcome: "second_awaited" });
  });

  it("is refused by the second person with a reason, and who asked is told", async () => {
    const { text, desk } = await asked();
    await night.told();
    expect(await desk.endSetAside(text, "non", PAUL)).toMatchObject({ code: "reason_missing" });
    expect(await desk.endSetAside(text, "Le PACS est chiffré.", PAUL)).toEqual({ outcome: "declined" });
    expect(await night.told()).toEqual(["handed_back"]);
    expect((await night.dossier()).decisions).toEqual([]);
  });

  it("gives way to an approval, which is a decision", async () => {
    const { text, desk } = await asked();
    await expect(desk.approve(text, PROOF, night.anne)).resolves.toMatchObject({ outcome: "approved" });
    expect(await desk.confirmSetAside(text, PROOF, PAUL)).toMatchObject({
      code: "already_decided",
      because: expect.stringContaining("validé par Anne Martin"),
    });
  });

  it.each(["approve first", "confirm first"])(
    "leaves one decision when both come at once, %s",
    async (order) => {
      const { text, desk } = await asked();
      const acts = [
        () => desk.approve(text, PROOF, night.anne),
        () => desk.confirmSetAside(text, PROOF, PAUL),
      ];
      if (order === "confirm first") acts.reverse();
      const done = await Promise.all(acts.map((act) => act()));
      expect(done.filter(({ outcome }) => outcome === "approved" || outcome === "set_aside")).toHaveLength(1);
      expect(done.find(({ outcome }) => outcome === "refused")).toMatchObject({ code: "already_decided" });
      expect((await night.dossier()).decisions).toHaveLength(1);
    },
  );

  it("takes one person where a text was filed, since only what completes it is set aside", async () => {
    night = await openDeciding();
    const { desk } = night.stages;
    await desk.approve(await night.text(), PROOF, night.anne);
    const [delivery] = (await night.dossier()).deliveries;
    await desk.recordFiling(
      { incident: night.id, delivery: delivery?.id ?? "", reference: "SIG-1" },
      night.anne,
    );
    await desk.answer({ incident: night.id, question: "care_diverted", answer: "yes" }, EVE);
    expect(await desk.setAside(await night.text(), REASON, PROOF, LUC)).toMatchObject({
      outcome: "set_aside",
    });
  });
});

describe("not to declare while no criterion is met", () => {
  let stages: Stages;
  afterEach(() => stages?.close());

  it("takes one person, and is asked again once a criterion becomes met, be it by time alone", async () => {
    stages = await openStages({ mode: "live" });
    const { desk, clock, delegate } = stages;
    await stages.take(down("pacs-01"));
    const [first] = await desk.incidents({ limit: 1 });
    const id = first?.incident.id ?? "";
    clock.pass(1);
    await desk.answer({ incident: id, question: "care_diverted", answer: "no" }, delegate);
    const { current, qualification } = (await desk.dossier(id)) ?? {};
    expect(qualification?.criteria.filter(({ value }) => value === "met")).toEqual([]);
    const { id: declaration = "", version = 0, sha256 = "" } = current?.declaration ?? {};
    const text = { incident: id, declaration, version, sha256 };
    clock.pass(1);
    expect(await desk.setAside(text, REASON, PROOF, delegate)).toMatchObject({ outcome: "set_aside" });
    clock.pass(40);
    await stages.sweeper.sweep();
    const later = await desk.dossier(id);
    expect(later?.incident.state).toBe("in_review");
    expect(later?.current?.declaration).toMatchObject({ state: "draft", version: version + 1 });
  });
});
