import type { CompiledRule } from "./compile.ts";
import { regexLiterals } from "./regex-literals.ts";
import { itemsOf, type LoadedRule, type Test } from "./rule.ts";
import type { RuleSet } from "./rule-set.ts";
import { turnTo } from "./subject.ts";

/** What it takes at worst to run a rule on one event of long values. */
export interface RuleCost {
  rule: LoadedRule;
  /** Times as much as reading the same event from JSON. */
  ratio: number;
}

export interface CostOptions {
  /** Milliseconds that have passed since some moment, in fractions. */
  elapsed: () => number;
  /** CPU time of this thread, ms, in steps of some: what others do on the machine then makes no rule look dear. */
  cpu: () => number;
  /** Milliseconds that measuring may take; the rules that look dearest come first. (Default: 1500.) */
  budget?: number;
  /** Times the yardstick from which a rule is dear. (Default: 150.) */
  dear?: number;
}

/** Characters of one value, and values that a rule without fields looks through. */
const LENGTH = 8 * 1024;
const VALUES = 16;
/** Rules whose tests weigh less are cheap however they are put. */
const LIGHT = 40;

/**
 * Finds the rules that are dear to run, the dearest first: each is run on values of 8 KiB that are full of what it
 * looks for, whole and cut short, and compared with reading that event from JSON, so that the machine does not count.
 */
export function measureCosts(
  set: RuleSet,
  { elapsed, cpu, budget = 1_500, dear = 150 }: CostOptions,
): RuleCost[] {
  const until = elapsed() + budget;
  const suspects = set.rules
    .map((compiled) => ({ compiled, weight: weightOf(compiled.loaded) }))
    .filter(({ weight }) => weight > LIGHT)
    .sort((a, b) => b.weight - a.weight);
  const found: RuleCost[] = [];
  for (const { compiled } of suspects) {
    if (elapsed() > until) break;
    const events = [0, 1].map((cut) => hardEvent(compiled.loaded, cut));
    // The first runs are slow for any rule, and any may be interrupted: none is named for them alone.
    const seems = events.filter((event) => glance(set, compiled, event, elapsed) >= dear);
    const ratio = Math.max(0, ...seems.map((event) => ratioOf(set, compiled, event, cpu)));
    if (ratio >= dear) found.push({ rule: compiled.loaded, ratio });
  }
  return found.sort((a, b) => b.ratio - a.ratio);
}

const RUNS = 3;

/** The least of a few runs of a rule, in times of the least reading of its event. */
function glance(set: RuleSet, { matches }: CompiledRule, event: object, elapsed: () => number): number {
  const text = JSON.stringify(event);
  let own = Number.POSITIVE_INFINITY;
  let yardstick = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run += 1) {
    const start = elapsed();
    const read = JSON.parse(text) as object;
    const between = elapsed();
    turnTo(set.event, read);
    try {
      matches(set.event);
    } catch {
      // What throws is disabled when it first runs: it costs nothing then.
      return 0;
    }
    own = Math.min(own, elapsed() - between);
    yardstick = Math.min(yardstick, between - start);
  }
  return own / Math.max(yardstick, 0.001);
}

/** CPU time over which one thing is done again and again, ms: many steps of its clock. */
const LONG = 100;

function ratioOf(set: RuleSet, { matches }: CompiledRule, event: object, cpu: () => number): number {
  const text = JSON.stringify(event);
  turnTo(set.event, JSON.parse(text) as object);
  const each = (work: () => unknown): number => {
    const start = cpu();
    for (let runs = 1; ; runs += 1) {
      work();
      const spent = cpu() - start;
      if (spent >= LONG) return spent / runs;
    }
  };
  return each(() => matches(set.event)) / each(() => JSON.parse(text));
}

function weightOf(rule: LoadedRule): number {
  let weight = 0;
  for (const selection of rule.selections.values()) {
    for (const { field, tests } of itemsOf(selection)) {
      weight += tests.reduce((sum, test) => sum + weightOfTest(test), 0) * (field === null ? VALUES : 1);
    }
  }
  return weight;
}

function weightOfTest(test: Test): number {
  if (test.kind === "any") return test.tests.reduce((sum, one) => sum + weightOfTest(one), 0);
  if (test.kind === "regex") return LIGHT;
  if (test.kind === "pattern") return test.pattern.length;
  return 1;
}

/** An event with every field of the rule, each full of the texts that it is searched for, without their last `cut` letters. */
function hardEvent(rule: LoadedRule, cut: number): Record<string, string> {
  const texts = new Map<string | null, string[]>();
  for (const selection of rule.selections.values()) {
    for (const { field, tests } of itemsOf(selection)) {
      const known = texts.get(field) ?? [];
      known.push(...tests.flatMap(textsOf).map((text) => text.slice(0, text.length - cut)));
      texts.set(field, known);
    }
  }
  const event: Record<string, string> = {};
  for (const [field, known] of texts) {
    const value = `${known.join(" ")} `.slice(0, LENGTH);
    const long = value.repeat(Math.ceil(LENGTH / value.length));
    if (field !== null) event[field] = long;
    else for (let n = 0; n < VALUES; n += 1) event[`value ${n}`] = long;
  }
  return event;
}

function textsOf(test: Test): string[] {
  if (test.kind === "any") return test.tests.flatMap(textsOf);
  if (test.kind === "pattern") return [test.pattern.filter((part) => typeof part === "string").join("a")];
  if (test.kind === "regex") return [...(regexLiterals(test.source, /[^ -~]/) ?? []), sampleOf(test.source)];
  return ["1"];
}

/** Something like what an expression matches: one of each class, its signs left out. */
function sampleOf(source: string): string {
  const plain = source
    .replaceAll(/\\d|\[0-9\]/g, "1")
    .replaceAll(/\\w|\[[^\]]*\]/g, "a")
    .replaceAll(/\\s|\|/g, " ");
  return plain.replaceAll(/\(\?[a-zA-Z-]*[:)]|\{[\d,]*\}|[()^$*+?]|\\[bBAz]?/g, "").replaceAll(".", "a");
}
