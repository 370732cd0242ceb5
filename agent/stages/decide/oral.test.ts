import { afterEach, describe, expect, it } from "vitest";
import {
  type Deciding,
  EVE,
  LUC,
  NINA,
  openDeciding,
  PAUL,
  PROOF,
  REMI,
} from "../../../test/support/deciding.ts";
import type { Account } from "../../core/person.ts";

let night: Deciding;
afterEach(() => night?.stages.close());

const NUMBER = "01 23 45 67 89";

/** Ève has read the text to Paul, the director, and records his yes. */
async function recorded(options?: Parameters<typeof openDeciding>[0]) {
  night = await openDeciding(options);
  const { desk, clock } = night.stages;
  await desk.prepareOral({ incident: night.id, delegate: PAUL.id }, EVE);
  const text = await night.text();
  const typed = text.sha256.slice(0, 6);
  expect(await desk.recordOral({ text, number: NUMBER, typed, delegate: PAUL.id }, PROOF, EVE)).toMatchObject(
    {
      outcome: "oral_awaited",
    },
  );
  clock.pass(1);
  return { desk, text, typed };
}

async function oral(options?: Parameters<typeof openDeciding>[0]) {
  const scene = await recorded(options);
  const heard = { text: scene.text, typed: ` ${scene.typed.toUpperCase().replace(/(...)/, "$1 ")} ` };
  const done = await scene.desk.hearOral(heard, PROOF, REMI);
  if (done.outcome !== "approved") throw new Error(done.outcome);
  night.stages.clock.pass(1);
  return { ...scene, decision: done.decision };
}

describe("a decision by telephone", () => {
  it("counts nothing before a second listener says so too", async () => {
    await recorded();
    expect(await night.dossier()).toMatchObject({
      incident: { state: "in_review" },
      decisions: [],
      steps: [{ step: "oral_awaited", to: { name: "Paul Durand" }, call: { number: NUMBER, known: true } }],
    });
  });

  it("then stands in the delegate's name as oral, with both listeners and the number, and may be filed", async () => {
    const { desk, decision } = await oral();
    expect(decision).toMatchObject({
      decision: "approved",
      state: "oral",
      delegate: { name: "Paul Durand" },
      how: {
        channel: "voice",
        number: NUMBER,
        known: true,
        recorded: { by: { name: "Ève Noir" }, how: PROOF },
        heard: { by: { name: "Rémi Roux" }, how: PROOF },
      },
    });
    const { incident, deliveries } = await night.dossier();
    expect(incident).toMatchObject({
      state: "approved",
      because: "Décision orale de Paul Durand, à confirmer.",
    });
    const filing = { incident: night.id, delivery: deliveries[0]?.id ?? "", reference: "SIG-7" };
    expect(await desk.recordFiling(filing, REMI)).toMatchObject({ outcome: "recorded" });
    expect((await night.dossier()).decisions).toMatchObject([{ state: "oral" }]);
  });

  it("says when the number called is not the delegate's own", async () => {
    night = await openDeciding();
    const { desk } = night.stages;
    await desk.prepareOral({ incident: night.id, delegate: PAUL.id }, EVE);
    const text = await night.text();
    const record = { text, typed: text.sha256.slice(0, 6), delegate: PAUL.id };
    await desk.recordOral({ ...record, number: "+33 6 99 99 99 99" }, PROOF, EVE);
    expect((await night.dossier()).steps).toMatchObject([{ call: { known: false } }]);
  });

  it.each<[string, Partial<{ number: string; typed: string; delegate: string }>, string]>([
    ["six characters of another text", { typed: "000000" }, "wrong_fingerprint"],
    ["no characters", { typed: "" }, "wrong_fingerprint"],
    ["the whole fingerprint pasted", { typed: "f".repeat(64) }, "wrong_fingerprint"],
    ["a number that is none", { number: "le portable" }, "bad_number"],
    ["a number beyond all measure", { number: "0".repeat(60) }, "bad_number"],
    ["a delegate in whose name the text is not", { delegate: LUC.id }, "declarant_differs"],
    ["someone who may not decide", { delegate: REMI.id }, "unknown_colleague"],
  ])("is not recorded with %s", async (_what, over, code) => {
    night = await openDeciding();
    const { desk } = night.stages;
    await desk.prepareOral({ incident: night.id, delegate: PAUL.id }, EVE);
    const text = await night.text();
    const record = { text, number: NUMBER, typed: text.sha256.slice(0, 6), delegate: PAUL.id, ...over };
    expect(await desk.recordOral(record, PROOF, EVE)).toMatchObject({ outcome: "refused", code });
    expect((await night.dossier()).steps).toEqual([]);
  });

  it.each<[string, Account]>([
    ["a delegate", LUC],
    ["the director", PAUL],
    ["an auditor", NINA],
  ])("is not recorded by %s", async (_who, who) => {
    night = await openDeciding();
    const text = await night.text();
    const record = { text, number: NUMBER, typed: text.sha256.slice(0, 6), delegate: "acc-1" };
    expect(await night.stages.desk.recordOral(record, PROOF, who)).toMatchObject({ code: "not_allowed" });
  });

  it.each<[string, Account, string]>([
    ["who read it out", EVE, "same_listener"],
    ["the delegate who was called", PAUL, "own_voice"],
    ["an auditor", NINA, "not_allowed"],
  ])("is not heard by %s", async (_who, who, code) => {
    const { desk, text, typed } = await recorded();
    expect(await desk.hearOral({ text, typed }, PROOF, who)).toMatchObject({ outcome: "refused", code });
    expect((await night.dossier()).decisions).toEqual([]);
  });

  it("is not heard with other six characters, nor of a text that changed, nor once withdrawn", async () => {
    const { desk, text, typed } = await recorded();
    expect(await desk.hearOral({ text, typed: "abcdef" }, PROOF, REMI)).toMatchObject({
      code: "wrong_fingerprint",
    });
    expect(await desk.withdrawOral(text, EVE)).toEqual({ outcome: "withdrawn" });
    expect(await desk.hearOral({ text, typed }, PROOF, REMI)).toMatchObject({ code: "nothing_awaited" });
    await desk.answer({ incident: night.id, question: "care_diverted", answer: "yes" }, EVE);
    expect((await desk.hearOral({ text, typed }, PROOF, REMI)).outcome).toBe("stale");
  });

  it("is not heard once the delegate decided alone, which is then the decision", async () => {
    const { desk, text, typed } = await recorded();
    expect(await desk.approve(text, PROOF, PAUL)).toMatchObject({ outcome: "approved" });
    expect(await desk.hearOral({ text, typed }, PROOF, REMI)).toMatchObject({ code: "already_decided" });
    expect((await night.dossier()).decisions[0]?.state).toBeUndefined();
  });

  it("leaves to a person what would go to an authority by machine, until the delegate confirms", async () => {
    const { desk, decision } = await oral({ mode: "live", reach: "authority" });
    await night.stages.sweeper.sweep();
    expect(night.stages.filings).toEqual([]);
    const settling = { incident: night.id, decision: decision.id, confirmed: true, comment: "" };
    await desk.settleOral(settling, PROOF, PAUL);
    await night.stages.sweeper.sweep();
    expect(night.stages.filings).toHaveLength(1);
  });
});

describe("the delegate's own word", () => {
  it("is asked of them alone, and makes the decision theirs", async () => {
    const { desk, decision } = await oral();
    expect(await desk.oralOf(PAUL)).toMatchObject([{ id: decision.id, incident: night.id }]);
    expect(await desk.oralOf(night.anne)).toEqual([]);
    const settling = { incident: night.id, decision: decision.id, confirmed: true, comment: "" };
    expect(await desk.settleOral(settling, PROOF, night.anne)).toMatchObject({ code: "not_the_delegate" });
    expect(await desk.settleOral(settling, PROOF, PAUL)).toMatchObject({ outcome: "settled" });
    expect((await night.dossier()).decisions).toMatchObject([
      { state: "confirmed", settled: { how: PROOF } },
    ]);
    expect(await desk.oralOf(PAUL)).toEqual([]);
    expect(
      await desk.settleOral({ ...settling, confirmed: false, comment: "Finalement non." }, PROOF, PAUL),
    ).toMatchObject({
      code: "already_settled",
    });
  });

  it("contests: everyone is told, nothing is filed, and the text waits for a decision again", async () => {
    const { desk, decision } = await oral();
    await night.told();
    const settling = { incident: night.id, decision: decision.id, confirmed: false };
    expect(await desk.settleOral({ ...settling, comment: "non" }, PROOF, PAUL)).toMatchObject({
      code: "reason_missing",
    });
    await desk.settleOral({ ...settling, comment: "Je n'ai jamais été appelé." }, PROOF, PAUL);
    const { incident, declarations, deliveries } = await night.dossier();
    expect(incident).toMatchObject({
      state: "in_review",
      because: expect.stringContaining("contestée par Paul Durand"),
    });
    expect(declarations.map(({ version, state }) => [version, state])).toEqual([
      [1, "contested"],
      [2, "draft"],
    ]);
    expect(deliveries.map(({ state }) => state)).toEqual(["dropped"]);
    const told = await night.told();
    expect(told.filter((event) => event === "oral_contested")).toHaveLength(3);
    night.stages.clock.pass(60);
    expect(await night.told()).not.toContain("not_filed");
    expect(await desk.approve(await night.text(), PROOF, PAUL)).toMatchObject({ outcome: "approved" });
  });

  it("contests what was filed: it stays filed, and says so", async () => {
    const { desk, decision } = await oral();
    const [delivery] = (await night.dossier()).deliveries;
    await desk.recordFiling({ incident: night.id, delivery: delivery?.id ?? "", reference: "SIG-7" }, REMI);
    const settling = { incident: night.id, decision: decision.id, confirmed: false };
    await desk.settleOral({ ...settling, comment: "Ce n'était pas ma voix." }, PROOF, PAUL);
    expect(await night.dossier()).toMatchObject({
      incident: { state: "declared", because: expect.stringContaining("contestée par Paul Durand") },
      decisions: [{ state: "contested" }],
      declarations: [{ state: "filed" }],
    });
  });
});
