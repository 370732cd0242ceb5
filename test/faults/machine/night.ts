import { setTimeout } from "node:timers/promises";
import type { Declaration } from "../../../agent/core/declaration.ts";
import { messageOf } from "../../../agent/core/errors.ts";
import type { Incident } from "../../../agent/core/incident.ts";
import type { SqliteReads } from "../../../agent/store/sqlite/reads.ts";
import { codeOf, eventually, FACILITY } from "../../support/daemon.ts";
import { decideByTool } from "../../support/decide-by-tool.ts";
import { chainFaultsIn, type Findings, inspectRecord, type Sent, storedIn } from "../invariants.ts";
import { type Person, personAt } from "../points/acts.ts";
import type { Machine } from "./machine.ts";

/** Systems of as many units as incidents are needed, each of which a criterion is met of. */
export const unitsOf = (count: number) =>
  Array.from(
    { length: count },
    (_, n) =>
      `  - { id: unite${n + 1}, name: Unité ${n + 1}, kind: imaging, hosts: ["unite${n + 1}-*"], health_data: true, care_critical: true, degraded_after_minutes: 30 }`,
  ).join("\n");

/** What makes the incident of a unit one that waits for a decision. */
export const alertsOf = (unit: number) => {
  const host = unit === 0 ? "pacs-01" : `unite${unit}-01`;
  const event = `s${unit}-n0-0`;
  return [
    { event: { id: event }, host, message: `vssadmin.exe delete shadows /all /quiet (${event})` },
    {
      ...{ event: { id: `note-${unit}` }, host, message: "file created: HOW_TO_DECRYPT.txt" },
      file: "/srv/HOW_TO_DECRYPT.txt",
    },
  ];
};

/** Posts alerts; the status, or 0 when there was no answer within the time. */
export async function postTo(machine: Machine, alerts: unknown, ms = 6000): Promise<number> {
  try {
    const response = await fetch(`http://127.0.0.1:${machine.ports.intake}/api/v1/alerts/generic`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${machine.house.tokens.generic}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(alerts),
      signal: AbortSignal.timeout(ms),
    });
    await response.text();
    return response.status;
  } catch {
    return 0;
  }
}

/** Asks the record of a machine as it stands. */
export async function inRecord<T>(machine: Machine, ask: (reads: SqliteReads) => Promise<T>): Promise<T> {
  const reads = machine.house.reads();
  try {
    return await ask(reads);
  } finally {
    reads.close();
  }
}

/** An incident of a unit that waits for a decision, with its text. */
export async function openIncident(
  machine: Machine,
  unit: number,
): Promise<{ incident: Incident; text: Declaration }> {
  await eventually("the alerts to be taken", async () =>
    (await postTo(machine, alertsOf(unit))) === 202 ? true : undefined,
  );
  return eventually(`the incident of unit ${unit}`, () =>
    inRecord(machine, async (reads) => {
      const waiting = await reads.byState(FACILITY, "incident", ["in_review"], { limit: 100 });
      const system = unit === 0 ? "pacs" : `unite${unit}`;
      const incident = waiting.find(({ content }) => content.systems.includes(system))?.content;
      const texts = incident && (await reads.ofIncident(FACILITY, "declaration", incident.id));
      const text = texts?.findLast(({ content }) => content.state === "draft")?.content;
      return incident && text && { incident, text };
    }),
  );
}

/** Has the delegate decide by a tool, which says it again as often as it has to; resolves once the decision stands. */
export async function decide(machine: Machine, text: Declaration, seconds = 30): Promise<void> {
  await eventually(
    "the decision",
    async () => {
      const decided = await inRecord(machine, (reads) =>
        reads.ofIncident(FACILITY, "decision", text.incident),
      );
      if (decided.some(({ content }) => content.sha256 === text.sha256)) return true;
      machine.pass(30_000);
      const people = `http://127.0.0.1:${machine.ports.people}`;
      const at = new Date(machine.now());
      await decideByTool({ people }, machine.house, text, { at }).catch(() => undefined);
      return undefined;
    },
    seconds,
  );
}

/** The delegate at a browser, signed in; a code serves once, so the clock moves on by one each time. */
export async function delegateAt(machine: Machine): Promise<Person> {
  const person = personAt(() => `http://127.0.0.1:${machine.ports.people}`);
  const account = machine.house.accounts["anne.martin"];
  await eventually("the delegate to be let in", async () => {
    machine.pass(30_000);
    const code = codeOf(account, machine.now());
    const entering = person.signIn({ login: "anne.martin", password: account.password, code });
    return (await entering.catch(() => false)) || undefined;
  });
  return person;
}

/**
 * Resolves once nothing is due any more and nobody holds anything. What is told together waits for a minute: `passing` ms
 * of the machine's clock go by at each look.
 */
export async function allDone(machine: Machine, seconds = 60, passing = 0): Promise<void> {
  let left = "";
  const done = eventually(
    "what is due to be done",
    () => {
      if (passing > 0) machine.pass(passing);
      return inRecord(machine, async (reads) => {
        const due = await reads.effectsDue(FACILITY, machine.now() * 1000, 50);
        const claimed = await reads.effectsIn(FACILITY, ["claimed"], 50);
        left = [...due, ...claimed]
          .map(({ key, state, attempt }) => `${key} ${state} (${attempt})`)
          .join(", ");
        return due.length + claimed.length === 0 || undefined;
      });
    },
    seconds,
  );
  await done.catch((error: unknown) => {
    throw new Error(`${messageOf(error)}: ${left}`);
  });
  // A message that has just left is noted before it is settled, and heard before it is noted.
  await setTimeout(100);
}

/** Looks at what a machine came to, against what was sent to it; `storms` are incidents that there ought to be. */
export async function inspectMachine(machine: Machine, sent: Sent, storms = 1): Promise<Findings> {
  const found = await inRecord(machine, (reads) =>
    inspectRecord({
      ...{ reads, facility: FACILITY, stored: storedIn(machine.state), sent, called: machine.hook.called },
      // Lines have no id of their own: who sends one again after a cut sends another.
      identified: (event) => /-[hn]\d*-/.test(event),
      taken: machine.portal.taken,
    }),
  );
  const twice = Map.groupBy(machine.portal.taken, ({ key }) => key);
  return {
    ...found,
    incidents: found.incidents.slice(storms - 1),
    left: [
      ...found.left,
      ...[...twice].filter(([, all]) => all.length > 1).map(([key]) => `taken twice: ${key}`),
    ],
    chain: chainFaultsIn(machine.state),
  };
}
