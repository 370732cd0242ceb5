import { z } from "zod";
import { issuesOf, readYaml } from "../../../connectors/shared/read-yaml.ts";
import { SystemKind } from "../../core/asset.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Problem } from "../../core/errors.ts";
import { FactKind } from "../../core/fact.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { placeholdersIn } from "./fill-record.ts";

/** Longest scenario, and most of what one holds: a file is written by a person, and played in front of people. */
const MOST = { duration: 24 * MICROSECONDS.hour, steps: 300, records: 200, lines: 2_000_000 } as const;

const DURATION = /^(?=\d)(?:(\d{1,3})h)?(?:(\d{1,4})m)?(?:(\d{1,5})s)?$/;

/** A stretch of the story, µs, written `1h30m`, `12m` or `45s`. */
const Duration = z
  .string()
  .regex(DURATION, "write a duration such as 12m, 1h30m or 45s")
  .transform((text) => {
    const [, hours = "0", minutes = "0", seconds = "0"] = DURATION.exec(text) ?? [];
    return (
      Number(hours) * MICROSECONDS.hour +
      Number(minutes) * MICROSECONDS.minute +
      Number(seconds) * MICROSECONDS.second
    );
  })
  .refine((length) => length <= MOST.duration, "24 hours at most");

const Sentence = z.string().trim().min(1).max(600);
const Word = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens, 40 at most");

/** What happens at one instant of the story: one of records, noise and words for people. */
export const Step = z
  .strictObject({
    at: Duration,
    /** What is going on, for the facilitator and the debrief; people of the exercise do not read it. */
    say: Sentence.optional(),
    /** The format of the records: the name of a connector, as in `sources[].connector`. */
    source: Word.optional(),
    /** Records of text, each as the source writes it. */
    lines: z.array(z.string().min(1).max(8000)).min(1).max(MOST.records).optional(),
    /** Records of JSON, each one body of a request. */
    records: z.array(z.record(z.string(), z.unknown())).min(1).max(MOST.records).optional(),
    /** What any hospital's machines say, that matters to nobody. */
    noise: z
      .strictObject({ lines_per_second: z.int().min(1).max(5000), for: Duration })
      .refine(
        ({ lines_per_second, for: length }) =>
          (lines_per_second * length) / MICROSECONDS.second <= MOST.lines,
        "2,000,000 lines at most in one step",
      )
      .optional(),
    /** What the facilitator tells people; Tocsin shows it, and sends it to nobody. */
    inject: z.strictObject({ to: Sentence, text: z.string().trim().min(1).max(2000) }).optional(),
  })
  .superRefine((step, { addIssue }) => {
    const given = (["lines", "records", "noise", "inject"] as const).filter(
      (name) => step[name] !== undefined,
    );
    if (given.length !== 1)
      addIssue({ code: "custom", message: "give one of lines, records, noise and inject" });
    const needs = step.lines !== undefined || step.records !== undefined;
    if (needs && step.source === undefined)
      addIssue({ code: "custom", message: "source is missing: which tool writes these records?" });
    if (!needs && step.source !== undefined)
      addIssue({ code: "custom", path: ["source"], message: "source goes with lines or records" });
  });
export type Step = z.infer<typeof Step>;

/** Whom a call is for: IT on call, or who may declare. */
export const Called = z.enum(["on_call", "delegate"]);
export type Called = z.infer<typeof Called>;

/** The forms of an expectation, each with when it is due. */
const formsBy = <By extends z.ZodType>(by: By) => {
  const due = { by: by.optional(), why: Sentence.optional() };
  return [
    z.strictObject({ fact: FactKind, ...due }),
    z.strictObject({
      met: z.string().regex(/^[A-Z][A-Za-z0-9]{0,7}$/, "a criterion of a law pack, such as C1"),
      ...due,
    }),
    z.strictObject({ called: Called, ...due }),
    z.strictObject({ acknowledged: z.literal(true), ...due }),
    z.strictObject({ answered: z.string().regex(/^[a-z][a-z_]{0,39}$/, "the id of a question"), ...due }),
    z.strictObject({ decided: z.literal(true), ...due }),
    z.strictObject({ filed: z.literal(true), ...due }),
    z.strictObject({ incidents: z.int().min(0).max(20), why: Sentence.optional() }),
    z.strictObject({ quiet: Called, why: Sentence.optional() }),
  ] as const;
};
const NOT_ONE = {
  error:
    "not an expectation: one of fact, met, called, acknowledged, answered, decided, filed, incidents and quiet",
};

/** What should come of the exercise, and by when of the story, µs; without `by`, at all. */
export const Expectation = z.union(formsBy(z.int().min(0)), NOT_ONE);
export type Expectation = z.infer<typeof Expectation>;
const WrittenExpectation = z.union(formsBy(Duration), NOT_ONE);

/** A story to be played for real people: what machines say, what people are told, and what should come of it. */
export const Scenario = z.strictObject({
  title: Sentence,
  /** For who chooses: what happens, to whom it is useful. */
  summary: z.string().trim().min(1).max(2000),
  /** Machines that the records name, `${host.<name>}`: of the facility's first system of a kind, or always so called. */
  hosts: z
    .record(
      Word,
      z.union([
        z.strictObject({ name: z.string().min(1).max(200) }),
        z.strictObject({ kind: SystemKind, otherwise: z.string().min(1).max(200) }),
      ]),
    )
    .default({}),
  steps: z.array(Step).min(1).max(MOST.steps),
  expectations: z.array(WrittenExpectation).max(100).default([]),
});
export type Scenario = z.infer<typeof Scenario>;

/** A scenario as it was read, with the fingerprint of its file. */
export interface ReadScenario extends Scenario {
  /** The file's name without its ending. */
  name: string;
  sha256: string;
}

/** Reads the text of a scenario; all that is wrong with it is told at once, each with its line. */
export function readScenario(
  text: string,
  file: string,
): { scenario: ReadScenario; problems?: undefined } | { problems: Problem[]; scenario?: undefined } {
  const { read, problems } = readYaml(text, file, "scenario_not_yaml");
  if (read === undefined) return { problems };
  const found: Problem[] = [];
  const tell = (path: readonly PropertyKey[], message: string, remedy?: string) =>
    found.push({
      code: "scenario_invalid",
      where: read.whereOf(path),
      message: `${path.join(".") || "(file)"}: ${message}`,
      ...(remedy === undefined ? {} : { remedy }),
    });
  const checked = Scenario.safeParse(read.value ?? {});
  if (!checked.success) {
    for (const { path, message } of issuesOf(checked.error.issues)) tell(path, message);
    return { problems: found };
  }
  const { hosts, steps, expectations } = checked.data;
  for (const [i, step] of steps.entries()) {
    const before = steps[i - 1];
    if (before !== undefined && step.at < before.at)
      tell(["steps", i, "at"], "earlier than the step before it", "write steps in the order of the story");
    for (const name of placeholdersIn([step.lines, step.records])) {
      const host = /^host\.(.+)$/.exec(name)?.[1];
      if (host === undefined ? !KNOWN.has(name) : hosts[host] === undefined)
        tell(
          ["steps", i],
          `nothing fills \${${name}}`,
          `one of: ${[...KNOWN, ...Object.keys(hosts).map((each) => `host.${each}`)].join(", ")}`,
        );
    }
  }
  const end = lengthOf(checked.data);
  for (const [i, expectation] of expectations.entries()) {
    if ("by" in expectation && expectation.by !== undefined && expectation.by > MOST.duration - end)
      tell(["expectations", i, "by"], "too long after the story");
  }
  if (found.length > 0) return { problems: found };
  const name = (file.split(/[\\/]/).at(-1) ?? file).replace(/\.ya?ml$/, "");
  return { scenario: { ...checked.data, name, sha256: sha256Hex(text) } };
}

/** What may stand in `${…}` beside the hosts. */
const KNOWN: ReadonlySet<string> = new Set(["rfc3164", "rfc5424", "epoch_ms", "id", "facility"]);

/** How long the story lasts, µs: to the end of its last step. */
export function lengthOf({ steps }: Pick<Scenario, "steps">): number {
  return Math.max(...steps.map(({ at, noise }) => at + (noise?.for ?? 0)));
}
