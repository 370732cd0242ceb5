import type { DetectionRule, MatchReason } from "../../agent/core/detection.ts";
import type { Problem } from "../../agent/core/errors.ts";
import { type CompiledRule, compileRule, type Placeholders } from "./compile.ts";
import { candidates, indexRules, type RuleIndex } from "./index-rules.ts";
import { belongs, logSourcesOf, originOf } from "./logsource.ts";
import type { LoadedRule } from "./rule.ts";
import { createSubject, type Subject, turnTo } from "./subject.ts";
import { alertKeywords, alertReader, eventKeywords, eventReader } from "./taxonomy.ts";

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
  /** Indexes by origin of the alert, made when one is first seen. */
  origins: Map<string, RuleIndex>;
  indexOf: (sources: string | null) => RuleIndex;
  alert: Subject;
  event: Subject;
  /** Marks the rules already found worth running for the present event. */
  marks: Int32Array;
  turn: number;
}

/** Origins kept; a sender that makes up new ones costs time, not memory. */
const MOST_ORIGINS = 2_000;

/** Compiles rules for matching. */
export function compileRules(loaded: readonly LoadedRule[], options: RuleSetOptions = {}): RuleSet {
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
    const compiled = compileRule(one, numberField, options.placeholders ?? {});
    if ("code" in compiled) inactive.push(compiled);
    else rules.push(compiled);
  }
  const positions = rules.map((_, position) => position);
  // Alerts of many origins share few groups of rules: an index is made for the group, not for the origin.
  const groups = new Map<string, RuleIndex>();
  const indexOf = (origin: string | null): RuleIndex => {
    const sources = origin === null ? null : logSourcesOf(origin);
    const group =
      sources === null
        ? positions
        : positions.filter((at) => belongs((rules[at] as CompiledRule).loaded.logsource, sources));
    const key = sources === null ? "any" : group.join(",");
    const index = groups.get(key) ?? indexRules(rules, group, numberField);
    groups.set(key, index);
    return index;
  };
  // Indexing names no new field, so the subjects can be sized now.
  return {
    rules,
    inactive,
    options,
    origins: new Map(),
    indexOf,
    alert: createSubject([...names.keys()].map(alertReader), alertKeywords),
    event: createSubject([...names.keys()].map(eventReader), eventKeywords),
    marks: new Int32Array(rules.length),
    turn: 0,
  };
}

/** Finds the rules that an alert satisfies, among those of its log source. */
export function matchAlert(set: RuleSet, alert: object): Match[] {
  return run(
    set,
    indexFor(set, set.options.anyLogsource === true ? null : originOf(alert)),
    set.alert,
    alert,
  );
}

/** Finds the rules that a JSON event satisfies under its own field names, whatever their log source. */
export function matchEvent(set: RuleSet, event: Record<string, unknown>): Match[] {
  return run(set, indexFor(set, null), set.event, event);
}

function indexFor(set: RuleSet, origin: string | null): RuleIndex {
  const key = origin ?? "";
  const known = set.origins.get(key);
  if (known !== undefined) return known;
  if (set.origins.size >= MOST_ORIGINS) set.origins.clear();
  const index = set.indexOf(origin);
  set.origins.set(key, index);
  return index;
}

function run(set: RuleSet, index: RuleIndex, subject: Subject, event: object): Match[] {
  turnTo(subject, event);
  set.turn += 1;
  const { marks, turn } = set;
  const worth: number[] = [];
  candidates(index, subject, (position) => {
    if (marks[position] === turn) return;
    marks[position] = turn;
    worth.push(position);
  });
  const matches: Match[] = [];
  for (const position of worth.sort((a, b) => a - b)) {
    const compiled = set.rules[position] as CompiledRule;
    if (compiled.disabled) continue;
    try {
      if (compiled.matches(subject))
        matches.push({ rule: compiled.rule, because: compiled.explain(subject) });
    } catch (fault) {
      compiled.disabled = true;
      set.options.onFault?.(compiled.rule, fault);
    }
  }
  return matches;
}
