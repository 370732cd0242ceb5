import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { DELETED, down, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { instantFromIso, MICROSECONDS } from "../../core/clock.ts";
import { writeWeeklyReport } from "../../weekly-report.ts";
import { messageOf } from "../notify.ts";
import { reportWeek } from "./report-week.ts";
import { tellWeek } from "./tell-week.ts";
import { lastWeek, type Week, weekOf } from "./weeks.ts";

let stages: Stages;
afterEach(() => stages?.close());

const ZONE = "Europe/Paris";
const at = (iso: string) => instantFromIso(iso) ?? Number.NaN;
/** NIGHT is Sunday 15 November 2026. */
const WEEK = weekOf("2026-11-15", ZONE) as Week;

describe("weeks", () => {
  it.each([
    ["2026-11-15", "2026-11-09", "2026-11-09T00:00:00+01:00", 7 * 24],
    ["2026-11-16", "2026-11-16", "2026-11-16T00:00:00+01:00", 7 * 24],
    ["2026-10-25", "2026-10-19", "2026-10-19T00:00:00+02:00", 7 * 24 + 1],
    ["2026-03-29", "2026-03-23", "2026-03-23T00:00:00+01:00", 7 * 24 - 1],
  ])("of %s begins on Monday %s, and lasts as long as the clocks say", (day, monday, from, hours) => {
    const week = weekOf(day, ZONE);
    expect(week).toMatchObject({ monday, from: at(from) });
    expect((week?.to ?? 0) - (week?.from ?? 0)).toBe(hours * MICROSECONDS.hour);
  });

  it.each(["2026-02-30", "hier", ""])("%j is no day", (day) => {
    expect(weekOf(day, ZONE)).toBeUndefined();
  });

  it("are over on Monday at midnight of the facility", () => {
    expect(lastWeek(at("2026-11-15T23:59:59+01:00"), ZONE)?.monday).toBe("2026-11-02");
    expect(lastWeek(at("2026-11-16T00:00:00+01:00"), ZONE)?.monday).toBe("2026-11-09");
  });
});

describe("the report of a week in observation", () => {
  it("says what would have been declared and who would have been called, when, though nobody was", async () => {
    stages = await openStages({ mode: "observe" });
    await stages.take(DELETED, NOTE);
    await stages.sweeper.sweep();
    expect(stages.messages).toEqual([]);
    const report = await reportWeek(stages.store.reads, stages.setup, WEEK);
    expect(report.incidents).toMatchObject([
      {
        verdict: "declare",
        state: "in_review",
        calls: [
          { role: "on_call", event: "incident_opened", at: NIGHT },
          { role: "delegate", event: "decision_needed", at: NIGHT },
        ],
      },
    ]);
    expect(report.incidents[0]?.criteria.map(({ id }) => id)).toContain("C1");
    expect(report.rules.length).toBeGreaterThan(0);
    expect(report.detections).toBe(report.rules.reduce((sum, { detections }) => sum + detections, 0));
    const text = tellWeek(report, ZONE);
    expect(text).toContain("Bilan de la semaine du 09/11/2026 · CH Exemple · Observation (aucun envoi)");
    expect(text).toContain("15/11/2026 02:00 : personne déléguée (décision attendue)");
    expect(text).toMatch(/découvrir ici un incident passé.*c'est en prendre connaissance/);
  });

  it("sends nothing that was planned before the mode was changed", async () => {
    stages = await openStages({ mode: "live" });
    await stages.take(DELETED, NOTE);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const work = await stages.pipeline.view(first?.incident.id ?? "");
    if (work === undefined) throw new Error("no incident");
    const told = (mode: "live" | "observe") =>
      messageOf("key", "decision_needed", work, { ...stages.setup, mode }, () => "");
    expect(told("live")).toBeDefined();
    expect(told("observe")).toBeUndefined();
  });

  it("tells the same calls that the live mode makes", async () => {
    stages = await openStages({ mode: "live" });
    await stages.take(down("srv-1"));
    stages.clock.pass(20);
    await stages.take({ ...DELETED, minute: 20 });
    stages.clock.pass(5);
    await stages.take({ ...NOTE, minute: 25 });
    await stages.sweeper.sweep();
    const { incidents } = await reportWeek(stages.store.reads, stages.setup, WEEK);
    const told = incidents.flatMap(({ id, calls }) => calls.map(({ event }) => [id, event]));
    expect(told.toSorted()).toEqual(
      stages.messages.map(({ incident, event }) => [incident, event]).toSorted(),
    );
    expect(told.length).toBeGreaterThan(1);
  });

  it.each(["live", "exercise"] as const)(
    "in %s mode says what left and what came of it, and nothing of what would have been",
    async (mode) => {
      stages = await openStages({ mode });
      await stages.take(DELETED, NOTE);
      stages.answers.push({ outcome: "unreachable", because: "no line" });
      while ((await stages.sweeper.sweep()) > 0);
      const report = await reportWeek(stages.store.reads, stages.setup, WEEK);
      const [incident] = report.incidents;
      expect(incident?.sent.length).toBeGreaterThan(1);
      const text = tellWeek(report, ZONE);
      expect(text).toMatch(
        /\n {2}15\/11\/2026 02:00 : Ouverture, à l'astreinte informatique \(astreinte[^)]*\)\n/,
      );
      expect(text).toContain(", NON JOINT)");
      expect(text).toContain(`${incident?.sent.length} message(s) envoyé(s) à leur sujet`);
      expect(text).toContain("\nÀ déclarer, ou déclaré\n");
      expect(text).not.toMatch(/aurait|auraient|Observation|observation/);
      expect(text.includes("EXERCICE")).toBe(mode === "exercise");
    },
  );

  it("in live mode says of an incident of which nobody was told that no message left", async () => {
    stages = await openStages({ mode: "live", channels: [] });
    await stages.take(DELETED, NOTE);
    while ((await stages.sweeper.sweep()) > 0);
    const text = tellWeek(await reportWeek(stages.store.reads, stages.setup, WEEK), ZONE);
    expect(text).toContain("Aucun message n'est parti à son sujet cette semaine.");
    expect(text).toContain("0 message(s) envoyé(s) à leur sujet");
  });

  it("lists what the machine closed, and calls nobody for it", async () => {
    stages = await openStages({ mode: "observe" });
    await stages.take(down("pacs-01"));
    stages.clock.pass(5);
    await stages.take({
      host: "pacs-01",
      minute: 5,
      message: 'Resolved: Service "pacs-01" is running on pacs-01',
    });
    stages.clock.pass(5 * 60);
    await stages.sweeper.sweep();
    const { closed, incidents } = await reportWeek(stages.store.reads, stages.setup, WEEK);
    expect(closed).toMatchObject([
      { reference: "2026-0001", because: expect.stringContaining("Aucun soupçon") },
    ]);
    expect(incidents).toMatchObject([{ state: "closed", verdict: "watching", calls: [] }]);
    const other = await reportWeek(stages.store.reads, stages.setup, weekOf("2026-11-16", ZONE) as Week);
    expect(other.closed).toEqual([]);
  });

  it("leaves out what happened in another week, and what is under the secret of national defence", async () => {
    stages = await openStages({ mode: "observe" });
    await stages.take(DELETED, NOTE);
    const earlier = await reportWeek(stages.store.reads, stages.setup, weekOf("2026-11-02", ZONE) as Week);
    expect([earlier.incidents, earlier.detections]).toEqual([[], 0]);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const incident = first?.incident.id ?? "";
    await stages.desk.flagSecret({ incident, holds: true, reason: "" }, stages.delegate);
    expect((await reportWeek(stages.store.reads, stages.setup, WEEK)).incidents).toEqual([]);
  });

  it("is written once a week into the state folder, with a line in the log", async () => {
    stages = await openStages({ mode: "observe" });
    await stages.take(DELETED, NOTE);
    stages.clock.set(at("2026-11-16T08:00:00+01:00"));
    const folder = join(mkdtempSync(join(tmpdir(), "tocsin-week-")), "bilans");
    const lines: unknown[] = [];
    const log = { info: (message: string, fields: object) => lines.push({ message, ...fields }) };
    const parts = {
      reads: stages.store.reads,
      setup: stages.setup,
      clock: stages.clock,
      log: log as never,
      folder,
    };
    const file = await writeWeeklyReport(parts);
    expect(await writeWeeklyReport(parts)).toBeUndefined();
    expect(readdirSync(folder)).toEqual(["bilan-2026-11-09.txt"]);
    expect(readFileSync(file ?? "", "utf8")).toContain("Ce qui aurait été déclaré");
    expect(lines).toMatchObject([{ incidents: 1, to_declare: 1, calls: 2, week: "2026-11-09" }]);
    stages.clock.set(at("2026-11-23T08:00:00+01:00"));
    expect(await writeWeeklyReport(parts)).toMatch(/bilan-2026-11-16\.txt$/);
    rmSync(join(folder, ".."), { recursive: true, force: true });
    expect(existsSync(folder)).toBe(false);
  });
});
