import { expect, it } from "vitest";
import { retryAfter } from "./retry-after.ts";

const NOW = new Date("2026-11-22T03:00:00Z");

it.each<[string, unknown, string | undefined, number | undefined]>([
  ["a number of seconds", "120", undefined, 120],
  ["none to wait", "0", undefined, 0],
  ["more than a day as a day", "99999999", undefined, 86_400],
  ["a date", "Sun, 22 Nov 2026 03:02:00 GMT", undefined, 120],
  [
    "a date by the receiver's own clock",
    "Sun, 22 Nov 2026 05:01:00 GMT",
    "Sun, 22 Nov 2026 05:00:00 GMT",
    60,
  ],
  ["a date of RFC 850", "Sunday, 22-Nov-26 03:00:30 GMT", undefined, 30],
  ["a date of asctime", "Sun Nov 22 03:01:00 2026", undefined, 60],
  ["a date of asctime on a day of one digit", "Tue Dec  1 03:01:00 2026", undefined, 86_400],
  ["a date that is over as no wait", "Sun, 22 Nov 2026 02:00:00 GMT", undefined, 0],
  ["no date that cannot be", "Sun, 99 Nov 2026 03:02:00 GMT", undefined, undefined],
  ["no fraction", "1.5", undefined, undefined],
  ["no negative number", "-5", undefined, undefined],
  ["no date of another form", "2026-11-22T03:02:00Z", undefined, undefined],
  ["nothing", undefined, undefined, undefined],
  ["no list", ["1", "2"], undefined, undefined],
])("reads %s", (_, said, date, seconds) => {
  expect(retryAfter({ "retry-after": said, ...(date !== undefined && { date }) }, NOW)).toBe(seconds);
});
