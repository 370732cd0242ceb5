import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { blames, messageOf, type Problem } from "../../agent/core/errors.ts";
import { applyFilters } from "./apply-filters.ts";
import type { LoadedCorrelation } from "./correlation/correlation.ts";
import { linkCorrelations } from "./correlation/link-correlations.ts";
import { type ReadRules, readRules } from "./read.ts";
import type { LoadedFilter } from "./read-filter.ts";
import { problemAt } from "./refusal.ts";
import type { LoadedRule } from "./rule.ts";
import { readRuleText } from "./rule-text.ts";
import { finishSteps, type Steps } from "./steps.ts";

/** Bytes of one rule file beyond which it is refused unread. */
const LARGEST = 4 * 1024 * 1024;

/** Cases of a rule lie beside it under this ending; they are not rules. */
export const CASES_ENDING = ".cases.yml";

/** What files of rules hold: filters applied, correlations linked and in the order of what they refer to. */
export interface Loaded {
  rules: LoadedRule[];
  correlations: LoadedCorrelation[];
  /** The filters applied. */
  filters: LoadedFilter[];
  refused: Problem[];
}

/** Every rule file under the paths, in a stable order; folders whose name begins with a dot are left out. */
export function ruleFiles(paths: readonly string[]): { files: string[]; refused: Problem[] } {
  const files: string[] = [];
  const refused: Problem[] = [];
  for (const path of paths) {
    try {
      if (statSync(path).isDirectory()) files.push(...below(path));
      else files.push(path);
    } catch (thrown) {
      refused.push({
        code: "file_unreadable",
        where: path,
        message: messageOf(thrown),
        remedy: "check the path",
      });
    }
  }
  return { files: [...new Set(files)], refused };
}

function below(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith(".") ? [] : below(path);
    return /\.ya?ml$/i.test(entry.name) && !entry.name.endsWith(CASES_ENDING) ? [path] : [];
  });
}

/**
 * Loads every rule of the files and folders, with the filters among them applied; a bad one is refused alone, and so
 * is a second one of the same id.
 */
export function loadRules(paths: readonly string[]): Loaded {
  return finishSteps(loadingRules(paths));
}

/** The same, a step a file; a filter whose file is refused, or that joins no rule any more, stays as in `lastGood`. */
export function* loadingRules(
  paths: readonly string[],
  lastGood: readonly LoadedFilter[] = [],
): Steps<Loaded> {
  const { files, refused } = ruleFiles(paths);
  const rules: LoadedRule[] = [];
  const filters: LoadedFilter[] = [];
  const correlations: LoadedCorrelation[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    yield;
    const read = readFile(file);
    refused.push(...read.refused);
    for (const rule of read.rules) {
      const first = seen.get(rule.rule.id);
      if (first === undefined || (first === file && rule.sharesId)) {
        seen.set(rule.rule.id, file);
        rules.push(rule);
        continue;
      }
      refused.push(duplicate("rule", rule.rule.id, file, first));
    }
    for (const correlation of read.correlations) {
      const { id } = correlation.rule;
      const first = seen.get(id);
      if (first === undefined) {
        seen.set(id, file);
        correlations.push(correlation);
      } else refused.push(duplicate("rule", id, file, first));
    }
    for (const filter of read.filters) {
      const first = filters.find(({ id }) => id === filter.id);
      if (first === undefined) filters.push(filter);
      else refused.push(duplicate("filter", filter.id, file, first.file));
    }
  }
  const isRefused = blames(refused);
  const lost = lastGood.filter(
    ({ id, file }) => isRefused(file) && !filters.some((filter) => filter.id === id),
  );
  const filtered = applyFilters(rules, [...filters, ...lost], lastGood);
  yield;
  const linked = linkCorrelations(filtered.rules, correlations);
  const unlinked = linked.unlinked.map(({ correlation: { file, document }, fault }) =>
    problemAt(textOf(file), file, document, fault),
  );
  return {
    rules: linked.rules,
    correlations: linked.correlations,
    filters: filtered.filters,
    refused: [...refused, ...filtered.unused, ...unlinked],
  };
}

/** The text of a file that was read before, for the line of a fault; empty when it has gone meanwhile. */
function textOf(file: string): string {
  try {
    return readRuleText(file).text;
  } catch {
    return "";
  }
}

function duplicate(what: "rule" | "filter", id: string, file: string, first: string): Problem {
  return {
    code: "id_duplicate",
    where: file,
    message: `another ${what} has the id ${id}: ${first}`,
    remedy: "give it an id of its own, or remove one of the two",
  };
}

function readFile(file: string): ReadRules {
  const refusedWith = (problem: Problem): ReadRules => ({
    rules: [],
    filters: [],
    correlations: [],
    refused: [problem],
  });
  try {
    const { size } = statSync(file);
    if (size > LARGEST) {
      const message = `the file has ${size} bytes, more than ${LARGEST}`;
      return refusedWith({ code: "file_too_large", where: file, message, remedy: "split it" });
    }
    const { text, damaged } = readRuleText(file);
    return readRules(text, file, damaged);
  } catch (thrown) {
    return refusedWith({
      code: "file_unreadable",
      where: file,
      message: messageOf(thrown),
      remedy: "check the file",
    });
  }
}
