import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { eventually, metric } from "../support/daemon.ts";
import type { BenchOptions } from "./options.ts";
import { beside, rsyslog, startRsyslog } from "./peers.ts";
import { makeRecords, RECORD_BYTES, SELDOM } from "./records.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";

const GOAL_MB = 150;
/** As many as a listener lets in when it is not told otherwise. */
const CONNECTIONS = 10_000;
/** Opened at once: what the queue of a listener holds. */
const AT_ONCE = 200;
const LINE = RECORD_BYTES + 1;
/** Left alone before its memory is read, ms. */
const SETTLE = 1000;

/** Growth of the memory of a receiver by connections that have each said one line and are silent since, MB. */
export async function benchIdle({ tiny }: BenchOptions): Promise<Measure[]> {
  const connections = tiny ? 20 : CONNECTIONS;
  const records = makeRecords(connections, SELDOM);

  const own = await inScene(async (scene) => {
    const daemon = await scene.daemon();
    return growth(scene, {
      records,
      pid: daemon.process.pid ?? 0,
      port: daemon.tcp,
      heard: () => metric(daemon, 'tocsin_intake_records_received_total{source="lines",transport="tcp"}'),
    });
  });
  const peer = await beside(rsyslog, "rsyslog imtcp", () =>
    inScene(async (scene) => {
      const sink = await startRsyslog(scene, "imtcp");
      return growth(scene, { ...sink, records, heard: async () => sink.written() });
    }),
  );
  return [{ what: `${connections} connections`, own, goal: GOAL_MB, ...peer }];
}

async function growth(
  scene: Scene,
  receiver: { pid: number; port: number; records: Buffer; heard: () => Promise<number> },
): Promise<Reading> {
  const { pid, port, records, heard } = receiver;
  const amount = records.length / LINE;
  async function open(from: number, to: number): Promise<void> {
    const sockets = Array.from({ length: to - from }, (_, i) => {
      const socket = connect(port, "127.0.0.1").on("error", () => undefined);
      scene.after(() => socket.destroy());
      socket.write(records.subarray((from + i) * LINE, (from + i + 1) * LINE));
      return socket;
    });
    await Promise.all(sockets.map((socket) => once(socket, "connect")));
    await eventually(`${to} lines`, async () => ((await heard()) === to ? true : undefined));
  }
  // What the first one costs is not the price of a connection.
  await open(0, 1);
  await setTimeout(SETTLE);
  const before = residentMegabytes(pid);
  for (let from = 1; from < amount; from += AT_ONCE) await open(from, Math.min(amount, from + AT_ONCE));
  await setTimeout(SETTLE);
  return { value: residentMegabytes(pid) - before };
}

/** Resident memory of a process, MB (proc_pid_status(5)). */
function residentMegabytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) / 1024;
}
