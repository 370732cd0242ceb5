import { readdirSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { CORE_SCHEMA, load } from "js-yaml";
import type { z } from "zod";
import { messageOf, type Problem, problemSentence, TocsinError } from "../../agent/core/errors.ts";
import { openPlaces } from "../engine/yaml-places.ts";
import { checkRegime } from "./check-regime.ts";
import { type DutyRegime, type LeadingRegime, Regime } from "./regime.ts";

/** Where the files of law packs are read. */
export interface PackSource {
  /** Names of all packs there are. */
  names(): string[];
  /** A file of a pack; undefined when there is none. */
  read(pack: string, file: string): string | undefined;
  /** How an error names a file of a pack. */
  placeOf(pack: string, file: string): string;
}

/** A pack that was read, or everything that is wrong with it, each with its place. */
export type ReadRegime =
  | { regime: Regime; problems?: undefined }
  | { problems: Problem[]; regime?: undefined };

/** Keys that a pack takes from the one it `extends` where it says nothing. */
const INHERITED = [
  "questions",
  "clocks",
  "sentences",
  "reminders",
  "form",
  "leads",
  "approvers",
  "staged",
  "register",
] as const;

const REMEDY = "correct the pack, or reinstall it";

/** Names of the packs that come with the program. */
export function regimeNames(): string[] {
  return readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The packs that come with the program. */
export const SHIPPED: PackSource = {
  names: regimeNames,
  read(pack, file) {
    try {
      return readFileSync(new URL(`./${pack}/${file}`, import.meta.url), "utf8");
    } catch {
      return undefined;
    }
  },
  placeOf: (pack, file) => `rules/regimes/${pack}/${file}`,
};

/** True for what may name a pack and its folder. */
export function isPackName(id: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,40}$/.test(id);
}

/** Reads a pack by its name, as what another one extends when it has an heir; never throws. */
export function readRegime(id: string, source: PackSource = SHIPPED, heir = false): ReadRegime {
  const text = isPackName(id) ? source.read(id, "regime.yml") : undefined;
  if (text === undefined) {
    const known = source.names().join(", ");
    return {
      problems: [
        { code: "regime_unknown", where: id, message: "no such law pack", remedy: `name one of ${known}` },
      ],
    };
  }
  const file = source.placeOf(id, "regime.yml");
  const formFile = source.placeOf(id, "form.yml");
  const formText = source.read(id, "form.yml");
  const parsed = parse(text, file);
  if ("problems" in parsed) return parsed;
  const form = formText === undefined ? { value: undefined } : parse(formText, formFile);
  if ("problems" in form) return form;
  const { extends: parent, ...own } = parsed.value;
  let pack: Record<string, unknown> = { ...own, ...(form.value === undefined ? {} : { form: form.value }) };
  if (parent !== undefined) {
    const astray =
      parent === id ? "a pack cannot extend itself" : heir ? "it extends another itself" : undefined;
    if (astray !== undefined)
      return {
        problems: [
          { code: "regime_invalid", where: file, message: astray, remedy: "extend a pack that stands alone" },
        ],
      };
    const above = readRegime(String(parent), source, true);
    if (above.regime === undefined) return above;
    const inherited = above.regime;
    pack = {
      ...Object.fromEntries(INHERITED.flatMap((key) => (inherited[key] ? [[key, inherited[key]]] : []))),
      ...pack,
    };
  }
  const wrong = (found: { path: readonly PropertyKey[]; message: string; remedy?: string }[]): ReadRegime => {
    const places = openPlaces(text, file);
    return {
      problems: found.map(({ path, message, remedy = REMEDY }) => {
        const where = path[0] === "form" ? formFile : places.placeOf(0, path);
        return { code: "regime_invalid", where, message: `${path.join(".")}: ${message}`, remedy };
      }),
    };
  };
  const checked = Regime.safeParse(pack);
  if (!checked.success) return wrong(issuesOf(checked.error.issues));
  if (checked.data.id !== id)
    return wrong([
      { path: ["id"], message: `${checked.data.id} in a folder named ${id}`, remedy: "name both alike" },
    ]);
  const contradictions = checkRegime(checked.data);
  return contradictions.length > 0 ? wrong(contradictions) : { regime: checked.data };
}

/** Reads the pack `rules/regimes/<id>`; throws `regime_invalid` naming file, line and what is wrong in it. */
export function loadRegime(id: string): Regime {
  const { regime, problems } = readRegime(id);
  if (regime !== undefined) return regime;
  throw new TocsinError({
    code: problems[0]?.code ?? "regime_invalid",
    message: problems.map(problemSentence).join("\n"),
  });
}

/** Reads the packs that an installation enables and what does not go together among them. */
export function readRegimes(
  ids: readonly string[],
  source: PackSource = SHIPPED,
): { regimes: Regime[]; problems: Problem[] } {
  const outcomes = ids.map((id) => readRegime(id, source));
  const regimes = outcomes.flatMap(({ regime }) => regime ?? []);
  const problems = outcomes.flatMap((outcome) => outcome.problems ?? []);
  const add = (message: string, remedy: string) =>
    problems.push({ code: "regimes_clash", where: "regimes", message, remedy });
  for (const { id, enabled, reason } of regimes)
    if (!enabled)
      problems.push({
        code: "regime_disabled",
        where: `regimes: ${id}`,
        message: reason ?? "this pack is not enabled",
        remedy: "remove it from regimes",
      });
  for (const id of ids.filter((each, i) => ids.indexOf(each) < i))
    add(`${id} is named twice`, "name it once");
  const leading = regimes.filter(isLeading);
  if (leading.length === 0 && problems.length === 0) add("no pack that leads", "enable sante-2022");
  if (new Set(leading.map(({ duty }) => duty)).size > 1)
    add("packs of two duties lead", "enable the packs of one of them");
  for (const [i, one] of regimes.entries()) {
    for (const other of regimes.slice(i + 1)) {
      if (one.id !== other.id && one.duty === other.duty && overlap(one, other))
        add(`${one.id} and ${other.id} are in force on the same days`, "enable one of them");
      for (const question of one.questions) {
        const twin = other.questions.find((each) => each.id === question.id);
        if (twin !== undefined && !isDeepStrictEqual(asked(twin), asked(question)))
          add(
            `${one.id} and ${other.id} ask different things as ${question.id}`,
            "rename one of the questions",
          );
      }
    }
  }
  return { regimes, problems };
}

/** Reads the packs that an installation enables, the leading one of today first; throws the first that is wrong. */
export function loadRegimes(ids: readonly string[], source: PackSource = SHIPPED): Regime[] {
  const { regimes, problems } = readRegimes(ids, source);
  const [first] = problems;
  if (first === undefined) return regimes;
  throw new TocsinError({ ...first, message: problems.map(problemSentence).join("\n"), where: undefined });
}

/** True for a pack that leads the incident. */
export function isLeading(regime: Regime): regime is LeadingRegime {
  return regime.leads && regime.form !== undefined;
}

/** True for a pack beside the leading one that has a text of its own. */
export function isDuty(regime: Regime): regime is DutyRegime {
  return !regime.leads && regime.form !== undefined && regime.approvers !== undefined;
}

function parse(text: string, file: string): { value: Record<string, unknown> } | { problems: Problem[] } {
  try {
    const value = load(text, { schema: CORE_SCHEMA });
    if (value !== null && typeof value === "object" && !Array.isArray(value))
      return { value: value as Record<string, unknown> };
    return {
      problems: [{ code: "regime_invalid", where: file, message: "no mapping of keys", remedy: REMEDY }],
    };
  } catch (error) {
    const { faults } = openPlaces(text, file);
    const told = faults.length > 0 ? faults : [{ where: file, message: messageOf(error) }];
    return { problems: told.map((fault) => ({ code: "regime_invalid", ...fault, remedy: REMEDY })) };
  }
}

function issuesOf(issues: readonly z.core.$ZodIssue[]): { path: PropertyKey[]; message: string }[] {
  return issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: "unknown key" }))
      : [
          {
            path: [...issue.path],
            message: issue.message.replace(/, received undefined$/, ", and nothing is given"),
          },
        ],
  );
}

function overlap(one: Regime, other: Regime): boolean {
  const [from, until] = ["0000-01-01", "9999-12-31"];
  return (
    (one.effective_from ?? from) <= (other.effective_until ?? until) &&
    (other.effective_from ?? from) <= (one.effective_until ?? until)
  );
}

/** What makes two questions the same one: which criteria they settle is each pack's own. */
function asked({ text, asked_of, answers }: Regime["questions"][number]) {
  return { text, asked_of, answers };
}
