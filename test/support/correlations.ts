import { expect } from "vitest";
import {
  type CorrelatorOptions,
  createCorrelator,
  type Fired,
  type Matched,
} from "../../rules/engine/correlation/correlator.ts";
import { linkCorrelations } from "../../rules/engine/correlation/link-correlations.ts";
import { readRules } from "../../rules/engine/read.ts";

export const SECOND = 1_000_000;
export const START = 1_785_600_000 * SECOND;

export const base = (name: string) => `title: ${name}
id: ${name}
logsource: {category: test}
detection: {sel: {type: ${name}}, condition: sel}
`;
export const BASES = ["a", "b", "c", "d"].map(base).join("---\n");

/** The correlations of a text, whose base rules are a, b, c and d. */
export function loaded(text: string) {
  const { rules, correlations, refused } = readRules(`${BASES}---\n${text}`, "test.yml");
  expect(refused).toEqual([]);
  const linked = linkCorrelations(rules, correlations);
  expect(linked.unlinked).toEqual([]);
  return linked.correlations;
}

export const correlation = (body: string, title = "found") =>
  `title: ${title}\nid: ${title}\ncorrelation: {${body}}\n`;

/** One event: seconds after the start, the rules it matched (`a+b`), its fields; a third number is when it came. */
export type Event = [second: number, rules: string, fields?: Record<string, unknown>, came?: number];

export function open(text: string, options: CorrelatorOptions = {}) {
  const correlator = createCorrelator(loaded(text), options);
  let ref = 0;
  let now = START;
  return {
    correlator,
    feed([second, rules, fields = {}, came]: Event): Fired[] {
      ref += 1;
      const at = START + second * SECOND;
      now = Math.max(now, came === undefined ? at : START + came * SECOND);
      const matched: Matched = {
        kind: "event",
        event: { u: "u", ...fields },
        id: String(ref),
        at,
        now,
        ref,
        rules: rules.split("+"),
      };
      return correlator.feed(matched);
    },
  };
}

/** Seconds and groups of what fires, in order. */
export const told = (fired: readonly Fired[]) =>
  fired.map(({ at, group, correlation: { rule } }) =>
    [
      rule.id === "found" ? "" : `${rule.id} `,
      (at - START) / SECOND,
      ...group.map((one) => ` ${one.value}`),
    ].join(""),
  );

export function run(text: string, events: readonly Event[], options?: CorrelatorOptions): string[] {
  const { feed, correlator } = open(text, options);
  return told([...events.flatMap(feed), ...correlator.finish()]);
}

export const times = (rules: string, ...seconds: number[]): Event[] =>
  seconds.map((second) => [second, rules]);
export const of = (field: string, rule: string, ...values: unknown[]): Event[] =>
  values.map((value, second) => [second, rule, { [field]: value }]);
