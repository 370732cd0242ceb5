import { expect, it } from "vitest";
import { type Alert, AlertTag } from "../core/alert.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { openUnderstood } from "./understood.ts";

const START = 1_000 * MICROSECONDS.second;

function open() {
  const clock = { instant: START, now: () => clock.instant };
  const understood = openUnderstood(clock);
  return {
    clock,
    understood,
    /** Notes a record a while after the one before. */
    note(source: string, dataset: string, text = "x", passed: number = MICROSECONDS.second) {
      clock.instant += passed;
      const alert: Alert = { event: { dataset, original: text } };
      understood.note(source, alert);
    },
    readers: () => understood.last().map(({ source, reader, sample }) => `${source} ${reader} ${sample}`),
  };
}

it("keeps the last record of each reader of a source, the latest first", () => {
  const { note, readers } = open();
  note("a", "cef", "1");
  note("a", "syslog", "2");
  note("a", "cef", "3");
  note("b", "cef", "4");
  expect(readers()).toEqual(["a cef 3", "a syslog 2", "b cef 4"]);
});

it("keeps one a second of a source, also when the clock goes back", () => {
  const { note, readers } = open();
  note("a", "cef", "1");
  note("a", "syslog", "2", MICROSECONDS.second - 1);
  expect(readers()).toEqual(["a cef 1"]);
  note("a", "syslog", "3", -3600 * MICROSECONDS.second);
  expect(readers()).toEqual(["a syslog 3", "a cef 1"]);
});

it("keeps no more readers than four of a source, and no long text", () => {
  const { note, readers, understood } = open();
  for (let n = 0; n < 20; n++) note("a", `made-up-${n}-${"x".repeat(500)}`, "y".repeat(100_000));
  expect(readers()).toHaveLength(4);
  const [last] = understood.last();
  expect([last?.reader.length, last?.sample.length]).toEqual([80, 2000]);
  expect(last?.reader).toMatch(/^made-up-19-/);
});

it("keeps nothing that no format recognised", () => {
  const { understood } = open();
  understood.note("a", { message: "x", tags: [AlertTag.unrecognised] });
  expect(understood.last()).toEqual([]);
});
