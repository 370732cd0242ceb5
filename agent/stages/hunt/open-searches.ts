import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, MICROSECONDS } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { NewId } from "../../core/id.ts";
import type { Account } from "../../core/person.ts";
import { safeFileName } from "../../core/safe-file-name.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { refuse } from "../person-act.ts";
import {
  type RunningSearch,
  type SearchAsked,
  type Searches,
  type SearchPhase,
  type SearchProgress,
  SearchState,
  type StartSearch,
  WAITS,
} from "./searches.ts";

/** Searches carried out at once, for all incidents. */
const AT_ONCE = 2;
/** How long the page of an incident still shows what its last search came to. */
const SHOWN = 7 * MICROSECONDS.day;
/** Between two looks for recordings that nobody confirmed, ms: they may hold patients. */
const LOOK_EVERY = 3_600_000;
const STATE = "state.json";
const RUNS: ReadonlySet<SearchPhase> = new Set<SearchPhase>(["trying", "keeping"]);

/**
 * Opens the searches that people ask for on pages, in a folder of our own: for each incident where it stands and, while
 * it is needed, the recording. What was confirmed and cut short goes on at once; what was only being tried says so.
 */
export function openSearches(parts: {
  folder: string;
  readonly sources: readonly string[];
  start: StartSearch;
  clock: Clock;
  newId: NewId;
  /** Told of what nobody asked for and could not be done. */
  warn: (message: string, fields: Record<string, unknown>) => void;
}): Searches {
  const { folder, start, clock, newId, warn } = parts;
  const states = new Map<string, SearchState>();
  const running = new Map<string, { run: RunningSearch; progress: SearchProgress | null }>();
  let stopping = false;

  const homeOf = (incident: string) => join(folder, sha256Hex(incident).slice(0, 32));
  /** The recording lies under its own name, which the search notes, in a folder of its own. */
  const recordingOf = ({ incident, asked }: SearchState) =>
    asked.what.from === "recording" ? join(homeOf(incident), "recording", asked.what.name) : undefined;

  function move(state: SearchState, phase: SearchPhase, rest: Partial<SearchState> = {}): SearchState {
    const next = { ...state, ...rest, phase, at: clock.now() };
    states.set(next.incident, next);
    if (!RUNS.has(phase) && phase !== "tried")
      rmSync(join(homeOf(next.incident), "recording"), { recursive: true, force: true });
    const file = join(homeOf(next.incident), STATE);
    writeFileSync(`${file}.new`, JSON.stringify(next), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    return next;
  }

  function forget(incident: string): void {
    states.delete(incident);
    rmSync(homeOf(incident), { recursive: true, force: true });
  }

  function run(state: SearchState): void {
    const { incident, by, asked, id } = state;
    const dryRun = state.phase === "trying";
    const asking = { incident, login: by.login, dryRun, recording: recordingOf(state), asked };
    const under: { run: RunningSearch; progress: SearchProgress | null } = {
      progress: null,
      run: start(asking, (progress) => {
        under.progress = progress;
      }),
    };
    running.set(incident, under);
    void under.run.ended.then((ended) => {
      if (running.get(incident) === under) running.delete(incident);
      // Dropped meanwhile, or cut short: the next start knows where it stood.
      if (stopping || states.get(incident)?.id !== id) return;
      try {
        if ("problem" in ended) move(state, "failed", { problem: ended.problem });
        else move(state, dryRun ? "tried" : "done", { result: ended.result, problem: null });
      } catch (error) {
        warn("search not noted", { incident, error: messageOf(error) });
      }
    });
  }

  /** What stands of an incident now; a recording that nobody confirmed in time is forgotten. */
  function standing(incident: string): SearchState | undefined {
    const state = states.get(incident);
    if (state === undefined) return undefined;
    const over = state.phase === "tried" ? WAITS : SHOWN;
    if (RUNS.has(state.phase) || clock.now() - state.at < over) return state;
    forget(incident);
    return undefined;
  }

  function readAll(): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      try {
        const state = SearchState.parse(JSON.parse(readFileSync(join(folder, name, STATE), "utf8")));
        if (homeOf(state.incident) !== join(folder, name)) throw new Error("it is not in its own folder");
        states.set(state.incident, state);
      } catch (error) {
        warn("search left unfinished is forgotten", { name, error: messageOf(error) });
        rmSync(join(folder, name), { recursive: true, force: true });
      }
    }
    for (const incident of [...states.keys()]) {
      const state = standing(incident);
      if (state?.phase === "trying") move(state, "stopped");
      if (state?.phase === "keeping") run(state);
    }
  }

  readAll();
  const looking = setInterval(() => {
    for (const incident of [...states.keys()]) standing(incident);
  }, LOOK_EVERY);
  looking.unref();

  return {
    get sources() {
      return parts.sources;
    },
    of(incident) {
      const state = standing(incident);
      return state && { state, progress: running.get(incident)?.progress ?? null };
    },

    async begin(incident, asked, recording, by: Account) {
      const before = standing(incident);
      if (before !== undefined && (RUNS.has(before.phase) || before.phase === "tried"))
        return refuse(
          "search_under_way",
          "Une recherche est déjà en cours pour cet incident : attendez-la, ou abandonnez-la.",
        );
      if (running.size >= AT_ONCE)
        return refuse(
          "too_many_searches",
          "Deux recherches sont déjà en cours pour d'autres incidents : recommencez quand l'une est finie.",
        );
      forget(incident);
      mkdirSync(join(homeOf(incident), "recording"), { recursive: true, mode: 0o700 });
      const kept: SearchAsked =
        asked.what.from === "recording"
          ? { ...asked, what: { ...asked.what, name: safeFileName(asked.what.name) } }
          : asked;
      const state: SearchState = {
        id: newId(),
        incident,
        by: { login: by.login, name: by.name },
        asked: kept,
        phase: "trying",
        at: clock.now(),
        result: null,
        problem: null,
      };
      const place = recordingOf(state);
      if (place !== undefined && recording !== undefined) renameSync(recording, place);
      run(move(state, "trying"));
      return { outcome: "begun" };
    },

    confirm(incident, id, by) {
      const state = standing(incident);
      if (state?.id !== id || state.phase !== "tried") return CHANGED;
      if (running.size >= AT_ONCE)
        return refuse(
          "too_many_searches",
          "Deux recherches sont déjà en cours pour d'autres incidents : confirmez quand l'une est finie.",
        );
      run(move(state, "keeping", { by: { login: by.login, name: by.name } }));
      return { outcome: "begun" };
    },

    drop(incident, id) {
      const state = standing(incident);
      if (state?.id !== id) return CHANGED;
      // What is being given to the incident is not half given.
      if (state.phase === "keeping") return CHANGED;
      const under = running.get(incident);
      forget(incident);
      under?.run.stop();
      return { outcome: "dropped" };
    },

    async stop() {
      stopping = true;
      clearInterval(looking);
      const ending = [...running.values()].map(({ run }) => {
        run.stop();
        return run.ended;
      });
      await Promise.all(ending);
    },
  };
}

const CHANGED = refuse(
  "search_changed",
  "Cette recherche n'en est plus là : relisez la page, puis recommencez si c'est encore utile.",
);
