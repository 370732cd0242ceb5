import { afterEach, describe, expect, it } from "vitest";
import { huntLines, recorded, tryLines } from "../../../test/support/hunts.ts";
import { NIGHT } from "../../../test/support/incident.ts";
import { FACILITY, incidentsOf, workOf } from "../../../test/support/night.ts";
import { DELETED, down, NOTE, openStages, type Stages, up } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";

let stages: Stages;
afterEach(() => stages?.close());

const WEEK = -7 * 24 * 60;
/** 02:30 in Paris. */
const HALF_PAST = 30;

/** An outage that stands alone, and the clock half an hour later. */
async function outage(host = "poste-7"): Promise<string> {
  stages = await openStages();
  await stages.take(down(host));
  stages.clock.pass(HALF_PAST);
  const [first] = await incidentsOf(stages);
  await stages.sweeper.sweep();
  return first?.id ?? "";
}
const factsOf = async (id: string) =>
  (await workOf(stages, id)).facts.map(({ kind, since, until }) => ({
    kind,
    since: (since - NIGHT) / MICROSECONDS.minute,
    until: until === null ? null : (until - NIGHT) / MICROSECONDS.minute,
  }));
/** Twenty accounts refused for one address, a week before. */
const sprayed = (host: string) =>
  Array.from(
    { length: 20 },
    (_, i) =>
      `<38>Nov  8 01:00:${String(10 + i)} ${host} sshd[899]: Failed password for compte${i} from 203.0.113.9 port 50120 ssh2`,
  );
const journal = async () => (await stages.store.reads.journal(FACILITY, 1, 10_000)).map(({ type }) => type);
/** Whatever an incident is made of, save when it was written. */
const pictureOf = async (id: string) => {
  const { incident, facts, qualification, declarations, planned } = await workOf(stages, id);
  return { incident, facts, qualification, declarations, planned };
};

describe("a search of old records", () => {
  it("gives what it finds to its incident alone: facts, beginning with the reason, evaluation, text", async () => {
    const id = await outage();
    await huntLines(stages, id, [
      recorded({ ...DELETED, host: "poste-7", minute: WEEK }),
      recorded({ ...NOTE, host: "poste-7", minute: WEEK + 5 }),
    ]);
    expect(await incidentsOf(stages)).toHaveLength(1);
    const { incident, facts, qualification, declarations } = await workOf(stages, id);
    expect(facts.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["system_unavailable", "recovery_destroyed", "malicious_action_suspected"]),
    );
    expect(incident).toMatchObject({
      state: "in_review",
      occurred: NIGHT + WEEK * MICROSECONDS.minute,
      alerts: 3,
      hunted: 2,
      found: stages.clock.now(),
      causes: expect.arrayContaining(["ransomware"]),
      beginning: {
        because: "Recherche rétrospective de Anne Martin, « exports.ndjson ».",
        fact: null,
        before: NIGHT,
      },
      hunts: [
        {
          by: { name: "Anne Martin" },
          what: "« exports.ndjson »",
          read: 2,
          detections: 2,
          began: NIGHT,
          criteria: expect.arrayContaining([expect.objectContaining({ after: "met" })]),
        },
      ],
    });
    expect(qualification?.verdict).toBe("declare");
    expect(declarations).toHaveLength(1);
    expect(await journal()).toEqual(expect.arrayContaining(["note.hunt", "note.beginning_moved"]));
  });

  it("goes to its incident even where another shares everything with it", async () => {
    const id = await outage("poste-7");
    await stages.take({ ...DELETED, host: "dpi-01", minute: 20 });
    const others = (await incidentsOf(stages)).filter((each) => each.id !== id);
    expect(others).toHaveLength(1);
    await huntLines(stages, id, [recorded({ ...NOTE, host: "dpi-01", minute: 21 })], {
      filter: { all: true },
    });
    expect(await incidentsOf(stages)).toMatchObject([
      { id, alerts: 2 },
      { id: others[0]?.id, alerts: 1 },
    ]);
    // Nor does it tie what comes live to its incident.
    await stages.take({ ...NOTE, host: "dpi-01", minute: 22 });
    expect(await incidentsOf(stages)).toMatchObject([
      { id, alerts: 2 },
      { id: others[0]?.id, alerts: 2 },
    ]);
  });

  it("is told again after a restart as before it: the live windows have not counted it", async () => {
    const id = await outage();
    const spray = sprayed("poste-7");
    await huntLines(stages, id, spray, { filter: { all: true } });
    const before = await pictureOf(id);
    const again = await stages.restart();
    while ((await again.pipeline.advance()) > 0);
    expect(await incidentsOf(stages)).toHaveLength(1);
    expect(await pictureOf(id)).toEqual(before);
  });
});

describe("the same search again", () => {
  const LINES = [
    recorded({ ...DELETED, host: "poste-7", minute: WEEK }),
    recorded({ ...DELETED, host: "poste-7", minute: WEEK }),
    recorded({ ...NOTE, host: "poste-7", minute: WEEK + 5 }),
    recorded(down("poste-7")),
  ];

  it("changes nothing, not even the journal; equal lines are two events, a live one is known by its text", async () => {
    const id = await outage();
    const first = await huntLines(stages, id, LINES);
    expect(first?.hunt.counts).toMatchObject({ read: 4, kept: 3, known: 1 });
    const [before, entries] = [await pictureOf(id), await journal()];
    stages.clock.pass(60);
    const second = await huntLines(stages, id, LINES, { name: "renommé.ndjson" });
    expect(second).toMatchObject({ changed: false, hunt: { counts: { kept: 0, known: 4 } } });
    expect(await pictureOf(id)).toEqual(before);
    expect(await journal()).toEqual(entries);
  });

  it("that was cut short goes on: nothing twice, nothing lost, and the facts of all", async () => {
    const id = await outage();
    await huntLines(stages, id, LINES, { killedAfter: 2 });
    expect((await workOf(stages, id)).incident).toMatchObject({ alerts: 1 });
    const again = await huntLines(stages, id, LINES);
    expect(again?.hunt.counts).toMatchObject({ kept: 1, known: 3 });
    const whole = await workOf(stages, id);
    expect(whole.incident).toMatchObject({ alerts: 4, hunted: 3 });
    expect(whole.incident.hunts?.[0]).toMatchObject({ detections: 3 });
    const destroyed = whole.facts.find(({ kind }) => kind === "recovery_destroyed");
    expect(destroyed).toMatchObject({ alerts: 2 });
  });

  it("adds what another recording has beyond it, and the count of a fact stays the count of its alerts", async () => {
    const id = await outage();
    await huntLines(stages, id, LINES.slice(0, 2));
    await huntLines(stages, id, [...LINES, recorded({ ...DELETED, host: "poste-7", minute: WEEK - 60 })]);
    const { incident, facts } = await workOf(stages, id);
    expect(incident).toMatchObject({ alerts: 5, hunted: 4 });
    const destroyed = facts.filter(({ kind }) => kind === "recovery_destroyed");
    expect(destroyed).toMatchObject([{ alerts: 3, since: NIGHT + (WEEK - 60) * MICROSECONDS.minute }]);
  });
});

describe("what is kept of it", () => {
  const lines = [
    recorded({ ...DELETED, host: "poste-7.example.org", minute: -60 }),
    recorded({ ...DELETED, host: "poste-8", minute: -50 }),
    recorded({ ...DELETED, host: "poste-9", minute: -40, more: { user: "a.martin" } }),
    recorded({ ...DELETED, host: "poste-7", minute: 60 * 24 * 365 * 60 }),
    '{"@timestamp":"1970-01-01T00:00:00Z","host":"poste-7","message":"vssadmin.exe delete shadows /all /quiet"}',
    '{"host":"poste-7","message":"vssadmin.exe delete shadows /all /quiet"}',
    '{"@timestamp":"2026-11-15T00:00:00Z","host":"poste-7","message":"rien"}',
    "",
  ];

  it.each([
    ["what shares a machine", {}, 1, { unrelated: 2, impossible: 2, undated: 1, unmatched: 1, unread: 1 }],
    ["a machine named, whatever it shares", { hosts: ["POSTE-8"] }, 1, { other_host: 2 }],
    ["all of it", { all: true }, 3, { impossible: 2 }],
    ["what happened in between", { all: true, since: NIGHT - 45 * 60e6, until: NIGHT }, 1, { outside: 3 }],
  ])("is %s; the rest is counted with why", async (_what, filter, kept, left_out) => {
    const id = await outage();
    const done = await huntLines(stages, id, lines, { filter });
    expect(done?.hunt.counts).toMatchObject({ read: 8, kept, left_out });
    const { kept: own, known, left_out: left, matched } = done?.hunt.counts ?? { left_out: {} };
    const { other_host = 0, unrelated = 0 } = left;
    expect((own ?? 0) + (known ?? 0) + other_host + unrelated).toBe(matched);
  });

  it("is not what another incident has: of the same index, or of another search", async () => {
    const id = await outage("poste-7");
    await stages.take(down("samu-01", 25));
    const other = (await incidentsOf(stages)).find((each) => each.id !== id)?.id ?? "";
    const line = [recorded({ ...DELETED, host: "poste-7", minute: WEEK })];
    await huntLines(stages, other, line, { filter: { all: true } });
    const done = await huntLines(stages, id, line, { filter: { all: true } });
    expect(done?.hunt.counts).toMatchObject({ kept: 0, left_out: { elsewhere: 1 } });
    expect((await workOf(stages, id)).incident.alerts).toBe(1);
    expect((await workOf(stages, other)).incident.hunted).toBe(1);
  });

  it("has what only correlations tell, with what they counted", async () => {
    const id = await outage();
    const spray = sprayed("poste-7");
    const done = await huntLines(stages, id, spray);
    const found = await stages.store.reads.detectionsOf(FACILITY, id, 100);
    const rules = found.map(({ detection }) => detection.rule.name);
    expect(rules).toContain("password-spraying");
    expect(rules.filter((name) => name === "ssh-password-refused").length).toBeGreaterThanOrEqual(15);
    const spraying = found.find(({ detection }) => detection.rule.name === "password-spraying");
    const seqs = new Set(found.map(({ detection }) => detection.seq));
    expect(spraying?.detection.based_on?.length).toBeGreaterThanOrEqual(15);
    expect(spraying?.detection.based_on?.every((seq) => seqs.has(seq))).toBe(true);
    expect(done?.hunt.counts.kept).toBe(found.length - 1);
    const again = await huntLines(stages, id, spray);
    expect(again).toMatchObject({ changed: false });
  });
});

describe("facts that a search tells", () => {
  it("begin a live outage earlier when nothing ended it in between, and stand apart when something did", async () => {
    const id = await outage();
    await huntLines(stages, id, [recorded(down("poste-7", -30))]);
    expect(await factsOf(id)).toEqual([{ kind: "system_unavailable", since: -30, until: null }]);
    await huntLines(stages, id, [recorded(down("poste-7", WEEK)), recorded(up("poste-7", WEEK + 20))]);
    expect(await factsOf(id)).toEqual([
      { kind: "system_unavailable", since: -30, until: null },
      { kind: "system_unavailable", since: WEEK, until: WEEK + 20 },
    ]);
  });

  it("end a live outage only where nothing live is newer", async () => {
    const id = await outage();
    await stages.take(down("poste-7", 25));
    await huntLines(stages, id, [recorded(up("poste-7", 20))]);
    expect(await factsOf(id)).toEqual([{ kind: "system_unavailable", since: 0, until: null }]);
    await huntLines(stages, id, [recorded(up("poste-7", 28))]);
    expect(await factsOf(id)).toEqual([{ kind: "system_unavailable", since: 0, until: 28 }]);
  });

  it("do not come back when a person withdrew them after all that tells them", async () => {
    const id = await outage();
    const line = recorded({ ...DELETED, host: "poste-7", minute: WEEK });
    await huntLines(stages, id, [line]);
    const fact = (await workOf(stages, id)).facts.find(({ kind }) => kind === "recovery_destroyed");
    stages.clock.pass(1);
    const withdrawn = await stages.desk.withdrawFact(
      { incident: id, fact: fact?.id ?? "", reason: "Purge prévue, faite par nous." },
      stages.delegate,
    );
    expect(withdrawn.outcome).toBe("withdrawn");
    await huntLines(stages, id, [recorded({ ...NOTE, host: "poste-7", minute: WEEK })]);
    const standing = (await workOf(stages, id)).facts.filter((each) => each.withdrawn === null);
    expect(standing.map(({ kind }) => kind)).not.toContain("recovery_destroyed");
  });
});

describe("who is told", () => {
  const METS = [recorded({ ...DELETED, host: "poste-7", minute: WEEK })];
  const told = () => stages.messages.map(({ subject }) => subject.split(" : ").at(-1));

  it("is nobody at night, on call or delegate, though an incident opens and a criterion is met by it", async () => {
    const id = await outage();
    await huntLines(stages, id, METS);
    expect((await workOf(stages, id)).incident.state).toBe("in_review");
    // Noise that goes on does not turn it into a call of the night.
    stages.clock.pass(20);
    await stages.take(down("poste-7", 50));
    await stages.sweeper.sweep();
    expect(stages.messages).toEqual([]);
  });

  it("is told in the morning, once", async () => {
    const id = await outage();
    await huntLines(stages, id, METS);
    stages.clock.pass(7 * 60);
    await stages.sweeper.sweep();
    await stages.sweeper.sweep();
    expect(stages.messages.map(({ event }) => event).sort()).toEqual(["decision_needed", "incident_opened"]);
    expect(stages.messages.every(({ incident }) => incident === id)).toBe(true);
  });

  it("is called at once for what then comes live, and not again in the morning", async () => {
    const id = await outage();
    await huntLines(stages, id, METS);
    stages.clock.pass(10);
    await stages.take({ ...NOTE, host: "poste-7", minute: 40 });
    await stages.sweeper.sweep();
    const now = stages.messages.map(({ event }) => event).sort();
    expect(now).toEqual(["decision_needed", "incident_opened"]);
    stages.clock.pass(7 * 60);
    await stages.sweeper.sweep();
    expect(stages.messages.map(({ event }) => event).sort()).toEqual(now);
    expect((await incidentsOf(stages)).map((each) => each.id)).toEqual([id]);
  });

  it("is told by day of a further criterion, when the delegate was called before", async () => {
    stages = await openStages();
    await stages.take({ ...DELETED, host: "poste-7" }, { ...NOTE, host: "poste-7" });
    await stages.sweeper.sweep();
    expect(stages.messages.map(({ event }) => event)).toContain("decision_needed");
    const [first] = await incidentsOf(stages);
    const before = stages.messages.length;
    stages.clock.pass(HALF_PAST);
    await huntLines(stages, first?.id ?? "", [recorded({ ...down("pacs-01", -120) })], {
      filter: { all: true },
    });
    expect(stages.messages).toHaveLength(before);
    stages.clock.pass(7 * 60);
    await stages.sweeper.sweep();
    expect(told().slice(before)).toEqual(["une recherche dans le passé change l'évaluation"]);
  });
});

describe("an incident that takes nothing", () => {
  it("refuses once it is closed, and sends on what was for one that went into another", async () => {
    const id = await outage();
    await stages.take(down("samu-01", 25));
    const other = (await incidentsOf(stages)).find((each) => each.id !== id)?.id ?? "";
    const { running } = await cutShort(id);
    await stages.desk.merge({ incident: other, other: id, reason: "Le même prestataire." }, stages.delegate);
    await running();
    expect((await workOf(stages, other)).incident).toMatchObject({ alerts: 3, hunted: 1 });
    expect((await workOf(stages, id)).incident.state).toBe("merged");
    const closed = await stages.desk.closeByHand(
      { incident: other, reason: "Fausse alerte vérifiée." },
      stages.delegate,
    );
    if (closed.outcome === "closed") {
      const before = await pictureOf(other);
      await huntLines(stages, other, [recorded({ ...NOTE, host: "poste-7", minute: WEEK })]);
      expect(await pictureOf(other)).toEqual(before);
    }
  });

  /** A search whose end comes after what happens meanwhile. */
  async function cutShort(id: string) {
    const line = [recorded({ ...DELETED, host: "poste-7", minute: WEEK })];
    await huntLines(stages, id, [...line, "x"], { killedAfter: 1 });
    return { running: () => huntLines(stages, id, line, { filter: { all: true } }) };
  }
});

it("tries without keeping anything, and says the same as it then does", async () => {
  const id = await outage();
  const lines = [recorded({ ...DELETED, host: "poste-7", minute: WEEK }), recorded(down("poste-7", -30))];
  const [before, entries] = [await pictureOf(id), await journal()];
  const tried = await tryLines(stages, id, lines);
  expect(tried.arrivals.map(({ detection }) => detection.rule.name)).toEqual([
    "recovery-destroyed",
    "service-down",
  ]);
  expect(await pictureOf(id)).toEqual(before);
  expect(await journal()).toEqual(entries);
  await huntLines(stages, id, lines);
  const { incident, facts } = await workOf(stages, id);
  expect(tried.outcome).toEqual(incident.hunts?.[0]);
  expect(tried.after.facts.map(({ kind, since, until }) => [kind, since, until])).toEqual(
    facts.map(({ kind, since, until }) => [kind, since, until]),
  );
});
