import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import { compilingGate, type Gate, openGate } from "../../rules/engine/gate.ts";
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
import type { Claim } from "../core/claim.ts";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { blames, type Problem } from "../core/errors.ts";
import { sameJson } from "../core/same-json.ts";

/** Work on new rules between two looks at what has arrived, µs. */
const SLICE = MICROSECONDS.second / 200;

/** What is in force of what is read anew while the daemon runs, as far as others need to know. */
export interface LiveReport {
  /** SHA-256 over the lines `id version`: the same rules, or mappings, give the same. */
  hash: string;
  /** Version of each by its id. */
  versions: ReadonlyMap<string, string>;
  loaded: number;
  /** What does not count as it stands. */
  refused: Problem[];
  /** What is in force in its last good version, since it is refused now: ids, and paths of files of meanings. */
  kept: string[];
}

/** The same of a set of rules, with their filters and meanings; its hash is in the order of the ids. */
export interface RuleReport extends LiveReport {
  /** Rules that are loaded and cannot run, such as those whose placeholders have no value. */
  inactive: readonly Problem[];
  ungated: string[];
}

/** Where rules are read, and the values of the placeholders that they use. */
export interface RulePlaces {
  folders: readonly RuleFolder[];
  placeholders: RuleSetOptions["placeholders"];
}

/** The rules in force: who asks gets the present ones, whole. */
export interface LiveRules {
  /** What correlates their detections. */
  correlations(): readonly LoadedCorrelation[];
  set(): RuleSet;
  gate(): Gate;
  report(): RuleReport;
  /** Makes the gate in small slices; until then everything passes, so that a start does not wait for it. */
  makeGate(): Promise<void>;
  /**
   * Reads the rules anew in small slices and puts them in force at once, between two records; says whether they
   * differ. One call of these two at a time. With `other`, from there from now on.
   */
  reload(other?: RulePlaces): Promise<"changed" | "unchanged">;
}

/** Loads the rules, at once and without their gate, and keeps them replaceable. */
export function openLiveRules(parts: {
  folders: readonly RuleFolder[];
  options: RuleSetOptions;
  /** What the readers of records write of their origin by themselves. */
  claims?: (() => readonly Claim[]) | undefined;
  /** What reads what they are taken from, a step a time, before the gate is first made. */
  reading?: (() => Steps<void>) | undefined;
  /** Rules of the program's own work: they run, and neither reports nor hashes know of them. */
  own?: readonly LoadedRule[] | undefined;
  /** Waited for before other rules come into force; false when they are not to. */
  activated?: ((hash: string) => Promise<boolean>) | undefined;
  clock: Clock;
}): LiveRules {
  const { claims, clock, own = [] } = parts;
  let { folders, options } = parts;
  let files = finishSteps(loadingRuleFolders(folders));
  let kept: string[] = [];
  let set = finishSteps(compilingRules([...files.rules, ...own], options));
  let claimed: readonly Claim[] | undefined;
  let gate = openGate();
  let report = reportOf(files, { kept, set, gate });

  async function makeGate(): Promise<void> {
    if (parts.reading !== undefined) await inSlices(parts.reading(), clock);
    claimed = claims?.();
    gate = await inSlices(compilingGate(set, claimed), clock);
    report = reportOf(files, { kept, set, gate });
  }

  async function reload(other?: RulePlaces): Promise<"changed" | "unchanged"> {
    const valued = other !== undefined && !sameJson(other.placeholders, options.placeholders);
    if (other !== undefined) {
      folders = other.folders;
      options = { ...options, placeholders: other.placeholders };
    }
    const found = await inSlices(loadingRuleFolders(folders, files), clock);
    const gone = keepLastGood(files, found);
    const lastGood = [
      ...allOf(gone).map(({ rule }) => rule.id),
      // What was read just now is another object.
      ...found.filters.filter((filter) => files.filters.includes(filter)).map(({ id }) => id),
      ...found.meanings.filter((meanings) => files.meanings.includes(meanings)).map(({ file }) => file),
    ];
    const wanted: LoadedFolders = {
      ...found,
      rules: [...found.rules, ...gone.rules],
      correlations: [...found.correlations, ...gone.correlations],
    };
    const claimedNow = claims?.();
    if (hashOf(wanted) === report.hash && !valued) {
      // Readers that write other things let other records through.
      if (claimedNow !== claimed) gate = await inSlices(compilingGate(set, claimedNow), clock);
      claimed = claimedNow;
      files = wanted;
      kept = lastGood;
      report = reportOf(files, { kept, set, gate });
      return "unchanged";
    }
    const newSet = await inSlices(compilingRules([...wanted.rules, ...own], options), clock);
    const newGate = await inSlices(compilingGate(newSet, claimedNow), clock);
    await inSlices(warmingRules(newSet, set), clock);
    if (parts.activated !== undefined && !(await parts.activated(hashOf(wanted)))) return "unchanged";
    // No record is half way: matching never waits, so all of it happens between two.
    files = wanted;
    kept = lastGood;
    set = newSet;
    gate = newGate;
    claimed = claimedNow;
    report = reportOf(files, { kept, set, gate });
    return "changed";
  }

  return {
    correlations: () => files.correlations,
    set: () => set,
    gate: () => gate,
    report: () => report,
    makeGate,
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
  const isRefused = blames(found.refused);
  const present = new Set(allOf(found).map(({ rule }) => rule.id));
  const isKept = ({ rule, file }: Loaded) => !present.has(rule.id) && isRefused(file);
  return { rules: before.rules.filter(isKept), correlations: before.correlations.filter(isKept) };
}

type Loaded = LoadedRule | LoadedCorrelation;
type Both = Pick<LoadedFolders, "rules" | "correlations">;

const allOf = ({ rules, correlations }: Both): Loaded[] => [...rules, ...correlations];

function reportOf(
  files: LoadedFolders,
  { kept, set, gate }: { kept: string[]; set: RuleSet; gate: Gate },
): RuleReport {
  return {
    hash: hashOf(files),
    versions: new Map(versionsOf(files)),
    loaded: allOf(files).length,
    refused: files.refused,
    kept,
    inactive: set.inactive,
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
