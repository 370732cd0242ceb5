import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../support/daemon.ts";
import { describePeer, gcc } from "../support/peer.ts";
import { faultsOf, type Sent } from "./invariants.ts";
import { type Machine, startMachine } from "./machine/machine.ts";
import {
  alertsOf,
  allDone,
  decide,
  delegateAt,
  inspectMachine,
  openIncident,
  unitsOf,
} from "./machine/night.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** Each to a time of its own, so that no unit's incident is near another's. */
const JUMPS = [
  { jump: "set on by three days", before: 0, ms: 3 * DAY, decides: true },
  { jump: "set back by an hour", before: 30 * DAY, ms: -60 * MINUTE, decides: true },
  { jump: "set on by a year", before: 0, ms: 365 * DAY, decides: true },
  // A code that served while the clock was ahead is the last one until then: nobody decides by a code before.
  { jump: "set back by two hundred days", before: 0, ms: -200 * DAY, decides: false },
];

describePeer(gcc, "a clock that jumps under a daemon at work", () => {
  let machine: Machine;
  const sent: Sent = { events: new Set(), acknowledged: new Set() };
  beforeAll(async () => {
    machine = await startMachine({ systems: unitsOf(JUMPS.length + 1) });
  });
  afterAll(() => machine?.close());

  const told = (event: string, incident: string) =>
    machine.hook.called.filter((each) => each.event === event && each.incident === incident);

  async function incidentOf(unit: number) {
    const [event = ""] = alertsOf(unit).map(({ event }) => event.id);
    sent.events.add(event);
    const opened = await openIncident(machine, unit);
    sent.acknowledged.add(event);
    return opened;
  }

  it("does not make what it calls to mind be told again, though its time comes a second time", {
    timeout: 60_000,
  }, async () => {
    machine.portal.mood = "busy";
    const { incident, text } = await incidentOf(JUMPS.length + 1);
    await decide(machine, text);
    machine.pass(16 * MINUTE);
    await eventually("the first reminder", () =>
      told("not_filed", incident.id).length > 0 ? true : undefined,
    );
    // The next one is counted from when this one is noted.
    await allDone(machine);
    machine.pass(-60 * MINUTE);
    await eventually("a later look at what is due", () =>
      machine.ask("/readyz").then(({ status }) => status === 200 || undefined),
    );
    await setTimeout(2_500);
    machine.pass(55 * MINUTE);
    await setTimeout(2_500);
    expect(new Set(told("not_filed", incident.id).map(({ key }) => key)).size).toBe(1);
    machine.portal.mood = "takes";
    await eventually("the filing", () => {
      machine.pass(MINUTE);
      return machine.portal.taken.length === 1 ? true : undefined;
    });
  });

  it.each(JUMPS.map((each, n) => ({ ...each, unit: n + 1 })))(
    "goes on at once when it is $jump",
    {
      timeout: 60_000,
    },
    async ({ before, ms, unit, decides }) => {
      machine.pass(before);
      await machine.ready();
      machine.pass(ms);
      const { incident, text } = await incidentOf(unit);
      await eventually("the message", () =>
        told("decision_needed", incident.id).length > 0 ? true : undefined,
      );
      await machine.ready();
      if (!decides) return;
      await decide(machine, text);
      await eventually("the filing", () =>
        machine.portal.taken.some(({ sha256 }) => sha256 === text.sha256) ? true : undefined,
      );
      const person = await delegateAt(machine);
      expect(await person.page(`/incidents/${incident.id}`)).toContain(incident.reference);
    },
  );

  it("loses nothing, tells nothing twice, and leaves a journal that verifies", {
    timeout: 60_000,
  }, async () => {
    await allDone(machine);
    expect(faultsOf(await inspectMachine(machine, sent, JUMPS.length + 1))).toEqual({});
    expect(machine.daemon.starts()).toBe(1);
  });
});
