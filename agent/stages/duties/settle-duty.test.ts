import { afterEach, describe, expect, it } from "vitest";
import {
  DIRECTOR,
  DPO,
  type DutyScene,
  OPERATOR,
  openDutyScene,
  person,
  REASON,
  RSSI,
} from "../../../test/support/duty-scene.ts";
import { PROOF } from "../../../test/support/night.ts";
import { DELETED } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { dutyContentOf } from "../../core/duty-file.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Actor } from "../person-act.ts";
import type { DutyNotification } from "./duty-acts.ts";

let scene: DutyScene;
afterEach(() => scene.stages.close());

describe("who approves", () => {
  it.each<[string, Actor, string]>([
    ["rgpd-33", DPO, "approved"],
    ["rgpd-33", DIRECTOR, "approved"],
    ["rgpd-33", RSSI, "not_allowed"],
    ["rgpd-33", OPERATOR, "not_allowed"],
    ["assurance-plainte", DIRECTOR, "approved"],
    ["assurance-plainte", DPO, "not_allowed"],
  ])("the text of %s: %o", async (regime, actor, outcome) => {
    scene = await openDutyScene();
    await scene.settle();
    const done = await scene.approve(regime, actor);
    expect("code" in done ? done.code : done.outcome).toBe(outcome);
    expect((await scene.fileOf(regime)).state).toBe(outcome === "approved" ? "approved" : "draft");
  });

  it("is not a delegate whose delegation has ended", async () => {
    scene = await openDutyScene();
    await scene.harm();
    await scene.answer("serious_adverse_event", "yes");
    const until = scene.stages.clock.now() - 1;
    const recorded = { at: 0, by: "x" };
    const act = { from: 0, until, by: "x", document: "x", scope: "", published: "", recorded };
    const lapsed: Actor = { ...person("delegate"), delegations: [act] };
    expect(await scene.approve("eigs", lapsed)).toMatchObject({ code: "not_allowed" });
    expect(await scene.approve("eigs", person("delegate"))).toEqual({ outcome: "approved" });
  });

  it("approves the exact text that was read, and only once it is settled from when its clock counts", async () => {
    scene = await openDutyScene();
    expect(await scene.approve("rgpd-33")).toMatchObject({ code: "clock_proposed" });
    await scene.settle();
    const text = await scene.seen("rgpd-33");
    await scene.write("rgpd-33", { measures: "Serveurs isolés." });
    expect(await scene.stages.desk.approveDuty(text, PROOF, DPO)).toMatchObject({ code: "stale" });
    expect(await scene.approve("rgpd-33")).toEqual({ outcome: "approved" });
    expect((await scene.fileOf("rgpd-33")).decision).toMatchObject({
      by: { account: "acc-dpo" },
      how: PROOF,
    });
    expect(await scene.approve("rgpd-33")).toMatchObject({ code: "already_decided" });
  });
});

describe("a clock", () => {
  it("is met by the notification of its own duty, never by the filing of the declaration", async () => {
    scene = await openDutyScene();
    await scene.settle();
    await scene.approve("rgpd-33");
    expect((await scene.clockOf("rgpd-33"))?.met).toBeNull();
    scene.stages.clock.pass(30);
    const at = scene.stages.clock.now();
    expect(await scene.notify("rgpd-33")).toEqual({ outcome: "notified" });
    expect((await scene.clockOf("rgpd-33"))?.met).toBe(at);
    expect((await scene.clockOf("assurance-plainte"))?.met).toBeNull();
    expect((await scene.fileOf("rgpd-33")).notified).toMatchObject({ at, reference: "N-2026-1", by: "DPO" });
  });

  it("that has run out asks why before anything is approved", async () => {
    scene = await openDutyScene();
    await scene.settle();
    scene.stages.clock.pass(73 * 60);
    expect(await scene.approve("rgpd-33")).toMatchObject({ code: "late_reason_missing" });
    await scene.write("rgpd-33", { late_reason: "Court" });
    expect(await scene.approve("rgpd-33")).toMatchObject({ code: "late_reason_missing" });
    await scene.write("rgpd-33", { late_reason: "L'ampleur n'était pas connue avant ce jour." });
    expect(await scene.approve("rgpd-33")).toEqual({ outcome: "approved" });
    expect(dutyContentOf(await scene.fileOf("rgpd-33")).text).toContain("L'ampleur n'était pas connue");
    expect(await scene.notify("rgpd-33")).toEqual({ outcome: "notified" });
  });

  it("that ran out after the approval asks why when the notification is written down", async () => {
    scene = await openDutyScene();
    await scene.settle();
    await scene.approve("rgpd-33");
    scene.stages.clock.pass(73 * 60);
    expect(await scene.notify("rgpd-33")).toMatchObject({ code: "late_reason_missing" });
    const late = "Le télé-service ne répondait pas.";
    expect(await scene.notify("rgpd-33", { late })).toEqual({ outcome: "notified" });
    expect((await scene.fileOf("rgpd-33")).notified?.late).toBe(late);
  });

  it("written down afterwards is met when it was notified, not when it was written", async () => {
    scene = await openDutyScene();
    await scene.settle();
    await scene.approve("rgpd-33");
    scene.stages.clock.pass(60);
    const at = scene.stages.clock.now();
    scene.stages.clock.pass(80 * 60);
    expect(await scene.notify("rgpd-33", { at })).toEqual({ outcome: "notified" });
    expect((await scene.clockOf("rgpd-33"))?.met).toBe(at);
  });

  it.each<[string, Partial<DutyNotification>, string]>([
    ["nowhere", { where: " " }, "where_missing"],
    ["by nobody", { by: "" }, "by_missing"],
    ["before the text was approved", { at: 0 }, "past_instant"],
    ["under a reference without end", { reference: "x".repeat(101) }, "bad_reference"],
    ["as a version that is none", { version: 9 }, "unknown_duty"],
  ])("is not met %s", async (_, over, code) => {
    scene = await openDutyScene();
    await scene.settle();
    await scene.approve("rgpd-33");
    expect(await scene.notify("rgpd-33", over)).toMatchObject({ outcome: "refused", code });
  });

  it("is met with the receipt beside it, which the dossier keeps; nothing is kept of what is refused", async () => {
    scene = await openDutyScene();
    await scene.settle();
    await scene.approve("rgpd-33");
    const bytes = Buffer.from("%PDF-1.7 accusé");
    const file = {
      name: "accuse.pdf",
      type: "application/pdf",
      size: bytes.length,
      sha256: sha256Hex(bytes.toString()),
      pieces: async function* () {
        yield bytes;
      },
    };
    const told = {
      incident: scene.incident,
      regime: "rgpd-33",
      version: 1,
      reference: "N-1",
      by: "DPO",
      late: "",
    };
    const record = (where: string) =>
      scene.stages.desk.notifyDuty(
        { ...told, where, at: scene.stages.clock.now() },
        { form: scene.stages.desk.newForm(), files: [file] },
        DPO,
      );
    expect(await record("")).toMatchObject({ code: "where_missing" });
    expect((await scene.dossier()).notes).toEqual([]);
    expect(await record("CNIL")).toEqual({ outcome: "notified" });
    const [receipt] = (await scene.fileOf("rgpd-33")).notified?.receipts ?? [];
    const { notes } = await scene.dossier();
    expect(receipt).toMatchObject({ note: notes[0]?.id, number: 1, sha256: file.sha256 });
    const place = { incident: scene.incident, note: receipt?.note ?? "", number: 1 };
    expect((await scene.stages.desk.readAttachment(place, DPO)).outcome).toBe("found");
  });

  it("of a second part is met by the second notification", async () => {
    scene = await openDutyScene();
    await scene.harm();
    await scene.answer("serious_adverse_event", "yes");
    const met = async () =>
      (await scene.dossier()).deadlines
        .filter(({ regime }) => regime === "eigs")
        .map(({ id, met }) => [id.split("/").at(-1), met !== null]);
    await scene.approve("eigs", DIRECTOR);
    await scene.notify("eigs", { where: "Portail" }, DIRECTOR);
    expect(await met()).toEqual([
      ["first-part", true],
      ["second-part", false],
    ]);
    expect(await scene.stages.desk.nextDuty({ incident: scene.incident, regime: "eigs" }, DIRECTOR)).toEqual({
      outcome: "begun",
    });
    expect(await scene.fileOf("eigs")).toMatchObject({ version: 2, kind: "complement", state: "draft" });
    await scene.write("eigs", { analysis: "Indisponibilité du PACS." }, DIRECTOR);
    await scene.approve("eigs", DIRECTOR);
    await scene.notify("eigs", { where: "Portail" }, DIRECTOR);
    expect(await met()).toEqual([
      ["first-part", true],
      ["second-part", true],
    ]);
  });
});

describe("a breach that is not notified", () => {
  it("keeps the reasons, ends its clock, and is asked again when the evaluation is another", async () => {
    scene = await openDutyScene();
    await scene.answer("risk", "yes");
    const text = await scene.seen("rgpd-33");
    const leave = (reason: string, actor = DPO) =>
      scene.stages.desk.leaveUnnotified({ text, reason }, PROOF, actor);
    expect(await leave("non")).toMatchObject({ code: "reason_missing" });
    expect(await leave(REASON, RSSI)).toMatchObject({ code: "not_allowed" });
    expect(await leave(REASON)).toEqual({ outcome: "not_notified" });
    const clock = async () => (await scene.dossier()).deadlines.find(({ regime }) => regime === "rgpd-33");
    expect((await clock())?.met).toBe(scene.stages.clock.now());
    expect((await scene.fileOf("rgpd-33")).decision?.reason).toBe(REASON);
    scene.stages.clock.pass(60);
    await scene.stages.take({ ...DELETED, minute: 80 });
    expect((await scene.fileOf("rgpd-33")).state).toBe("not_notified");
    await scene.answer("risk", "no");
    expect(await scene.fileOf("rgpd-33")).toMatchObject({ version: 2, kind: "initial", state: "draft" });
    expect((await clock())?.met).toBeNull();
    expect((await clock())?.due).toBe(((await clock())?.started ?? 0) + 72 * MICROSECONDS.hour);
  });
});
