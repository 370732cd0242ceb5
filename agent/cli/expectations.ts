import { readFileSync } from "node:fs";
import { z } from "zod";
import { issuesOf, readYaml } from "../../connectors/shared/read-yaml.ts";
import type { DetectionRule } from "../core/detection.ts";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";

const Count = z.int().min(0);

/** How often a rule must match: a number is exactly so often. */
const Expected = z.union(
  [
    Count,
    z
      .strictObject({ exactly: Count.optional(), at_least: Count.optional(), at_most: Count.optional() })
      .refine((given) => Object.values(given).some((count) => count !== undefined), {
        error: "give exactly, at_least or at_most",
      })
      .refine(
        ({ exactly, at_least, at_most }) => exactly === undefined || (at_least ?? at_most) === undefined,
        {
          error: "exactly stands alone",
        },
      )
      .refine(({ at_least = 0, at_most = Number.POSITIVE_INFINITY }) => at_least <= at_most, {
        error: "at_least is more than at_most",
      }),
  ],
  { error: "write a number, or { exactly: N }, { at_least: N }, { at_most: N }" },
);
type Expected = z.infer<typeof Expected>;

const Expectations = z.strictObject({
  /** By name, id or title. */
  rules: z.record(z.string(), Expected).default({}),
  /** Every rule that is not named. (Default: anything.) */
  others: Expected.optional(),
});
export type Expectations = z.infer<typeof Expectations>;

/** What was expected of a rule, and what came. */
export interface Outcome {
  rule: string;
  expected: string;
  found: number;
  holds: boolean;
}

/** Reads a file of expectations; throws TocsinError `expectations_invalid` with all that is wrong, each at its line. */
export function readExpectations(file: string): Expectations {
  const refuse = (message: string): never => {
    throw new TocsinError({ code: "expectations_invalid", message });
  };
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    refuse(`--expect ${file}: ${messageOf(thrown)}`);
  }
  const { read, problems } = readYaml(text, file, "expectations_invalid");
  const spell = ({ where, message }: Pick<Problem, "where" | "message">) => `${where}: ${message}`;
  if (read === undefined) return refuse(problems.map(spell).join("\n"));
  const checked = Expectations.safeParse(read.value ?? {});
  if (checked.success) {
    const { rules, others } = checked.data;
    const nothing = Object.keys(rules).length === 0 && others === undefined;
    return nothing
      ? refuse(`${file}: it expects nothing; give rules with their counts, or others`)
      : checked.data;
  }
  const issues = issuesOf(checked.error.issues);
  return refuse(
    issues
      .map(({ path, message }) =>
        spell({
          where: read.whereOf(path),
          message: path.length === 0 ? message : `${path.join(".")}: ${message}`,
        }),
      )
      .join("\n"),
  );
}

/**
 * Compares how often rules matched, by id, with what was expected of them.
 *
 * Throws TocsinError `expectations_invalid` when a name is that of no rule, or of several.
 */
export function compareCounts(
  { rules: named, others }: Expectations,
  rules: readonly DetectionRule[],
  counts: ReadonlyMap<string, number>,
): Outcome[] {
  const seen = new Set<string>();
  const outcomes = Object.entries(named).map(([name, expected]): Outcome => {
    const ids = new Set(
      rules.filter((rule) => [rule.id, rule.name, rule.title].includes(name)).map((rule) => rule.id),
    );
    const [id] = ids;
    if (id === undefined || ids.size > 1) {
      const message = `--expect: ${ids.size === 0 ? "no rule is" : "several rules are"} called ${name}`;
      throw new TocsinError({ code: "expectations_invalid", message });
    }
    seen.add(id);
    return outcomeOf(name, expected, counts.get(id) ?? 0);
  });
  if (others === undefined) return outcomes;
  const rest = new Map(rules.filter(({ id }) => !seen.has(id)).map((rule) => [rule.id, rule]));
  return [
    ...outcomes,
    ...[...rest.values()].map((rule) => outcomeOf(rule.name ?? rule.id, others, counts.get(rule.id) ?? 0)),
  ];
}

function outcomeOf(rule: string, expected: Expected, found: number): Outcome {
  const given = typeof expected === "number" ? { exactly: expected } : expected;
  const { exactly, at_least: least, at_most: most } = given;
  const parts = [
    exactly === undefined ? [] : `exactly ${exactly}`,
    least === undefined ? [] : `at least ${least}`,
    most === undefined ? [] : `at most ${most}`,
  ].flat();
  const holds =
    (exactly === undefined || found === exactly) &&
    (least === undefined || found >= least) &&
    (most === undefined || found <= most);
  return { rule, expected: parts.join(", "), found, holds };
}

/** Tells in lines what did not come as expected; empty when all did. */
export function differences(outcomes: readonly Outcome[]): string[] {
  return outcomes
    .filter(({ holds }) => !holds)
    .map(({ rule, expected, found }) => `${rule}: expected ${expected}, found ${found}`);
}
