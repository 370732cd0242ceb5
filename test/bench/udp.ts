import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { kernelDrops } from "../../agent/intake/kernel-drops.ts";
import { metric } from "../support/daemon.ts";
import { gcc } from "../support/peer.ts";
import type { BenchOptions } from "./options.ts";
import { beside, rsyslog, startRsyslog } from "./peers.ts";
import { makeRecords, RECORD_BYTES, SELDOM } from "./records.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene } from "./scene.ts";
import { datagramSender, type SendDatagrams } from "./udp-sender.ts";
import { startWatch } from "./watch.ts";

const GOAL = 100_000;
/** Datagrams a second, tried in this order until some are lost twice. */
const RATES = [25_000, 50_000, 75_000, 100_000, 110_000, 120_000, 130_000, 150_000, 200_000];
const SECONDS = 3;
const LINE = RECORD_BYTES + 1;
/** What the daemon asks of the kernel when it is not told otherwise, bytes. */
const ASKED = 8 * 1024 * 1024;

interface Receiver {
  pid: number;
  port: number;
  received(): Promise<number>;
  /** Dropped by the kernel, or lost later. */
  lost(): Promise<number>;
}

/** Finds the highest rate at which one socket loses nothing over loopback, with the same sender for both. */
export async function benchUdp(options: BenchOptions): Promise<Measure[]> {
  if (gcc.present) return inScene((scene) => benchUdpWith(datagramSender(scene), options));
  process.stdout.write(`UDP is not measured, gcc is missing: ${gcc.install}\n`);
  return [];
}

async function benchUdpWith(send: SendDatagrams, { tiny }: BenchOptions): Promise<Measure[]> {
  const plan = { rates: tiny ? [1000] : RATES, seconds: tiny ? 0.1 : SECONDS };
  const records = makeRecords(Math.ceil(Math.max(...plan.rates) * plan.seconds), SELDOM);
  const granted = Math.min(ASKED, Number(readFileSync("/proc/sys/net/core/rmem_max", "utf8")));
  const lines: string[] = [`receive buffer of each: ${granted} bytes (net.core.rmem_max)`];
  const highest = async (name: string, receiver: Receiver) => {
    let best: Reading = { value: 0, cores: 0 };
    for (const rate of plan.rates) {
      const attempt = () =>
        lossAt(receiver, send, { rate, records: records.subarray(0, Math.ceil(rate * plan.seconds) * LINE) });
      let { reached, lost } = await attempt();
      if (lost > 0) ({ reached, lost } = await attempt());
      const share = `${(lost * 100).toPrecision(2)} %`;
      if (lost > 0) {
        lines.push(`${name} lost ${share} at ${Math.round(reached.value)} a second`);
        return best;
      }
      if (reached.value < best.value * 1.02) {
        lines.push(`${name}: the sender gives no more than ${Math.round(best.value)} a second`);
        return best;
      }
      best = reached;
    }
    return best;
  };

  const own = await inScene(async (scene) => {
    const daemon = await scene.daemon();
    const counter = (name: string, more = "") => metric(daemon, `${name}{source="lines"${more}}`);
    return highest("Tocsin", {
      pid: daemon.process.pid ?? 0,
      port: daemon.udp,
      received: () => counter("tocsin_intake_records_received_total", ',transport="udp"'),
      lost: async () =>
        (await counter("tocsin_intake_udp_dropped_total")) +
        (await counter("tocsin_intake_lost_total", ',transport="udp",reason="no_room"')) +
        (await counter("tocsin_intake_lost_total", ',transport="udp",reason="not_stored"')),
    });
  });
  const peer = await beside(rsyslog, "rsyslog imudp → file", () =>
    inScene(async (scene) => {
      const sink = await startRsyslog(scene, "imudp", { more: `rcvbufSize="${granted}"` });
      return highest("rsyslog", {
        ...sink,
        received: async () => sink.written(),
        lost: async () => kernelDrops({ address: "127.0.0.1", port: sink.port }) ?? 0,
      });
    }),
  );
  process.stdout.write(`${lines.join("\n")}\n`);
  return [{ what: "one socket, no datagram lost", own, goal: GOAL, ...peer }];
}

/** Sends at a rate; tells the rate that was reached and the share that was lost. */
async function lossAt(
  receiver: Receiver,
  send: SendDatagrams,
  what: { rate: number; records: Buffer },
): Promise<{ reached: Reading; lost: number }> {
  const before = { received: await receiver.received(), lost: await receiver.lost() };
  const watch = startWatch(receiver.pid);
  const sent = await send({ port: receiver.port, ...what });
  const reached = watch.read(sent);
  let received = 0;
  for (let still = 0; received < sent && still < 10; ) {
    await setTimeout(100);
    const now = (await receiver.received()) - before.received;
    still = now === received ? still + 1 : 0;
    received = now;
  }
  const lost = Math.max(sent - received, (await receiver.lost()) - before.lost);
  return { reached, lost: lost / sent };
}
