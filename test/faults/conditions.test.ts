import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, FACILITY } from "../support/daemon.ts";
import { describePeer, gcc } from "../support/peer.ts";
import { faultsOf, type Sent, storedIn, untrueOn } from "./invariants.ts";
import { type Condition, type Machine, startMachine } from "./machine/machine.ts";
import {
  alertsOf,
  allDone,
  decide,
  delegateAt,
  inRecord,
  inspectMachine,
  openIncident,
  postTo,
  unitsOf,
} from "./machine/night.ts";
import type { Person } from "./points/acts.ts";

/** While it lasts: how alerts are answered (0 not within the time), and whether people have pages. */
const ROWS: { condition: Condition; answered: number; pages: boolean }[] = [
  { condition: "disk slow", answered: 202, pages: true },
  { condition: "disk held", answered: 0, pages: true },
  { condition: "disk full", answered: 503, pages: true },
  { condition: "disk read-only", answered: 503, pages: true },
  { condition: "names gone", answered: 202, pages: true },
  { condition: "names held", answered: 202, pages: true },
  { condition: "main thread busy", answered: 202, pages: false },
];
const PATIENCE = 4000;

describePeer(gcc, "a machine on which", () => {
  let machine: Machine;
  const sent: Sent = { events: new Set(), acknowledged: new Set() };
  beforeAll(async () => {
    machine = await startMachine({ systems: unitsOf(1) });
  });
  afterAll(() => machine?.close());

  let person: Person;
  let number = 0;
  const alert = (id: string) => ({
    ...{ event: { id }, host: "pacs-01" },
    message: `vssadmin.exe delete shadows /all /quiet (${id})`,
  });
  async function send(id = `s0-h0-${++number}`): Promise<{ id: string; status: number }> {
    sent.events.add(id);
    const status = await postTo(machine, alert(id), PATIENCE);
    if (status === 202) sent.acknowledged.add(id);
    return { id, status };
  }
  it("all is well takes an alert in, and has its delegate decide", async () => {
    const [first = ""] = alertsOf(0).map(({ event }) => event.id);
    sent.events.add(first);
    const { text } = await openIncident(machine, 0);
    sent.acknowledged.add(first);
    person = await delegateAt(machine);
    await decide(machine, text);
    await eventually("the filing", () => (machine.portal.taken.length === 1 ? true : undefined));
  });

  it.each(ROWS)(
    "$condition: alerts are answered $answered, pages $pages, and all goes on by itself afterwards",
    {
      timeout: 90_000,
    },
    async ({ condition, answered, pages }) => {
      machine.begin(condition);
      await setTimeout(100);
      const { id, status } = await send();
      expect(status).toBe(answered);
      const list = await person.page("/incidents", PATIENCE).catch(() => "nothing");
      expect(list.includes("PACS")).toBe(pages);
      machine.end(condition);

      await machine.ready();
      // As a client does that had no answer: the event is known by its id.
      await eventually("the alert to be taken", async () =>
        (await send(id)).status === 202 ? true : undefined,
      );
      await eventually("it to be in the record", () =>
        storedIn(machine.state).includes(id) ? true : undefined,
      );
      expect(await person.page("/incidents")).toContain("PACS");
      expect(machine.daemon.starts()).toBe(1);
    },
  );

  it("names are unknown keeps what has to leave, lets people in, and sends it once they are known", {
    timeout: 60_000,
  }, async () => {
    machine.pass(24 * 3_600_000);
    machine.begin("names held");
    const [event = ""] = alertsOf(1).map(({ event }) => event.id);
    sent.events.add(event);
    const { incident, text } = await openIncident(machine, 1);
    sent.acknowledged.add(event);
    await decide(machine, text);
    person = await delegateAt(machine);
    expect(untrueOn(await person.page(`/incidents/${incident.id}`), { state: "approved" })).toEqual([]);
    expect(machine.portal.taken).toHaveLength(1);
    expect(machine.hook.called.filter((each) => each.incident === incident.id)).toEqual([]);
    machine.end("names held");
    await eventually("the declaration", () => {
      machine.pass(5_000);
      return machine.portal.taken.length === 2 ? true : undefined;
    });
  });

  it("all of it has been loses nothing, tells nothing twice, and verifies", { timeout: 90_000 }, async () => {
    await allDone(machine);
    await eventually("all to be sorted", () =>
      inRecord(machine, async (reads) => {
        const incidents = await reads.byState(FACILITY, "incident", [], { limit: 10 });
        const sorted = incidents.reduce((sum, { content }) => sum + content.alerts, 0);
        return sorted === (await reads.countAlerts(FACILITY)) || undefined;
      }),
    );
    expect(faultsOf(await inspectMachine(machine, sent, 2))).toEqual({});
    expect(sent.acknowledged.size).toBe(ROWS.length + 2);
  });
});
