import { z } from "zod";
import type { Instant } from "../../core/clock.ts";
import type { Reads, Write } from "../../store/store.ts";
import { Expectation } from "./scenario.ts";

const Story = z.int();

/** What the player writes into the record while it plays: what was to come, what it sent, what people were told. */
export const ExerciseNote = z.discriminatedUnion("event", [
  z.object({
    event: z.literal("started"),
    run: z.string(),
    scenario: z.object({ name: z.string(), title: z.string(), summary: z.string(), sha256: z.string() }),
    /** Length of the story, µs. */
    length: z.int(),
    /** How many times faster than the story; null when everything was sent at once. */
    speed: z.number().positive().nullable(),
    expectations: z.array(Expectation),
  }),
  z.object({ event: z.literal("sent"), run: z.string(), story: Story, say: z.string(), records: z.int() }),
  z.object({ event: z.literal("inject"), run: z.string(), story: Story, to: z.string(), text: z.string() }),
  z.object({ event: z.literal("ended"), run: z.string(), whole: z.boolean(), records: z.int() }),
]);
export type ExerciseNote = z.infer<typeof ExerciseNote>;
type Started = Extract<ExerciseNote, { event: "started" }>;

/** One playing of a scenario, as the journal has it. */
export interface ExerciseRun extends Omit<Started, "event" | "run"> {
  id: string;
  started: Instant;
  /** Null while it is played, and for ever when the player was cut off. */
  ended: Instant | null;
  /** False when it was stopped before the end of the story. */
  whole: boolean;
  /** Records sent, noise included, as far as the player said. */
  records: number;
  /** What was sent and said, oldest first. */
  played: (
    | { kind: "sent"; at: Instant; story: number; say: string; records: number }
    | { kind: "inject"; at: Instant; story: number; to: string; text: string }
  )[];
  /** When the next one began: what comes after is no more of this one; null for the last. */
  next: Instant | null;
}

/** Journal entries read for the list: a playing writes some twenty. */
const MOST = 5000;

/** The write that notes an event of a playing. */
export function exerciseWrite(content: ExerciseNote): Write {
  return { write: "note", what: "exercise", incident: null, content };
}

/** The playings that the journal knows, the latest first. */
export async function exerciseRuns(
  reads: Pick<Reads, "journalOfHouse">,
  facility: string,
): Promise<ExerciseRun[]> {
  const entries = await reads.journalOfHouse(facility, {
    types: ["note.exercise"],
    from: 0,
    before: Number.MAX_SAFE_INTEGER,
    limit: MOST,
  });
  const runs = new Map<string, ExerciseRun>();
  for (const { at, content } of entries) {
    // Erased by retention: the proof stays, the playing is told no more.
    const read = content === null ? undefined : ExerciseNote.safeParse(JSON.parse(content)).data;
    if (read === undefined) continue;
    if (read.event === "started") {
      const { event: _, run, ...rest } = read;
      runs.set(run, {
        id: run,
        started: at,
        ended: null,
        whole: false,
        records: 0,
        played: [],
        next: null,
        ...rest,
      });
      continue;
    }
    const run = runs.get(read.run);
    if (run === undefined) continue;
    if (read.event === "ended") Object.assign(run, { ended: at, whole: read.whole, records: read.records });
    else if (read.event === "sent")
      run.played.push({ kind: "sent", at, story: read.story, say: read.say, records: read.records });
    else run.played.push({ kind: "inject", at, story: read.story, to: read.to, text: read.text });
  }
  const all = [...runs.values()].sort((a, b) => a.started - b.started);
  return all.map((run, i) => ({ ...run, next: all[i + 1]?.started ?? null })).reverse();
}
