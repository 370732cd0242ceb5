import { setTimeout } from "node:timers/promises";
import type { LoadedConfig } from "../../config/load.ts";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Listening } from "../intake/thread.ts";
import { planCanaryAlarm } from "../stages/canary-alarm.ts";
import type { Setup } from "../stages/work.ts";
import type { Store } from "../store/store.ts";
import type { Log } from "../telemetry/log.ts";
import type { CanaryStatus } from "./canary-status.ts";
import { bookmarkOf, landingOf, markOf } from "./mark.ts";
import { type Outage, passFlight, passOutage, type WayState } from "./outage.ts";
import { sendBy } from "./send.ts";
import { type UncoveredWay, type Way, waysOf } from "./ways.ts";

/** For how long a canary is waited for, ms: under a storm it waits its turn as all do. */
const PATIENCE = 60_000;
const REST = 500;
/** Between two looks at whether it came through, ms: twice as long each time, up to the last. */
const FIRST_LOOK = 20;
const LAST_LOOK = 2000;
/** Where is kept what people were told. */
const OUTAGE = "canary:outage";

/** Canaries that fly by the clock. */
export interface Canaries {
  /** Takes the ways of the settings that are in force now, and tries each at once. */
  follow(): Promise<void>;
  stop(): Promise<void>;
}

/** What they fly with. */
export interface CanaryParts {
  loaded: () => LoadedConfig;
  /** What listens now. */
  listening: () => readonly Listening[];
  /** The token by which the intake knows them. */
  token: string;
  store: Pick<Store, "commit" | "reads">;
  setup: Setup;
  status: CanaryStatus;
  clock: Clock;
  log: Pick<Log, "info" | "warn" | "error">;
  /** Called when there are effects to carry out. */
  woken: () => void;
  send?: typeof sendBy;
  /** ms. (Default: a minute.) */
  patience?: number;
  /** Before the first, ms: what they read first would hold up a start. (Default: half a second.) */
  rest?: number;
}

/** Begins to send a record through every way in, and to look whether it comes out; a way that fails twice is told. */
export async function flyCanaries(parts: CanaryParts): Promise<Canaries> {
  const {
    loaded,
    token,
    store,
    setup,
    status,
    clock,
    log,
    send = sendBy,
    patience = PATIENCE,
    rest = REST,
  } = parts;
  const facility = setup.facility.id;
  const kept = await store.reads.bookmark(facility, OUTAGE);
  let outage: Outage | null = kept === undefined ? null : (JSON.parse(kept) as Outage | null);
  let ways: Way[] = [];
  let uncovered: UncoveredWay[] = [];
  let states = new Map<string, WayState>();
  let sequence = 0;
  let every: number | null = null;
  let timer: NodeJS.Timeout | undefined;
  let underWay: Promise<void> = Promise.resolve();
  let stopping = new AbortController();

  const show = () => status.told({ every, states: [...states.values()], uncovered });

  /** Sends one, and waits until it is written that it came through. */
  async function fly(way: Way, place: number, signal: AbortSignal): Promise<void> {
    const flight = { way: place, sequence: ++sequence };
    const mark = markOf(token, flight);
    const began = clock.now();
    await send(way, { text: way.example(mark, began), id: mark, now: began, signal });
    const wanted = landingOf(token, flight);
    for (let wait = FIRST_LOOK; ; wait = Math.min(wait * 2, LAST_LOOK)) {
      if ((await store.reads.bookmark(facility, bookmarkOf(place))) === wanted) return;
      await setTimeout(wait, undefined, { signal, ref: false });
    }
  }

  async function tryWay(way: Way, place: number, stop: AbortSignal): Promise<void> {
    const began = clock.now();
    const late = AbortSignal.timeout(patience);
    let flight: Parameters<typeof passFlight>[1];
    try {
      await fly(way, place, AbortSignal.any([stop, late]));
      flight = { at: clock.now(), took: Math.max(0, clock.now() - began) };
    } catch (error) {
      const because = late.aborted ? `not seen again within ${patience / 1000} s` : messageOf(error);
      flight = { at: clock.now(), because };
    }
    const state = states.get(way.name);
    if (stop.aborted || state === undefined) return;
    if ("because" in flight) log.warn("canary missing", { way: way.name, because: flight.because });
    states.set(way.name, passFlight(state, flight));
  }

  async function round(): Promise<void> {
    const { signal } = stopping;
    await Promise.all(ways.map((way, place) => tryWay(way, place, signal)));
    if (signal.aborted) return;
    show();
    await tell().catch((error: unknown) =>
      log.error("failing ways in not told; tried again at the next round", { error: messageOf(error) }),
    );
  }

  async function tell(): Promise<void> {
    const now = clock.now();
    const passed = passOutage(outage, [...states.values()], now);
    const { news } = passed;
    if (news === undefined) return;
    const receipt = await store.commit({
      facility,
      at: now,
      writes: [
        ...planCanaryAlarm({ ...news, at: now }, setup),
        { write: "bookmark", name: OUTAGE, content: JSON.stringify(passed.outage) },
      ],
    });
    if (receipt.outcome !== "committed") throw new Error("refused by the store");
    outage = passed.outage;
    log[news.what === "failing" ? "error" : "info"](
      news.what === "failing" ? "ways in fail: canaries do not come through" : "ways in work again",
      { ways: news.ways.join(", ") },
    );
    parts.woken();
  }

  /** One round after the other. */
  function flyAll(): void {
    underWay = underWay.then(round, round);
  }

  async function end(): Promise<void> {
    clearInterval(timer);
    stopping.abort();
    await underWay;
  }

  async function follow(): Promise<void> {
    await end();
    const { config } = loaded();
    stopping = new AbortController();
    const off = config.canary === "off";
    every = config.canary === "off" ? null : config.canary.every_minutes * MICROSECONDS.minute;
    ({ ways, uncovered } = off ? { ways: [], uncovered: [] } : await waysNow(loaded(), parts.listening()));
    const before = states;
    states = new Map(ways.map(({ name }) => [name, before.get(name) ?? newWay(name)]));
    show();
    if (every === null) return;
    timer = setInterval(flyAll, every / 1000);
    timer.unref();
    flyAll();
  }

  const { signal } = stopping;
  let following = setTimeout(rest, undefined, { signal, ref: false })
    .then(follow)
    .catch((error: unknown) => {
      if (!signal.aborted) log.error("canaries do not fly", { error: messageOf(error) });
    });
  return {
    follow() {
      following = following.then(follow);
      return following;
    },
    async stop() {
      stopping.abort();
      await following;
      await end();
    },
  };
}

/** The parsers are of another thread: this one reads them for what it sends, once all else stands. */
async function waysNow(loaded: LoadedConfig, listening: readonly Listening[]) {
  const { openCatalogue } = await import("../../connectors/registry.ts");
  return waysOf(loaded, { listening, named: openCatalogue(loaded.config.mappings).catalogue.named });
}

const newWay = (name: string): WayState => {
  return { name, last: null, took: null, missed: 0, since: null, because: null };
};
