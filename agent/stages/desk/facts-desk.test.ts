import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { DELETED, down, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { AUDITOR, OPERATOR, REASON, RSSI, statingScene } from "../../../test/support/stating.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { FACTS, FactKind, JUDGEMENTS } from "../../core/fact.ts";
import type { Statement } from "./desk.ts";

let stages: Stages;
afterEach(() => stages?.close());
const { statement, opened, dossier, criterion, factOf, journal } = statingScene(() => stages);

describe("an incident opened by hand", () => {
  it("is evaluated at once, with the source and the writer apart, and tells whom its criteria call", async () => {
    stages = await openStages();
    const id = await opened({ kinds: ["degraded_mode", "system_unavailable"], systems: ["dpi"] });
    const { incident, facts, qualification, current } = await dossier(id);
    expect(incident).toMatchObject({
      state: "in_review",
      opened_by: "person",
      reference: "2026-0001",
      found: NIGHT,
      occurred: NIGHT,
      alerts: 0,
      systems: ["dpi"],
    });
    expect(facts.map(({ kind, system, origin }) => [kind, system, origin])).toEqual([
      [
        "degraded_mode",
        null,
        { by: "person", source: "cadre de santé, Mme Roux, poste 1234", writer: "Ève Petit" },
      ],
      [
        "system_unavailable",
        "dpi",
        { by: "person", source: "cadre de santé, Mme Roux, poste 1234", writer: "Ève Petit" },
      ],
    ]);
    expect(qualification?.verdict).toBe("declare");
    expect(current?.declaration.state).toBe("draft");
    await stages.sweeper.sweep();
    expect(stages.messages.map(({ event }) => event)).toEqual(["incident_opened", "decision_needed"]);
  });

  it("asks the on call and not the delegate when nothing of it meets a criterion", async () => {
    stages = await openStages();
    const id = await opened({ kinds: ["account_compromised"] });
    expect((await dossier(id)).incident.state).toBe("open");
    await stages.sweeper.sweep();
    expect(stages.messages.map(({ event }) => event)).toEqual(["incident_opened"]);
  });

  it("takes in the alerts that follow about its system", async () => {
    stages = await openStages();
    const id = await opened({ systems: ["pacs"], kinds: ["system_unavailable"] });
    stages.clock.pass(5);
    await stages.take({ ...down("pacs-01", 5) });
    const all = await stages.desk.incidents({ limit: 10 });
    expect(all.map(({ incident }) => [incident.id, incident.alerts])).toEqual([[id, 1]]);
  });

  it("is one, however often its form is sent", async () => {
    stages = await openStages();
    const once = statement();
    await Promise.all([1, 2, 3].map(() => stages.desk.openByHand(once, OPERATOR)));
    expect(await stages.desk.incidents({ limit: 10 })).toHaveLength(1);
    expect((await dossier(once.form)).facts).toHaveLength(1);
  });

  it("survives a restart", async () => {
    stages = await openStages();
    const id = await opened();
    const again = await stages.restart();
    expect((await again.desk.dossier(id))?.facts).toHaveLength(1);
  });

  it("shows no patient that its writer named", async () => {
    stages = await openStages();
    const id = await opened({
      text: "Le dossier du patient DUPONT Jean, NIR 1 85 05 78 006 084 91, ne s'ouvre plus.",
      source: { who: "other", name: "Appel au sujet de NIR 1 85 05 78 006 084 91" },
    });
    expect(JSON.stringify(await dossier(id))).not.toMatch(/DUPONT|1 85 05 78/);
  });

  it.each<[string, Partial<Statement>, string, RegExp]>([
    ["nothing", { kinds: [] }, "nothing_said", /choisissez/],
    ["an unknown system", { systems: ["nope"] }, "unknown_system", /« nope »/],
    ["a date in 1970", { since: 0 }, "past_instant", /1970.*vérifiez l'année/],
    ["a date in 2090", { since: Date.UTC(2090, 0, 1) * 1000 }, "future_instant", /2090.*futur/],
    ["60 kB of text", { text: "x".repeat(60_000) }, "too_long", /60000 caractères/],
    ["a name of 60 kB", { source: { who: "care", name: "x".repeat(60_000) } }, "too_long", /200/],
    ["another source without a name", { source: { who: "other", name: "" } }, "source_missing", /qui/],
    ["a judgement that has its own question", { kinds: ["risk_unlikely"] }, "bad_kind", /question/],
    ["what only others may say", { kinds: ["exceptional_situation"] }, "not_allowed", /rôle/],
    ["a form of its own making", { form: "1" }, "bad_form", /périmé/],
  ])("is refused for %s, and nothing is kept", async (_, over, code, because) => {
    stages = await openStages();
    const done = await stages.desk.openByHand(statement(over), OPERATOR);
    expect(done).toMatchObject({ outcome: "refused", code, because: expect.stringMatching(because) });
    expect(await stages.desk.incidents({ limit: 10 })).toEqual([]);
  });

  it("is not for who only reads", async () => {
    stages = await openStages();
    expect(await stages.desk.openByHand(statement(), AUDITOR)).toMatchObject({ code: "not_allowed" });
  });
});

describe("a fact of a person", () => {
  it("opens what was only watched, and meets its criterion", async () => {
    stages = await openStages();
    await stages.take(down("dpi-01"));
    const [watched] = await stages.desk.incidents({ limit: 1 });
    const id = watched?.incident.id ?? "";
    expect(watched?.incident.state).toBe("candidate");
    await stages.desk.stateFacts(id, statement(), OPERATOR);
    expect((await dossier(id)).incident.state).toBe("in_review");
    expect(await criterion(id, "C3")).toBe("met");
  });

  it("makes later alerts about its system join", async () => {
    stages = await openStages();
    await stages.take({ ...DELETED, host: "poste-1" });
    const [first] = await stages.desk.incidents({ limit: 1 });
    const id = first?.incident.id ?? "";
    await stages.desk.stateFacts(id, statement({ kinds: ["data_lost"], systems: ["dpi"] }), OPERATOR);
    await stages.take(down("dpi-01", 3));
    expect(
      (await stages.desk.incidents({ limit: 10 })).map(({ incident }) => [incident.id, incident.alerts]),
    ).toEqual([[id, 2]]);
    const again = await stages.restart();
    await again.take(down("dpi-02", 4));
    expect((await again.desk.incidents({ limit: 10 })).map(({ incident }) => incident.alerts)).toEqual([3]);
  });

  it("keeps its criterion when it ends, and loses it when it is withdrawn", async () => {
    stages = await openStages();
    const id = await opened();
    const { id: fact } = await factOf(id, "degraded_mode");
    stages.clock.pass(60);
    const source = { who: "care", name: "" } as const;
    await stages.desk.endFact({ incident: id, fact, source }, OPERATOR);
    expect(await factOf(id, "degraded_mode")).toMatchObject({
      until: NIGHT + MICROSECONDS.hour,
      ended: { source: "cadre de santé", writer: "Ève Petit" },
    });
    expect(await criterion(id, "C3")).toBe("met");
    await stages.desk.withdrawFact({ incident: id, fact, reason: REASON }, OPERATOR);
    expect(await criterion(id, "C3")).toBe("unknown");
    expect((await dossier(id)).incident.state).toBe("open");
    expect((await factOf(id, "degraded_mode")).withdrawn).toMatchObject({
      writer: "Ève Petit",
      reason: REASON,
    });
    // Stated, ended, withdrawn: the journal has all three.
    expect(await journal("fact.put")).toHaveLength(3);
  });

  it.each(FactKind.options.filter((kind) => !JUDGEMENTS.has(kind)))(
    "%s keeps what it met when it ends, and nothing of it once withdrawn",
    async (kind) => {
      stages = await openStages();
      const id = await opened(
        { kinds: [kind], systems: FACTS[kind].about === "system" ? ["dpi", "samu"] : [] },
        RSSI,
      );
      const met = async () => {
        const { qualification, others } = await dossier(id);
        return [qualification, ...others].flatMap((each) =>
          (each?.criteria ?? []).filter(({ value }) => value === "met").map((one) => one.id),
        );
      };
      const before = await met();
      const facts = (await dossier(id)).facts.map((fact) => fact.id);
      stages.clock.pass(1);
      for (const fact of facts) {
        const done = await stages.desk.endFact(
          { incident: id, fact, source: { who: "self", name: "" } },
          RSSI,
        );
        expect(done.outcome).toBe(FACTS[kind].lasts === "state" ? "ended" : "refused");
      }
      expect(await met()).toEqual(before);
      for (const fact of facts) await stages.desk.withdrawFact({ incident: id, fact, reason: REASON }, RSSI);
      expect(await met()).toEqual([]);
    },
  );

  it("of a rule is withdrawn by who may edit, and not by an operator", async () => {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const id = first?.incident.id ?? "";
    const { id: fact } = await factOf(id, "data_altered").catch(() =>
      factOf(id, "malicious_action_suspected"),
    );
    const withdrawal = { incident: id, fact, reason: REASON };
    expect(await stages.desk.withdrawFact(withdrawal, OPERATOR)).toMatchObject({ code: "not_allowed" });
    expect(await stages.desk.withdrawFact(withdrawal, RSSI)).toEqual({ outcome: "withdrawn" });
  });

  it("says whether it was malicious until it is withdrawn", async () => {
    stages = await openStages();
    const id = await opened({ kinds: ["malicious_action_suspected"] });
    expect((await dossier(id)).incident.malicious).toBe(true);
    const { id: fact } = await factOf(id, "malicious_action_suspected");
    await stages.desk.withdrawFact({ incident: id, fact, reason: REASON }, OPERATOR);
    expect((await dossier(id)).incident.malicious).toBeNull();
  });

  it("that ends before it starts is refused, and both instants are named", async () => {
    stages = await openStages();
    const id = await opened();
    const { id: fact } = await factOf(id, "degraded_mode");
    const end = {
      incident: id,
      fact,
      until: NIGHT - MICROSECONDS.hour,
      source: { who: "self", name: "" },
    } as const;
    expect(await stages.desk.endFact(end, OPERATOR)).toMatchObject({
      outcome: "refused",
      code: "ends_before_it_starts",
      because: "La fin (15/11/2026 01:00) précède le début (15/11/2026 02:00).",
    });
    expect((await factOf(id, "degraded_mode")).until).toBeNull();
  });

  it.each<[string, { until?: number; fact?: string }, string]>([
    ["in the future", { until: NIGHT + MICROSECONDS.day }, "future_instant"],
    ["of no fact", { fact: "nope" }, "unknown_fact"],
  ])("is refused an end %s", async (_, over, code) => {
    stages = await openStages();
    const id = await opened();
    const { id: fact } = await factOf(id, "degraded_mode");
    const end = { incident: id, fact, source: { who: "self", name: "" } as const, ...over };
    expect(await stages.desk.endFact(end, OPERATOR)).toMatchObject({ code });
  });

  it("that is an event has no end", async () => {
    stages = await openStages();
    const id = await opened({ kinds: ["data_disclosed"] });
    const { id: fact } = await factOf(id, "data_disclosed");
    const done = await stages.desk.endFact(
      { incident: id, fact, source: { who: "self", name: "" } },
      OPERATOR,
    );
    expect(done).toMatchObject({ code: "not_a_state" });
  });

  it.each(["", "   ", "trop court", "x".repeat(60_000)].map((reason) => [reason.slice(0, 12), reason]))(
    "is not withdrawn for the reason « %s »",
    async (_, reason) => {
      stages = await openStages();
      const id = await opened();
      const { id: fact } = await factOf(id, "degraded_mode");
      const done = await stages.desk.withdrawFact({ incident: id, fact, reason }, OPERATOR);
      if (reason.trim().length === 10) return expect(done).toEqual({ outcome: "withdrawn" });
      expect(done).toMatchObject({ code: "reason_missing" });
      expect((await factOf(id, "degraded_mode")).withdrawn).toBeNull();
    },
  );

  it("is stated once, however often its form is sent", async () => {
    stages = await openStages();
    const id = await opened();
    const once = statement({ kinds: ["care_diverted"] });
    await Promise.all([1, 2, 3].map(() => stages.desk.stateFacts(id, once, OPERATOR)));
    expect((await dossier(id)).facts.filter(({ kind }) => kind === "care_diverted")).toHaveLength(1);
  });

  it("that two people change at once is told to the second, and nothing of the first is lost", async () => {
    stages = await openStages();
    const id = await opened();
    const { id: fact } = await factOf(id, "degraded_mode");
    stages.clock.pass(30);
    const ended = { incident: id, fact, until: NIGHT + 10 * MICROSECONDS.minute };
    const [first, second] = await Promise.all([
      stages.desk.endFact({ ...ended, source: { who: "self", name: "" } }, OPERATOR),
      stages.desk.endFact(
        { ...ended, until: NIGHT + 20 * MICROSECONDS.minute, source: { who: "self", name: "" } },
        RSSI,
      ),
    ]);
    expect(first).toEqual({ outcome: "ended" });
    expect(second).toMatchObject({
      code: "already_ended",
      because: expect.stringContaining("15/11/2026 02:10, noté par Ève Petit"),
    });
    await stages.desk.withdrawFact({ incident: id, fact, reason: REASON }, RSSI);
    expect(
      await stages.desk.withdrawFact({ incident: id, fact, reason: `${REASON} Bis.` }, OPERATOR),
    ).toMatchObject({ code: "already_withdrawn", because: expect.stringContaining("Rémi Roy") });
  });

  it("that two processes state at once is kept from both", async () => {
    stages = await openStages();
    const id = await opened();
    const other = await stages.restart();
    await Promise.all([
      stages.desk.stateFacts(id, statement({ kinds: ["care_diverted"] }), OPERATOR),
      other.desk.stateFacts(id, statement({ kinds: ["others_affected"] }), RSSI),
    ]);
    const again = await stages.restart();
    expect((await again.desk.dossier(id))?.facts.map(({ kind }) => kind).sort()).toEqual([
      "care_diverted",
      "degraded_mode",
      "others_affected",
    ]);
  });
});
