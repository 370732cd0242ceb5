import { once } from "node:events";
import { connect } from "node:net";
import { basename, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { metric } from "../support/daemon.ts";
import {
  filteredTexts,
  rateOfSec,
  sec,
  startFilteringRsyslog,
  startFilteringSyslogNg,
} from "./filtering-peers.ts";
import type { BenchOptions } from "./options.ts";
import { beside, rsyslog, type Sink, startRsyslog, startSyslogNg, syslogNg } from "./peers.ts";
import { type Plan, planOf, RECORD_BYTES, SELDOM } from "./records.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";
import { startWatch } from "./watch.ts";

const GOAL = 1_000_000;
/** With thousands of rules. */
const GOAL_FULL = 300_000;
const RECORDS = 1_000_000;
const TINY = 2000;
/** Written to the socket at once, bytes. */
const PIECE = 256 * 1024;
/** How often a receiver is asked, ms. */
const LOOK = 50;
/** Without progress for so long, a line is lost, ms. */
const PATIENCE = 10_000;

interface Receiver {
  pid: number;
  port: number;
  /** Records decided, or written, since it started. */
  done(): Promise<number>;
}

/**
 * Lines a second over one TCP connection through the whole pipeline, none lost, beside relays that write them all, and
 * beside programs that look in each for what the rules ask of it; `folder` holds rules to load beside the default pack.
 */
export async function benchTcp({ tiny, folder }: BenchOptions): Promise<Measure[]> {
  const plan = planOf(tiny ? TINY : RECORDS);
  const measures: Measure[] = [];
  const own = await rateOfOwn(plan);
  const add = (goal: number, peer: Pick<Measure, "against" | "peer">, reading = own, more = "") =>
    measures.push({
      what: `${plan.amount} lines, ${plan.matching} matching${more}`,
      own: reading,
      goal,
      ...peer,
    });
  const relay = (start: (scene: Scene) => Promise<Sink>) => () => rateOfSink(plan, start, 1);
  const inRsyslog = (scene: Scene) => startRsyslog(scene, "imtcp");
  add(GOAL, await beside(rsyslog, "rsyslog imtcp → file", relay(inRsyslog)));
  add(GOAL, await beside(syslogNg, "syslog-ng network() → file", relay(startSyslogNg)));

  const texts = filteredTexts();
  const fewer = (part: number) => planOf(tiny ? TINY : RECORDS * part);
  const filter = (part: number, start: (scene: Scene, texts: readonly string[]) => Promise<Sink>) => () =>
    rateOfSink(fewer(part), (scene) => start(scene, texts), SELDOM);
  const bySec = () => rateOfSec(fewer(0.004), texts);
  const filters = `${texts.length} filters`;
  add(GOAL, await beside(syslogNg, `syslog-ng, ${filters}`, filter(0.04, startFilteringSyslogNg)));
  add(GOAL, await beside(rsyslog, `rsyslog, ${filters}`, filter(0.01, startFilteringRsyslog)));
  add(GOAL, await beside(sec, `SEC, a file, ${filters}`, bySec));
  if (folder !== undefined) {
    const reading = await rateOfOwn(plan, `rules: [${JSON.stringify(resolve(folder))}]`);
    add(
      GOAL_FULL,
      { against: "with the default pack alone", peer: own },
      reading,
      `, rules of ${basename(folder)}`,
    );
  }
  return measures;
}

function rateOfOwn({ records }: Plan, more = ""): Promise<Reading> {
  return inScene(async (scene) => {
    const daemon = await scene.daemon({ more });
    const counter = (name: string, labels: string) => metric(daemon, `${name}{source="lines"${labels}}`);
    return rate(records, {
      pid: daemon.process.pid ?? 0,
      port: daemon.tcp,
      async done() {
        const gated = await counter("tocsin_intake_records_gated_total", "");
        const stored = await counter("tocsin_intake_records_total", ',outcome="stored"');
        const irrelevant = await counter("tocsin_intake_records_total", ',outcome="irrelevant"');
        return gated + stored + irrelevant;
      },
    });
  });
}

/** One record in `every` is written: the last of them tells that all before it were decided. */
function rateOfSink(
  { records }: Plan,
  start: (scene: Scene) => Promise<Sink>,
  every: number,
): Promise<Reading> {
  return inScene(async (scene) => {
    const sink = await start(scene);
    return rate(records, { ...sink, done: async () => sink.written() * every });
  });
}

/** Sends all twice, the first time as a warm-up; fails when a line is missing. */
async function rate(records: Buffer, receiver: Receiver): Promise<Reading> {
  await pass(records, receiver);
  return pass(records, receiver);
}

async function pass(records: Buffer, { pid, port, done }: Receiver): Promise<Reading> {
  const amount = records.length / (RECORD_BYTES + 1);
  const before = await done();
  const watch = startWatch(pid);
  const socket = connect(port, "127.0.0.1");
  const sent = send(socket, records);
  let seen = 0;
  for (let moved = performance.now(); seen < amount; ) {
    await setTimeout(LOOK);
    const now = (await done()) - before;
    if (now > seen) moved = performance.now();
    else if (performance.now() - moved > PATIENCE)
      throw new Error(`${amount - seen} of ${amount} lines lost`);
    seen = now;
  }
  const reading = watch.read(amount);
  await sent;
  return reading;
}

async function send(socket: ReturnType<typeof connect>, records: Buffer): Promise<void> {
  for (let at = 0; at < records.length; at += PIECE)
    if (!socket.write(records.subarray(at, at + PIECE))) await once(socket, "drain");
  socket.end();
  await once(socket, "finish");
}
