import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ALERT_LIMITS, Alert, AlertTag } from "../../agent/core/alert.ts";
import type { Inbound, Parsed } from "../../connectors/contract.ts";
import { EFFORT } from "../support/effort.ts";
import { CONTEXT, recordsOf } from "../support/fixtures.ts";
import { fc } from "../support/property.ts";

export { CONTEXT, recordsOf };

/** How long each parser is fed with mutated records, ms. */
const FUZZ_MS = 600 * EFFORT;

/** What formats are made of, and what breaks them: put anywhere, and repeated without end. */
const PIECES = [
  ..."A é\u0000\n\t\r\ufeff\ufffd\u2028 %:;,|=\\\"'[]{}()<>&#^/?*+-.0",
  "\ud800",
  "\u001d",
  "a=",
  " a=b",
  ' a="b\\"',
  '[x y="z"]',
  " CEF:0|a|b|c|d|e|5|",
  "LEEF:2.0|a|b|c|d|^|",
  "Mon ",
  "Oct 11 22:14:15 ",
  "2023-10-11T22:14:15.000003-07:00 ",
  "99999999999999999999",
  "-1",
  "1e999",
  '{"a":',
  "[[",
  '"__proto__":{',
  "<Data Name='x'>",
  "<![CDATA[",
  "&#x41;",
  "type=EXECVE msg=audit(1.2:3): ",
  "a0=4141",
  "%ASA-4-106023: ",
  "::ffff:192.0.2.1",
  "http://a/?b=c#d",
  "\\x16\\x03",
] as const;

/**
 * The suite that every inbound connector runs: its fixtures read as expected, and no text breaks it.
 *
 * `fixtures/<name>.in` has one record a line, `<name>.expected.json` what each reads as, in order.
 */
export function inboundContract(connector: Inbound, folder: string): void {
  const fixtures = readdirSync(folder).filter((file) => file.endsWith(".in"));
  const seeds = fixtures.flatMap((file) => recordsOf(join(folder, file)));

  describe.each(fixtures)("%s", (file) => {
    const expected: unknown[] = JSON.parse(
      readFileSync(join(folder, file.replace(/\.in$/, ".expected.json")), "utf8"),
    );
    const records = recordsOf(join(folder, file));
    it("has one expectation a record", () => expect(expected).toHaveLength(records.length));
    it.each(records.map((record, index) => ({ record, index })))(
      "reads record $index",
      ({ record, index }) => {
        const parsed = connector.parse(record, CONTEXT);
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(expected[index]);
        expectSound(parsed);
      },
    );
  });

  it("writes an example of its own, in one line, that it reads and that holds what is asked", () => {
    const mark = "tocsin-canary-0123456789abcdef0123456789abcdef-12-345";
    const record = connector.example(mark, CONTEXT.received);
    expect(record).not.toMatch(/[\r\n]/);
    expect(connector.recognise(record).certainty).toBeGreaterThanOrEqual(0.5);
    const parsed = connector.parse(record, CONTEXT);
    expect(parsed.error).toBeUndefined();
    expect(parsed.alert?.event?.original).toContain(mark);
    expect(parsed.alert?.tags ?? []).not.toContain(AlertTag.unrecognised);
    const posted = connector.decode?.({}, JSON.parse(record), CONTEXT);
    expect(posted ?? "no body").toEqual(
      connector.decode === undefined
        ? "no body"
        : expect.objectContaining({
            records: [
              expect.objectContaining({
                alert: expect.objectContaining({
                  event: expect.objectContaining({ original: expect.stringContaining(mark) }),
                }),
              }),
            ],
          }),
    );
  });
  it("makes an alert or an error with a stable code of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) =>
        expectSound(connector.parse(text, CONTEXT)),
      ),
    );
  });
  it("stays sound when a record is cut, repeated, spliced with another, or has hostile bytes put into it", () => {
    const edit = fc.record({
      at: fc.nat(1_000_000),
      drop: fc.oneof(fc.nat(4), fc.nat(2000)),
      put: fc.oneof(
        fc.constantFrom(...PIECES),
        fc.string({ unit: "binary", maxLength: 12 }),
        fc.constantFrom(...seeds).map((seed) => seed.slice(0, 300)),
        fc.tuple(fc.constantFrom(...PIECES), fc.nat(300)).map(([piece, times]) => piece.repeat(times)),
      ),
    });
    const mutated = fc.tuple(fc.constantFrom(...seeds), fc.array(edit, { minLength: 1, maxLength: 8 }));
    fc.assert(
      fc.property(mutated, ([seed, edits]) => {
        let bytes: Buffer = Buffer.from(seed);
        for (const { at, drop, put } of edits) {
          const here = at % (bytes.length + 1);
          // Between the bytes of a character too: what is no UTF-8 any more becomes replacement characters.
          bytes = Buffer.concat([bytes.subarray(0, here), Buffer.from(put), bytes.subarray(here + drop)]);
        }
        const text = bytes.toString("utf8");
        expectSound(connector.parse(text, CONTEXT));
        expect(connector.recognise(text).certainty).toBeLessThanOrEqual(1);
      }),
      // Bounded by time, not by count; a case found is printed shrunk, with its seed: put it into a fixture.
      { numRuns: 1_000_000, interruptAfterTimeLimit: FUZZ_MS, endOnFailure: false },
    );
  });
  it("keeps the bounds on long records", () => {
    const step = Math.ceil(seeds.length / 6);
    for (const [i, tail] of PIECES.entries()) {
      for (let at = i % step; at < seeds.length; at += step) {
        expectSound(connector.parse(seeds[at] + tail.repeat(Math.ceil(200_000 / tail.length)), CONTEXT));
      }
    }
  });
  it("takes no second over a record of 64 KiB, whatever two pieces are repeated in it", () => {
    const made = fc.record({
      seed: fc.constantFrom(...seeds),
      at: fc.nat(1_000_000),
      unit: fc.tuple(fc.constantFrom(...PIECES), fc.constantFrom(...PIECES)).map((pieces) => pieces.join("")),
      ends: fc.boolean(),
    });
    fc.assert(
      fc.property(made, ({ seed, at, unit, ends }) => {
        const here = at % (seed.length + 1);
        const text = seed.slice(0, here) + unit.repeat(Math.ceil(65_536 / unit.length));
        const before = process.threadCpuUsage();
        connector.parse(ends ? text + seed.slice(here) : text, CONTEXT);
        const { user, system } = process.threadCpuUsage(before);
        expect(user + system).toBeLessThan(1_000_000);
      }),
      { numRuns: 1_000_000, interruptAfterTimeLimit: FUZZ_MS, endOnFailure: true },
    );
  });
  it("does not change what it was given", () => {
    const context = Object.freeze({ ...CONTEXT });
    for (const seed of seeds) expect(connector.parse(seed, context)).toEqual(connector.parse(seed, context));
  });
}

/** Fails unless what a parser made is a valid, bounded alert or an error with a code. */
export function expectSound(parsed: Parsed): void {
  if (parsed.error !== undefined) {
    expect(parsed.error.code).toMatch(/^[a-z][a-z0-9_]*$/);
    expect(parsed.error.message).not.toBe("");
  } else expect(parsed.alert).toBeDefined();
  if (parsed.alert === undefined) return;
  const alert = Alert.parse(parsed.alert);
  expect(alert["@timestamp"]).toBeDefined();
  expect(Buffer.byteLength(alert.event?.original ?? "")).toBeLessThanOrEqual(ALERT_LIMITS.original);
  expect(Object.keys(alert.fields ?? {}).length).toBeLessThanOrEqual(ALERT_LIMITS.fields);
  for (const name in alert.fields) expect(name.length).toBeLessThanOrEqual(ALERT_LIMITS.name);
  const { event: { original: _, ...event } = {}, ...rest } = alert;
  expectBounded([event, rest]);
}

function expectBounded(value: unknown): void {
  if (typeof value === "string") expect(value.length).toBeLessThanOrEqual(ALERT_LIMITS.value);
  else if (typeof value === "object" && value !== null)
    for (const member of Object.values(value)) expectBounded(member);
}
