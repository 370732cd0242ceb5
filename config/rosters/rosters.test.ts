import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { nextOnCall, onCallAt, type RosterBook } from "../../agent/core/roster.ts";
import { fc } from "../../test/support/property.ts";
import { openRosters } from "./open-rosters.ts";
import { readCalendar } from "./read-calendar.ts";
import { readRosterCsv } from "./read-roster-csv.ts";
import { occurrences, readRule } from "./recurrence.ts";

const CONTEXT = { file: "tour", role: "on_call", zone: "Europe/Paris" } as const;
const at = (iso: string) => Date.parse(iso) * 1000;
const bookOf = (...rosters: RosterBook["rosters"]): RosterBook => ({ rosters, sha256: "", problems: [] });
const namesAt = (book: RosterBook, iso: string) => onCallAt(book, "on_call", at(iso)).map(({ who }) => who);

describe("a CSV roster", () => {
  const TEXT = `debut;fin;personne;rang
2026-11-14 08:00;2026-11-16 08:00;paul;1
2026-11-14 08:00;2026-11-16 08:00;lea;suppléant
16/11/2026 08:00;2026-11-23T08:00;lea;
2026-11-15 00:00;2026-11-15 12:00;paul;absent
`;
  const { roster, problems } = readRosterCsv(TEXT, CONTEXT);
  it.each([
    ["2026-11-14T06:59:00Z", []],
    ["2026-11-14T07:00:00Z", ["paul", "lea"]],
    // Absent on Sunday morning: the deputy is called first.
    ["2026-11-15T01:00:00Z", ["lea"]],
    ["2026-11-15T12:00:00Z", ["paul", "lea"]],
    ["2026-11-16T07:00:00Z", ["lea"]],
    ["2026-11-23T07:00:00Z", []],
  ])("says who is on call at %s: %j", (iso, names) => {
    expect(problems).toEqual([]);
    expect(namesAt(bookOf(roster), iso)).toEqual(names);
  });

  it("says who follows, and when", () => {
    const next = nextOnCall(bookOf(roster), "on_call", at("2026-11-15T13:00:00Z"));
    expect(next).toMatchObject({ at: at("2026-11-16T07:00:00Z"), first: { who: "lea" } });
  });

  it("takes, of two of one rank, the one whose turn began last: a swap written below", () => {
    const swap = readRosterCsv(
      "debut;fin;personne\n2026-11-14 08:00;2026-11-21 08:00;paul\n2026-11-17 18:00;2026-11-18 08:00;lea\n",
      CONTEXT,
    ).roster;
    expect(namesAt(bookOf(swap), "2026-11-17T20:00:00Z")[0]).toBe("lea");
  });

  it.each([
    ["nom;jour\n", "no column debut"],
    ["debut;fin;personne\n2026-13-01 08:00;2026-12-01;a\n", "not a date"],
    ["debut;fin;personne\n2026-02-30;2026-12-01;a\n", "not a date"],
    ["debut;fin;personne\n2026-12-01;2026-12-01;a\n", "ends before it begins"],
    ["debut;fin;personne\n2026-12-01;2026-12-02;\n", "nobody is named"],
    ["debut;fin;personne;rang\n2026-12-01;2026-12-02;a;chef\n", "not a rank"],
    ["debut;fin;personne\n2026-12-01;2026-12-02\n", "cells"],
  ])("is refused, with the place, for %j", (text, message) => {
    const { problems: found } = readRosterCsv(text, CONTEXT);
    expect(found[0]).toMatchObject({
      where: expect.stringMatching(/^tour:\d/),
      message: expect.stringContaining(message),
    });
  });
});

const event = (...lines: string[]) => ["BEGIN:VEVENT", ...lines, "END:VEVENT"].join("\r\n");
const calendar = (...events: string[]) => `BEGIN:VCALENDAR\r\n${events.join("\r\n")}\r\nEND:VCALENDAR\r\n`;

describe("an iCalendar roster", () => {
  const WEEKS = event(
    "UID:1",
    "SUMMARY:Paul Durand",
    "DTSTART;TZID=Europe/Paris:20261012T080000",
    "DTEND;TZID=Europe/Paris:20261019T080000",
    "RRULE:FREQ=WEEKLY;INTERVAL=2",
    "EXDATE;TZID=Europe/Paris:20261123T080000",
  );
  it.each([
    ["a week in two, across the end of summer time", WEEKS, "2026-10-26T07:00:00Z", ["Paul Durand"]],
    ["not an hour early after the change", WEEKS, "2026-10-26T06:59:00Z", []],
    ["the other week", WEEKS, "2026-11-03T12:00:00Z", []],
    ["a week left out", WEEKS, "2026-11-24T12:00:00Z", []],
    [
      "one occurrence moved to another person",
      `${WEEKS}\r\n${event("UID:1", "SUMMARY:Léa", "RECURRENCE-ID;TZID=Europe/Paris:20261109T080000", "DTSTART;TZID=Europe/Paris:20261109T080000", "DTEND;TZID=Europe/Paris:20261116T080000")}`,
      "2026-11-10T12:00:00Z",
      ["Léa"],
    ],
    [
      "nights of working days, in UTC",
      event(
        "SUMMARY:Titulaire : paul",
        "DTSTART:20261102T190000Z",
        "DURATION:PT12H",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
      ),
      "2026-11-18T02:00:00Z",
      ["paul"],
    ],
    [
      "whole days, the end not included",
      event("SUMMARY:paul", "DTSTART;VALUE=DATE:20261115", "DTEND;VALUE=DATE:20261116"),
      "2026-11-15T22:59:00Z",
      ["paul"],
    ],
    [
      "the attendee, whatever the summary says but the rank",
      `${event("SUMMARY:Suppléante", 'ATTENDEE;CN="Léa: M":mailto:lea@ch.example', "DTSTART:20261115T000000Z", "DTEND:20261116T000000Z")}\r\n${event("SUMMARY:paul", "DTSTART:20261115T000000Z", "DTEND:20261116T000000Z")}`,
      "2026-11-15T12:00:00Z",
      ["paul", "lea@ch.example"],
    ],
    [
      "an absence",
      `${event("SUMMARY:paul", "DTSTART:20261115T000000Z", "DTEND:20261116T000000Z")}\r\n${event("SUMMARY:Paul (absent)", "DTSTART:20261115T000000Z", "DTEND:20261116T000000Z")}`,
      "2026-11-15T12:00:00Z",
      [],
    ],
    [
      "a folded line, and what an alarm says left alone",
      event(
        "SUMMARY:pa",
        " ul",
        "BEGIN:VALARM",
        "SUMMARY:nobody",
        "END:VALARM",
        "DTSTART:20261115T000000Z",
        "DTEND:20261116T000000Z",
      ),
      "2026-11-15T12:00:00Z",
      ["paul"],
    ],
    [
      "nothing of what was called off",
      event("SUMMARY:paul", "STATUS:CANCELLED", "DTSTART:20261115T000000Z", "DTEND:20261116T000000Z"),
      "2026-11-15T12:00:00Z",
      [],
    ],
  ])("reads %s", (_, text, iso, names) => {
    const { roster, problems } = readCalendar(calendar(text), CONTEXT);
    expect(problems).toEqual([]);
    expect(namesAt(bookOf(roster), iso)).toEqual(names);
  });

  it.each([
    ["", "no event"],
    [event("SUMMARY:a", "DTSTART:20261115T000000Z"), "DTEND or DURATION"],
    [event("DTSTART:20261115T000000Z", "DTEND:20261116T000000Z"), "nobody is named"],
    [event("SUMMARY:a", "DTSTART:20261315T000000Z", "DTEND:20261116T000000Z"), "no DTSTART"],
    [
      event("SUMMARY:a", "DTSTART:20261115T000000Z", "DURATION:PT1H", "RRULE:FREQ=MONTHLY"),
      "only DAILY and WEEKLY",
    ],
    [
      event("SUMMARY:a", "DTSTART:20261115T000000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;BYMONTH=1"),
      "BYMONTH is not read",
    ],
    [event("SUMMARY:a", "DTSTART:20261115T000000Z", "DURATION:PT1H", "RDATE:20261116T000000Z"), "RDATE"],
    [event("SUMMARY:a", "DTSTART:20261115T000000Z", "DURATION:P900D"), "62 days"],
  ])("is refused, with its line, for %j", (text, message) => {
    const { problems } = readCalendar(calendar(text), CONTEXT);
    expect(problems[0]).toMatchObject({
      where: expect.stringMatching(/^tour:\d+$/),
      message: expect.stringContaining(message),
    });
  });

  it("is total and bounded, whatever it is given", () => {
    const piece = fc.constantFrom(
      "BEGIN:VEVENT",
      "END:VEVENT",
      "RRULE:FREQ=DAILY;COUNT=5000",
      "DTSTART:20000101T000000Z",
      "DURATION:PT1H",
      "SUMMARY:a",
      " x",
      "EXDATE:",
      '\u0000;:="',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 60 }), (lines) => {
        const { roster } = readCalendar(lines.join("\n"), CONTEXT);
        expect(onCallAt(bookOf(roster), "on_call", at("2026-11-15T12:00:00Z")).length).toBeLessThanOrEqual(
          60,
        );
      }),
    );
  });
});

describe("a repetition", () => {
  const start = Date.UTC(2020, 0, 1, 8);
  it.each([
    ["FREQ=DAILY", 30],
    ["FREQ=DAILY;COUNT=3", 0],
    ["FREQ=DAILY;INTERVAL=10", 3],
    ["FREQ=WEEKLY", 4],
    ["FREQ=WEEKLY;BYDAY=SA,SU", 9],
    ["FREQ=DAILY;UNTIL=20261103T235959Z", 3],
  ])("%s gives %i of November 2026", (text, count) => {
    const rule = readRule(text);
    expect(typeof rule).toBe("object");
    if (typeof rule === "string") return;
    const window = { from: Date.UTC(2026, 10, 1), until: Date.UTC(2026, 11, 1) };
    expect(occurrences(start, rule, window)).toHaveLength(count);
  });
});

describe("files that change", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-rosters-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("are read again, and what stood goes on while one is wrong", () => {
    const file = join(folder, "tour.csv");
    let turn = 0;
    const write = (text: string) => {
      writeFileSync(file, text);
      utimesSync(file, ++turn, turn);
    };
    const row = (who: string) => `debut;fin;personne\n2026-01-01;2027-01-01;${who}\n`;
    const shortly = (who: string) =>
      row(who).replace("2026-01-01", "2026-11-01").replace("2027-01-01", "2026-12-01");
    write(shortly("paul"));
    const rosters = openRosters([{ file, role: "on_call" }], "Europe/Paris");
    const now = () => namesAt(rosters.current(), "2026-11-15T12:00:00Z");
    const before = rosters.current().sha256;
    expect(now()).toEqual(["paul"]);
    write(shortly("lea"));
    expect(now()).toEqual(["lea"]);
    expect(rosters.current().sha256).not.toBe(before);
    write("nothing that can be read");
    expect(now()).toEqual(["lea"]);
    expect(rosters.current().problems).not.toEqual([]);
    rmSync(file);
    expect(now()).toEqual(["lea"]);
    write(shortly("paul"));
    expect(now()).toEqual(["paul"]);
    expect(rosters.current().problems).toEqual([]);
  });
});
