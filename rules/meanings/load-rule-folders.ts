import { resolve, sep } from "node:path";
import type { Problem } from "../../agent/core/errors.ts";
import type { LoadedCorrelation } from "../engine/correlation/correlation.ts";
import { loadingRules } from "../engine/load.ts";
import type { LoadedFilter } from "../engine/read-filter.ts";
import type { LoadedRule } from "../engine/rule.ts";
import { finishSteps, type Steps } from "../engine/steps.ts";
import { applyMeanings } from "./apply-meanings.ts";
import { type Meanings, readMeanings } from "./read-meanings.ts";

/** A folder or file of rules, and the files that say what those of them without a `tocsin:` block mean. */
export interface RuleFolder {
  path: string;
  meanings: readonly string[];
}

/** Everything that folders of rules hold. */
export interface LoadedFolders {
  rules: LoadedRule[];
  correlations: LoadedCorrelation[];
  /** Rules and files of meanings that do not count. */
  refused: Problem[];
  /** Entries of files of meanings that may not say what was meant. */
  advice: Problem[];
  /** The filters and the files of meanings that were applied. */
  filters: LoadedFilter[];
  meanings: Meanings[];
}

/** Loads the rules of the folders and gives them the meanings of their folder; a bad rule or file is refused alone. */
export function loadRuleFolders(folders: readonly RuleFolder[]): LoadedFolders {
  return finishSteps(loadingRuleFolders(folders));
}

/** The same, a step a file; of filters and files of meanings refused now, `lastGood` gives what they said before. */
export function* loadingRuleFolders(
  folders: readonly RuleFolder[],
  lastGood?: Pick<LoadedFolders, "filters" | "meanings">,
): Steps<LoadedFolders> {
  const loaded = yield* loadingRules(
    folders.map(({ path }) => path),
    lastGood?.filters,
  );
  const { rules, correlations, filters, refused } = loaded;
  const meanings = new Map<string, Meanings>();
  for (const file of new Set(folders.flatMap((folder) => folder.meanings))) {
    yield;
    const read = readMeanings(file);
    refused.push(...(read.problems ?? []));
    const usable = read.meanings ?? lastGood?.meanings.find((each) => each.file === file);
    if (usable !== undefined) meanings.set(file, usable);
  }
  const advice: Problem[] = [];
  let meant: (LoadedRule | LoadedCorrelation)[] = [...rules, ...correlations];
  for (const folder of folders) {
    const entries = folder.meanings.flatMap((file) => meanings.get(file)?.entries ?? []);
    if (entries.length === 0) continue;
    yield;
    const own = meant.filter(({ file }) => isIn(file, folder.path));
    const applied = applyMeanings(own, folder.path, entries);
    const byRule = new Map(own.map((rule, at) => [rule, applied.rules[at]]));
    meant = meant.map((rule) => byRule.get(rule) ?? rule);
    advice.push(...applied.advice);
  }
  return {
    rules: meant.slice(0, rules.length) as LoadedRule[],
    correlations: meant.slice(rules.length) as LoadedCorrelation[],
    refused,
    advice,
    filters,
    meanings: [...meanings.values()],
  };
}

/** Folders of rules without meanings, by their paths. */
export function plainFolders(paths: readonly string[], meanings: readonly string[] = []): RuleFolder[] {
  return paths.map((path) => ({ path, meanings }));
}

function isIn(file: string, path: string): boolean {
  const [inner, outer] = [resolve(file), resolve(path)];
  return inner === outer || inner.startsWith(`${outer}${sep}`);
}
