import { afterEach, describe, expect, it } from "vitest";
import { NIGHT } from "../../test/support/incident.ts";
import { DELETED, down, type Line, openStages, type Stages } from "../../test/support/pipeline.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { closeCandidate, outlookOf, QUIET } from "./close-candidates.ts";
import type { Actor } from "./person-act.ts";

let stages: Stages;
afterEach(() => stages?.close());

const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };
const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };
const REASON = "Relu avec l'équipe : c'était à déclarer.";
const MONTH = "2026-11";
const up = (host: string, minute: number): Line => ({
  host,
  minute,
  message: `Resolved: Service "${host}" is running on ${host}`,
});

async function incidents(each = stages) {
  return (await each.desk.incidents({ limit: 10 })).map(({ incident }) => incident);
}
async function only(each = stages) {
  const [incident] = await incidents(each);
  if (incident === undefined) throw new Error("no incident");
  return incident;
}

/** A PACS blip: down at 02:00, up again at 02:17, its delay being 30 minutes. */
async function blip(options: Parameters<typeof openStages>[0] = {}) {
  stages = await openStages(options);
  await stages.take(down("pacs-01"));
  stages.clock.pass(17);
  await stages.take(up("pacs-01", 17));
}

async function wait(minutes: number, each = stages) {
  each.clock.pass(minutes);
  while ((await each.sweeper.sweep()) > 0);
}

describe("a candidate", () => {
  it("that nothing makes matter closes by itself once it was quiet, and says why", async () => {
    await blip();
    await wait(QUIET / MICROSECONDS.minute - 1);
    expect((await only()).state).toBe("candidate");
    await wait(16);
    expect(await only()).toMatchObject({ state: "closed", closed_by: "machine" });
    const { closings } = await stages.desk.closings(MONTH);
    expect(closings).toMatchObject([
      {
        by: "machine",
        writer: null,
        reference: "2026-0001",
        regime: "sante-2022",
        regime_version: expect.any(String),
        reopened: null,
        because:
          "Système indisponible : PACS, le 15/11/2026 02:00 pendant 17 min (mode dégradé attendu après 30 min). Aucun soupçon de malveillance, aucun critère rempli, rien de nouveau depuis 4 h 00.",
      },
    ]);
    expect(stages.messages).toEqual([]);
  });

  it("asks nobody anything any more once it is closed", async () => {
    await blip();
    await wait(300);
    const dossier = await stages.desk.dossier((await only()).id);
    expect(dossier?.qualification).toMatchObject({ verdict: "watching", questions: [] });
    expect(dossier?.declarations).toEqual([]);
  });

  it.each([
    [["source-silent"], "kept"],
    [["source-silent", "source-heard"], "closed"],
    [["source-silent", "source-heard", "source-silent", "host-down"], "kept"],
  ])("that was told of %j is %s", async (names, outcome) => {
    await blip();
    const { id } = await only();
    const [found] = await stages.store.reads.detectionsOf("ch-exemple", id, 1);
    if (found === undefined) throw new Error("no detection");
    const rules = names.map((name) => ({ ...found.detection.rule, name }));
    const now = stages.clock.now() + 2 * QUIET;
    const done = await stages.pipeline.act(id, (work) => closeCandidate(work, stages.setup, { rules, now }));
    expect(done?.outcome).toBe(outcome);
  });

  it("waits again from what came last", async () => {
    await blip();
    stages.clock.pass(200);
    await stages.take(down("pacs-01", 217), up("pacs-01", 217));
    await wait(60);
    expect((await only()).state).toBe("candidate");
    await wait(200);
    expect((await only()).state).toBe("closed");
  });

  it.each<[string, () => Promise<void>]>([
    ["an outage that lasts, on a host nobody described", async () => stages.take(down("imprimante-9"))],
    [
      "an odd sign-in, which leaves the data in doubt",
      async () =>
        stages.take({ message: "connexion VPN depuis un pays inhabituel", more: { user: "presta" } }),
    ],
    [
      "an outage beside an odd sign-in on the same host",
      async () =>
        stages.take(down("pacs-01"), up("pacs-01", 1), {
          message: "connexion VPN depuis un pays inhabituel",
          host: "pacs-01",
          minute: 2,
        }),
    ],
    [
      "an outage that meets a criterion by itself, however short",
      async () => stages.take(down("samu-01"), up("samu-01", 1)),
    ],
  ])("never closes by itself with %s", async (_, begin) => {
    stages = await openStages();
    await begin();
    await wait(72 * 60);
    expect((await incidents()).map(({ state }) => state)).not.toContain("closed");
  });

  it("with a malicious detection is never closed, whatever its facts", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    await wait(72 * 60);
    expect((await only()).state).toBe("open");
  });

  it("is closed once, after a stop that lasted over its time", async () => {
    await blip();
    stages.clock.pass(3 * 24 * 60);
    const again = await stages.restart();
    await again.sweeper.recover();
    await wait(0, again);
    await wait(0, again);
    expect(await only(again)).toMatchObject({ state: "closed", closed_by: "machine" });
    expect((await again.desk.closings(MONTH)).closings).toHaveLength(1);
  });

  it("is closed once, though the clock was set forward and back", async () => {
    await blip();
    await wait(300);
    stages.clock.set(NIGHT);
    await wait(0);
    await wait(300);
    expect((await stages.desk.closings(MONTH)).closings).toHaveLength(1);
  });

  it("once closed never swallows what follows", async () => {
    await blip();
    await wait(300);
    await stages.take(down("pacs-01", 317));
    expect((await incidents()).map(({ state }) => state).sort()).toEqual(["candidate", "closed"]);
  });

  it("is closed by a person, with a reason, and by no operator", async () => {
    stages = await openStages();
    await stages.take(down("imprimante-9"));
    const { id } = await only();
    const closing = { incident: id, reason: "Imprimante débranchée pour travaux." };
    expect(await stages.desk.closeByHand(closing, OPERATOR)).toMatchObject({ code: "not_allowed" });
    expect(await stages.desk.closeByHand({ ...closing, reason: " " }, RSSI)).toMatchObject({
      code: "reason_missing",
    });
    expect(await stages.desk.closeByHand(closing, RSSI)).toEqual({ outcome: "closed" });
    expect(await only()).toMatchObject({ state: "closed", closed_by: "person", because: closing.reason });
    expect((await stages.desk.closings(MONTH)).closings).toMatchObject([
      { by: "person", writer: "Rémi Roy" },
    ]);
  });

  it("that became an incident is not closed that way", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    const { id } = await only();
    expect(await stages.desk.closeByHand({ incident: id, reason: REASON }, RSSI)).toMatchObject({
      code: "not_decided",
    });
  });
});

describe("what becomes of a candidate if nothing changes", () => {
  const outlook = async () => (await stages.desk.dossier((await only()).id))?.outlook;

  it("is its closing, at the quarter of an hour after four hours without news: and so it closes", async () => {
    await blip();
    const told = await outlook();
    expect(told).toEqual({
      outcome: "closes",
      at: NIGHT + 255 * MICROSECONDS.minute + 15 * MICROSECONDS.minute,
    });
    stages.clock.set(told?.outcome === "closes" ? told.at - 1 : NIGHT);
    await wait(0);
    expect((await only()).state).toBe("candidate");
    stages.clock.set(told?.outcome === "closes" ? told.at : NIGHT);
    await wait(0);
    expect((await only()).state).toBe("closed");
    expect(await outlook()).toBeNull();
  });

  it.each<[string, () => Promise<void>, string | RegExp, number | null]>([
    [
      "an outage that lasts, until its delay makes it an incident",
      async () => stages.take(down("pacs-01")),
      "« Système indisponible » (PACS) dure encore.",
      30,
    ],
    [
      "an outage that lasts, on a host nobody described",
      async () => stages.take(down("imprimante-9")),
      "« Système indisponible » (imprimante-9) dure encore.",
      null,
    ],
    [
      "an odd sign-in",
      async () =>
        stages.take({ message: "connexion VPN depuis un pays inhabituel", more: { user: "presta" } }),
      /soupçon/,
      null,
    ],
  ])("is nothing with %s", async (_, begin, because, minutes) => {
    stages = await openStages();
    await begin();
    const told = await outlook();
    expect(told).toMatchObject({
      outcome: "kept",
      because: typeof because === "string" ? because : expect.stringMatching(because),
      opens: minutes === null ? null : NIGHT + minutes * MICROSECONDS.minute,
    });
    if (minutes === null) return;
    await wait(minutes - 1);
    expect((await only()).state).toBe("candidate");
    await wait(1);
    expect((await only()).state).not.toBe("candidate");
  });

  it("reads the rules of its detections only when nothing else keeps it", async () => {
    stages = await openStages();
    await stages.take(down("pacs-01"));
    const { id } = await only();
    const work = await stages.pipeline.view(id);
    if (work === undefined) throw new Error("no incident");
    const never = () => Promise.reject(new Error("read"));
    const now = stages.clock.now();
    expect(await outlookOf(work, stages.setup, { readRules: never, now })).toMatchObject({ outcome: "kept" });
  });

  it.each([
    [["source-silent"], "Une source est toujours silencieuse."],
    [["no-meaning"], "Une alerte laisse soupçonner un acte malveillant."],
  ])("is nothing after %j", async (names, because) => {
    await blip();
    const { id } = await only();
    const work = await stages.pipeline.view(id);
    const [found] = await stages.store.reads.detectionsOf("ch-exemple", id, 1);
    if (work === undefined || found === undefined) throw new Error("no detection");
    const { meaning, ...rule } = found.detection.rule;
    const rules = names.map((name) => ({ ...rule, name, ...(name === "source-silent" && { meaning }) }));
    const now = stages.clock.now();
    const told = await outlookOf(work, stages.setup, { readRules: async () => rules, now });
    expect(told).toMatchObject({ outcome: "kept", because });
  });
});

describe("the list of a month", () => {
  it("is opened again by who may, with a reason, and the list still shows it", async () => {
    await blip();
    await wait(300);
    const { id } = await only();
    expect(await stages.desk.reopen({ incident: id, reason: REASON }, OPERATOR)).toMatchObject({
      code: "not_allowed",
    });
    expect(await stages.desk.reopen({ incident: id, reason: "" }, RSSI)).toMatchObject({
      code: "reason_missing",
    });
    expect(await stages.desk.reopen({ incident: id, reason: REASON }, RSSI)).toEqual({ outcome: "reopened" });
    const incident = await only();
    expect(incident.state).toBe("open");
    expect(incident.closed_by).toBeUndefined();
    expect((await stages.desk.closings(MONTH)).closings).toMatchObject([
      { reopened: { writer: "Rémi Roy", reason: REASON } },
    ]);
    await stages.take(down("pacs-01", 100));
    expect(await incidents()).toHaveLength(1);
  });

  it("is signed once it is over, exactly as it was seen, and by who may", async () => {
    await blip();
    await wait(300);
    const { sha256 } = await stages.desk.closings(MONTH);
    expect(await stages.desk.signOff({ month: MONTH, sha256 }, RSSI)).toMatchObject({ code: "month_runs" });
    stages.clock.pass(20 * 24 * 60);
    expect(await stages.desk.signOff({ month: MONTH, sha256 }, OPERATOR)).toMatchObject({
      code: "not_allowed",
    });
    expect(await stages.desk.signOff({ month: MONTH, sha256: "0".repeat(64) }, RSSI)).toMatchObject({
      code: "stale",
    });
    const [once, twice] = await Promise.all([
      stages.desk.signOff({ month: MONTH, sha256 }, RSSI),
      stages.desk.signOff({ month: MONTH, sha256 }, RSSI),
    ]);
    expect([once.outcome, twice.outcome]).toEqual(["signed", "signed"]);
    expect(await stages.desk.signOff({ month: MONTH, sha256 }, stages.delegate)).toMatchObject({
      code: "already_signed",
      because: expect.stringContaining("Rémi Roy"),
    });
    expect((await stages.desk.closings(MONTH)).signed).toMatchObject([
      { name: "Rémi Roy", count: 1, sha256 },
    ]);
    const entries = await stages.store.reads.journal("ch-exemple", 1, 10_000);
    expect(entries.filter(({ type }) => type === "sign_off.put")).toHaveLength(1);
  });

  it("keeps its fingerprint when one of it is opened again", async () => {
    await blip();
    await wait(300);
    const before = await stages.desk.closings(MONTH);
    await stages.desk.reopen({ incident: (await only()).id, reason: REASON }, RSSI);
    expect((await stages.desk.closings(MONTH)).sha256).toBe(before.sha256);
  });

  it("is of the facility's own months", async () => {
    stages = await openStages();
    // 23:30 UTC on the last day of November is December in Paris.
    stages.clock.set(Date.UTC(2026, 10, 30, 23, 30) * 1000);
    expect(stages.desk.thisMonth()).toBe("2026-12");
  });
});
