import type { DetectionRule, MatchReason } from "../../agent/core/detection.ts";
import type { Problem } from "../../agent/core/errors.ts";
import { type CompiledRule, compileRule } from "./compile.ts";
import type { Placeholders } from "./fill-placeholders.ts";
import { findHits, groupRules, indexingRules, type RuleGroup, type RuleIndex } from "./index-rules.ts";
import { belongs, logSourcesOf, ORIGIN_FIELDS, originOf } from "./logsource.ts";
import type { LoadedRule } from "./rule.ts";
import type { Layout } from "./shape.ts";
import { finishSteps, type Steps } from "./steps.ts";
import { cellOf, createSubject, rawIn, type Subject, turnTo } from "./subject.ts";
import { alertKeywords, alertReader, eventKeywords, eventReader } from "./taxonomy.ts";
import { VERDICT_FIELD } from "./verdict.ts";

/** A rule that matched, and why. */
export interface Match {
  rule: DetectionRule;
  because: MatchReason[];
}

export interface RuleSetOptions {
  /** Runs every rule on every alert, whatever its log source. (Default: false.) */
  anyLogsource?: boolean | undefined;
  /** Values of the placeholders (`|expand`) that rules use. (Default: none.) */
  placeholders?: Placeholders | undefined;
  /** Told once when a rule throws; the rule runs no more. */
  onFault?: ((rule: DetectionRule, fault: unknown) => void) | undefined;
}

/** Rules ready to run; made by `compileRules`, used by one thread. */
export interface RuleSet {
  rules: readonly CompiledRule[];
  /** Rules that were read but do not run, with the reason: placeholders without value. */
  inactive: readonly Problem[];
  options: RuleSetOptions;
  index: RuleIndex;
  /** The rules that apply, by origin of the alert, found when one is first seen. */
  origins: Map<string, RuleGroup>;
  groupOf: (origin: string | null) => RuleGroup;
  /** Numbers of the fields that tell the origin. */
  signs: readonly number[];
  /** The same by what alerts of one layout last said in those fields. */
  recent: WeakMap<Layout, Recent>;
  alert: Subject;
  event: Subject;
  /** Marks the hits of the present event. */
  marks: Int32Array;
  turn: number;
}

/** The origins that alerts of one layout last had, the latest first. */
interface Recent {
  cells: readonly number[];
  origins: { values: unknown[]; group: RuleGroup }[];
}

/** Origins kept; a sender that makes up new ones costs time, not memory. */
const MOST_ORIGINS = 2_000;
const MOST_RECENT = 8;

/** Compiles rules for matching. */
export function compileRules(loaded: readonly LoadedRule[], options: RuleSetOptions = {}): RuleSet {
  return finishSteps(compilingRules(loaded, options));
}

/** The same, a step a rule. */
export function* compilingRules(loaded: readonly LoadedRule[], options: RuleSetOptions = {}): Steps<RuleSet> {
  const names = new Map<string, number>();
  const numberField = (name: string): number => {
    const known = names.get(name);
    if (known !== undefined) return known;
    names.set(name, names.size);
    return names.size - 1;
  };
  const rules: CompiledRule[] = [];
  const inactive: Problem[] = [];
  for (const one of loaded) {
    yield;
    const compiled = compileRule(one, numberField, options.placeholders ?? {});
    if ("code" in compiled) inactive.push(compiled);
    else rules.push(compiled);
  }
  const index = yield* indexingRules(rules, numberField);
  const signs = ORIGIN_FIELDS.map(numberField);
  // Alerts of many origins belong to few log sources.
  const groups = new Map<string, RuleGroup>();
  const groupOf = (origin: string | null): RuleGroup => {
    const sources = origin === null ? null : logSourcesOf(origin);
    const key = JSON.stringify(sources);
    const group = groups.get(key) ?? groupRules(index, (one) => sources === null || belongs(one, sources));
    if (groups.size >= MOST_ORIGINS) groups.clear();
    groups.set(key, group);
    return group;
  };
  const fields = [...names.keys()];
  const computed = new Set(fields.flatMap((name, field) => (name === VERDICT_FIELD ? [field] : [])));
  return {
    rules,
    inactive,
    options,
    index,
    origins: new Map(),
    groupOf,
    signs,
    recent: new WeakMap(),
    alert: createSubject({ fields: fields.map(alertReader), keywords: alertKeywords, computed }),
    event: createSubject({ fields: fields.map(eventReader), keywords: eventKeywords, computed: new Set() }),
    marks: new Int32Array(2 * rules.length),
    turn: 0,
  };
}

/** Finds the rules that an alert satisfies, among those of its log source. */
export function matchAlert(set: RuleSet, alert: object): Match[] {
  turnTo(set.alert, alert);
  return run(
    set,
    set.options.anyLogsource === true ? groupFor(set, null) : groupOfAlert(set, alert),
    set.alert,
  );
}

/** Finds the rules that a JSON event satisfies under its own field names, whatever their log source. */
export function matchEvent(set: RuleSet, event: Record<string, unknown>): Match[] {
  turnTo(set.event, event);
  return run(set, groupFor(set, null), set.event);
}

function groupFor(set: RuleSet, origin: string | null): RuleGroup {
  const key = origin ?? "";
  const known = set.origins.get(key);
  if (known !== undefined) return known;
  if (set.origins.size >= MOST_ORIGINS) set.origins.clear();
  const group = set.groupOf(origin);
  set.origins.set(key, group);
  return group;
}

/** The group of the alert that the subject is turned to; spelling out its origin is dear, and most have one just seen. */
function groupOfAlert(set: RuleSet, alert: object): RuleGroup {
  const subject = set.alert;
  const { layout } = subject;
  let recent = set.recent.get(layout);
  if (recent === undefined) {
    const cells = set.signs.map((sign) => cellOf(subject, sign)).filter((cell) => cell !== -1);
    recent = { cells: [...new Set(cells)], origins: [] };
    set.recent.set(layout, recent);
  }
  const { cells, origins } = recent;
  for (const [at, { values, group }] of origins.entries()) {
    let same = 0;
    while (same < cells.length && values[same] === rawIn(subject, cells[same] as number)) same += 1;
    if (same < cells.length) continue;
    if (at > 0) origins.unshift(...origins.splice(at, 1));
    return group;
  }
  const group = groupFor(set, originOf(alert));
  origins.unshift({ values: cells.map((cell) => rawIn(subject, cell)), group });
  if (origins.length > MOST_RECENT) origins.pop();
  return group;
}

/** Finds the groups that another set came to need, a step each, so that the first alerts wait for none. */
export function* warmingRules(set: RuleSet, like: RuleSet): Steps<void> {
  for (const origin of like.origins.keys()) {
    yield;
    groupFor(set, origin === "" ? null : origin);
  }
}

function run(set: RuleSet, group: RuleGroup, subject: Subject): Match[] {
  set.turn += 1;
  const { marks, turn } = set;
  const { both } = set.index;
  const worth: number[] = [];
  findHits(set.index, group, subject, (hit) => {
    if (marks[hit] === turn) return;
    marks[hit] = turn;
    const position = hit >> 1;
    if (both[position] === 0 || marks[hit ^ 1] === turn) worth.push(position);
  });
  const met: number[] = [];
  for (const position of worth) {
    const compiled = set.rules[position] as CompiledRule;
    if (compiled.disabled) continue;
    try {
      if (compiled.matches(subject)) met.push(position);
    } catch (fault) {
      disable(set, compiled, fault);
    }
  }
  const matches: Match[] = [];
  for (const position of met.sort((a, b) => a - b)) {
    const compiled = set.rules[position] as CompiledRule;
    try {
      matches.push({ rule: compiled.rule, because: compiled.explain(subject) });
    } catch (fault) {
      disable(set, compiled, fault);
    }
  }
  return matches;
}

function disable(set: RuleSet, compiled: CompiledRule, fault: unknown): void {
  compiled.disabled = true;
  set.options.onFault?.(compiled.rule, fault);
}
