import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { isoOf } from "./iso-of.ts";
import { readDate, readWholeDate } from "./read-date.ts";
import { readDateIn } from "./read-date-in.ts";

const CONTEXT = { received: Date.UTC(2023, 9, 12) * 1000, zone: "UTC" };
const at = (text: string) => {
  const instant = readWholeDate(text, CONTEXT);
  return instant === undefined ? undefined : isoOf(instant);
};

describe("every shape that logs carry", () => {
  it.each([
    "Oct 11 22:14:15",
    "Oct 11 2023 22:14:15",
    "Oct 11 22:14:15 2023",
    "Oct 11, 2023 22:14:15",
    "Oct 11, 2023 10:14:15 PM",
    "October 11 2023 22:14:15",
    "Wed Oct 11 22:14:15 2023",
    "Wednesday, October 11, 2023 22:14:15",
    "2023 Oct 11 22:14:15",
    "11 Oct 2023 22:14:15",
    "11-Oct-2023 22:14:15",
    "11/Oct/2023:22:14:15 +0000",
    "2023-10-11T22:14:15Z",
    "2023-10-11t22:14:15z",
    "2023-10-12T00:14:15+02:00",
    "2023-10-11 22:14:15",
    "2023/10/11 22:14:15",
    "2023/10/11:22:14:15",
    "2023.10.11 22:14:15",
    "20231011T221415Z",
    "20231011 22:14:15",
    "11/10/2023 22:14:15",
    "11.10.2023 22:14:15",
    "10/11/2023 10:14:15 PM",
    "10/11/23 22:14:15",
    "10/11/2023:22:14:15",
    "2023:10:11-22:14:15",
    "1697062455",
    "1697062455000",
    "1697062455000000000",
  ])("%s", (text) => expect(at(text)).toBe("2023-10-11T22:14:15.000Z"));
});

describe("months of other languages", () => {
  it.each([
    ["févr. 5 2023 22:14:15", "2023-02-05T22:14:15.000Z"],
    ["5 août 2023 22:14:15", "2023-08-05T22:14:15.000Z"],
    ["déc. 5 2023 22:14:15", "2023-12-05T22:14:15.000Z"],
    ["d\ufffdc 5 2023 22:14:15", "2023-12-05T22:14:15.000Z"],
    ["jeu. 5 oct. 2023 22:14:15", "2023-10-05T22:14:15.000Z"],
    ["mar. 10 oct. 2023 22:14:15", "2023-10-10T22:14:15.000Z"],
    ["Mär 5 2023 22:14:15", "2023-03-05T22:14:15.000Z"],
    ["Mai 5 2023 22:14:15", "2023-05-05T22:14:15.000Z"],
    ["Okt 5 2023 22:14:15", "2023-10-05T22:14:15.000Z"],
    ["Dez 5 2023 22:14:15", "2023-12-05T22:14:15.000Z"],
    ["ene 5 2023 22:14:15", "2023-01-05T22:14:15.000Z"],
    ["ago 5 2023 22:14:15", "2023-08-05T22:14:15.000Z"],
  ])("%s", (text, expected) => expect(at(text)).toBe(expected));
});

describe("what is finer or odd", () => {
  it.each([
    ["2023-10-11T22:14:15.123456789Z", "2023-10-11T22:14:15.123456Z"],
    ["2023-10-11 22:14:15,5", "2023-10-11T22:14:15.500Z"],
    ["Oct 11 22:14:15:123 2023", "2023-10-11T22:14:15.123Z"],
    ["25/12/2022 12:00:00 a.m.", "2022-12-25T00:00:00.000Z"],
    ["10/25/2022 12:00:00 pm", "2022-10-25T12:00:00.000Z"],
    ["2023-10-11T23:59:60Z", "2023-10-12T00:00:00.000Z"],
  ])("%s", (text, expected) => expect(at(text)).toBe(expected));
});

it.each([
  "Feb 30 2023 00:00:00",
  "2023-02-29T00:00:00Z",
  "2023-13-01T00:00:00Z",
  "0000-00-00 00:00:00",
  "99/99/9999 00:00:00",
  "Oct 11 2023 25:00:00",
  "Foo 11 2023 22:14:15",
  "2023-10-11",
  "12345",
])("%s is no date", (text) => expect(at(text)).toBeUndefined());

it("agrees with the platform on every date of ISO 8601", () => {
  const instant = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2250, 0, 1) - 1 });
  fc.assert(fc.property(instant, (ms) => readWholeDate(new Date(ms).toISOString(), CONTEXT) === ms * 1000));
});

it("ends where the date ends, whatever was read before", () => {
  expect(readDate("2021-01-01T00:00:00Z x", 0, CONTEXT)?.end).toBe(20);
  expect(readDate("<13>Oct 11 22:14:15 host", 4, CONTEXT)).toEqual({
    instant: Date.UTC(2023, 9, 11, 22, 14, 15) * 1000,
    end: 19,
  });
});

it("reads a date in the zone that the record names", () => {
  const read = (text: string, zone: string) => isoOf(readDateIn(text, zone, CONTEXT) ?? 0);
  expect(read("2023-10-11 22:14:15", "Europe/Paris")).toBe("2023-10-11T20:14:15.000Z");
  expect(read("2023-10-11 22:14:15", "+0200")).toBe("2023-10-11T20:14:15.000Z");
  expect(read("2023-10-11 22:14:15", "CEST")).toBe("2023-10-11T20:14:15.000Z");
  expect(read("2023-10-11 22:14:15Z", "+0200")).toBe("2023-10-11T22:14:15.000Z");
  expect(read("2023-10-11 22:14:15", "Nowhere/Atall")).toBe("2023-10-11T22:14:15.000Z");
});
