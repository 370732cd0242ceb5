import { describe, expect, it } from "vitest";
import {
  askedOf,
  awaitedOf,
  type Decision,
  type DecisionStep,
  fingerprintGroups,
  isShortFingerprint,
  lapsedOf,
  sentBackOf,
  shortFingerprint,
  type TextId,
} from "./decision.ts";

const SHA = `a1b2c3${"0".repeat(58)}`;
const TEXT: TextId = { declaration: "declaration-1", version: 2, sha256: SHA };

let at = 100;
function step(what: DecisionStep["step"], over: Partial<DecisionStep> = {}): DecisionStep {
  at += 1;
  const by = { account: "acc-1", name: "Anne Morel" };
  const said = { text: { ...TEXT }, by, to: null, comment: "", how: null, call: null, at };
  return { id: `incident-1/${at}`, incident: "incident-1", step: what, ...said, ...over };
}
const decidedAt = (instant: number) => [{ at: instant } as Decision];

const OTHERS: [string, TextId | undefined][] = [
  ["of another declaration", { ...TEXT, declaration: "declaration-2" }],
  ["of another version", { ...TEXT, version: 3 }],
  ["with another fingerprint", { ...TEXT, sha256: SHA.replace("a", "b") }],
  ["that is none", undefined],
];

describe.each(["second", "oral"] as const)("what one person began (%s)", (kind) => {
  const other = kind === "second" ? "oral" : "second";
  const begun = step(`${kind}_awaited`);

  it("waits on exactly the text it was begun on", () => {
    const steps = { steps: [begun], decisions: [] };
    expect(awaitedOf(kind, steps, { ...TEXT })).toBe(begun);
    expect(lapsedOf(kind, steps, { ...TEXT })).toBeUndefined();
    expect(awaitedOf(other, steps, { ...TEXT })).toBeUndefined();
    expect(lapsedOf(other, steps, undefined)).toBeUndefined();
  });

  it.each(OTHERS)("has lapsed on a text %s", (_what, standing) => {
    const steps = { steps: [begun], decisions: [] };
    expect([awaitedOf(kind, steps, standing), lapsedOf(kind, steps, standing)]).toEqual([undefined, begun]);
  });

  it("has lapsed when it was begun on no text", () => {
    const none = step(`${kind}_awaited`, { text: null });
    const steps = { steps: [none], decisions: [] };
    expect([awaitedOf(kind, steps, undefined), lapsedOf(kind, steps, undefined)]).toEqual([undefined, none]);
    expect([awaitedOf(kind, steps, TEXT), lapsedOf(kind, steps, TEXT)]).toEqual([undefined, none]);
  });

  it("waits no more once it was withdrawn, whatever was begun of the other kind since", () => {
    const steps = {
      steps: [begun, step(`${kind}_withdrawn`), step(`${other}_awaited`), step("sent_back")],
      decisions: [],
    };
    expect([awaitedOf(kind, steps, TEXT), lapsedOf(kind, steps, undefined)]).toEqual([undefined, undefined]);
    const again = step(`${kind}_awaited`);
    const anew = { steps: [...steps.steps, again, step("handed_over")], decisions: [] };
    expect(awaitedOf(kind, anew, TEXT)).toBe(again);
  });

  it.each([
    ["waits whatever was decided before", -1, begun],
    ["waits no more after a decision at the same instant", 0, undefined],
    ["waits no more after a decision", 1, undefined],
  ])("%s", (_what, later, expected) => {
    const steps = { steps: [begun], decisions: decidedAt(begun.at + later) };
    expect(awaitedOf(kind, steps, TEXT)).toBe(expected);
    expect(lapsedOf(kind, steps, undefined)).toBe(expected);
  });
});

describe("askedOf", () => {
  const over = step("handed_over");
  const back = step("handed_back");

  it.each<[string, DecisionStep[], Decision[], DecisionStep | undefined]>([
    ["nobody when no hand was passed", [step("sent_back")], [], undefined],
    ["whom the hand was passed to", [step("handed_over"), over, step("sent_back")], [], over],
    ["nobody once it went back", [over, back], [], undefined],
    [
      "whom it was passed to anew",
      [over, back, { ...over, at: back.at + 1 }],
      [],
      { ...over, at: back.at + 1 },
    ],
    ["nobody after a decision", [over], decidedAt(over.at), undefined],
    ["whom it was passed to after a decision", [over], decidedAt(over.at - 1), over],
  ])("names %s", (_what, steps, decisions, expected) => {
    expect(askedOf({ steps, decisions })).toEqual(expected);
  });
});

describe("sentBackOf", () => {
  const sent = step("sent_back");

  it.each<[string, DecisionStep[], Decision[], DecisionStep | undefined]>([
    ["nothing when nothing was sent back", [step("handed_over")], [], undefined],
    ["nothing without steps", [], [], undefined],
    [
      "the last comment, on whatever text",
      [step("sent_back"), { ...sent, text: null }],
      [],
      { ...sent, text: null },
    ],
    ["the last comment, other steps after it", [sent, step("handed_back")], [], sent],
    ["nothing after a decision", [sent], decidedAt(sent.at), undefined],
    ["what came after a decision", [sent], decidedAt(sent.at - 1), sent],
  ])("gives %s", (_what, steps, decisions, expected) => {
    expect(sentBackOf({ steps, decisions })).toEqual(expected);
  });
});

describe("the short form of a fingerprint", () => {
  it("is its first six digits, and the whole is read in groups of eight", () => {
    expect(shortFingerprint(SHA)).toBe("a1b2c3");
    expect(fingerprintGroups(SHA)).toEqual(["a1b2c300", ...Array(7).fill("00000000")]);
    expect([fingerprintGroups("a1b2c300ff"), fingerprintGroups("")]).toEqual([["a1b2c300", "ff"], []]);
  });

  it.each([
    ["a1b2c3", true],
    ["A1-B2.C3", true],
    [" a1 \t b2\nc3 ", true],
    [`a1b2c3${" ".repeat(34)}`, true],
    [`a1b2c3${" ".repeat(35)}`, false],
    ["a1b2c", false],
    ["a1b2c30", false],
    ["a1b2c4", false],
    ["a1xb2c3", false],
    ["", false],
  ])("is recognised in %j: %s", (typed, expected) => {
    expect(isShortFingerprint(typed, SHA)).toBe(expected);
  });
});
