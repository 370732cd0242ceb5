import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { makeRecords, RECORD_BYTES, SELDOM } from "../bench/records.ts";
import { type BenchDaemon, inScene, type Scene } from "../bench/scene.ts";
import { delegateOf, signIn } from "../bench/signed-in.ts";
import { datagramSender } from "../bench/udp-sender.ts";
import { eventually, FACILITY, MAIN, post, relevant } from "../support/daemon.ts";
import { openHttpFlood, type Posted } from "./http-flood.ts";
import { openProbes, type Probed, spreadOf } from "./probes.ts";
import { steadily } from "./steadily.ts";

/** How many times what it takes is offered. */
const TIMES = 5;
/** Connections that post: to see what it takes, and to offer more, and how many clients share each of the latter. */
const TRYING = 64;
const FLOODING = { connections: 200, depth: 50 };
/** Datagrams a second that no machine takes, to see how many it does. */
const FLOOD = 2_000_000;
/** Relevant datagrams a second of a source with a port of its own. */
const QUIET_RATE = 20;
/** Consecutive rounds of ordinary answers by which it has recovered, and the goal, seconds. */
const ORDINARY_ROUNDS = 10;
const GOAL = 10;
/** Most that it may hold resident, MB: what it holds idle, the room for what waits, and for bodies. */
export const MOST_MEMORY = 900;
/** What the flooded port asks of the kernel, bytes: as much as unless told, or so little that some is dropped anywhere. */
const BUFFER = { usual: 8 * 1024 * 1024, small: 64 * 1024 };
/** Sources beside those of every house: one that is flooded, one that is quiet, and one that posts while another floods. */
const sourcesWith = (
  buffer: number,
) => `  - { id: flooded, connector: syslog, zone: UTC, listen: [{ transport: udp, port: 0, receive_buffer_bytes: ${buffer} }] }
  - { id: quiet, connector: syslog, zone: UTC, listen: [{ transport: udp, port: 0 }] }
  - { id: other, connector: generic, token: { file: other.secret } }`;

const OTHER = "token-of-the-other-source";

/** What is posted where only datagrams are sent. */
const NOTHING: Posted = { sent: 0, held: 0, answers: {}, hopeless: 0, cut: 0, acknowledged: [] };

/** What came of it. */
export interface Overload {
  broken: readonly string[];
  /** Datagrams that left, and of these dropped by the kernel, and shed of those read. */
  sent: number;
  dropped: number;
  lost: number;
  posted: Posted;
  /** Most resident, MB. */
  peak: number;
  log: readonly Record<string, unknown>[];
}

/** Ways in that are flooded. */
export const FLOODED = ["udp", "http"] as const;
type Flooded = (typeof FLOODED)[number];

/** Finds what a daemon takes by UDP and HTTP, offers it five times as much by both at once, or by one, and compares the counts. */
export async function playOverload({
  seconds,
  small,
  by = FLOODED,
  say,
}: {
  seconds: number;
  /** Sizes that only prove that everything runs. */
  small: boolean;
  by?: readonly Flooded[];
  say: (line: string) => void;
}): Promise<Overload> {
  return inScene(async (scene) => {
    const sources = sourcesWith(small ? BUFFER.small : BUFFER.usual);
    const daemon = await scene.daemon({ sources, more: "canary: off\n" }, async ({ directory }) =>
      writeFileSync(join(directory, "other.secret"), OTHER, { mode: 0o600 }),
    );
    const stage = await setStage(scene, daemon);
    const { send, flood, probes } = stage;
    const trial = small ? 0.5 : 3;

    const quiet = await probes.during(() => setTimeout(small ? 500 : 5000));
    say(`quiet: ${toldOf(quiet)}`);

    const before = await countsOf(daemon);
    const trialSent = await send(FLOOD, trial);
    const alone = { udp: (await countsOf(daemon)).received - before.received, seconds: trial };
    const http = await flood("trial", undefined);
    await setTimeout(trial * 1000);
    const tried = await http.end();
    const capacity = {
      udp: Math.round(alone.udp / alone.seconds),
      http: Math.round((tried.answers[202] ?? 0) / trial),
    };
    say(`takes, each alone: ${capacity.udp} datagrams/s, ${capacity.http} alerts/s by HTTP, one a request`);
    await settled(daemon, trialSent);

    say(`${TIMES} times as much by ${by.join(" and ")} for ${seconds} s`);
    const start = await countsOf(daemon);
    let sent = 0;
    let quietly = 0;
    let posted = NOTHING;
    const loaded = await probes.during(async () => {
      const pushing = by.includes("http") ? await flood("flood", TIMES * capacity.http) : undefined;
      const over = AbortSignal.timeout(seconds * 1000);
      const whisper = whisperTo(scene, daemon, over);
      if (by.includes("udp")) sent = await send(TIMES * capacity.udp, seconds);
      quietly = await whisper;
      if (pushing !== undefined) posted = await pushing.end();
    });
    const ended = performance.now();
    say(`meanwhile: ${toldOf(loaded)}`);

    const recovered = await probes.ordinary(quiet, { rounds: ORDINARY_ROUNDS, since: ended });
    await settled(daemon, trialSent + sent);
    const joined = (performance.now() - ended) / 1000;
    const end = await countsOf(daemon);
    const { peak } = memoryOf(daemon);
    const all = { sent, quietly, posted, tried, loaded, peak };
    tellShed(say, { ...all, start, end, seconds });
    const times = (offered: number, taken: number) => (offered / seconds / taken).toFixed(1);
    say(
      `offered ${times(sent, capacity.udp)} times what it takes by UDP, ${times(posted.sent + posted.held, capacity.http)} times by HTTP`,
    );
    say(
      `ordinary again after ${recovered.toFixed(1)} s (goal ${GOAL} s), all sorted after ${joined.toFixed(1)} s`,
    );
    say(`most resident: ${peak.toFixed(0)} MB`);
    const broken = await compare(daemon, { ...all, start, end });
    const code = await daemon.end("SIGTERM");
    if (code !== 0) broken.push(`the daemon ended with ${code}`);
    const [dropped, lost] = [end.dropped - start.dropped, end.lost - start.lost];
    return { broken, sent, dropped, lost, posted, peak, log: daemon.log };
  });
}

async function setStage(scene: Scene, daemon: BenchDaemon) {
  const { tokens } = daemon.house;
  const visitor = await signIn(daemon.people, delegateOf(daemon.house), { connections: 8 });
  scene.after(() => visitor.close());
  // An incident to look at.
  await post(daemon, "generic", tokens.generic, relevant("first"));
  const datagrams = datagramSender(scene);
  const records = makeRecords(100 * SELDOM, SELDOM);
  const { port } = new URL(daemon.alerts);
  const probes = openProbes({
    async page() {
      const { status } = await visitor.get(`/${FACILITY}/incidents`);
      return status === 200;
    },
    health: async () => (await fetch(`${daemon.operations}/healthz`)).status === 200,
    async heartbeat() {
      const url = daemon.alerts.replace(/alerts$/, "heartbeats/other");
      const headers = { authorization: `Bearer ${OTHER}` };
      return (await fetch(url, { method: "POST", headers })).status === 204;
    },
    async alert(number) {
      const id = `probe-${number}`;
      const { status } = await post(daemon, "other", OTHER, relevant(id));
      return status === 202;
    },
  });
  return {
    probes,
    send: (rate: number, seconds: number) =>
      datagrams({ port: udpPort(daemon, "flooded"), records, rate, seconds }),
    async flood(name: string, rate: number | undefined) {
      const many = rate === undefined ? { connections: TRYING, depth: 1 } : FLOODING;
      const flood = await openHttpFlood({
        ...{ port: Number(port), path: "/api/v1/alerts/generic", token: tokens.generic, name, rate },
        ...many,
      });
      scene.after(flood.cut);
      return flood;
    },
  };
}

const udpPort = ({ listening }: BenchDaemon, id: string) =>
  listening.find(({ source, transport }) => source === id && transport === "udp")?.port ?? 0;

/** Sends what matters, a little at a time, to the port of the quiet source; resolves with how many left. */
async function whisperTo(scene: Scene, daemon: BenchDaemon, over: AbortSignal): Promise<number> {
  const socket = createSocket("udp4");
  scene.after(() => socket.close());
  const port = udpPort(daemon, "quiet");
  const [line] = [makeRecords(1, 1).subarray(0, RECORD_BYTES)];
  return steadily(
    QUIET_RATE,
    over,
    () =>
      new Promise<void>((resolve, reject) =>
        socket.send(line, port, "127.0.0.1", (error) => (error ? reject(error) : resolve())),
      ),
  );
}

/** What the daemon counts. */
interface Counts {
  received: number;
  dropped: number;
  /** Of those that were read: refused by the gate, decided, and shed. */
  gated: number;
  decided: number;
  lost: number;
  quiet: { received: number; stored: number };
  overloaded: number;
}

async function countsOf({ operations }: BenchDaemon): Promise<Counts> {
  const text = await (await fetch(`${operations}/metrics`)).text();
  /** The sum of a metric over all labels that begin so. */
  const sum = (name: string, labels: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) && line.includes(labels))
      .reduce((all, line) => all + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  const of = (name: string, labels = 'source="flooded"') => sum(`tocsin_intake_${name}_total`, labels);
  return {
    received: of("records_received"),
    dropped: of("udp_dropped"),
    gated: of("records_gated"),
    decided: of("records"),
    lost: of("lost"),
    quiet: {
      received: of("records_received", 'source="quiet"'),
      stored: of("records", 'source="quiet",outcome="stored"'),
    },
    overloaded: of("refused", 'code="overloaded"'),
  };
}

/** Resolves once all that was sent by UDP is read or dropped, what was read is decided, and all that is stored is in an incident. */
async function settled(daemon: BenchDaemon, sent: number): Promise<void> {
  await eventually(
    "all that was read to be decided and sorted",
    async () => {
      const { received, dropped, gated, decided, lost } = await countsOf(daemon);
      if (received + dropped < sent || received !== gated + decided + lost) return undefined;
      const [stored, joined] = ask(
        daemon,
        "SELECT (SELECT count(*) FROM alerts), (SELECT count(*) FROM joined)",
      );
      return stored === joined ? true : undefined;
    },
    300,
  );
}

/** Asks the record. */
function ask({ house }: BenchDaemon, question: string): unknown[] {
  const database = new DatabaseSync(join(house.directory, "state", "tocsin.sqlite"), { readOnly: true });
  try {
    return Object.values(database.prepare(question).get() ?? {});
  } finally {
    database.close();
  }
}

/** Resident memory of all threads, the most there was, MB. */
function memoryOf({ process }: BenchDaemon): { peak: number } {
  const status = readFileSync(`/proc/${process.pid}/status`, "latin1");
  return { peak: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024 };
}

interface Came {
  sent: number;
  quietly: number;
  posted: Posted;
  tried: Posted;
  loaded: Probed;
  peak: number;
  start: Counts;
  end: Counts;
}

function tellShed(
  say: (line: string) => void,
  { sent, posted, start, end, seconds }: Came & { seconds: number },
) {
  const grown = (name: "received" | "dropped" | "lost") => end[name] - start[name];
  const rate = (count: number) => `${Math.round(count / seconds)}/s`;
  say(
    `UDP: ${sent} sent (${rate(sent)}), ${grown("received")} read (${rate(grown("received"))}), ${grown("dropped")} dropped by the kernel, ${grown("lost")} of those read shed`,
  );
  const answers = Object.entries(posted.answers).map(([status, count]) => `${count} × ${status}`);
  say(
    `HTTP: ${posted.sent} sent (${rate(posted.sent)}), ${posted.held} held back by their clients, which wait for answers; ${answers.join(", ")}; ${posted.cut} not answered`,
  );
}

/** What does not hold; none when all is well. */
async function compare(daemon: BenchDaemon, came: Came): Promise<string[]> {
  const { sent, quietly, posted, tried, loaded, peak, start, end } = came;
  const broken: string[] = [];
  const must = (holds: boolean, what: string) => {
    if (!holds) broken.push(what);
  };
  const udp = end.received - start.received + end.dropped - start.dropped;
  must(udp === sent, `${sent} datagrams were sent, ${udp} are counted`);
  const outcome = end.gated + end.decided + end.lost;
  must(outcome === end.received, `${end.received} were read, ${outcome} have an outcome`);
  must(
    end.quiet.stored === quietly,
    `${quietly} datagrams were sent by the quiet source, ${end.quiet.stored} are stored`,
  );
  const overloaded = (posted.answers[503] ?? 0) + (tried.answers[503] ?? 0);
  must(overloaded === end.overloaded, `${overloaded} answers 503, ${end.overloaded} are counted`);
  must(posted.hopeless === 0, `${posted.hopeless} answers do not say when to come again`);
  const strange = Object.keys(posted.answers).filter(
    (status) => !["202", "408", "429", "503"].includes(status),
  );
  must(strange.length === 0, `answers ${strange}`);
  const database = new DatabaseSync(join(daemon.house.directory, "state", "tocsin.sqlite"), {
    readOnly: true,
  });
  const stored = new Set(
    database
      .prepare("SELECT event FROM alerts WHERE event IS NOT NULL")
      .all()
      .map(({ event }) => String(event)),
  );
  database.close();
  const has = (id: string, source: string) => stored.has(`${source}\u001f${id}`);
  const missing = [...posted.acknowledged, ...tried.acknowledged].filter((id) => !has(id, "generic"));
  must(
    missing.length === 0,
    `${missing.length} acknowledged alerts are not in the record: ${missing.slice(0, 3)}`,
  );
  for (const [what, { failed }] of Object.entries(loaded))
    must(failed === 0, `${what}: ${failed} without a good answer`);
  must(peak <= MOST_MEMORY, `${peak.toFixed(0)} MB resident, ${MOST_MEMORY} are the most`);
  const verified = await promisify(execFile)(process.execPath, [
    MAIN,
    "verify",
    "--config",
    daemon.house.config,
  ]).then(
    () => "",
    ({ stdout, stderr }: { stdout: string; stderr: string }) => `${stdout}${stderr}`,
  );
  must(verified === "", `verify: ${verified}`);
  return broken;
}

function toldOf(probed: Probed): string {
  return Object.entries(probed)
    .map(([what, { times, failed }]) => {
      const { p50, p99 } = spreadOf(times);
      return `${what} p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (${times.length}${failed > 0 ? `, ${failed} refused` : ""})`;
    })
    .join("; ");
}
