import { readRules } from "../../rules/engine/read.ts";
import type { LoadedRule } from "../../rules/engine/rule.ts";

/** Where the canary's connections come from: an address of the loopback that nothing else has a reason to use. */
export const CANARY_ADDRESS = "127.84.79.67";
/** The same over IPv6, which has one loopback address for all: there the mark tells canaries from others of this machine. */
export const CANARY_ADDRESS_6 = "::1";
/** What comes from there is counted under this: no source of a configuration can be called so. */
export const CANARY_SOURCE = "tocsin:canary";
/** The rule that its records match; in no list of rules. */
export const CANARY_RULE = "9b4f3c52-7d0e-4f7a-8a51-6f6c2d1b7e30";

/** Which canary a record is: of which way, and which of its flights. */
export interface Flight {
  way: number;
  sequence: number;
}

const PREFIX = "tocsin-canary-";

/** What the record of a canary holds: nobody who does not know the token writes it. */
export function markOf(token: string, { way, sequence }: Flight): string {
  return `${PREFIX}${token}-${way}-${sequence}`;
}

/** The canary of a text; undefined when it holds none of this token. */
export function flightIn(text: string, token: string): Flight | undefined {
  const from = text.indexOf(`${PREFIX}${token}-`);
  if (from < 0) return undefined;
  const found = /^(\d{1,6})-(\d{1,15})(?!\d)/.exec(text.slice(from + PREFIX.length + token.length + 1));
  return found === null ? undefined : { way: Number(found[1]), sequence: Number(found[2]) };
}

/** Where it is written that the canaries of a way came through: one entry a way, so that it does not grow. */
export function bookmarkOf(way: number): string {
  return `canary:${way}`;
}

/** What is written there; of another process it is never taken for one of ours. */
export function landingOf(token: string, { sequence }: Flight): string {
  // The whole token stays out of the record: copies of it would let others write canaries.
  return `${token.slice(0, 8)}:${sequence}`;
}

/** The rule that looks for the token, in records of every log source. */
export function canaryRule(token: string): LoadedRule {
  const text = `title: Canary of Tocsin
id: ${CANARY_RULE}
logsource: { product: tocsin }
level: informational
detection:
  mark: ["${PREFIX}${token}"]
  condition: mark
`;
  const [rule] = readRules(text, "canary").rules;
  if (rule === undefined) throw new Error("the canary's rule cannot be read");
  return { ...rule, logsource: {} };
}
