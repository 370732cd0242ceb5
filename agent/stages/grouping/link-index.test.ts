import { describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { openLinkIndex, type Span, WINDOW } from "./link-index.ts";

const { hour, day } = MICROSECONDS;
const KEY = "touched:pacs";

function countOf(ask: (found: () => void) => void): number {
  let count = 0;
  ask(() => count++);
  return count;
}

describe("a key that an incident has had for a long time", () => {
  const lengths = [1, 3, 40, 365, 20_000].map((days) => ({ days }));

  it.each(lengths)("takes few places when it lasts for $days days", ({ days }) => {
    const index = openLinkIndex();
    index.load("incident-1", [[KEY, NIGHT - days * day, NIGHT]]);
    expect(countOf((found) => index.ever(KEY, found))).toBeLessThanOrEqual(18);
  });

  it.each(lengths)("is told as the one span that it is, of $days days", ({ days }) => {
    const index = openLinkIndex();
    const span: Span = [KEY, NIGHT - days * day, NIGHT];
    index.load("incident-1", [span]);
    expect(index.spansOf("incident-1")).toEqual([span]);
  });

  it.each([
    { at: NIGHT - 400 * day - WINDOW - 1, found: false },
    { at: NIGHT - 400 * day - WINDOW, found: true },
    { at: NIGHT - 200 * day, found: true },
    { at: NIGHT + WINDOW, found: true },
    { at: NIGHT + WINDOW + 1, found: false },
  ])("is found from one window before to one after: $found at $at", ({ at, found }) => {
    const index = openLinkIndex();
    index.load("incident-1", [[KEY, NIGHT - 400 * day, NIGHT]]);
    expect(countOf((told) => index.find(KEY, at, told)) > 0).toBe(found);
  });

  it("is forgotten between two instants only", () => {
    const index = openLinkIndex();
    index.load("incident-1", [[KEY, NIGHT - 400 * day, NIGHT]]);
    index.forget(KEY, NIGHT - 200 * day, NIGHT - 190 * day);
    const has = (at: number) => countOf((told) => index.find(KEY, at, told)) > 0;
    expect([-300, -195, -100].map((days) => has(NIGHT + days * day))).toEqual([true, false, true]);
  });

  it("goes with the incident into another, and leaves with it", () => {
    const index = openLinkIndex();
    index.load("incident-1", [[KEY, NIGHT - 400 * day, NIGHT]]);
    index.add(KEY, NIGHT + hour, "incident-2");
    index.move("incident-1", "incident-2");
    expect(index.spansOf("incident-2")).toEqual([[KEY, NIGHT - 400 * day, NIGHT + hour]]);
    index.drop("incident-2");
    expect(countOf((found) => index.ever(KEY, found))).toBe(0);
  });
});

it("holds 30,000 outages of one system that began at any time of three years", () => {
  const index = openLinkIndex();
  for (let i = 0; i < 30_000; i++) index.load(`incident-${i}`, [[KEY, NIGHT - i * hour, NIGHT]]);
  expect(countOf((found) => index.ever(KEY, found))).toBeLessThan(30_000 * 18);
  expect(countOf((found) => index.find(KEY, NIGHT - 25_000 * hour, found))).toBeLessThan(3 * 30_000);
});
