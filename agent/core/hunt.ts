import { z } from "zod";

const Instant = z.int();

/** What was searched: files as they were read, or a question to an index. */
export const HuntRecord = z.discriminatedUnion("what", [
  z.object({
    what: z.literal("files"),
    files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
  }),
  z.object({
    what: z.literal("query"),
    source: z.string(),
    index: z.string(),
    /** As the configuration of the source has it; null for every document. */
    query: z.unknown(),
    since: Instant,
    until: Instant,
  }),
]);
export type HuntRecord = z.infer<typeof HuntRecord>;

/** Which detections a search keeps; without hosts and `all`, those that share something with the incident. */
export const HuntFilter = z.object({
  hosts: z.array(z.string()),
  since: Instant.nullable(),
  until: Instant.nullable(),
  all: z.boolean(),
});
export type HuntFilter = z.infer<typeof HuntFilter>;

/** Why a record, or a detection of one, is left out of an incident. */
export const LEFT_OUT = {
  unread: "records that no reader understood",
  undated: "records without a date of their own",
  impossible: "records dated in the future or more than 10 years ago",
  outside: "records outside --since and --until",
  unmatched: "records that match no rule",
  other_host: "matches on other hosts",
  unrelated: "matches that share no host, user, address, hash or process with the incident",
  uncounted: "matches that only count for correlations, of which none came true",
  elsewhere: "matches that belong to another incident",
} as const;
export type LeftOut = keyof typeof LEFT_OUT;
export const LEFT_OUT_REASONS = Object.keys(LEFT_OUT) as LeftOut[];

/** How many records were read, and what became of their detections. */
export const HuntCounts = z.object({
  read: z.int(),
  /** Detections made of them, those of correlations included. */
  matched: z.int(),
  /** Detections given to the incident now. */
  kept: z.int(),
  /** Detections that the incident had already. */
  known: z.int(),
  left_out: z.partialRecord(z.enum(LEFT_OUT_REASONS as [LeftOut, ...LeftOut[]]), z.int()),
});
export type HuntCounts = z.infer<typeof HuntCounts>;

/** One search of old records for an incident, by a person. */
export const Hunt = z.object({
  /** Fingerprint of what was searched and how: the same search has the same. */
  id: z.string(),
  by: z.object({ account: z.string().nullable(), name: z.string() }),
  record: HuntRecord,
  filter: HuntFilter,
  counts: HuntCounts,
});
export type Hunt = z.infer<typeof Hunt>;

/** What a search came to, as its incident shows it. */
export const HuntOutcome = z.object({
  id: z.string(),
  by: z.object({ account: z.string().nullable(), name: z.string() }),
  at: Instant,
  /** What was searched, in French. */
  what: z.string(),
  read: z.int(),
  detections: z.int(),
  /** The estimated beginning before it, when it moved it. */
  began: Instant.nullable(),
  /** Criteria with another value since, under each law pack. */
  criteria: z.array(
    z.object({
      regime: z.string(),
      id: z.string(),
      label: z.string(),
      before: z.string(),
      after: z.string(),
    }),
  ),
});
export type HuntOutcome = z.infer<typeof HuntOutcome>;

/** What a search came to, as data. */
export interface HuntResult {
  dry_run: boolean;
  incident: string;
  /** `settled`: the incident has it; `unchanged`: it had all of it; `waiting`: the daemon takes it in by itself. */
  state: "settled" | "unchanged" | "waiting" | "would_change" | "would_not_change";
  what: string;
  counts: HuntCounts;
  /** Only where nothing is kept: what would be. */
  detections?: { at: string; host: string | null; rule: string; title: string }[];
  facts?: { change: "new" | "changed"; fact: string; since: string; until: string | null; because: string }[];
  beginning: { before: string; after: string } | null;
  criteria: HuntOutcome["criteria"];
}
