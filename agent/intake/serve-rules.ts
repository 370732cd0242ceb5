import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Receipt, Unit } from "../store/store.ts";
import { type LiveRules, openLiveRules } from "./live-rules.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { noteRules, type RuleChange } from "./note-rules.ts";
import type { IntakeData } from "./thread.ts";

/** After how long a note that could not be written is tried again, ms. */
const NOTE_AGAIN = 10_000;

type Say = (level: "info" | "warn" | "error", message: string, fields: Record<string, unknown>) => void;

/** Where changes of the rules are noted, and who is told of them. */
interface Notes {
  facility: string;
  bookmark: (facility: string, name: string) => Promise<string | undefined>;
  commit: (unit: Unit) => Promise<Receipt>;
  changed: (change: RuleChange, correlations: readonly LoadedCorrelation[]) => void;
}

/** Loads the rules of the intake thread, and says of each reading what was refused, counted and noted. */
export function serveRules(parts: {
  data: Pick<IntakeData, "rules" | "placeholders">;
  clock: Clock;
  metrics: Pick<IntakeMetrics, "rules" | "ruleReloads" | "rulesChanged">;
  log: Say;
}): {
  live: LiveRules;
  /** Opens the notes, and notes the present rules when they are not those noted last. */
  note(notes: Notes): Promise<void>;
  reload(because: string): void;
  stop(): Promise<void>;
} {
  const { data, clock, metrics, log } = parts;
  const live = openLiveRules({
    folders: data.rules,
    options: {
      placeholders: data.placeholders,
      onFault: ({ id, title }, fault) =>
        log("error", "rule disabled after a fault", { rule: id, title, fault: messageOf(fault) }),
    },
    clock,
  });
  let notes: Notes | undefined;
  let again: NodeJS.Timeout | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  let queued = false;
  let told = new Set<string>();
  show();
  inForce();

  /** Says each refusal once, for as long as it lasts. */
  function show(): void {
    const { loaded, refused, kept, inactive, ungated } = live.report();
    for (const problem of refused) if (!told.has(problem)) log("warn", "rule refused", { problem });
    told = new Set(refused);
    const states = { loaded, refused: refused.length, kept: kept.length, inactive, ungated: ungated.length };
    for (const [state, count] of Object.entries(states)) metrics.rules.set({ state }, count);
  }

  function inForce(): void {
    metrics.rulesChanged.set(Math.floor(clock.now() / MICROSECONDS.second));
  }

  async function write(): Promise<void> {
    clearTimeout(again);
    if (notes === undefined) return;
    try {
      notes.changed(await noteRules(live.report(), { ...notes, now: clock.now() }), live.correlations());
    } catch (error) {
      log("error", "change of the rules not noted; tried again", { error: messageOf(error) });
      again = setTimeout(() => chain(write), NOTE_AGAIN).unref();
    }
  }

  async function read(because: string): Promise<void> {
    try {
      const outcome = await live.reload();
      metrics.ruleReloads.inc({ outcome });
      const { hash, refused, kept } = live.report();
      log("info", "rules read anew", { because, outcome, hash, refused: refused.length, kept: kept.length });
      show();
      if (outcome === "unchanged") return;
      inForce();
      await write();
    } catch (error) {
      metrics.ruleReloads.inc({ outcome: "failed" });
      log("error", "rules not read anew: the old ones stay", { because, error: messageOf(error) });
    }
  }

  /** One after the other, so that notes tell the changes in their order. */
  function chain(work: () => Promise<void>): Promise<void> {
    const done = underWay.then(work);
    underWay = done;
    return done;
  }

  return {
    live,
    note(opened) {
      notes = opened;
      return chain(write);
    },
    reload(because) {
      // Whatever asks while one waits is answered by that one.
      if (queued) return;
      queued = true;
      void chain(() => {
        queued = false;
        return read(because);
      });
    },
    async stop() {
      clearTimeout(again);
      await underWay;
    },
  };
}
