import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MICROSECONDS } from "../../core/clock.ts";
import type { HuntResult } from "../../core/hunt.ts";
import { uuidv7 } from "../../core/id.ts";
import type { Account } from "../../core/person.ts";
import { openSearches } from "./open-searches.ts";
import type { RunningSearch, SearchAsked, Searches, StartSearch } from "./searches.ts";

const NIGHT = Date.UTC(2026, 10, 15, 1) * 1000;
const RESULT: HuntResult = {
  dry_run: true,
  incident: "2026-0001",
  state: "would_change",
  what: "« a.log »",
  counts: { read: 2, matched: 1, kept: 1, known: 0, left_out: {} },
  beginning: null,
  criteria: [],
};
const REMI = { login: "remi", name: "Rémi" } as Account;

type Asking = Parameters<StartSearch>[0];
interface Run {
  asking: Asking;
  tell(done: number, total: number): void;
  end(ended: Awaited<RunningSearch["ended"]>): Promise<void>;
  stopped: boolean;
}

let root: string;
let now: number;
let runs: Run[];
let warned: string[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "tocsin-searches-"));
  now = NIGHT;
  runs = [];
  warned = [];
});
afterEach(() => rmSync(root, { recursive: true }));

const clock = { now: () => now };
const start: StartSearch = (asking, progress) => {
  const { promise, resolve } = Promise.withResolvers<Awaited<RunningSearch["ended"]>>();
  const run: Run = {
    asking,
    tell: (done, total) => progress({ done, total }),
    async end(ended) {
      resolve(ended);
      await promise;
      await Promise.resolve();
    },
    stopped: false,
  };
  runs.push(run);
  return {
    ended: promise,
    stop() {
      run.stopped = true;
      resolve({ problem: { code: "ended", message: "" } });
    },
  };
};
const open = () =>
  openSearches({
    folder: join(root, "recherches"),
    sources: ["siem"],
    start,
    clock,
    newId: uuidv7(clock),
    warn: (message) => void warned.push(message),
  });
const recording = (text = "x") => {
  const path = join(root, `received-${Math.trunc(performance.now() * 1000)}`);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const asked = (name = "a.log"): SearchAsked => ({
  what: { from: "recording", name, bytes: 1 },
  host: "",
  all: false,
});
const begin = (searches: Searches, incident = "i1", name = "a.log") =>
  searches.begin(incident, asked(name), recording(), REMI);
const idOf = (searches: Searches, incident = "i1") => searches.of(incident)?.state.id ?? "";
const phaseOf = (searches: Searches, incident = "i1") => searches.of(incident)?.state.phase;
const latest = () => runs.at(-1) as Run;
/** Recordings that lie there. */
const lying = () =>
  readdirSync(join(root, "recherches"), { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile() && each.name !== "state.json")
    .map(({ name }) => name);

describe("searches that people ask for", () => {
  it("try first, say how far they are, and give what was shown once a person confirms", async () => {
    const searches = open();
    await begin(searches);
    expect(phaseOf(searches)).toBe("trying");
    expect(latest().asking).toMatchObject({ incident: "i1", login: "remi", dryRun: true });
    latest().tell(1, 4);
    expect(searches.of("i1")?.progress).toEqual({ done: 1, total: 4 });
    await latest().end({ result: RESULT });
    expect(searches.of("i1")?.state).toMatchObject({ phase: "tried", result: RESULT });
    const { recording } = latest().asking;
    expect(searches.confirm("i1", idOf(searches), REMI)).toEqual({ outcome: "begun" });
    expect(latest().asking).toMatchObject({ dryRun: false, recording });
    expect(existsSync(String(recording))).toBe(true);
    await latest().end({ result: { ...RESULT, state: "settled", dry_run: false } });
    expect(phaseOf(searches)).toBe("done");
    expect(lying()).toEqual([]);
  });

  it("keep the recording to this account, under a name that is safe", async () => {
    const searches = open();
    await begin(searches, "i1", "../../etc/pas\u202eswd");
    const path = String(latest().asking.recording);
    expect(path.startsWith(join(root, "recherches"))).toBe(true);
    expect(path.endsWith("/recording/pas_swd")).toBe(true);
    expect(statSync(path).mode & 0o077).toBe(0);
    expect(statSync(join(root, "recherches")).mode & 0o077).toBe(0);
  });

  it("are one at a time for an incident, and two at once in all", async () => {
    const searches = open();
    await begin(searches, "i1");
    expect(await begin(searches, "i1")).toMatchObject({ code: "search_under_way" });
    await begin(searches, "i2");
    expect(await begin(searches, "i3")).toMatchObject({ code: "too_many_searches" });
    await latest().end({ result: RESULT });
    expect(await begin(searches, "i2")).toMatchObject({ code: "search_under_way" });
    expect(await begin(searches, "i3")).toEqual({ outcome: "begun" });
  });

  it("are over when they fail, with the reason, and make room for another", async () => {
    const searches = open();
    await begin(searches);
    await latest().end({ problem: { code: "nothing_recognised", message: "none" } });
    expect(searches.of("i1")?.state).toMatchObject({
      phase: "failed",
      problem: { code: "nothing_recognised" },
    });
    expect(lying()).toEqual([]);
    expect(await begin(searches)).toEqual({ outcome: "begun" });
  });

  it("are dropped with their recording, while they read or wait, and not while they give", async () => {
    const searches = open();
    await begin(searches);
    expect(searches.drop("i1", idOf(searches))).toEqual({ outcome: "dropped" });
    expect(latest().stopped).toBe(true);
    expect(searches.of("i1")).toBeUndefined();
    await begin(searches);
    await latest().end({ result: RESULT });
    searches.confirm("i1", idOf(searches), REMI);
    expect(searches.drop("i1", idOf(searches))).toMatchObject({ code: "search_changed" });
  });

  it.each(["confirm", "drop"] as const)("refuse to %s another search than the one seen", async (act) => {
    const searches = open();
    await begin(searches);
    await latest().end({ result: RESULT });
    const seen = idOf(searches);
    searches.drop("i1", seen);
    await begin(searches);
    await latest().end({ result: RESULT });
    expect(searches[act]("i1", seen, REMI)).toMatchObject({ code: "search_changed" });
    expect(phaseOf(searches)).toBe("tried");
  });

  it.each([
    ["stopped in order", async (searches: Searches) => searches.stop()],
    ["killed", async () => undefined],
  ])("go on after the program was %s, once confirmed", async (_, ends) => {
    const searches = open();
    await begin(searches);
    await latest().end({ result: RESULT });
    searches.confirm("i1", idOf(searches), REMI);
    const { recording } = latest().asking;
    await ends(searches);
    const again = open();
    expect(runs).toHaveLength(3);
    expect(latest().asking).toMatchObject({ dryRun: false, login: "remi", recording });
    await latest().end({ result: { ...RESULT, state: "settled" } });
    expect(phaseOf(again)).toBe("done");
    expect(lying()).toEqual([]);
  });

  it("say that they were cut short while they were only tried, and leave no recording", async () => {
    await begin(open());
    const again = open();
    expect(phaseOf(again)).toBe("stopped");
    expect(lying()).toEqual([]);
    expect(await begin(again)).toEqual({ outcome: "begun" });
  });

  it("wait a day for the person over a restart, then forget the recording", async () => {
    const searches = open();
    await begin(searches);
    await latest().end({ result: RESULT });
    const again = open();
    expect(phaseOf(again)).toBe("tried");
    now += MICROSECONDS.day;
    expect(again.of("i1")).toBeUndefined();
    expect(lying()).toEqual([]);
  });

  it("forget a recording that nobody confirmed, also when nobody looks, until they are stopped", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const searches = open();
      await begin(searches);
      await latest().end({ result: RESULT });
      now += 25 * MICROSECONDS.hour;
      expect(lying()).toEqual(["a.log"]);
      vi.advanceTimersByTime(3_600_000);
      expect(lying()).toEqual([]);
      await searches.stop();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("forget at the start what no state leads to", () => {
    mkdirSync(join(root, "recherches", "zz", "recording"), { recursive: true });
    writeFileSync(join(root, "recherches", "zz", "recording", "left.log"), "x");
    open();
    expect(readdirSync(join(root, "recherches"))).toEqual([]);
    expect(warned).toHaveLength(1);
  });
});
