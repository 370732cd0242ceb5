import { beforeAll, describe, expect, it } from "vitest";
import { EFFECT_KINDS } from "../../../agent/core/effect.ts";
import { NOTE_KINDS } from "../../../agent/core/journal.ts";
import { BOUNDARIES, boundariesOf } from "./boundaries.ts";
import { type Told, tellStory } from "./story.ts";

/** Where a process is ended in every run of the suite; `run.ts` goes through all points. */
const HERE = [
  { kills: ["after: alert#3"] },
  { kills: ["before: settle deliver done#1"] },
  { kills: ["after: claim notify incident_opened#1", "*#9"] },
  { kills: ["before: put exchange#2", "after: claim reminder follow_up_due#1"] },
  { kills: ["after: put decision#2", "after: claim deliver#1"] },
];

describe("an incident from its first alert to its closing", () => {
  let told: Told;
  beforeAll(async () => {
    told = await tellStory();
  }, 120_000);

  it("is told without a fault, and each message is told once", () => {
    expect(told.violations).toEqual([]);
    expect(told.messages).toMatchObject({ incident_opened: 1, decision_needed: 1, follow_up_due: 2 });
  });

  it("comes by a point before and after every commit of it, and by none that nobody has thought of", () => {
    const met = (moment: string) =>
      new Set(told.points.filter((point) => point.startsWith(moment)).flatMap(boundariesOf));
    const wanted = [...BOUNDARIES].filter(([, reason]) => reason === true).map(([name]) => name);
    expect([...met("before:")].toSorted()).toEqual(wanted.toSorted());
    expect([...met("after:")].toSorted()).toEqual(wanted.toSorted());
    const known = (word: string, kinds: readonly string[]) => kinds.map((kind) => `${word} ${kind}`);
    for (const name of [...known("claim", EFFECT_KINDS), ...known("note", NOTE_KINDS)])
      expect(BOUNDARIES.has(name), name).toBe(true);
  });

  it.each(HERE)(
    "goes on as if nothing had been when it is ended as by kill -9, $kills",
    {
      timeout: 120_000,
    },
    async ({ kills }) => {
      const again = await tellStory(kills);
      expect(again.violations).toEqual([]);
      expect(again.messages).toEqual(told.messages);
      expect(again.kills).toBe(kills.length);
    },
  );
});
