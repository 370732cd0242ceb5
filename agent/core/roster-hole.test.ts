import { describe, expect, it } from "vitest";
import { type Instant, MICROSECONDS } from "./clock.ts";
import type { RosterBook, Shift } from "./roster.ts";
import { firstHole } from "./roster-hole.ts";

const DAY = MICROSECONDS.day;
const shift = (who: string, from: number, until: number, rank = 1): Shift => {
  return { who, from: from * DAY, until: until * DAY, rank };
};
const bookOf = (shifts: Shift[], role: "delegate" | "on_call" = "delegate"): RosterBook => ({
  rosters: [
    {
      role,
      people: [],
      shiftsWithin: (from: Instant, until: Instant) =>
        shifts.filter((each) => each.until > from && each.from < until),
    },
  ],
  sha256: "",
  problems: [],
});
const hole = (shifts: Shift[], role?: "delegate" | "on_call") => {
  const found = firstHole(bookOf(shifts, role), "delegate", { from: 10 * DAY, until: 40 * DAY });
  return found && [found.from / DAY, found.until / DAY];
};

describe("firstHole", () => {
  it.each<[string, Shift[], number[] | undefined]>([
    ["nothing when one follows the other", [shift("a", 0, 20), shift("b", 20, 50)], undefined],
    ["nothing when a deputy is there", [shift("a", 0, 20), shift("b", 10, 50, 2)], undefined],
    ["the days between two people", [shift("a", 0, 15), shift("b", 17, 50)], [15, 17]],
    ["what is left when nobody follows", [shift("a", 0, 25)], [25, 40]],
    ["now, when nobody is there yet", [shift("a", 12, 50)], [10, 12]],
    ["all of it, of an empty roster", [], [10, 40]],
    ["the absence of the only one", [shift("a", 0, 50), shift("a", 20, 22, 0)], [20, 22]],
    ["the first of two", [shift("a", 0, 12), shift("b", 13, 20), shift("c", 21, 50)], [12, 13]],
  ])("names %s", (_, shifts, expected) => {
    expect(hole(shifts)).toEqual(expected);
  });

  it("counts nobody of another roster", () => {
    expect(hole([shift("a", 0, 50)], "on_call")).toEqual([10, 40]);
  });
});
