import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { metric } from "../support/daemon.ts";
import type { BenchOptions } from "./options.ts";
import { beside, rsyslog, type Sink, startRsyslog, startSyslogNg, syslogNg } from "./peers.ts";
import { makeRecords, RECORD_BYTES, relevantOf, SELDOM } from "./records.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";
import { startWatch } from "./watch.ts";

const GOAL = 1_000_000;
const RECORDS = 1_000_000;
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

/** Lines a second over one TCP connection through the whole pipeline, none lost, beside relays that only write them. */
export async function benchTcp({ tiny }: BenchOptions): Promise<Measure[]> {
  const amount = tiny ? 2000 : RECORDS;
  const records = makeRecords(amount, SELDOM);

  const own = await inScene(async (scene) => {
    const daemon = await scene.daemon();
    const counter = (name: string, more: string) => metric(daemon, `${name}{source="lines"${more}}`);
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
  const written = (start: (scene: Scene) => Promise<Sink>) => () =>
    inScene(async (scene) => {
      const sink = await start(scene);
      return rate(records, { ...sink, done: async () => sink.written() });
    });
  const relays = [
    await beside(
      rsyslog,
      "rsyslog imtcp → file",
      written((scene) => startRsyslog(scene, "imtcp")),
    ),
    await beside(syslogNg, "syslog-ng network() → file", written(startSyslogNg)),
  ];
  const what = `${amount} lines, ${relevantOf(amount, SELDOM)} of them matching`;
  return relays.map((relay) => ({ what, own, goal: GOAL, ...relay }));
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
