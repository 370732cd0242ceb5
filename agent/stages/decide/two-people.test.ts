import { describe, expect, it } from "vitest";
import { ANNE, aText, aWork, seen, setupFor } from "../../../test/support/text-to-decide.ts";
import type { DecisionStep, Proof } from "../../core/decision.ts";
import type { Account } from "../../core/person.ts";
import type { CriterionResult, Qualification } from "../../core/qualification.ts";
import type { Work } from "../work.ts";
import { addStep } from "./add-step.ts";
import { hearOral, recordOral, unfitOral, withdrawOral } from "./oral.ts";
import { confirmSetAside, endSetAside, setAside } from "./second-person.ts";

const TEXT = aText();
const SIX = TEXT.sha256.slice(0, 6);
const OTHER = seen(TEXT, { sha256: "ab".repeat(32) });
const PROOF: Proof = { channel: "web", second_factor: "totp" };
const CODE: Proof = { channel: "web", second_factor: "passkey" };
const PAUL: Account = { ...ANNE, id: "acc-2", name: "Paul Durand", phone: "01 23 45 67 89" };
const EVE: Account = { ...ANNE, id: "acc-3", name: "Ève Noir", role: "operator" };
const REASON = "Rien n'a été touché cette nuit.";
const NOW = 100;
const sentence = expect.stringMatching(/^\S[^\n]{20,}\.$/);
const refusal = (code: string) => ({ outcome: "refused", code, because: sentence });
const person = ({ id, name }: Account) => ({ account: id, name });

/** A step on the text that stands, as if it had been made by a person. */
function begun(step: DecisionStep["step"], over: Partial<Parameters<typeof addStep>[1]> = {}): Work {
  const work = aWork(TEXT);
  addStep(work, { step, comment: REASON, how: PROOF, to: null, ...over }, EVE, 90);
  return work;
}

describe("a decision by voice", () => {
  const record = (work: Work, over: Partial<Parameters<typeof recordOral>[1]> = {}) =>
    recordOral(
      work,
      {
        text: seen(TEXT),
        number: "0123456789",
        typed: SIX,
        delegate: ANNE,
        proof: PROOF,
        actor: EVE,
        ...over,
      },
      NOW,
    );

  it("is recorded on the exact text, with who was called and how the person proved to be there", () => {
    const work = aWork(TEXT);
    const step = {
      id: "incident-1/1",
      incident: "incident-1",
      step: "oral_awaited",
      text: { declaration: TEXT.id, version: 1, sha256: TEXT.sha256 },
      by: person(EVE),
      to: person(ANNE),
      comment: "",
      how: PROOF,
      call: { number: "0123456789", known: false },
      at: NOW,
    };
    expect(record(work)).toEqual({ outcome: "oral_awaited", step });
    expect([work.steps, work.decisions]).toEqual([[step], []]);
  });

  it.each([
    ["01 23 45 67 89", "0123456789", true],
    ["+33 1 23 45 67 89", "01.23.45.67.89".replaceAll(".", "-"), true],
    ["0033123456789", "0123456789", true],
    ["0123456789", "+33123456789", true],
    ["0123456780", "0123456789", false],
    ["0100331234", "0101234", false],
    ["01331234", "0101234", false],
    ["", "0123456789", false],
  ])("knows whether %j on record is the number called, %s: %s", (phone, number, known) => {
    const delegate = { ...ANNE, phone };
    expect(record(aWork(TEXT), { delegate, number })).toMatchObject({ step: { call: { number, known } } });
  });

  it.each<[string, Partial<Parameters<typeof recordOral>[1]>, object]>([
    ["another text", { text: OTHER }, { outcome: "stale" }],
    ["a text in another's name", { delegate: PAUL }, refusal("declarant_differs")],
    ["six other characters", { typed: "000000" }, refusal("wrong_fingerprint")],
    ["no number", { number: "x" }, refusal("bad_number")],
    ["one's own voice", { actor: ANNE }, refusal("own_voice")],
    ["the voice of one's other account", { twin: (id) => id === ANNE.id }, refusal("own_voice")],
  ])("is not recorded with %s", (_what, over, expected) => {
    const work = aWork(TEXT);
    expect(record(work, over)).toMatchObject(expected);
    expect(work.steps).toEqual([]);
  });

  it("is recorded by who has another account than the delegate's", () => {
    expect(record(aWork(TEXT), { twin: (id) => id !== ANNE.id }).outcome).toBe("oral_awaited");
  });

  it("is recorded once", () => {
    const work = aWork(TEXT);
    record(work);
    const because =
      "Ève Noir a déjà enregistré cet appel : la personne qui écoutait doit le confirmer, ou il faut le retirer.";
    expect(record(work)).toEqual({ outcome: "refused", code: "oral_awaited", because });
    expect(work.steps).toHaveLength(1);
  });

  it.each([
    ["0123456789", true],
    ["+33 (0)1-23.45.67.89", true],
    ["12", true],
    ["1", false],
    ["1".repeat(24), true],
    ["1".repeat(25), false],
    ["+", false],
    ["++12", false],
    ["12a", false],
    ["a12", false],
    [" 12", false],
    ["01/23", false],
  ])("is of a number such as %j: %s", (number, fits) => {
    expect(unfitOral({ text: seen(TEXT), number, typed: SIX })?.code).toBe(fits ? undefined : "bad_number");
  });

  describe("once heard by a second person", () => {
    const called = { to: person(ANNE), call: { number: "12", known: true } };
    const hear = (work: Work, over: Partial<Parameters<typeof hearOral>[1]> = {}) =>
      hearOral(
        work,
        {
          text: seen(TEXT),
          typed: SIX,
          proof: CODE,
          actor: PAUL,
          delegate: (id) => (id === ANNE.id ? ANNE : undefined),
          ...over,
        },
        setupFor(),
        NOW,
      );

    it("is the delegate's, on the exact text, with both who heard it", () => {
      const how = {
        channel: "voice",
        number: "12",
        known: true,
        recorded: { by: person(EVE), how: PROOF, at: 90 },
        heard: { by: person(PAUL), how: CODE, at: NOW },
      };
      const decision = {
        declaration: TEXT.id,
        version: 1,
        sha256: TEXT.sha256,
        decision: "approved",
        delegate: person(ANNE),
        reason: null,
        how,
        state: "oral",
        at: NOW,
      };
      expect(hear(begun("oral_awaited", called))).toMatchObject({ outcome: "decided", decision });
    });

    it.each<[string, Work, Partial<Parameters<typeof hearOral>[1]>, object]>([
      ["on another text", begun("oral_awaited", called), { text: OTHER }, { outcome: "stale" }],
      ["when nothing was recorded", aWork(TEXT), {}, refusal("nothing_awaited")],
      ["when a second person is awaited", begun("second_awaited", called), {}, refusal("nothing_awaited")],
      ["by who recorded it", begun("oral_awaited", called), { actor: EVE }, refusal("same_listener")],
      [
        "by another account of who recorded it",
        begun("oral_awaited", called),
        { twin: (id) => id === EVE.id },
        refusal("same_listener"),
      ],
      ["by who was called", begun("oral_awaited", called), { actor: ANNE }, refusal("own_voice")],
      [
        "by another account of who was called",
        begun("oral_awaited", called),
        { twin: (id) => id === ANNE.id },
        refusal("own_voice"),
      ],
      [
        "with other characters",
        begun("oral_awaited", called),
        { typed: "000000" },
        refusal("wrong_fingerprint"),
      ],
      [
        "of who may decide no more",
        begun("oral_awaited", called),
        { delegate: () => undefined },
        { ...refusal("delegate_gone"), because: "Anne Morel ne peut plus décider." },
      ],
      [
        "of nobody",
        begun("oral_awaited", { ...called, to: null }),
        {},
        { ...refusal("delegate_gone"), because: "Cette personne ne peut plus décider." },
      ],
      ["without a proof", begun("oral_awaited", { ...called, how: null }), {}, refusal("delegate_gone")],
      ["without a call", begun("oral_awaited", { ...called, call: null }), {}, refusal("delegate_gone")],
      [
        "in another's name",
        begun("oral_awaited", called),
        { delegate: () => PAUL },
        refusal("declarant_differs"),
      ],
    ])("is no decision %s", (_what, work, over, expected) => {
      expect(hear(work, over)).toMatchObject(expected);
      expect(work.decisions).toEqual([]);
    });

    it("may be taken back before, on the exact text only", () => {
      const work = begun("oral_awaited", called);
      expect(withdrawOral(work, { text: OTHER, actor: EVE }, NOW)).toMatchObject({ outcome: "stale" });
      expect(withdrawOral(aWork(TEXT), { text: seen(TEXT), actor: EVE }, NOW)).toEqual(
        refusal("nothing_awaited"),
      );
      expect(withdrawOral(work, { text: seen(TEXT), actor: EVE }, NOW)).toEqual({ outcome: "withdrawn" });
      expect(work.steps.at(-1)).toMatchObject({ step: "oral_withdrawn", by: person(EVE), at: NOW });
      expect(hear(work)).toEqual(refusal("nothing_awaited"));
    });
  });
});

describe("not to declare", () => {
  const met = (over: Partial<CriterionResult> = {}) =>
    ({ criteria: [{ id: "C1", legal: true, value: "met", ...over }] }) as Qualification;
  const ruling = { text: seen(TEXT), reason: REASON, proof: PROOF, actor: ANNE };
  const aside = (work: Work, over: Partial<typeof ruling> = {}) =>
    setAside(work, { ...ruling, ...over }, setupFor(), NOW);

  it.each<[string, Partial<Work>, string]>([
    ["nothing is evaluated", {}, "set_aside"],
    ["a criterion is met", { qualification: met() }, "second_awaited"],
    ["one under another law is", { others: [met()] }, "second_awaited"],
    ["none is", { qualification: met({ value: "unknown" }), others: [] }, "set_aside"],
    ["only advice follows", { qualification: met({ legal: false }) }, "set_aside"],
    [
      "a duty follows all the same",
      { qualification: met({ legal: false, leads_to: "duty" }) },
      "second_awaited",
    ],
    ["nothing follows", { qualification: met({ leads_to: "nothing" }) }, "set_aside"],
    [
      "a text is filed already",
      { qualification: met(), declarations: [aText({ id: "x", state: "filed" }), TEXT] },
      "set_aside",
    ],
    [
      "one was only replaced",
      { qualification: met(), declarations: [aText({ id: "x", state: "replaced" }), TEXT] },
      "second_awaited",
    ],
  ])("is for one person or two when %s", (_what, over, outcome) => {
    const work = { ...aWork(TEXT), ...over };
    expect(aside(work).outcome).toBe(outcome);
    expect(work.decisions).toHaveLength(outcome === "set_aside" ? 1 : 0);
  });

  it.each([
    ["on another text", { text: OTHER }, { outcome: "stale" }],
    ["without a reason", { reason: "" }, refusal("reason_missing")],
  ])("is not begun %s", (_what, over, expected) => {
    const work = { ...aWork(TEXT), qualification: met() };
    expect(aside(work, over)).toMatchObject(expected);
    expect([work.steps, work.decisions]).toEqual([[], []]);
  });

  it("is begun once, with its reason and proof, and told", () => {
    const work = { ...aWork(TEXT), qualification: met() };
    const step = { step: "second_awaited", comment: REASON, how: PROOF, by: person(ANNE), at: NOW };
    expect(aside(work)).toMatchObject({ outcome: "second_awaited", step });
    expect(work.beside).toMatchObject([{ effect: { payload: { event: "second_needed" } } }]);
    const because =
      "Anne Morel a déjà demandé de ne pas déclarer ce texte : une autre personne doit confirmer, ou refuser.";
    expect(aside(work)).toEqual({ outcome: "refused", code: "second_awaited", because });
    expect(work.steps).toHaveLength(1);
  });

  describe("confirmed by a second person", () => {
    const both = (work: Work, over: Partial<Parameters<typeof confirmSetAside>[1]> = {}) =>
      confirmSetAside(
        work,
        { text: seen(TEXT), proof: CODE, actor: PAUL, mayDecide: (id) => id === EVE.id, ...over },
        setupFor(),
        NOW,
      );

    it("is of the one who began, with the second beside, on the exact text", () => {
      const decision = {
        declaration: TEXT.id,
        version: 1,
        sha256: TEXT.sha256,
        decision: "set_aside",
        delegate: person(EVE),
        reason: REASON,
        how: PROOF,
        second: { by: person(PAUL), how: CODE, at: NOW },
      };
      expect(both(begun("second_awaited"))).toMatchObject({ outcome: "set_aside", decision });
    });

    it.each<[string, Work, Partial<Parameters<typeof confirmSetAside>[1]>, object]>([
      ["on another text", begun("second_awaited"), { text: OTHER }, { outcome: "stale" }],
      ["when nothing was begun", aWork(TEXT), {}, refusal("nothing_awaited")],
      ["when a listener is awaited", begun("oral_awaited"), {}, refusal("nothing_awaited")],
      ["by who began", begun("second_awaited"), { actor: EVE }, refusal("second_is_first")],
      [
        "by another account of who began",
        begun("second_awaited"),
        { twin: (id) => id === EVE.id },
        refusal("same_person"),
      ],
      [
        "when who began may decide no more",
        begun("second_awaited"),
        { mayDecide: () => false },
        refusal("first_gone"),
      ],
      ["when who began gave no proof", begun("second_awaited", { how: null }), {}, refusal("first_gone")],
      ["without a reason", begun("second_awaited", { comment: "" }), {}, refusal("reason_missing")],
    ])("is no decision %s", (_what, work, over, expected) => {
      expect(both(work, over)).toMatchObject(expected);
      expect(work.decisions).toEqual([]);
    });
  });

  it("is taken back by who began, or refused by another with a reason, on the exact text", () => {
    const ended = (work: Work, over: object = {}) =>
      endSetAside(work, { text: seen(TEXT), comment: "0123456789", actor: PAUL, ...over }, setupFor(), NOW);
    const work = begun("second_awaited");
    expect(ended(work, { text: OTHER })).toMatchObject({ outcome: "stale" });
    expect(ended(work, { comment: "012345678" })).toEqual(refusal("reason_missing"));
    expect(ended(aWork(TEXT))).toEqual(refusal("nothing_awaited"));
    expect(work.steps).toHaveLength(1);
    expect([ended(work).outcome, work.steps.at(-1)?.step]).toEqual(["declined", "second_refused"]);
    const own = begun("second_awaited");
    expect(ended(own, { actor: EVE, comment: "" })).toEqual({ outcome: "withdrawn" });
    expect(own.steps.at(-1)).toMatchObject({ step: "second_withdrawn", to: person(EVE) });
  });
});
