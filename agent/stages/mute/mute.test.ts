import { afterEach, describe, expect, it } from "vitest";
import {
  at,
  dossierOf,
  OPERATOR,
  only,
  REASON,
  RSSI,
  settle,
  silence,
  TOLD,
  until,
  up,
  works,
} from "../../../test/support/muted-night.ts";
import { DELETED, down, type Line, openStages, type Stages } from "../../../test/support/pipeline.ts";
import type { SilenceDraft } from "../desk/desk.ts";

let stages: Stages;
afterEach(() => stages?.close());

describe("a silence", () => {
  it("delays what a delay that passes would tell, until its end and one delay more, once", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"), down("pacs-02"));
    expect(await until(stages, 181)).toEqual([]);
    expect((await only(stages)).incident.state).toBe("candidate");
    expect(await until(stages, 209)).toEqual([]);
    expect(await until(stages, 212)).toEqual(TOLD);
    expect(await until(stages, 400)).toEqual(TOLD);
    expect((await only(stages)).incident).toMatchObject({
      state: "in_review",
    });
  });

  it("shows meanwhile who muted what, why, until when, and what would be said", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"));
    await until(stages, 60);
    const { incident, muted } = await only(stages);
    expect(muted?.line).toBe("Mise en sourdine par Rémi Roy jusqu'au 15/11/2026 05:00");
    expect((await dossierOf(stages, incident.id)).muted).toMatchObject({
      holds: true,
      otherwise: expect.stringContaining("À déclarer maintenant"),
      mutes: [{ kind: "silence", covers: "PACS", author: "Rémi Roy", reason: REASON, over: false }],
    });
    expect(stages.desk.mutes()).toMatchObject([
      { phase: "now", covers: "PACS", incidents: [{ reference: incident.reference, held: true }] },
    ]);
  });

  it("loses no detection, no fact and no grouping", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"), down("pacs-02"), down("dc01"));
    const { incident } = await only(stages);
    expect((await dossierOf(stages, incident.id)).facts).toMatchObject([
      { system: "pacs", subjects: ["pacs-01", "pacs-02"], alerts: 2 },
      { system: "annuaire" },
    ]);
    expect((await dossierOf(stages, incident.id)).evidence).toHaveLength(3);
  });

  it("holds what it covers, and nothing of the rest of the incident", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"), down("dc01"));
    expect(await until(stages, 16)).toEqual(TOLD);
    const { muted } = await only(stages);
    expect(muted?.line).toBe("Sourdine sans effet : un critère est rempli.");
  });

  it("tells at its end of an outage that is over and had outlived its delay", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"));
    await until(stages, 50);
    await stages.take(up("pacs-01", 50));
    expect(await until(stages, 179)).toEqual([]);
    expect(await until(stages, 181)).toEqual(TOLD);
    expect((await only(stages)).incident.state).toBe("in_review");
  });

  it("spares nobody anything of a blip, which closes by itself as ever", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"));
    await until(stages, 17);
    await stages.take(up("pacs-01", 17));
    expect(await until(stages, 300)).toEqual([]);
    expect((await only(stages)).incident).toMatchObject({ state: "closed", closed_by: "machine" });
    const { closings } = await stages.desk.closings("2026-11");
    expect(closings[0]?.because).toContain("mise en sourdine par Rémi Roy");
  });

  it("that a person ends early is over at once", async () => {
    stages = await openStages();
    const id = await silence(stages);
    await stages.take(down("pacs-01"));
    await until(stages, 60);
    expect(await stages.desk.endMute({ mute: id, reason: "Le changement est fait." }, RSSI)).toEqual({
      outcome: "ended",
    });
    await settle(stages);
    expect((await only(stages)).muted).toBeNull();
    expect(await until(stages, 89)).toEqual([]);
    expect(await until(stages, 91)).toEqual(TOLD);
    expect(stages.desk.mutes()).toMatchObject([{ phase: "over", mute: { ended: { name: "Rémi Roy" } } }]);
  });

  it("survives a restart, and its end passes while nothing runs", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"));
    const again = await stages.restart();
    await again.sweeper.recover();
    expect(await until(again, 170)).toEqual([]);
    expect((await only(again)).muted?.line).toContain("Rémi Roy");
    again.clock.pass(24 * 60);
    const later = await stages.restart();
    await later.sweeper.recover();
    await settle(later);
    expect(later.messages.map(({ event }) => event)).toEqual(TOLD);
    await settle(later);
    expect(later.messages).toHaveLength(2);
  });

  it("ends once, though the clock is set back", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"));
    await until(stages, 181);
    stages.clock.set(at(100));
    await settle(stages);
    expect((await only(stages)).muted).toBeNull();
    expect(await until(stages, 209)).toEqual([]);
    expect(await until(stages, 212)).toEqual(TOLD);
  });

  it.each<[string, SilenceDraft["covers"], boolean]>([
    ["its system", { system: "pacs" }, true],
    ["another system", { system: "dpi" }, false],
    ["its hosts", { host: "pacs-*" }, true],
    ["one of its hosts", { host: "pacs-01" }, false],
    ["its source", { source: "test" }, true],
    ["another source", { source: "wazuh" }, false],
    ["its system and another source", { system: "pacs", source: "wazuh" }, false],
    ["its system, its hosts and its source", { system: "pacs", host: "PACS-0*", source: "test" }, true],
    ["another rule", { rule: "nope" }, false],
  ])("about %s: %j holds back: %s", async (_, covers, holds) => {
    stages = await openStages();
    await silence(stages, { covers });
    await stages.take(down("pacs-01"), down("pacs-02"));
    expect(await until(stages, 31)).toEqual(holds ? [] : TOLD);
  });

  it("about the rule that states it holds it back", async () => {
    stages = await openStages();
    await stages.take(down("pacs-01"));
    const { facts } = await dossierOf(stages, (await only(stages)).incident.id);
    await silence(stages, { covers: { rule: facts[0]?.rules?.[0] ?? "" } });
    expect(await until(stages, 31)).toEqual([]);
  });

  it("is without effect beside a suspicion of malice, and the page says so", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"), DELETED);
    expect(await until(stages, 1)).toEqual(TOLD);
    const { incident, muted } = await only(stages);
    expect(incident.state).toBe("in_review");
    expect(muted?.line).toBe("Sourdine sans effet : un critère est rempli.");
  });

  it("is without effect once an account is in doubt, which leaves C2 unknown", async () => {
    stages = await openStages();
    await silence(stages);
    const odd = { message: "connexion VPN depuis un pays inhabituel", host: "pacs-01", minute: 2 };
    await stages.take(down("pacs-01"), odd);
    expect((await only(stages)).muted?.line).toMatch(/^Sourdine sans effet : un/);
    expect(await until(stages, 31)).toEqual(TOLD);
  });

  it("is without effect once a person speaks", async () => {
    stages = await openStages();
    await silence(stages);
    await stages.take(down("pacs-01"));
    const { incident } = await only(stages);
    const statement = {
      ...{ form: stages.desk.newForm(), kinds: ["degraded_mode" as const], systems: [], text: "" },
      source: { who: "care" as const, name: "" },
    };
    await stages.desk.stateFacts(incident.id, statement, OPERATOR);
    expect(await until(stages, 1)).toEqual(TOLD);
    expect((await only(stages)).muted?.line).toBe("Sourdine sans effet : un critère est rempli.");
  });

  it("made after people were told takes nothing back, and the page still shows the criterion", async () => {
    stages = await openStages();
    await stages.take(down("pacs-01"));
    expect(await until(stages, 31)).toEqual(TOLD);
    await silence(stages);
    const { incident, muted } = await only(stages);
    expect(muted?.line).toContain("Mise en sourdine par Rémi Roy");
    const { qualification } = await dossierOf(stages, incident.id);
    expect(qualification?.criteria.find(({ id }) => id === "C3")?.value).toBe("met");
  });

  it.each<[string, Line[]]>([
    ["an odd sign-in", [{ message: "connexion VPN depuis un pays inhabituel", host: "pacs-01" }]],
    ["an outage that lasts", [down("pacs-01")]],
    ["an outage that outlived its delay", [down("pacs-01"), up("pacs-01", 40)]],
  ])("never lets the machine close %s", async (_, lines) => {
    stages = await openStages();
    await works(stages, { until: at(20 * 24 * 60) });
    stages.clock.pass(40);
    await stages.take(...lines);
    stages.clock.pass(3 * 24 * 60);
    await settle(stages);
    expect((await only(stages)).incident.state).not.toBe("closed");
  });

  it("is in the journal, as it was made and as it ended, with who and why", async () => {
    stages = await openStages();
    const id = await silence(stages);
    await stages.desk.endMute({ mute: id, reason: "Le changement est fait." }, stages.delegate);
    const entries = (await stages.store.reads.journal("ch-exemple", 1, 1000)).filter(
      ({ type }) => type === "mute.put",
    );
    expect(entries.map(({ content }) => JSON.parse(content ?? "").content)).toMatchObject([
      { state: "stands", author: { name: "Rémi Roy" }, reason: REASON },
      { state: "over", ended: { name: "Anne Martin", reason: "Le changement est fait." } },
    ]);
  });
});

describe("planned works", () => {
  it("hold back from their beginning, and what overruns them starts its delay at their end", async () => {
    stages = await openStages();
    await works(stages, { from: at(60), until: at(120) });
    expect(stages.desk.mutes()).toMatchObject([{ phase: "to_come" }]);
    await until(stages, 70);
    await stages.take(down("pacs-01", 70));
    expect((await only(stages)).muted?.line).toBe("Travaux prévus par Rémi Roy jusqu'au 15/11/2026 04:00");
    expect(await until(stages, 149)).toEqual([]);
    expect(await until(stages, 152)).toEqual(TOLD);
    expect((await only(stages)).incident.because).not.toBe("");
  });

  it("hold nothing before they begin", async () => {
    stages = await openStages();
    await works(stages, { from: at(60), until: at(120) });
    await stages.take(down("pacs-01"));
    expect(await until(stages, 31)).toEqual(TOLD);
  });

  it("take in what is already down when they begin", async () => {
    stages = await openStages();
    await works(stages, { from: at(20), until: at(120) });
    await stages.take(down("pacs-01"));
    expect(await until(stages, 149)).toEqual([]);
    expect(await until(stages, 152)).toEqual(TOLD);
  });

  it("tell nobody of an outage that was over in time, and leave it for a person to close", async () => {
    stages = await openStages();
    await works(stages, { until: at(120) });
    await stages.take(down("pacs-01"));
    await until(stages, 100);
    await stages.take(up("pacs-01", 100));
    stages.clock.pass(24 * 60);
    await settle(stages);
    expect(stages.messages).toEqual([]);
    const { incident, muted } = await only(stages);
    expect(incident.state).toBe("candidate");
    expect(muted?.line).toBe("Pendant des travaux prévus par Rémi Roy");
    const view = (await dossierOf(stages, incident.id)).muted;
    expect(view).toMatchObject({ otherwise: expect.stringContaining("À déclarer"), mutes: [{ over: true }] });
  });

  it("count for an outage that is only heard of once they are over", async () => {
    stages = await openStages();
    await works(stages, { until: at(120) });
    stages.clock.pass(200);
    await settle(stages);
    await stages.take(down("pacs-01", 10), up("pacs-01", 110));
    await settle(stages);
    expect(stages.messages).toEqual([]);
  });

  it.each([
    [true, []],
    [false, TOLD],
  ])("cover what depends on their systems when they say so: %s", async (dependents, told) => {
    stages = await openStages();
    await works(stages, { systems: ["annuaire"], dependents });
    await stages.take(down("pacs-01"));
    expect(await until(stages, 31)).toEqual(told);
  });

  it("that are called off before they begin hold nothing", async () => {
    stages = await openStages();
    const id = await works(stages, { from: at(60), until: at(120) });
    await stages.desk.endMute({ mute: id, reason: "Les travaux sont reportés." }, RSSI);
    stages.clock.set(at(60));
    await stages.take(down("pacs-01", 60));
    expect(await until(stages, 91)).toEqual(TOLD);
  });
});
