import { relative, sep } from "node:path";
import type { DetectionRule, RuleMeaning } from "../../agent/core/detection.ts";
import type { Problem } from "../../agent/core/errors.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";
import type { LogSource } from "../engine/rule.ts";
import type { PlacedEntry } from "./read-meanings.ts";
import type { Entry, Selector } from "./schema.ts";

const LEVELS_FR: Readonly<Record<DetectionRule["level"], string>> = {
  informational: "informative",
  low: "basse",
  medium: "moyenne",
  high: "haute",
  critical: "critique",
};

/** What can be given a meaning: a rule, or a correlation of rules, which has no log source. */
interface Meant {
  rule: DetectionRule;
  file: string;
  logsource?: LogSource;
}

/**
 * Gives the rules of a folder the meaning that the first entry selecting each says.
 *
 * A rule's own `tocsin:` block wins over any entry. Entries that selected nothing, or only what an earlier one had
 * taken, are told as advice.
 */
export function applyMeanings<R extends Meant>(
  rules: readonly R[],
  folder: string,
  entries: readonly PlacedEntry[],
): { rules: R[]; advice: Problem[] } {
  const tallies = entries.map(() => ({ taken: 0, selected: 0 }));
  const given = rules.map((loaded) => {
    let meant = loaded;
    for (const [at, placed] of entries.entries()) {
      if (!selects(placed.entry.rules, loaded, folder)) continue;
      const tally = tallies[at] as (typeof tallies)[number];
      tally.selected++;
      if (meant !== loaded || loaded.rule.meaning !== undefined) continue;
      tally.taken++;
      meant = { ...loaded, rule: withMeaning(loaded.rule, placed) };
    }
    return meant;
  });
  const names = new Set(rules.flatMap(({ rule }) => (rule.name === undefined ? [] : [rule.name])));
  const advice = entries.flatMap((placed, at): Problem[] => {
    const { taken, selected } = tallies[at] as (typeof tallies)[number];
    return [...idleness(placed, taken, selected), ...strangers(placed, names)];
  });
  return { rules: given, advice };
}

function idleness({ where }: PlacedEntry, taken: number, selected: number): Problem[] {
  if (taken > 0) return [];
  const [code, message] =
    selected === 0
      ? ["meaning_without_rule", "no rule of the folder is selected"]
      : [
          "meaning_shadowed",
          `the ${selected} rule(s) selected have a meaning already: their own, or an earlier entry's`,
        ];
  const remedy =
    selected === 0 ? "correct the selector, or remove the entry" : "put it before the others, or remove it";
  return [{ code: code as string, where, message: message as string, remedy }];
}

function strangers({ where, entry }: PlacedEntry, names: ReadonlySet<string>): Problem[] {
  const unknown = entry.facts.flatMap(({ ended_by }) => ended_by).filter((name) => !names.has(name));
  return [...new Set(unknown)].map((name) => ({
    code: "ended_by_elsewhere",
    where,
    message: `no rule of this folder is named "${name}": another folder's may end the fact`,
    remedy: "check the name",
  }));
}

function selects(selector: Selector, { rule, logsource, file }: Meant, folder: string): boolean {
  const { path, tag, level, id, name } = selector;
  if (level !== undefined && !level.includes(rule.level)) return false;
  if (id !== undefined && !id.includes(rule.id)) return false;
  if (name !== undefined && !name.includes(rule.name ?? "")) return false;
  if (tag !== undefined && !tag.some((wanted) => rule.tags.some((own) => isTag(own, wanted)))) return false;
  if (path !== undefined && !path.some((wanted) => isUnder(file, folder, wanted))) return false;
  return (["category", "product", "service"] as const).every((part) => {
    const wanted = selector.logsource?.[part];
    return wanted === undefined || wanted.some((one) => one.toLowerCase() === logsource?.[part]);
  });
}

function isTag(own: string, wanted: string): boolean {
  const [a, b] = [own.toLowerCase(), wanted.toLowerCase()];
  return a === b || (/\.t\d{4}$/.test(b) && a.startsWith(`${b}.`));
}

function isUnder(file: string, folder: string, wanted: string): boolean {
  return globOf(wanted).test(relative(folder, file).split(sep).join("/"));
}

const globs = new Map<string, RegExp>();

/** A path and all beneath it: `*` and `?` within a name, `**` over any number of folders; made once each. */
function globOf(wanted: string): RegExp {
  const known = globs.get(wanted);
  if (known !== undefined) return known;
  const source = wanted
    .replace(/^\.?\//, "")
    .replace(/\/$/, "")
    .replaceAll(/\*\*\/|\*+|\?|[.+^$()|[\]{}\\]/g, (part) => {
      if (part === "**/") return "(?:[^/]+/)*";
      if (part.startsWith("*")) return part === "*" ? "[^/]*" : ".*";
      return part === "?" ? "[^/]" : `\\${part}`;
    });
  const made = new RegExp(`^${source}(?:/.*)?$`);
  globs.set(wanted, made);
  return made;
}

function withMeaning(rule: DetectionRule, { entry, cited }: PlacedEntry): DetectionRule {
  const { rules: _, ...rest } = entry;
  const fill = (text: string) => text.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => wordOf(rule, name));
  const meaning: RuleMeaning = { ...rest, title_fr: fill(entry.title_fr), reason_fr: fill(entry.reason_fr) };
  const version = sha256Hex(`${rule.version}\n${stable(meaning)}`).slice(0, 12);
  return { ...rule, version, meaning, meaning_from: cited };
}

function wordOf(rule: DetectionRule, name: string): string {
  switch (name) {
    case "title":
      return rule.title;
    case "level":
      return LEVELS_FR[rule.level];
    case "id":
      return rule.id;
    default:
      return rule.tags
        .filter((tag) => /^attack\.t\d{4}/i.test(tag))
        .map((tag) => tag.slice(7).toUpperCase())
        .join(", ");
  }
}

/** JSON that does not depend on the order in which the keys were written. */
function stable(meaning: Omit<Entry, "rules">): string {
  return JSON.stringify(meaning, (_, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
