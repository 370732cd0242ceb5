import { setTimeout } from "node:timers/promises";
import { repeat } from "../repeat.ts";
import {
  alertOf,
  eventOf,
  nothingSent,
  postOnce,
  postUntilTaken,
  relpUntilTaken,
  type Sent,
  tcpOnce,
} from "./clients.ts";
import type { Cluster, HostName } from "./cluster.ts";
import { allSorted, type Findings, inspect } from "./invariants.ts";
import { type Fault, sayFault } from "./plan-faults.ts";
import type { Supervised } from "./supervised.ts";

/**
 * How long clients may go on to bring in what was not taken, and the cluster to sort it, s: a spool keeps what NATS took
 * for 180 s after a start, and may be full of it.
 */
const AFTERWARDS = 300;

export interface FaultRun {
  sent: Sent;
  findings: Findings;
  /** From the end of all faults until all was sorted, ms. */
  recovered: number;
}

/** Does to a cluster what was planned while clients send, heals all of it, and looks at what it came to. */
export async function runFaults(
  cluster: Cluster,
  plan: readonly Fault[],
  ms: number,
  told: (line: string) => void = () => undefined,
): Promise<FaultRun> {
  const sent = nothingSent();
  const begun = performance.now();
  const over = new AbortController();
  const gaveUp = new AbortController();
  const note = {
    host: "pacs-01",
    message: "file created: HOW_TO_DECRYPT.txt",
    file: "/srv/HOW_TO_DECRYPT.txt",
  };
  await postOnce(cluster, "r1", { ...note, event: { id: "note" } });
  const clients = [
    ...(["r1", "r2"] as const).map((first, index) =>
      repeat(over.signal, 150, async (turn) => {
        const events = Array.from({ length: 1 + (turn % 3) }, (_, each) =>
          eventOf(0, `h${index}`, turn * 3 + each),
        );
        await postUntilTaken(cluster, sent, events, { first, signal: gaveUp.signal });
      }),
    ),
    repeat(over.signal, 300, async (turn) => {
      const events = Array.from({ length: 5 }, (_, each) => eventOf(0, "r0", turn * 5 + each));
      await relpUntilTaken(cluster, sent, events, gaveUp.signal);
    }),
    repeat(over.signal, 700, (turn) =>
      tcpOnce(cluster, sent, turn % 2 === 0 ? "r1" : "r2", [eventOf(0, "t0", turn)]),
    ),
  ];
  await inflict(cluster, plan, begun, told);
  await setTimeout(Math.max(0, ms - (performance.now() - begun)));
  const healed = performance.now();
  over.abort();
  const impatience = globalThis.setTimeout(() => gaveUp.abort(), AFTERWARDS * 1000);
  await Promise.all(clients);
  clearTimeout(impatience);
  await cluster.settled(AFTERWARDS);
  await allSorted(cluster, sent, AFTERWARDS);
  const recovered = performance.now() - healed;
  // Taken once more, as a client does that has not heard of it.
  await postOnce(
    cluster,
    "r2",
    [...sent.acknowledged]
      .filter((event) => event.includes("-h"))
      .slice(0, 50)
      .map((event) => alertOf(event)),
  );
  await setTimeout(1_000);
  return { sent, findings: await inspect(cluster, sent), recovered };
}

/** Resolves once the last fault is over. */
async function inflict(
  cluster: Cluster,
  plan: readonly Fault[],
  begun: number,
  told: (line: string) => void,
): Promise<void> {
  const paused = new Map<HostName, Promise<void>>();
  const lasting: Promise<unknown>[] = [];
  for (const fault of plan) {
    await setTimeout(Math.max(0, fault.at - (performance.now() - begun)));
    told(sayFault(fault));
    lasting.push(begin(cluster, fault, paused));
  }
  await Promise.all(lasting);
  cluster.network.healAll();
}

function begin(cluster: Cluster, fault: Fault, paused: Map<HostName, Promise<void>>): Promise<unknown> {
  switch (fault.fault) {
    case "kill":
      return programOf(cluster, fault.target).kill();
    case "stop":
      return stopOrKill(programOf(cluster, fault.target), fault.target);
    case "pause": {
      const already = paused.get(fault.target);
      if (already !== undefined) return already;
      const program = programOf(cluster, fault.target);
      program.pause();
      const pausing = setTimeout(fault.lasts).then(() => {
        program.resume();
        paused.delete(fault.target);
      });
      paused.set(fault.target, pausing);
      return pausing;
    }
    case "cut": {
      cluster.network.cut(fault.from, fault.to, fault.ways);
      return setTimeout(fault.lasts).then(() => cluster.network.heal(fault.from, fault.to));
    }
  }
}

/** In order within ten seconds, as service managers grant, and otherwise not. */
async function stopOrKill(program: Supervised, target: HostName): Promise<void> {
  const stopping = program.stop({ signal: target === "db" ? "SIGINT" : "SIGTERM" });
  const late = await Promise.race([stopping, setTimeout(10_000, "late" as const)]);
  if (late === "late") await program.kill();
}

function programOf({ postgres, nats, daemons }: Cluster, target: HostName): Supervised {
  if (target === "db") return postgres.server;
  return target === "nats" ? nats : daemons[target];
}
