import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { FACTS } from "../../../agent/core/fact.ts";
import type { Incident } from "../../../agent/core/incident.ts";
import type { SqliteReads } from "../../../agent/store/sqlite/reads.ts";
import {
  codeOf,
  type Daemon,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../../support/daemon.ts";
import { decideByTool } from "../../support/decide-by-tool.ts";
import { type Called, startHook } from "../cluster/hook.ts";
import { chainFaultsIn, faultsOf, inspectRecord, type Sent, untrueOn } from "../invariants.ts";
import {
  type Act,
  approval,
  CLOSED,
  endOf,
  FOLLOW_UP,
  type Person,
  personAt,
  RESOLVED,
  STANDING,
} from "./acts.ts";

/** What one telling of the story came to: what an invariant says is wrong, and the points it came by. */
export interface Told {
  violations: string[];
  /** Every point in the order it was come by, repeated ones too. */
  points: string[];
  /** How often the daemon was ended at a point that was asked for. */
  kills: number;
  /** How many messages of each event came, those of one key counted once. */
  messages: Record<string, number>;
}

const HOOKS = ["../moved-clock.ts", "hook.ts"].map((name) => join(import.meta.dirname, name));
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** How long a step of the story may take, kills and starts included, ms. */
const PATIENCE = 60_000;
const ALERTS = 6;

/**
 * Plays an incident from its first alert to its closing with a real daemon, in six weeks that pass in seconds; the daemon is
 * ended as `kill -9` does at the first of the `kills`, started again, ended at the next, and everything is gone on with.
 */
export async function tellStory(kills: readonly string[] = []): Promise<Told> {
  const hook = await startHook("127.0.0.1");
  const house = await makeHouse({ webhook: hook.url });
  const stage = openStage(house, kills);
  try {
    const person = personAt(() => stage.address());
    const sent = await night(stage, hook.called);
    await followUp(stage, person);
    const untrue = await untrueNow(stage, person);
    await closing(stage, person);
    untrue.push(...(await untrueNow(stage, person)));
    await stage.end();
    return {
      kills: stage.ended(),
      points: pointsIn(stage.points),
      messages: messagesOf(hook.called),
      violations: [...untrue, ...(await violationsOf(house, { sent, called: hook.called }))],
    };
  } finally {
    await stage.end("SIGKILL");
    await hook.stop();
    house.remove();
  }
}

/** A daemon that is there again whenever something is asked of it, on a clock that the story moves. */
interface Stage {
  house: House;
  /** The file of the points it came by. */
  points: string;
  reads(): SqliteReads;
  /** Where people reach it. */
  address(): string;
  /** What its clock says, ms. */
  now(): number;
  /** Moves its clock on. */
  pass(ms: number): void;
  /** Does something, again until it gives something, and starts the daemon as often as that takes. */
  insist<T>(what: string, work: (daemon: Daemon) => Promise<T | undefined>): Promise<T>;
  incident(): Promise<Incident>;
  /** Resolves once nothing is due any more. */
  settled(): Promise<void>;
  ended(): number;
  end(signal?: NodeJS.Signals): Promise<void>;
}

function openStage(house: House, kills: readonly string[]): Stage {
  const points = join(house.directory, "points.txt");
  const clockFile = join(house.directory, "ahead.txt");
  const reads = house.reads();
  // Ten past two in the night after next: what is told by day comes as long after it whenever the story is told.
  const begins = new Date(Date.now() + 2 * DAY).setHours(2, 10, 0, 0);
  let ahead = begins - Date.now();
  writeFileSync(clockFile, String(ahead));
  let daemon: Daemon | undefined;
  let starts = 0;
  let ended = 0;

  const lives = (each: Daemon) => each.process.exitCode === null && each.process.signalCode === null;
  async function running(): Promise<Daemon> {
    if (daemon !== undefined && lives(daemon)) return daemon;
    const kill = kills[starts];
    starts += 1;
    const environment = {
      NODE_OPTIONS: HOOKS.map((file) => `--import ${file}`).join(" "),
      TOCSIN_AHEAD: clockFile,
      TOCSIN_POINTS: points,
      ...(kill === undefined ? {} : { TOCSIN_KILL_AT: kill }),
    };
    try {
      const started = await startDaemon(house, environment);
      started.process.once("exit", (_code, signal) => {
        if (signal === "SIGKILL") ended += 1;
      });
      daemon = started;
      return started;
    } catch (error) {
      // It was ended on its way up.
      if (kill === undefined) throw error;
      ended += 1;
      return running();
    }
  }

  async function insist<T>(what: string, work: (daemon: Daemon) => Promise<T | undefined>): Promise<T> {
    let last: unknown;
    for (const until = performance.now() + PATIENCE; performance.now() < until; await setTimeout(30)) {
      const now = await running();
      try {
        const done = await work(now);
        if (done !== undefined) return done;
      } catch (error) {
        last = error;
      }
    }
    throw new Error(`the story does not go on: ${what}`, { cause: last });
  }

  async function incident(): Promise<Incident> {
    const [found] = await reads.byState(FACILITY, "incident", [], { limit: 1 });
    if (found === undefined) throw new Error("there is no incident");
    return found.content;
  }

  return {
    ...{ house, points, insist, incident },
    reads: () => reads,
    address: () => daemon?.people ?? "",
    now: () => Date.now() + ahead,
    pass(ms) {
      ahead += ms;
      writeFileSync(clockFile, String(ahead));
    },
    settled: () =>
      insist("what is due to be done", async () => {
        const due = await reads.effectsDue(FACILITY, (Date.now() + ahead) * 1000, 50);
        const claimed = await reads.effectsIn(FACILITY, ["claimed"], 50);

        return due.length + claimed.length === 0 || undefined;
      }).then(() => undefined),
    ended: () => ended,
    async end(signal = "SIGTERM") {
      if (daemon !== undefined && lives(daemon)) await daemon.end(signal);
      if (signal === "SIGKILL") reads.close();
    },
  };
}

/** Alerts, one incident, the delegate's decision brought by a tool, and the filing. */
async function night(
  { house, insist, reads, incident, now, pass, settled }: Stage,
  called: readonly Called[],
): Promise<Sent> {
  const note = {
    ...{ event: { id: "note" }, host: "pacs-01" },
    message: "file created: HOW_TO_DECRYPT.txt",
    file: "/srv/HOW_TO_DECRYPT.txt",
  };
  const alerts = Array.from({ length: ALERTS }, (_, i) => relevant(`night-${i}`, `pacs-0${i % 3}`));
  const sent: Sent = { events: new Set(), acknowledged: new Set() };
  for (const alert of [...alerts, note]) {
    const { id } = alert.event as { id: string };
    sent.events.add(id);
    await insist(`the answer to ${id}`, async (daemon) => {
      const { status } = await post(daemon, "generic", house.tokens.generic, alert);
      return status === 202 || undefined;
    });
    sent.acknowledged.add(id);
  }
  // The tool knows of it by the message.
  const text = await insist("a text to decide on", async () => {
    const [draft] = await reads().byState(FACILITY, "declaration", ["draft"], { limit: 1 });
    return called.some(({ event }) => event === "decision_needed") ? draft?.content : undefined;
  });
  await insist("the decision", async (daemon) => {
    const decided = await reads().byState(FACILITY, "decision", [], { limit: 1 });
    if (decided.length > 0) return true;
    const { status } = await decideByTool(daemon, house, text, { at: new Date(now()) });
    // The code was used before the decision stood: the next one comes within its thirty seconds.
    if (status === 403) pass(MINUTE / 2);
    return status === 200 || undefined;
  });
  await insist("the filing", async () => (await incident()).state === "declared" || undefined);
  await settled();
  return sent;
}

/** Three days later the delegate writes down what the authorities say; after nine more, what waits is called to mind. */
async function followUp(stage: Stage, person: Person): Promise<void> {
  const { pass, settled } = stage;
  pass(3 * DAY);
  await settled();
  await enter(stage, person);
  for (const each of FOLLOW_UP) await done(stage, person, each);
  pass(9 * DAY + 8 * HOUR);
  await settled();
}

/** Four weeks later all is restored: the notice of resolution is decided on and filed, and the dossier closed. */
async function closing(stage: Stage, person: Person): Promise<void> {
  const { house, insist, reads, incident, now, pass, settled } = stage;
  pass(28 * DAY);
  await settled();
  await enter(stage, person);
  const { id } = await incident();
  for (const { content } of await reads().ofIncident(FACILITY, "fact", id))
    if (content.holds && content.until === null && FACTS[content.kind].lasts === "state")
      await done(stage, person, endOf(content.id));
  await done(stage, person, RESOLVED);
  const code = () => {
    pass(MINUTE / 2);
    return codeOf(house.accounts["anne.martin"], now());
  };
  await done(stage, person, approval(code));
  await insist("the notice to be filed", async () => {
    const texts = await reads().ofIncident(FACILITY, "declaration", id);
    return (
      texts.some(({ content }) => content.kind === "resolution" && content.state === "filed") || undefined
    );
  });
  await done(stage, person, CLOSED);
  pass(DAY);
  await settled();
}

/** Signs the delegate in; a code that was used before the session stood is followed by the next one. */
async function enter({ house, insist, now, pass }: Stage, person: Person): Promise<void> {
  const account = house.accounts["anne.martin"];
  await insist("the delegate to be let in", async () => {
    const code = codeOf(account, now());
    const inside = await person.signIn({ login: "anne.martin", password: account.password, code });
    if (!inside) pass(MINUTE / 2);
    return inside || undefined;
  });
}

/** What the page of the incident says that the record does not. */
async function untrueNow(stage: Stage, person: Person): Promise<string[]> {
  await enter(stage, person);
  return stage.insist("the page of the incident", async () => {
    const incident = await stage.incident();
    return untrueOn(await person.page(`/incidents/${incident.id}`), incident);
  });
}

const done = (stage: Stage, person: Person, act: Act) =>
  stage.insist(
    `${act.action} to stand`,
    async () => (await person.act(act, await stage.incident(), stage.reads())) || undefined,
  );

const pointsIn = (file: string) => (existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : []);

function messagesOf(called: readonly Called[]): Record<string, number> {
  const keys = new Map(called.map(({ key, event }) => [key, event]));
  const events = Map.groupBy(keys.values(), (event) => event);
  return Object.fromEntries([...events].map(([event, all]) => [event, all.length]).toSorted());
}

async function violationsOf(
  house: House,
  { sent, called }: { sent: Sent; called: readonly Called[] },
): Promise<string[]> {
  const reads = house.reads();
  try {
    const alerts = new Map(
      (await reads.detectionsAfter(FACILITY, 0, 1000)).map(({ alert }) => [alert.id, alert.eventId ?? ""]),
    );
    const stored = [...alerts.values()];
    const found = await inspectRecord({ ...{ reads, facility: FACILITY, stored, sent, called } });
    const violations = Object.entries(
      faultsOf({ ...found, chain: chainFaultsIn(join(house.directory, "state")) }),
    ).map(([what, list]) => `${what}: ${list.join(", ")}`);
    const [incident] = await reads.byState(FACILITY, "incident", [], { limit: 1 });
    const { id, state } = incident?.content ?? { id: "", state: "none" };
    if (state !== "closed") violations.push(`the incident is ${state}`);
    for (const [kind, wanted] of Object.entries(STANDING) as [keyof typeof STANDING, number][]) {
      const { length } = await reads.ofIncident(FACILITY, kind, id);
      if (length !== wanted) violations.push(`${length} records of ${kind} in place of ${wanted}`);
    }
    const filed = (await reads.ofIncident(FACILITY, "delivery", id)).filter(
      ({ content }) => content.state === "delivered",
    );
    if (filed.length !== 2) violations.push(`${filed.length} filings in place of two`);
    return violations;
  } finally {
    reads.close();
  }
}
