import { setTimeout } from "node:timers/promises";
import type { Declaration } from "../../../agent/core/declaration.ts";
import type { Incident } from "../../../agent/core/incident.ts";
import { eventually, FACILITY } from "../../support/daemon.ts";
import { openRelp } from "../../support/relp-client.ts";
import { alertOf, eventOf, lineOf, nothingSent, type Sent } from "../cluster/clients.ts";
import type { Findings } from "../invariants.ts";
import { repeat } from "../repeat.ts";
import type { Machine } from "./machine.ts";
import { alertsOf, allDone, decide, inRecord, inspectMachine, postTo } from "./night.ts";
import { type MachineFault, sayMachineFault } from "./plan-faults.ts";

/** How long all may take to be taken, sorted and sent once nothing is broken any more, s. */
const AFTERWARDS = 120;
/** Between two units that are hit, ms. */
const TURN = 3_000;

export interface MachineRun {
  sent: Sent;
  findings: Findings;
  /** Texts that were decided on. */
  decided: number;
  /** From the end of all faults until all was done, ms. */
  recovered: number;
}

/**
 * Does to a machine what was planned while clients send and its delegate decides on each text of it, mends all of it,
 * and looks at what it came to. `units` are as many as it has systems for.
 */
export async function runMachineFaults(
  machine: Machine,
  plan: readonly MachineFault[],
  { ms, units, told = () => undefined }: { ms: number; units: number; told?: (line: string) => void },
): Promise<MachineRun> {
  const sent = nothingSent();
  const begun = performance.now();
  const over = new AbortController();
  const gaveUp = new AbortController();
  const clients = [
    repeat(over.signal, 700, (turn) => postUntilTaken(machine, sent, turn, gaveUp.signal)),
    repeat(over.signal, 1_500, (turn) => relpUntilTaken(machine, sent, turn, gaveUp.signal)),
    repeat(over.signal, TURN, async (turn) => {
      if (turn < units) await newsOf(machine, sent, turn + 1, gaveUp.signal);
      await decideOnText(machine);
    }),
  ];
  const lasting = plan.map(async (fault) => {
    await setTimeout(Math.max(0, fault.at - (performance.now() - begun)));
    told(sayMachineFault(fault));
    await inflict(machine, fault);
  });
  await Promise.all(lasting);
  await setTimeout(Math.max(0, ms - (performance.now() - begun)));
  const mended = performance.now();
  over.abort();
  const impatience = globalThis.setTimeout(() => gaveUp.abort(), AFTERWARDS * 1000);
  await Promise.all(clients);
  clearTimeout(impatience);
  await machine.ready(AFTERWARDS);
  await eventually(
    "all that was approved to be filed",
    async () => {
      machine.pass(20_000);
      const approved = await approvedIn(machine);
      const taken = new Set(machine.portal.taken.map(({ sha256 }) => sha256));
      return approved.every((text) => taken.has(text)) || undefined;
    },
    AFTERWARDS,
  );
  await sorted(machine);
  await allDone(machine, AFTERWARDS, 1_000);
  const recovered = performance.now() - mended;
  return {
    sent,
    decided: (await approvedIn(machine)).length,
    recovered,
    findings: await inspectMachine(machine, sent),
  };
}

/** Another unit is hit: the incident grows by it, and what is declared of it changes. */
async function newsOf(machine: Machine, sent: Sent, unit: number, signal: AbortSignal): Promise<void> {
  const alerts = alertsOf(unit);
  const [event = ""] = alerts.map(({ event }) => event.id);
  sent.events.add(event);
  while (!signal.aborted) {
    if ((await postTo(machine, alerts)) === 202) return void sent.acknowledged.add(event);
    await setTimeout(300);
  }
}

/** The texts of which the record has an approval: an answer that was lost says nothing of it. */
const approvedIn = (machine: Machine): Promise<string[]> =>
  inRecord(machine, async (reads) => {
    const decisions = await reads.byState(FACILITY, "decision", [], { limit: 100 });
    return decisions
      .filter(({ content }) => content.decision === "approved")
      .map(({ content }) => content.sha256);
  });

/** The text that waits for a decision; undefined when none does. */
const textOf = (machine: Machine): Promise<Declaration | undefined> =>
  inRecord(machine, async (reads) => {
    const [text] = await reads.byState(FACILITY, "declaration", ["draft"], { limit: 1 });
    return text?.content;
  });

/** Decides on the text as it stands, and anew when another stands by then; gives up when none can be decided on. */
async function decideOnText(machine: Machine): Promise<void> {
  for (let tries = 0; tries < 6; tries++) {
    const text = await textOf(machine);
    if (text === undefined) return;
    const done = await decide(machine, text, 0.4).then(
      () => true,
      () => false,
    );
    if (done) return;
  }
}

async function postUntilTaken(
  machine: Machine,
  sent: Sent,
  turn: number,
  signal: AbortSignal,
): Promise<void> {
  const events = Array.from({ length: 1 + (turn % 3) }, (_, each) => eventOf(0, "h0", turn * 3 + each));
  for (const event of events) sent.events.add(event);
  while (!signal.aborted) {
    const status = await postTo(
      machine,
      events.map((event) => alertOf(event)),
    );
    if (status === 202) {
      for (const event of events) sent.acknowledged.add(event);
      return;
    }
    sent.refusals.set(String(status), (sent.refusals.get(String(status)) ?? 0) + 1);
    await setTimeout(300);
  }
}

async function relpUntilTaken(
  machine: Machine,
  sent: Sent,
  turn: number,
  signal: AbortSignal,
): Promise<void> {
  let left = Array.from({ length: 5 }, (_, each) => eventOf(0, "r0", turn * 5 + each));
  for (const event of left) sent.events.add(event);
  while (left.length > 0 && !signal.aborted) {
    const opening = openRelp(machine.ports.relp, 16).catch(() => undefined);
    const session = await Promise.race([opening, setTimeout(4000, undefined)]);
    if (session === undefined) {
      await setTimeout(300);
      continue;
    }
    const sending = session.send(left.map(lineOf));
    await Promise.race([sending, setTimeout(6000)]);
    session.socket.destroy();
    await sending;
    const taken = left.slice(0, session.acknowledged.length);
    for (const event of taken) sent.acknowledged.add(event);
    left = left.slice(taken.length);
  }
}

async function inflict(machine: Machine, fault: MachineFault): Promise<void> {
  switch (fault.fault) {
    case "kill":
      return machine.daemon.kill();
    case "stop": {
      const late = await Promise.race([machine.daemon.stop(), setTimeout(12_000, "late" as const)]);
      return late === "late" ? machine.daemon.kill() : undefined;
    }
    case "pause":
      machine.daemon.pause();
      await setTimeout(fault.lasts);
      return machine.daemon.resume();
    case "clock":
      return machine.pass(fault.ms);
    case "condition":
      machine.begin(fault.condition);
      await setTimeout(fault.lasts);
      return machine.end(fault.condition);
    case "portal":
      machine.portal.mood = fault.mood;
      await setTimeout(fault.lasts);
      machine.portal.mood = "takes";
      return;
    case "hook":
      machine.hook.mood = fault.mood;
      await setTimeout(fault.lasts);
      machine.hook.mood = "takes";
  }
}

async function sorted(machine: Machine): Promise<void> {
  const alertsIn = (incidents: { content: Incident }[]) =>
    incidents.reduce((sum, { content }) => sum + content.alerts, 0);
  await eventually(
    "all to be sorted",
    () =>
      inRecord(machine, async (reads) => {
        const incidents = await reads.byState(FACILITY, "incident", [], { limit: 100 });
        return alertsIn(incidents) === (await reads.countAlerts(FACILITY)) || undefined;
      }),
    AFTERWARDS,
  );
}
