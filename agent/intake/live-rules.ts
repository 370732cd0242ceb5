import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import { compilingGate, type Gate } from "../../rules/engine/gate.ts";
import type { LoadedRule } from "../../rules/engine/rule.ts";
import {
  compilingRules,
  type RuleSet,
  type RuleSetOptions,
  warmingRules,
} from "../../rules/engine/rule-set.ts";
import { finishSteps, type Steps } from "../../rules/engine/steps.ts";
import {
  type LoadedFolders,
  loadingRuleFolders,
  type RuleFolder,
} from "../../rules/meanings/load-rule-folders.ts";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { problemSentence } from "../core/errors.ts";

/** Work on new rules between two looks at what has arrived, µs. */
const SLICE = MICROSECONDS.second / 200;

/** What a set of rules is made of, as far as others need to know. */
export interface RuleReport {
  /** SHA-256 over the lines `id version` of the rules, in the order of their ids: the same rules give the same. */
  hash: string;
  /** Version of each rule by its id. */
  versions: ReadonlyMap<string, string>;
  loaded: number;
  /** Sentences about rules and files of meanings that do not count as they stand. */
  refused: string[];
  /** Of the rules loaded, those that run in their last good version, since their file is refused now. */
  kept: string[];
  /** Rules that are loaded and cannot run, such as those whose placeholders have no value. */
  inactive: number;
  ungated: string[];
}

/** The rules in force: who asks gets the present ones, whole. */
export interface LiveRules {
  /** What correlates their detections. */
  correlations(): readonly LoadedCorrelation[];
  set(): RuleSet;
  gate(): Gate;
  report(): RuleReport;
  /**
   * Reads the rules anew in small slices and puts them in force at once, between two records; says whether they
   * differ. One call at a time.
   */
  reload(): Promise<"changed" | "unchanged">;
}

/** Loads the rules, at once, and keeps them replaceable. */
export function openLiveRules(parts: {
  folders: readonly RuleFolder[];
  options: RuleSetOptions;
  clock: Clock;
}): LiveRules {
  const { folders, options, clock } = parts;
  let files = finishSteps(loadingRuleFolders(folders));
  let kept: Loaded[] = [];
  let set = finishSteps(compilingRules(files.rules, options));
  let gate = finishSteps(compilingGate(set));
  let report = reportOf(files, { kept, set, gate });

  async function reload(): Promise<"changed" | "unchanged"> {
    const found = await inSlices(loadingRuleFolders(folders, files.meanings), clock);
    const gone = keepLastGood(files, found);
    const lastGood = allOf(gone);
    const wanted: LoadedFolders = {
      ...found,
      rules: [...found.rules, ...gone.rules],
      correlations: [...found.correlations, ...gone.correlations],
    };
    if (hashOf(wanted) === report.hash) {
      files = wanted;
      kept = lastGood;
      report = reportOf(files, { kept, set, gate });
      return "unchanged";
    }
    const newSet = await inSlices(compilingRules(wanted.rules, options), clock);
    const newGate = await inSlices(compilingGate(newSet), clock);
    await inSlices(warmingRules(newSet, set), clock);
    // No record is half way: matching never waits, so all of it happens between two.
    files = wanted;
    kept = lastGood;
    set = newSet;
    gate = newGate;
    report = reportOf(files, { kept, set, gate });
    return "changed";
  }

  return {
    correlations: () => files.correlations,
    set: () => set,
    gate: () => gate,
    report: () => report,
    reload,
  };
}

/** Takes steps for a few milliseconds at a time; whatever has arrived has its turn in between. */
async function inSlices<T>(steps: Steps<T>, clock: Clock): Promise<T> {
  for (;;) {
    const end = clock.now() + SLICE;
    do {
      const step = steps.next();
      if (step.done === true) return step.value;
    } while (clock.now() < end);
    await setImmediate();
  }
}

/** The rules in force whose file, or the folder above it, is refused now: a slip of an editor switches nothing off. */
function keepLastGood(before: Both, found: LoadedFolders): Both {
  const refused = found.refused.map(({ where = "" }) => where.replace(/:\d+:\d+$/, ""));
  if (refused.length === 0) return { rules: [], correlations: [] };
  const present = new Set(allOf(found).map(({ rule }) => rule.id));
  const isKept = ({ rule, file }: Loaded) =>
    !present.has(rule.id) && refused.some((path) => file === path || file.startsWith(`${path}/`));
  return { rules: before.rules.filter(isKept), correlations: before.correlations.filter(isKept) };
}

type Loaded = LoadedRule | LoadedCorrelation;
type Both = Pick<LoadedFolders, "rules" | "correlations">;

const allOf = ({ rules, correlations }: Both): Loaded[] => [...rules, ...correlations];

function reportOf(
  files: LoadedFolders,
  { kept, set, gate }: { kept: readonly Loaded[]; set: RuleSet; gate: Gate },
): RuleReport {
  return {
    hash: hashOf(files),
    versions: new Map(versionsOf(files)),
    loaded: allOf(files).length,
    refused: files.refused.map(problemSentence),
    kept: kept.map(({ rule }) => rule.id),
    inactive: set.inactive.length,
    ungated: gate.ungated,
  };
}

/** One entry an id; rules of a collection that share theirs are one. */
function versionsOf(files: Both): [string, string][] {
  const versions = new Map<string, string>();
  for (const { rule } of allOf(files)) {
    const known = versions.get(rule.id);
    versions.set(rule.id, known === undefined ? rule.version : `${known}+${rule.version}`);
  }
  return [...versions].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** SHA-256 that says which rules, in which versions. */
export function hashOf(files: Both): string {
  const hash = createHash("sha256");
  for (const [id, version] of versionsOf(files)) hash.update(`${id} ${version}\n`);
  return hash.digest("hex");
}
