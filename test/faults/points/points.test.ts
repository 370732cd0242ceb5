import { expect, it } from "vitest";
import { EFFECT_KINDS } from "../../../agent/core/effect.ts";
import { EFFORT } from "../../support/effort.ts";
import { tellStory } from "./story.ts";

/** Where a process is ended in every run of the suite; `run.ts` goes through all points. */
const HERE = [
  "after: alert#3",
  "before: put decision#1",
  "after: claim notify#1",
  "after: claim deliver#1",
  "before: settle deliver done#1",
  "after: cursor correlated#1",
];

it("tells the whole story, and comes by a point before and after every commit of an effect", {
  timeout: 120_000,
}, async () => {
  const { violations, points } = await tellStory();
  expect(violations).toEqual([]);
  for (const kind of EFFECT_KINDS)
    for (const moment of ["before: claim", "after: claim", "before: settle", "after: settle"])
      expect(
        points.some((point) => point.startsWith(`${moment} ${kind}`)),
        `${moment} ${kind}`,
      ).toBe(true);
});

it.each(HERE.slice(0, HERE.length * EFFORT))(
  "goes on when it is ended as by kill -9, %s",
  { timeout: 120_000 },
  async (point) => {
    const { killed, violations } = await tellStory(point);
    expect(violations).toEqual([]);
    expect(killed).toBe(true);
  },
);
