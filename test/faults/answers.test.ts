import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, FACILITY } from "../support/daemon.ts";
import { describePeer, gcc } from "../support/peer.ts";
import { faultsOf, type Sent, untrueOn } from "./invariants.ts";
import { type Machine, startMachine } from "./machine/machine.ts";
import {
  alertsOf,
  allDone,
  decide,
  delegateAt,
  inRecord,
  inspectMachine,
  openIncident,
  unitsOf,
} from "./machine/night.ts";
import { MOODS, type Mood } from "./machine/portal.ts";

const DAY = 24 * 3_600_000;

/** What Tocsin knows after one call: nothing but a receipt with a reference is a filing. */
const KNOWN: Record<Mood, "delivered" | "unreachable" | "uncertain"> = {
  takes: "delivered",
  "says it twice": "delivered",
  busy: "unreachable",
  "hangs before": "uncertain",
  "hangs after": "uncertain",
  "resets after": "uncertain",
  page: "uncertain",
  "cut receipt": "uncertain",
  "no reference": "uncertain",
  endless: "uncertain",
};
const ROWS = (Object.keys(MOODS) as Mood[]).map((mood, n) => ({ mood, does: MOODS[mood], unit: n + 1 }));

describePeer(gcc, "a portal that", () => {
  let machine: Machine;
  const sent: Sent = { events: new Set(), acknowledged: new Set() };
  beforeAll(async () => {
    machine = await startMachine({ systems: unitsOf(ROWS.length) });
  });
  afterAll(() => machine?.close());

  const deliveryOf = async (incident: string) => {
    const all = await inRecord(machine, (reads) => reads.ofIncident(FACILITY, "delivery", incident));
    return all.find(({ content }) => content.channel === "portail")?.content;
  };

  it.each(ROWS)(
    "$does has one declaration in the end, and the page says it then and not before",
    {
      timeout: 60_000,
    },
    async ({ mood, unit }) => {
      const events = alertsOf(unit)
        .map(({ event }) => event.id)
        .filter((id) => id.startsWith("s"));
      for (const event of events) sent.events.add(event);
      // Another day: what one unit has is not taken for what another had.
      machine.pass(DAY);
      const { incident, text } = await openIncident(machine, unit);
      for (const event of events) sent.acknowledged.add(event);
      machine.portal.mood = mood;
      await decide(machine, text);
      const first = await eventually("an attempt", async () => (await deliveryOf(incident.id))?.attempts[0]);
      expect(first.outcome).toBe(KNOWN[mood]);
      const person = await delegateAt(machine);
      const shown = async () => {
        const content = await inRecord(machine, (reads) => reads.record(FACILITY, "incident", incident.id));
        return content && untrueOn(await person.page(`/incidents/${incident.id}`), content.content);
      };
      expect(await shown()).toEqual([]);

      machine.portal.mood = "takes";
      const last = await eventually("the portal to be asked, or called again", async () => {
        machine.pass(10_000);
        const delivery = await deliveryOf(incident.id);
        return delivery?.state === "delivered" ? delivery : undefined;
      });
      const taken = machine.portal.taken.filter(({ sha256 }) => sha256 === text.sha256);
      expect(taken).toHaveLength(1);
      expect(last.reference).toBe(machine.portal.referenceOf(taken[0]?.key ?? ""));
      expect(await shown()).toEqual([]);
    },
  );

  it("has had nothing twice, and nothing that nobody approved", { timeout: 90_000 }, async () => {
    await allDone(machine);
    expect(faultsOf(await inspectMachine(machine, sent, ROWS.length))).toEqual({});
    expect(machine.portal.taken).toHaveLength(ROWS.length);
  });
});
