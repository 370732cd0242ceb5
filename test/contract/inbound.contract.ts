import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ALERT_LIMITS, Alert } from "../../agent/core/alert.ts";
import type { Inbound, ParseContext, Parsed } from "../../connectors/contract.ts";

/** When the fixtures were received. */
export const CONTEXT: ParseContext = { received: Date.UTC(2023, 9, 12) * 1000, zone: "UTC" };

/** Reads the records of a fixture: one a line. */
export function recordsOf(file: string): string[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "");
}

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

  it("makes an alert or an error with a stable code of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 400 }), (text) =>
        expectSound(connector.parse(text, CONTEXT)),
      ),
    );
  });
  it("stays sound when a record is cut, repeated, or has characters put into it", () => {
    const record = fc.constantFrom(...seeds);
    const edit = fc.record({
      at: fc.nat(2000),
      drop: fc.nat(20),
      put: fc.string({ unit: "binary", maxLength: 12 }),
    });
    fc.assert(
      fc.property(record, fc.array(edit, { maxLength: 6 }), (seed, edits) => {
        let text = seed;
        for (const { at, drop, put } of edits) {
          const here = at % (text.length + 1);
          text = text.slice(0, here) + put + text.slice(here + drop);
        }
        expectSound(connector.parse(text, CONTEXT));
        expect(connector.recognise(text).certainty).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });
  it("keeps the bounds on long records", () => {
    for (const seed of seeds) {
      for (const tail of [
        "A",
        " a=b",
        "[",
        '"',
        "\\",
        "é",
        '[x y="z"]',
        "%",
        " CEF:",
        "Mon ",
        '{"a":',
        ":",
      ]) {
        expectSound(connector.parse(seed + tail.repeat(Math.ceil(200_000 / tail.length)), CONTEXT));
      }
    }
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
