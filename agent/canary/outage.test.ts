import { describe, expect, it } from "vitest";
import { MICROSECONDS } from "../core/clock.ts";
import { isFailing, type Outage, passFlight, passOutage, type WayState } from "./outage.ts";

const T = 1_800_000_000_000_000;
const MINUTE = MICROSECONDS.minute;
const fresh = (name: string): WayState => ({
  ...{ name, last: null, took: null, missed: 0, since: null, because: null },
});
const back = (name: string): WayState => passFlight(fresh(name), { at: T, took: 1000 });
/** A way that missed some rounds, five minutes apart, the last of them at T. */
function missing(name: string, rounds: number): WayState {
  let state = fresh(name);
  for (let round = rounds - 1; round >= 0; round--)
    state = passFlight(state, { at: T - round * 5 * MINUTE, because: "late" });
  return state;
}
const told = (...ways: string[]): Outage => ({ since: T - MINUTE, ways, told: T - MINUTE });

describe("a way", () => {
  it.each([
    ["is at fault when it missed twice in a row, since the first time", [false, false], true, T],
    ["is not for one round, which a storm may hold up", [true, false], false, T + 1],
    ["is not once it is back", [false, false, true], false, null],
    ["counts misses in a row only", [false, true, false], false, T + 2],
  ])("%s", (_, flights, failing, since) => {
    let state = fresh("a");
    for (const [i, came] of flights.entries())
      state = passFlight(state, { at: T + i, ...(came ? { took: 10 } : { because: "late" }) });
    expect([isFailing(state), state.since]).toEqual([failing, since]);
  });
});

describe("what is told", () => {
  it.each<[string, Outage | null, WayState[], ReturnType<typeof passOutage>["news"]]>([
    ["is nothing while all is well", null, [back("a")], undefined],
    ["is nothing of one round", null, [missing("a", 1)], undefined],
    [
      "is one message of all the ways that fail",
      null,
      [missing("a", 2), back("b"), missing("c", 3)],
      { what: "failing", ways: ["a", "c"], since: T - 10 * MINUTE },
    ],
    ["is nothing more while they go on", told("a"), [missing("a", 9)], undefined],
    [
      "is nothing while another follows within the hour",
      told("a"),
      [missing("a", 9), missing("b", 2)],
      undefined,
    ],
    [
      "is all of them when another follows later",
      { ...told("a"), told: T - 61 * MINUTE },
      [missing("a", 9), missing("b", 2)],
      { what: "failing", ways: ["a", "b"], since: T - MINUTE },
    ],
    [
      "is their return, once all are back",
      told("a"),
      [back("a"), back("b")],
      { what: "restored", ways: ["a"], since: T - MINUTE },
    ],
    ["is no return while one is late", told("a"), [back("a"), missing("b", 1)], undefined],
    ["is no return after a start that has tried nothing yet", told("a"), [fresh("a")], undefined],
    [
      "is the end when the ways are gone from the settings",
      told("a"),
      [],
      { what: "restored", ways: ["a"], since: T - MINUTE },
    ],
  ])("%s", (_, before, states, news) => {
    expect(passOutage(before, states, T).news).toEqual(news);
  });
});
