import { type Catalogue, openShipped, readingShipped } from "../../connectors/registry.ts";
import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import type { LoadedRule } from "../../rules/engine/rule.ts";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { messageOf, type Problem, problemSentence } from "../core/errors.ts";
import { type DisabledRule, listed, type RuleTroubles } from "../core/rule-troubles.ts";
import type { Receipt, Unit } from "../store/store.ts";
import { openLiveMappings } from "./live-mappings.ts";
import { type LiveReport, type LiveRules, openLiveRules } from "./live-rules.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { noteRules, type RuleChange } from "./note-rules.ts";
import type { IntakeData } from "./thread.ts";

/** After how long a note that could not be written is tried again, ms. */
const NOTE_AGAIN = 10_000;

type Say = (level: "info" | "warn" | "error", message: string, fields: Record<string, unknown>) => void;

/** Where rules and mappings are read, and what fills the placeholders of rules. */
type RuleSettings = Pick<IntakeData, "rules" | "placeholders" | "mappings">;

/** Where changes of the rules and mappings are noted, and who is told of them. */
interface Notes {
  facility: string;
  bookmark: (facility: string, name: string) => Promise<string | undefined>;
  commit: (unit: Unit) => Promise<Receipt>;
  changed: (change: RuleChange, correlations: readonly LoadedCorrelation[]) => void;
  /** Told of each other catalogue that comes into force. */
  mapped: (catalogue: Catalogue) => void;
}

/**
 * Loads the rules and mappings of the intake thread, and says of each reading what was refused, counted and noted.
 *
 * `troubled` is told what of them does not run, at the start and whenever that may have changed.
 */
export function serveRules(parts: {
  data: RuleSettings;
  /** Rules of the program's own work, which no list has. */
  own?: readonly LoadedRule[] | undefined;
  clock: Clock;
  metrics: Pick<IntakeMetrics, "rules" | "mappings" | "ruleReloads" | "mappingReloads" | "rulesChanged">;
  log: Say;
  troubled: (troubles: RuleTroubles) => void;
  /** Told of the rules that let everything of their sources in, whenever that may have changed. */
  gated: (ungated: string[]) => void;
  /** Told of rules that are ready; they come into force when they are activated, and not before. */
  readied?: ((hash: string) => void) | undefined;
}): {
  live: LiveRules;
  catalogue(): Catalogue;
  /** Makes the gate: what comes before is read whole. */
  makeGate(): Promise<void>;
  /** Opens the notes, and notes the present rules and mappings when they are not those noted last. */
  note(notes: Notes): Promise<void>;
  /** Puts the rules of this hash in force, when they are ready. */
  activate(hash: string): void;
  /** Resolves once they are read, whatever came of it; with `other`, from there from now on. */
  reload(because: string, other?: RuleSettings): Promise<void>;
  stop(): Promise<void>;
} {
  const { data, clock, metrics, log } = parts;
  let disabled: DisabledRule[] = [];
  openShipped();
  const mappings = openLiveMappings(data.mappings);
  const live = openLiveRules({
    folders: data.rules,
    options: {
      placeholders: data.placeholders,
      onFault({ id, title }, thrown) {
        const fault = messageOf(thrown);
        log("error", "rule disabled after a fault", { rule: id, title, fault });
        disabled.push({ rule: id, title, fault, at: clock.now() });
        tellTroubles();
      },
    },
    claims: () => mappings.catalogue().claims(),
    reading: readingShipped,
    own: parts.own,
    clock,
    activated: parts.readied && awaited,
  });
  let waits: { hash: string; done: (active: boolean) => void } | undefined;
  let mapped = mappings.catalogue();
  let notes: Notes | undefined;
  let again: NodeJS.Timeout | undefined;
  let underWay: Promise<void> = Promise.resolve();
  let queued = false;
  let told = new Set<string>();
  show();
  inForce();

  function show(): void {
    const rules = live.report();
    const own = mappings.report();
    const sentences = [...say("rule refused", rules.refused), ...say("mapping refused", own.refused)];
    told = new Set(sentences);
    const { inactive, ungated } = rules;
    const states = { ...statesOf(rules), inactive: inactive.length, ungated: ungated.length };
    for (const [state, count] of Object.entries(states)) metrics.rules.set({ state }, count);
    for (const [state, count] of Object.entries(statesOf(own))) metrics.mappings.set({ state }, count);
    parts.gated(ungated);
    tellTroubles();
  }

  /** Says each refusal once, for as long as it lasts. */
  function say(message: string, refused: readonly Problem[]): string[] {
    const sentences = refused.map(problemSentence);
    for (const problem of sentences) if (!told.has(problem)) log("warn", message, { problem });
    return sentences;
  }

  function tellTroubles(): void {
    const rules = live.report();
    const own = mappings.report();
    parts.troubled({
      refused: listed([...rules.refused, ...own.refused]),
      inactive: listed(rules.inactive),
      kept: listed([...rules.kept, ...own.kept]),
      disabled: listed(disabled),
    });
  }

  /** Resolves once these rules are to be in force; false when others are read meanwhile. */
  function awaited(hash: string): Promise<boolean> {
    return new Promise((done) => {
      waits = { hash, done };
      parts.readied?.(hash);
    });
  }

  function settleWait(active: boolean): void {
    waits?.done(active);
    waits = undefined;
  }

  function inForce(): void {
    metrics.rulesChanged.set(Math.floor(clock.now() / MICROSECONDS.second));
  }

  async function write(): Promise<void> {
    clearTimeout(again);
    if (notes === undefined) return;
    try {
      const given = { ...notes, now: clock.now() };
      await noteRules(mappings.report(), { ...given, what: "mappings" });
      notes.changed(await noteRules(live.report(), { ...given, what: "rules" }), live.correlations());
    } catch (error) {
      log("error", "change of the rules not noted; tried again", { error: messageOf(error) });
      again = setTimeout(() => chain(write), NOTE_AGAIN).unref();
    }
  }

  async function read(because: string, other?: RuleSettings): Promise<void> {
    try {
      mappings.reload(other?.mappings);
      // The gate of the rules lets through what the new mappings make of records: it comes first.
      const outcome = await live.reload(other && { folders: other.rules, placeholders: other.placeholders });
      const remapped = mapped !== mappings.catalogue();
      if (remapped) {
        mapped = mappings.catalogue();
        notes?.mapped(mapped);
        log("info", "other mappings in force", { because, ...summaryOf(mappings.report()) });
      }
      metrics.mappingReloads.inc({ outcome: remapped ? "changed" : "unchanged" });
      metrics.ruleReloads.inc({ outcome });
      log("info", "rules read anew", { because, outcome, ...summaryOf(live.report()) });
      // Rules of a new set have not thrown yet.
      if (outcome === "changed") disabled = [];
      show();
      if (outcome === "changed") inForce();
      if (outcome === "changed" || remapped) await write();
    } catch (error) {
      metrics.ruleReloads.inc({ outcome: "failed" });
      log("error", "rules not read anew: the old ones stay", { because, error: messageOf(error) });
    }
  }

  async function gate(): Promise<void> {
    try {
      await live.makeGate();
      show();
    } catch (error) {
      log("error", "no gate could be made: all that comes is read whole", { error: messageOf(error) });
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
    catalogue: mappings.catalogue,
    makeGate: () => chain(gate),
    note(opened) {
      notes = opened;
      return chain(write);
    },
    activate(hash) {
      if (waits?.hash === hash) settleWait(true);
    },
    reload(because, other) {
      settleWait(false);
      if (other !== undefined) return chain(() => read(because, other));
      // Whatever asks while one waits is answered by that one.
      if (queued) return underWay;
      queued = true;
      return chain(() => {
        queued = false;
        return read(because);
      });
    },
    async stop() {
      settleWait(false);
      clearTimeout(again);
      await underWay;
    },
  };
}

const statesOf = ({ loaded, refused, kept }: LiveReport) => ({
  loaded,
  refused: refused.length,
  kept: kept.length,
});

const summaryOf = ({ hash, refused, kept }: LiveReport) => ({
  hash,
  refused: refused.length,
  kept: kept.length,
});
