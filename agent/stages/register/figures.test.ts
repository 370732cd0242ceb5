import { describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { aDecision, aFiling, anEntry } from "../../../test/support/register-entry.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { monthIn, type Year, yearIn } from "./calendar.ts";
import { delayOf, figuresOf, outcomeOf } from "./figures.ts";

const YEAR = yearIn(2026, "Europe/Paris") as Year;
const utc = (text: string) => Date.parse(text) * 1000;

describe("a year in a zone", () => {
  it.each([
    { at: "2025-12-31T22:59:59Z", month: undefined },
    { at: "2025-12-31T23:00:00Z", month: 0 },
    { at: "2026-03-31T21:59:59Z", month: 2 },
    { at: "2026-03-31T22:00:00Z", month: 3 },
    { at: "2026-12-31T22:59:59Z", month: 11 },
    { at: "2026-12-31T23:00:00Z", month: undefined },
  ])("puts $at in month $month", ({ at, month }) => expect(monthIn(YEAR, utc(at))).toBe(month));

  it.each([0, 1.5, Number.NaN, 99_999])("knows no year %s", (year) =>
    expect(yearIn(year, "Europe/Paris")).toBeUndefined(),
  );
});

describe("what became of an incident", () => {
  it.each([
    { entry: anEntry({ deliveries: [aFiling(NIGHT)] }), outcome: "declared" },
    { entry: anEntry({ incident: { state: "closed" }, deliveries: [aFiling(NIGHT)] }), outcome: "declared" },
    { entry: anEntry({ deliveries: [aFiling(NIGHT, { state: "uncertain" })] }), outcome: "running" },
    { entry: anEntry({ deliveries: [aFiling(NIGHT, { kind: "help" })] }), outcome: "running" },
    { entry: anEntry({ incident: { state: "set_aside" } }), outcome: "set_aside" },
    {
      entry: anEntry({
        incident: { state: "closed", closure: { at: NIGHT, writer: "x", reason: "y", from: "set_aside" } },
      }),
      outcome: "set_aside",
    },
    { entry: anEntry({ incident: { state: "closed" } }), outcome: "watched" },
    { entry: anEntry({ incident: { state: "candidate" } }), outcome: "running" },
    { entry: anEntry({ incident: { state: "merged" } }), outcome: undefined },
  ])("is $outcome", ({ entry, outcome }) => expect(outcomeOf(entry)).toBe(outcome));
});

describe("delays", () => {
  it.each([
    { delays: [], median: null, longest: null, count: 0 },
    { delays: [null], median: null, longest: null, count: 0 },
    { delays: [5], median: 5, longest: 5, count: 1 },
    { delays: [9, 1, 5], median: 5, longest: 9, count: 3 },
    { delays: [1, 9, 3, null, 5], median: 4, longest: 9, count: 4 },
  ])("of $delays have the median $median", ({ delays, ...expected }) =>
    expect(delayOf(delays)).toEqual(expected),
  );

  it("run from constat to approval to filing, the first of each, and a contested voice does not count", () => {
    const { minute } = MICROSECONDS;
    const entry = anEntry({
      incident: { found: NIGHT },
      decisions: [
        aDecision("approved", NIGHT + minute, { state: "contested" }),
        aDecision("approved", NIGHT + 10 * minute),
        aDecision("approved", NIGHT + 90 * minute),
      ],
      deliveries: [aFiling(NIGHT + 100 * minute), aFiling(NIGHT + 30 * minute)],
    });
    expect(figuresOf({ year: YEAR, entries: [entry], outside: [] }).delays).toEqual({
      found_to_approved: { count: 1, median: 10 * minute, longest: 10 * minute },
      approved_to_filed: { count: 1, median: 20 * minute, longest: 20 * minute },
      found_to_filed: { count: 1, median: 30 * minute, longest: 30 * minute },
    });
  });
});

it("a year counts each incident once, in the month it began, and what was declared outside", () => {
  const declared = utc("2026-02-03T10:00:00Z");
  const statement = {
    ...{ declared, occurred: null, systems: [], what: "x", where: "CNIL", reference: "", by: "DPO" },
    ...{ incident: null, regime: null, at: declared, writer: { account: "a", name: "b" }, reason: null },
  };
  const outside = [
    { id: "o-1", revision: 1, entry: 3, revisions: [{ ...statement, void: false }] },
    {
      id: "o-2",
      revision: 2,
      entry: 4,
      revisions: [
        { ...statement, void: false },
        { ...statement, void: true },
      ],
    },
  ];
  const entries = [
    anEntry({ deliveries: [aFiling(NIGHT)] }),
    anEntry({ incident: { state: "merged" } }),
    anEntry({ incident: { occurred: utc("2025-06-01T00:00:00Z") } }),
    anEntry({ incident: { state: "closed", occurred: utc("2026-02-01T00:00:00Z") } }),
  ];
  const { months, total } = figuresOf({ year: YEAR, entries, outside });
  expect(total).toEqual({ declared: 1, set_aside: 0, running: 0, watched: 1, outside: 1 });
  expect(months[10]).toMatchObject({ declared: 1 });
  expect(months[1]).toMatchObject({ watched: 1, outside: 1 });
});
