import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { decide, FACILITY, incidentsOf, REASON } from "../../../test/support/night.ts";
import { DELETED, down, type Line, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { loadWork } from "../work.ts";

let stages: Stages;
afterEach(() => stages?.close());

const incidents = () => incidentsOf(stages);
const facts = async (incident: string) =>
  (await stages.store.reads.ofIncident(FACILITY, "fact", incident)).map(({ content }) => content);
const alertsOf = async (incident: string) =>
  (await stages.store.reads.detectionsOf(FACILITY, incident, 100)).map(({ alert }) => alert.alert.host?.name);
const ids = async () => (await incidents()).map(({ id }) => id) as [string, string, ...string[]];

/** A sign-in that states nothing about a system, on a host nobody described. */
const signIn = (host: string, user: string, minute = 0): Line => ({
  host,
  minute,
  message: "connexion VPN depuis un pays inhabituel",
  more: { user },
});

/** Two outages with nothing in common but what comes next. */
async function two(): Promise<[string, string]> {
  stages = await openStages();
  await stages.take(down("dpi-01"));
  stages.clock.pass(10);
  await stages.take(down("samu-01", 10));
  const [a, b] = await ids();
  return [a, b];
}
const BRIDGE: Line = { ...down("dpi-01", 12), more: { user: "x" } };

describe("a detection that links two incidents", () => {
  async function linked(touch: (ids: [string, string]) => Promise<void> = async () => undefined) {
    stages = await openStages();
    await stages.take({ ...down("imprimante-1") });
    stages.clock.pass(5);
    await stages.take({ ...DELETED, host: "poste-2", minute: 5 });
    const [a, b] = await ids();
    await stages.sweeper.sweep();
    await touch([a, b]);
    stages.clock.pass(1);
    await stages.take(signIn("imprimante-1", "presta", 6));
    await stages.take(signIn("poste-2", "presta", 7));
    await stages.sweeper.sweep();
    return [a, b] as const;
  }

  it("makes them one, which keeps the earliest instants, the facts and the alerts of both", async () => {
    const [a, b] = await linked();
    const [first, second, ...more] = await incidents();
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      id: a,
      alerts: 4,
      occurred: NIGHT,
      first_alert: NIGHT,
      state: "in_review",
    });
    expect(second).toMatchObject({ id: b, state: "merged", merged_into: a });
    expect((await facts(a)).map(({ kind }) => kind).sort()).toContain("recovery_destroyed");
    expect(await facts(b)).toEqual([]);
    expect(await alertsOf(a)).toHaveLength(4);
    expect(await alertsOf(b)).toEqual([]);
    expect((await stages.desk.dossier(b))?.grouping.kin).toMatchObject([
      { relation: "merged_into", incident: a, reference: "2026-0001" },
    ]);
  });

  it("tells nobody twice of what they were told for one of the two", async () => {
    await linked();
    expect(stages.messages.map(({ event }) => event)).toEqual(["incident_opened", "decision_needed"]);
  });

  it("keeps the constat of the one that a person took note of, which is the one that stays", async () => {
    let found = 0;
    const [a, b] = await linked(async ([, second]) => {
      stages.clock.pass(1);
      found = stages.clock.now();
      await stages.desk.takeUp(second, stages.delegate);
    });
    expect(await incidents()).toMatchObject([
      { id: a, state: "merged", merged_into: b },
      { id: b, found, occurred: NIGHT, first_alert: NIGHT },
    ]);
  });

  it("merges none that a person decided on: both name each other, and a person is asked", async () => {
    const [a, b] = await linked(async ([, second]) => {
      await stages.take({ ...NOTE, host: "poste-2", minute: 5 });
      await stages.sweeper.sweep();
      expect(await decide(stages, second, "set_aside")).toMatchObject({ outcome: "set_aside" });
    });
    const [first, second] = await incidents();
    expect(first).toMatchObject({ id: a, state: "candidate", linked: [{ incident: b }] });
    expect(second).toMatchObject({ id: b, state: "set_aside", linked: [{ incident: a }] });
    expect(first?.linked?.[0]?.because).toContain("poste-2");
    await stages.desk.keepApart({ incident: a, other: b, reason: REASON }, stages.delegate);
    await stages.take(signIn("poste-2", "presta", 8), signIn("imprimante-1", "presta", 9));
    for (const { linked: asked } of await incidents()) expect(asked).toEqual([]);
    expect((await incidents()).map(({ state }) => state)).toEqual(["candidate", "set_aside"]);
  });

  it("is of no effect on what was already said to be others, after a restart too", async () => {
    const [a, b] = await linked(async ([first, second]) => {
      expect(
        await stages.desk.keepApart({ incident: first, other: second, reason: REASON }, stages.delegate),
      ).toEqual({ outcome: "apart" });
      const again = await stages.restart();
      stages = { ...again, close: stages.close };
    });
    expect((await incidents()).map(({ id, state }) => [id, state])).toEqual([
      [a, "candidate"],
      [b, "open"],
    ]);
  });
});

describe("a closed incident", () => {
  it("takes nothing in: what follows opens another that cites it", async () => {
    stages = await openStages();
    await stages.take(signIn("poste-1", "presta"));
    const [first] = await ids();
    expect(await stages.desk.closeByHand({ incident: first, reason: REASON }, stages.delegate)).toEqual({
      outcome: "closed",
    });
    await stages.take(signIn("poste-1", "presta", 5));
    const [closed, next] = await incidents();
    expect(closed).toMatchObject({ state: "closed", alerts: 1 });
    expect(next).toMatchObject({ state: "candidate", alerts: 1, follows: [first] });
    const { desk } = await stages.restart();
    expect((await desk.dossier(next?.id ?? ""))?.grouping.kin).toMatchObject([
      { relation: "follows", reference: closed?.reference },
    ]);
  });

  it("is cited after a restart too, and takes alerts in again once a person has opened it anew", async () => {
    stages = await openStages();
    await stages.take(signIn("poste-1", "presta"));
    const [first] = await ids();
    await stages.desk.closeByHand({ incident: first, reason: REASON }, stages.delegate);
    const again = await stages.restart();
    await again.take(signIn("poste-1", "presta", 5));
    expect((await incidents())[1]).toMatchObject({ follows: [first] });
    expect(await again.desk.reopen({ incident: first, reason: REASON }, stages.delegate)).toEqual({
      outcome: "reopened",
    });
    await again.take(signIn("poste-1", "presta", 6));
    expect((await incidents()).map(({ state, alerts }) => [state, alerts])).toEqual([
      ["open", 3],
      ["merged", 1],
    ]);
  });
});

describe("a person", () => {
  it("merges two incidents and undoes it: facts, instants, states and alerts are what they were", async () => {
    const [a, b] = await two();
    const before = { a: await snapshot(a), b: await snapshot(b) };
    const merged = await stages.desk.merge(
      { incident: a, other: "2026-0002", reason: REASON },
      stages.delegate,
    );
    expect(merged).toEqual({ outcome: "merged", incident: a });
    expect((await incidents()).map(({ state }) => state)).toEqual([expect.any(String), "merged"]);
    expect((await facts(a)).map(({ system }) => system)).toEqual(["dpi", "samu"]);
    expect(await alertsOf(a)).toEqual(["dpi-01", "samu-01"]);
    const undone = await stages.desk.undoRegrouping({ incident: a, reason: REASON }, stages.delegate);
    expect(undone).toEqual({ outcome: "undone" });
    expect({ a: await snapshot(a), b: await snapshot(b) }).toEqual(before);
  });

  it("undoes a merge to which alerts came since: each goes back with those that name what it names", async () => {
    const [a, b] = await two();
    await stages.desk.merge({ incident: a, other: b, reason: REASON }, stages.delegate);
    await stages.take(down("dpi-02", 14), down("samu-02", 15), down("samu-01", 16));
    await stages.desk.undoRegrouping({ incident: a, reason: REASON }, stages.delegate);
    expect((await alertsOf(a)).sort()).toEqual(["dpi-01", "dpi-02"]);
    expect((await alertsOf(b)).sort()).toEqual(["samu-01", "samu-01", "samu-02"]);
    expect(await facts(a)).toMatchObject([{ system: "dpi", subjects: ["dpi-01", "dpi-02"], alerts: 2 }]);
    expect(await facts(b)).toMatchObject([{ system: "samu", subjects: ["samu-01", "samu-02"], alerts: 3 }]);
    // The machine respects it.
    await stages.take(down("samu-01", 20));
    expect((await incidents()).map(({ alerts }) => alerts)).toEqual([2, 4]);
  });

  it("splits machines off, which the machine respects, and undoes it", async () => {
    stages = await openStages();
    await stages.take(
      { ...DELETED, host: "pacs-01" },
      { ...DELETED, host: "dpi-01", minute: 1 },
      { ...NOTE, host: "dpi-01", minute: 2 },
    );
    const [first, ...none] = await ids();
    expect(none).toEqual([]);
    const before = await snapshot(first);
    const split = await stages.desk.split(
      { incident: first, picks: ["host:dpi-01"], reason: REASON },
      stages.delegate,
    );
    const [, second] = await ids();
    expect(split).toEqual({ outcome: "split", incident: second });
    expect(await alertsOf(first)).toEqual(["pacs-01"]);
    expect(await alertsOf(second)).toEqual(["dpi-01", "dpi-01"]);
    expect((await facts(first)).map(({ kind, system }) => [kind, system])).toEqual([
      ["malicious_action_suspected", null],
      ["recovery_destroyed", "pacs"],
    ]);
    expect((await facts(second)).every(({ system }) => system !== "pacs")).toBe(true);

    const again = await stages.restart();
    await again.take({ ...DELETED, host: "dpi-01", minute: 3 }, { ...DELETED, host: "pacs-01", minute: 3 });
    expect((await incidents()).map(({ alerts, state }) => [alerts, state])).toEqual([
      [2, "open"],
      [3, "in_review"],
    ]);
    const undone = await again.desk.undoRegrouping({ incident: first, reason: REASON }, stages.delegate);
    expect(undone).toEqual({ outcome: "undone" });
    expect(await incidents()).toMatchObject([{ alerts: 5 }, { state: "merged", merged_into: first }]);
    const after = await snapshot(first);
    expect(after.facts.map(({ id, kind, system }) => [id, kind, system])).toEqual(
      before.facts.map(({ id, kind, system }) => [id, kind, system]),
    );
    expect(await alertsOf(first)).toHaveLength(5);
  });

  it.each([
    ["without a reason", { reason: "non" }, "reason_missing"],
    ["with itself", { other: "2026-0001" }, "unknown_incident"],
    ["with none", { other: "2026-0099" }, "unknown_incident"],
  ])("cannot merge an incident %s", async (_, change, code) => {
    const [a] = await two();
    const merging = { incident: a, other: "2026-0002", reason: REASON, ...change };
    expect(await stages.desk.merge(merging, stages.delegate)).toMatchObject({ outcome: "refused", code });
    expect((await incidents()).some(({ state }) => state === "merged")).toBe(false);
  });

  it("who may not edit may not regroup", async () => {
    const [a, b] = await two();
    const operator = { ...stages.delegate, role: "operator" as const };
    for (const refused of [
      await stages.desk.merge({ incident: a, other: b, reason: REASON }, operator),
      await stages.desk.split({ incident: a, picks: ["host:dpi-01"], reason: REASON }, operator),
      await stages.desk.undoRegrouping({ incident: a, reason: REASON }, operator),
    ])
      expect(refused).toMatchObject({ outcome: "refused", code: "not_allowed" });
  });

  it("cannot take all of an incident, nor undo what was decided on since", async () => {
    const [a, b] = await two();
    expect(
      await stages.desk.split({ incident: a, picks: ["system:dpi"], reason: REASON }, stages.delegate),
    ).toMatchObject({ code: "nothing_to_split" });
    await stages.desk.merge({ incident: a, other: b, reason: REASON }, stages.delegate);
    await stages.take({ ...NOTE, host: "dpi-01", minute: 13 }, BRIDGE);
    stages.clock.pass(5);
    expect(await decide(stages, a, "approve")).toMatchObject({ outcome: "approved" });
    expect(await stages.desk.undoRegrouping({ incident: a, reason: REASON }, stages.delegate)).toMatchObject({
      code: "decided_since",
    });
  });
});

/** An incident, its facts and its alerts, without when a person took note. */
async function snapshot(id: string) {
  const work = await loadWork(stages.store.reads, FACILITY, id);
  if (work === undefined) throw new Error("no incident");
  const { found: _, apart: __, because: ___, declarant: ____, ...incident } = work.incident;
  return { incident, facts: work.facts, alerts: await alertsOf(id) };
}

describe("the record", () => {
  it("holds who brought incidents together and why, and stands when verified", async () => {
    const [a, b] = await two();
    await stages.desk.merge({ incident: a, other: b, reason: REASON }, stages.delegate);
    stages.clock.pass(1);
    await stages.desk.undoRegrouping({ incident: a, reason: REASON }, stages.delegate);
    const [kept] = await stages.store.reads.ofIncident(FACILITY, "regrouping", a);
    expect(kept?.content).toMatchObject({
      kind: "merge",
      state: "undone",
      by: { name: "Anne Martin" },
      because: REASON,
      undone: { at: NIGHT + 11 * MICROSECONDS.minute, name: "Anne Martin", reason: REASON },
    });
  });
});
