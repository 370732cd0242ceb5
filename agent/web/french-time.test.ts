import { describe, expect, it } from "vitest";
import { instantFromIso, MICROSECONDS } from "../core/clock.ts";
import { duration } from "../stages/french.ts";
import { frenchTime } from "./french-time.ts";

const paris = frenchTime("Europe/Paris");

describe("frenchTime", () => {
  it("writes an instant in the facility's zone", () => {
    const instant = instantFromIso("2026-11-15T01:14:00Z") ?? 0;
    expect(paris.when(instant)).toBe("dim. 15 nov. 02:14");
    expect(frenchTime("Indian/Reunion").when(instant)).toBe("dim. 15 nov. 05:14");
  });

  it("adds the year when it is another one", () => {
    const [instant, now] = ["2026-11-15T01:14:00Z", "2027-01-02T00:00:00Z"].map(
      (iso) => instantFromIso(iso) ?? 0,
    );
    expect(paris.when(instant ?? 0, now)).toBe("dim. 15 nov. 2026 02:14");
  });

  it.each([
    ["winter", "2026-11-15", "02:25", "2026-11-15T01:25:00Z"],
    ["summer", "2026-07-01", "02:25", "2026-07-01T00:25:00Z"],
    ["the first of the two 02:30 of autumn", "2026-10-25", "02:30", "2026-10-25T00:30:00Z"],
  ])("reads a local time in %s", (_what, date, time, iso) => {
    expect(paris.instantOf(date, time)).toBe(instantFromIso(iso));
  });

  it.each([
    ["the hour that spring skips", "2026-03-29", "02:30"],
    ["a day that does not exist", "2026-02-30", "10:00"],
    ["what is no time", "2026-11-15", "25:00"],
    ["what is no date", "hier", "10:00"],
  ])("refuses %s", (_what, date, time) => {
    expect(paris.instantOf(date, time)).toBeUndefined();
  });
});

describe("duration", () => {
  it.each([
    [44, "44 min"],
    [185, "3 h 05"],
    [60 * 52, "2 j 4 h"],
    [60 * 48, "2 j"],
    [-3, "0 min"],
  ])("writes %i minutes as %s", (minutes, text) => {
    expect(duration(minutes * MICROSECONDS.minute)).toBe(text);
  });
});
