import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../test/support/incident.ts";
import { DELETED, down, type Line, NOTE, openStages, type Stages } from "../../test/support/pipeline.ts";
import { setAsideByTwo } from "../../test/support/set-aside.ts";
import { MICROSECONDS } from "../core/clock.ts";

let stages: Stages;
afterEach(() => stages?.close());

const incidents = async (each = stages) =>
  (await each.store.reads.byState("ch-exemple", "incident", [], { limit: 100 }))
    .map(({ content }) => content)
    .reverse();
const facts = async (incident: string) =>
  (await stages.store.reads.ofIncident("ch-exemple", "fact", incident)).map(({ content }) => content);
const planned = async () =>
  (await stages.store.reads.effectsIn("ch-exemple", ["planned"], 100)).map(({ key }) =>
    key.split(":").slice(2).join(":"),
  );

describe("one attack, one incident", () => {
  it("makes one incident of a storm over many hosts of one system, and one fact of each kind", async () => {
    stages = await openStages();
    await stages.take(
      ...Array.from(
        { length: 200 },
        (_, i): Line => ({ ...DELETED, host: `pacs-${i % 50}`, minute: i % 30 }),
      ),
    );
    const [incident, ...others] = await incidents();
    expect(others).toEqual([]);
    expect(incident).toMatchObject({
      alerts: 200,
      systems: ["pacs"],
      reference: "2026-0001",
      occurred: NIGHT,
    });
    const found = await facts(incident?.id ?? "");
    expect(found.map((fact) => [fact.kind, fact.alerts])).toEqual([
      ["malicious_action_suspected", 200],
      ["recovery_destroyed", 200],
    ]);
    expect(found[1]?.subjects).toHaveLength(50);
  });

  it("joins what shares a user, and leaves apart what shares nothing", async () => {
    stages = await openStages();
    await stages.take(
      { ...DELETED, more: { user: "presta" } },
      { host: "poste-9", message: "connexion VPN depuis un pays inhabituel", more: { user: "presta" } },
    );
    expect(await incidents()).toHaveLength(1);
    await stages.take(down("imprimante-4"));
    expect(await incidents()).toHaveLength(2);
  });

  it("joins the outage of a system that the one hit depends on", async () => {
    stages = await openStages();
    await stages.take(DELETED, { ...down("dc01", 5) });
    expect((await incidents()).map(({ systems }) => systems)).toEqual([["pacs", "annuaire"]]);
  });

  it("keeps the same attack a day later apart", async () => {
    stages = await openStages();
    stages.clock.pass(24 * 60);
    await stages.take(DELETED, { ...DELETED, minute: 24 * 60 });
    expect(await incidents()).toHaveLength(2);
  });

  it("moves the beginning back when an older alert arrives late", async () => {
    stages = await openStages();
    stages.clock.pass(30);
    await stages.take({ ...DELETED, minute: 30 }, { ...DELETED, minute: 10 });
    expect((await incidents())[0]?.occurred).toBe(NIGHT + 10 * MICROSECONDS.minute);
  });

  it("takes the time of receipt for an event dated in 1970 or 2090", async () => {
    stages = await openStages();
    await stages.take(
      { ...DELETED, more: { "@timestamp": "1970-01-02T00:00:00Z" } },
      { ...DELETED, more: { "@timestamp": "2090-01-01T00:00:00Z" } },
    );
    expect(await incidents()).toMatchObject([{ occurred: NIGHT, alerts: 2 }]);
  });
});

describe("life of an incident", () => {
  it("watches an outage, evaluates it once its delay has passed, and closes nothing by itself", async () => {
    stages = await openStages();
    await stages.take(down("dpi-01"));
    expect(await incidents()).toMatchObject([{ state: "candidate" }]);
    stages.clock.pass(59);
    await stages.sweeper.sweep();
    expect(await incidents()).toMatchObject([{ state: "candidate" }]);
    stages.clock.pass(2);
    await stages.sweeper.sweep();
    expect(await incidents()).toMatchObject([{ state: "in_review" }]);
  });

  it("ends an outage when every host of it is well again", async () => {
    stages = await openStages();
    const up = (host: string, minute: number): Line => ({
      host,
      minute,
      message: `Resolved: Service "${host}" is running on ${host}`,
    });
    await stages.take(down("dpi-01"), down("dpi-02", 1));
    await stages.take(up("dpi-01", 5));
    const [incident] = await incidents();
    const outage = async () =>
      (await facts(incident?.id ?? "")).find((fact) => fact.kind === "system_unavailable");
    expect((await outage())?.until).toBeNull();
    await stages.take(up("dpi-02", 9));
    expect((await outage())?.until).toBe(NIGHT + 9 * MICROSECONDS.minute);
  });

  it("tells the on call at the opening and the delegate when a criterion is met, each once", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    expect((await planned()).map((key) => key.split(":").at(-1))).toEqual(["incident_opened"]);
    await stages.sweeper.sweep();
    await stages.take(NOTE, NOTE, { ...DELETED, host: "pacs-02" });
    await stages.sweeper.sweep();
    await stages.sweeper.sweep();
    expect(stages.messages.map(({ event }) => event)).toEqual(["incident_opened", "decision_needed"]);
    expect(stages.messages[1]?.declaration?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(stages.messages)).not.toContain("vssadmin");
  });

  it("tells nobody in observe mode", async () => {
    stages = await openStages({ mode: "observe" });
    await stages.take(DELETED, NOTE);
    expect(await planned()).toEqual([]);
    expect(await incidents()).toMatchObject([{ state: "in_review" }]);
  });
});

describe("a decision not to declare", () => {
  async function setAside() {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    await stages.sweeper.sweep();
    const [first] = await stages.desk.incidents({ limit: 1 });
    const dossier = await stages.desk.dossier(first?.incident.id ?? "");
    const { id, version, sha256 } = dossier?.current?.declaration ?? { id: "", version: 0, sha256: "" };
    stages.clock.pass(1);
    await setAsideByTwo(
      stages,
      { incident: first?.incident.id ?? "", declaration: id, version, sha256 },
      "Exercice interne de l'astreinte.",
    );
    stages.clock.pass(1);
  }

  it("takes in what follows of the same kind, and calls nobody again", async () => {
    await setAside();
    await stages.take({ ...DELETED, minute: 2 });
    await stages.sweeper.sweep();
    expect(await incidents()).toMatchObject([{ state: "set_aside", alerts: 3 }]);
    expect(stages.messages).toHaveLength(2);
  });

  it("is asked again when another system is hit", async () => {
    await setAside();
    await stages.take({ ...DELETED, host: "dpi-01", minute: 2 });
    await stages.sweeper.sweep();
    expect(await incidents()).toMatchObject([{ state: "in_review" }]);
    expect(stages.messages.map(({ event }) => event)).toEqual([
      "incident_opened",
      "decision_needed",
      "decision_needed",
    ]);
  });
});

describe("an outage", () => {
  it("of the regulation of emergency calls is waited for no longer than its own delay", async () => {
    stages = await openStages();
    await stages.take(down("samu-01"));
    expect(await incidents()).toMatchObject([{ state: "candidate" }]);
    stages.clock.pass(5);
    await stages.sweeper.sweep();
    expect(await incidents()).toMatchObject([{ state: "in_review" }]);
  });

  it("that flaps stays one fact", async () => {
    stages = await openStages();
    for (let minute = 0; minute < 20; minute += 2) {
      stages.clock.set(NIGHT + minute * MICROSECONDS.minute);
      await stages.take(down("dpi-01", minute), {
        host: "dpi-01",
        minute: minute + 1,
        message: 'Resolved: Service "dpi-01" is running on dpi-01',
      });
    }
    const [incident] = await incidents();
    expect(
      (await facts(incident?.id ?? "")).filter((fact) => fact.kind === "system_unavailable"),
    ).toHaveLength(1);
  });
});

describe("a restart", () => {
  it("takes up the open incidents, so that what follows joins them", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    const again = await stages.restart();
    await again.take(NOTE);
    expect(await incidents()).toMatchObject([{ alerts: 2, state: "in_review" }]);
  });

  it("correlates what was stored before it and never correlated", async () => {
    stages = await openStages();
    const again = await stages.restart();
    await stages.take(DELETED);
    // The second process still believes that nothing is open: its commit is refused and done anew.
    await again.take(NOTE);
    expect(await incidents()).toMatchObject([{ alerts: 2 }]);
  });

  it("processes nothing twice when asked again", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    expect(await stages.pipeline.advance()).toBe(0);
    expect(await incidents()).toMatchObject([{ alerts: 1 }]);
  });
});
