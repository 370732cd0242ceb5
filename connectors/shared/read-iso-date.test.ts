import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { isoOf } from "./iso-of.ts";
import { readDate } from "./read-date.ts";
import { readIsoDate } from "./read-iso-date.ts";

describe("dates with a zone, from end to end", () => {
  it.each([
    ["2023-10-11T22:14:15Z", "2023-10-11T22:14:15.000Z"],
    ["2023-10-11T22:14:15.003Z", "2023-10-11T22:14:15.003Z"],
    ["2023-10-11T22:14:15.1234567Z", "2023-10-11T22:14:15.123456Z"],
    ["2023-10-12T00:14:15.5+02:00", "2023-10-11T22:14:15.500Z"],
    ["2023-10-11T15:14:15.000003-0700", "2023-10-11T22:14:15.000003Z"],
    ["2024-02-29T23:59:60Z", "2024-03-01T00:00:00.000Z"],
    ["1969-12-31T23:59:59.9Z", "1969-12-31T23:59:59.900Z"],
  ])("reads %s", (text, instant) => expect(isoOf(readIsoDate(text) ?? Number.NaN)).toBe(instant));
});

it.each([
  "2023-10-11T22:14:15",
  "2023-10-11 22:14:15Z",
  "2023-10-11T22:14:15.Z",
  "2023-10-11T22:14:15Z ",
  "2023-10-11T22:14:15+19:00",
  "2023-10-11T22:14:15+2:00",
  "2023-02-29T22:14:15Z",
  "2023-13-11T22:14:15Z",
  "2023-10-11T24:14:15Z",
  "2023-10-11T22:60:15Z",
  "19-1-10-11T22:14:15Z",
  "1899-10-11T22:14:15Z",
  "2251-10-11T22:14:15Z",
])("leaves %s to the reader of all dates", (text) => expect(readIsoDate(text)).toBeUndefined());

it("reads every date that it reads as the reader of all dates does", () => {
  const two = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, "0"));
  const zone = fc.oneof(
    fc.constant("Z"),
    fc
      .tuple(fc.constantFrom("+", "-"), two(19), fc.constantFrom("", ":"), two(60))
      .map((part) => part.join("")),
  );
  const fraction = fc.oneof(fc.constant(""), fc.stringMatching(/^\.\d{1,9}$/));
  const year = fc.integer({ min: 1890, max: 2260 });
  const date = fc.tuple(year, two(13), two(32), two(24), two(60), two(61), fraction, zone);
  fc.assert(
    fc.property(date, ([y, month, day, hour, minute, second, rest, offset]) => {
      const text = `${y}-${month}-${day}T${hour}:${minute}:${second}${rest}${offset}`;
      const all = readDate(text, 0, { received: 0, zone: "UTC" });
      expect(readIsoDate(text)).toBe(all?.end === text.length ? all.instant : undefined);
    }),
    { numRuns: 2000 },
  );
});
