import { CORE_SCHEMA, load } from "js-yaml";
import type { Document } from "yaml";
import type { z } from "zod";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { placingYaml } from "../../agent/core/placing-yaml.ts";
import { readOnce } from "../../agent/core/readings.ts";

/** A YAML file that was read, and where in it each value stands. */
export interface PlacedYaml {
  value: unknown;
  /** `file:line:column` of what is at a path, or of the nearest thing around it that exists. */
  whereOf(path: readonly PropertyKey[]): string;
}

/** Reads the text of a YAML file; every fault of the syntax is told with its place. Errors: those of `code`. */
export function readYaml(
  text: string,
  file: string,
  code: string,
): { read: PlacedYaml; problems?: undefined } | { problems: Problem[]; read?: undefined } {
  const { LineCounter, parseDocument } = placingYaml();
  const lines = new LineCounter();
  // The reader's own search for repeated keys takes a minute for fifty thousand of them.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, logLevel: "error" });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const faults =
    document.errors.length > 0
      ? document.errors.map(({ pos, message }) => ({ offset: pos[0], message: faultOf(message) }))
      : repeatedKeys(document).map((offset) => ({ offset, message: "Map keys must be unique" }));
  if (faults.length > 0) {
    return {
      problems: faults.slice(0, TOLD_FAULTS).map(({ offset, message }) => ({
        code,
        where: at(offset),
        message,
        remedy: "correct the YAML at that place",
      })),
    };
  }
  const whereOf = (path: readonly PropertyKey[]): string => {
    for (let length = path.length; length >= 0; length--) {
      const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] | null } | undefined)?.range;
      if (range) return at(range[0]);
    }
    return file;
  };
  try {
    return { read: { value: document.toJS({ maxAliasCount: 100 }), whereOf } };
  } catch (error) {
    const remedy = "write the values out instead of repeating them by an alias";
    return { problems: [{ code, where: at(0), message: messageOf(error), remedy }] };
  }
}

/** What may be an alias, of which few unfold without end: only the reader of places counts them. */
const ALIAS = /(?:^|[\s[{,:])\*\S/m;

/**
 * The same by a reader that knows no places and is ten times as fast: the places are found when they are asked for. What
 * was read is kept between starts, unless it is not `shareable`.
 */
export function readYamlQuickly(
  text: string,
  file: string,
  code: string,
  { shareable = true }: { shareable?: boolean } = {},
): ReturnType<typeof readYaml> {
  const read = () => load(text, { schema: CORE_SCHEMA });
  let value: unknown;
  try {
    if (!shareable && ALIAS.test(text)) return readYaml(text, file, code);
    value = shareable ? readOnce("yaml", text, read) : read();
  } catch {
    return readYaml(text, file, code);
  }
  let placed: ReturnType<typeof readYaml> | undefined;
  const whereOf = (path: readonly PropertyKey[]) => {
    placed ??= readYaml(text, file, code);
    return placed.read?.whereOf(path) ?? file;
  };
  return { read: { value, whereOf } };
}

/** Where a key stands that its mapping has already. */
function repeatedKeys(document: Document.Parsed): number[] {
  const { isScalar, visit } = placingYaml();
  const found: number[] = [];
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found.push(key.range?.[0] ?? 0);
        seen.add(key.value);
      }
    },
  });
  return found;
}

/** What the reader says is wrong, without the place, which is told beside; its own stack ends where nesting does not. */
function faultOf(message: string): string {
  if (/call stack|stack overflow/i.test(message)) return "nested too deeply";
  return (message.split("\n")[0] ?? "not YAML").replace(/ at line \d+, column \d+:?$/, "");
}

/** Faults of syntax that are told: one slip makes all that follows it look wrong. */
const TOLD_FAULTS = 3;

/** How zod ends what it says of a value that is not there. */
const ABSENT = "received undefined";
const WANTED: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  array: "a list",
  object: "a mapping of keys to values",
  record: "a mapping of names to values",
};

/** What a schema found wrong, each with its path; of the forms that a value may take, the nearest one speaks. */
export function issuesOf(
  issues: readonly z.core.$ZodIssue[],
  above: readonly PropertyKey[] = [],
): { path: PropertyKey[]; message: string }[] {
  return issues.flatMap((issue) => {
    const path = [...above, ...issue.path];
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: "unknown key; correct or remove it",
      }));
    // The words of a missing key say what is to be given, not what a program received.
    if (issue.code === "invalid_type" && issue.message.endsWith(ABSENT))
      return [{ path, message: `missing; give ${WANTED[issue.expected] ?? issue.expected}` }];
    if (issue.code === "invalid_union") {
      const nearest = issue.errors.find((branch) => branch.some(isInside));
      if (nearest !== undefined) return issuesOf(nearest, path);
    }
    return [{ path, message: issue.message }];
  });
}

/** A form that got as far as the members of the value is the one that was meant. */
function isInside(issue: z.core.$ZodIssue): boolean {
  return issue.path.length > 0 || issue.code === "unrecognized_keys" || issue.code === "custom";
}
