import { afterEach, describe, expect, it } from "vitest";
import { aFact, NIGHT, said } from "../../test/support/incident.ts";
import { DELETED, down, type Line, NOTE, openStages, type Stages } from "../../test/support/pipeline.ts";
import { setAsideByTwo } from "../../test/support/set-aside.ts";
import { instantFromIso, isoFromInstant, MICROSECONDS } from "../core/clock.ts";
import { FactKind, PERSON_ONLY } from "../core/fact.ts";
import type { Actor } from "./person-act.ts";

import { byDay, isTelling } from "./when-told.ts";

let stages: Stages;
afterEach(() => stages?.close());

const SIGN_IN: Line = {
  host: "vpn-01",
  message: "connexion VPN depuis un pays inhabituel",
  more: { user: "presta" },
};

const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };

/** The account that ties what happens on several hosts. */
const BY = { more: { user: "presta" } };

/** Who has been told of what, once everything due was sent. */
async function told(): Promise<string[]> {
  while ((await stages.sweeper.sweep()) > 0);
  return stages.messages.map(({ event }) => event);
}

describe("who is told", () => {
  it.each<[string, Line[], number, string, string[]]>([
    ["a PACS blip", [down("pacs-01")], 0, "candidate", []],
    ["a PACS outage within its delay", [down("pacs-01")], 29, "candidate", []],
    [
      "a PACS outage beyond its delay",
      [down("pacs-01")],
      31,
      "in_review",
      ["incident_opened", "decision_needed"],
    ],
    ["an outage of a host nobody described", [down("poste-1")], 600, "candidate", []],
    ["an odd sign-in", [SIGN_IN], 600, "candidate", []],
    ["what leaves every criterion unknown", [DELETED], 600, "open", ["incident_opened"]],
    ["a met criterion", [DELETED, NOTE], 0, "in_review", ["incident_opened", "decision_needed"]],
    [
      "an outage within its delay beside a malicious act",
      [DELETED, down("pacs-01", 1)],
      1,
      "in_review",
      ["incident_opened", "decision_needed"],
    ],
  ])("of %s", async (_, lines, minutes, state, expected) => {
    stages = await openStages();
    await stages.take(...lines);
    stages.clock.pass(minutes);
    expect(await told()).toEqual(expected);
    const [first] = await stages.desk.incidents({ limit: 1 });
    expect(first?.incident.state).toBe(state);
  });

  it("of an unknown, never the delegate, however long it lasts", async () => {
    stages = await openStages();
    await stages.take(DELETED);
    for (let day = 0; day < 21; day++) {
      stages.clock.pass(24 * 60);
      await told();
    }
    expect(stages.messages.map(({ event }) => event)).toEqual(["incident_opened"]);
  });
});

describe("scenario B, a mailbox found after three weeks", () => {
  const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };

  it("calls whom each row says, and nobody in between", async () => {
    stages = await openStages();
    await stages.take(SIGN_IN);
    stages.clock.pass(7 * 60);
    expect(await told()).toEqual([]);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const incident = first?.incident.id ?? "";
    await stages.desk.answer({ incident, question: "service_affected", answer: "no" }, RSSI);
    expect(await told()).toEqual(["incident_opened"]);
    stages.clock.pass(21 * 24 * 60);
    expect(await told()).toHaveLength(1);
    const partner = {
      form: stages.desk.newForm(),
      kinds: ["account_compromised" as const],
      systems: [],
      source: { who: "partner" as const, name: "CH voisin" },
      text: "Un fichier est en vente.",
      callDelegate: true,
    };
    await stages.desk.stateFacts(incident, partner, RSSI);
    await stages.desk.stateFacts(incident, partner, RSSI);
    expect(await told()).toHaveLength(2);
    expect(stages.messages[1]?.subject).toContain("on demande de vous prévenir");
    await stages.desk.answer({ incident, question: "health_data", answer: "yes" }, RSSI);
    expect((await told()).slice(2)).toEqual(["decision_needed"]);
    stages.clock.pass(60);
    await stages.desk.answer({ incident, question: "others_affected", answer: "yes" }, RSSI);
    expect(await told()).toHaveLength(3);
  });
});

describe("scenario C, a hosted patient record down for six hours", () => {
  it("calls whom each row says, and is not over while the wards are on paper", async () => {
    stages = await openStages();
    await stages.take(down("dpi-01"), down("dpi-02"));
    expect(await told()).toEqual([]);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const incident = first?.incident.id ?? "";
    const say = async (minutes: number, question: string, answer: string) => {
      stages.clock.pass(minutes);
      await stages.desk.answer({ incident, question, answer }, OPERATOR);
      return told();
    };
    expect(await say(8, "malicious", "no")).toEqual(["incident_opened"]);
    expect(await say(20, "degraded_mode", "yes")).toEqual(["incident_opened", "decision_needed"]);
    expect(await say(15, "care_diverted", "no")).toHaveLength(2);
    expect(await say(10, "others_affected", "yes")).toHaveLength(2);
    // 10:12: the threshold passes, and adds no message.
    stages.clock.pass(20);
    expect(await told()).toHaveLength(2);

    const dossier = await stages.desk.dossier(incident);
    const {
      id: declaration,
      version,
      sha256,
    } = dossier?.current?.declaration ?? {
      id: "",
      version: 0,
      sha256: "",
    };
    const how = { channel: "web", second_factor: "totp" } as const;
    await stages.desk.takeUp(incident, stages.delegate);
    const text = { incident, declaration, version, sha256 };
    expect((await stages.desk.approve(text, how, stages.delegate)).outcome).toBe("approved");
    await told();
    const state = async () => (await stages.desk.dossier(incident))?.incident.state;
    expect(await state()).toBe("declared");

    const up = (host: string): Line => ({
      host,
      minute: 360,
      message: `Resolved: Service "${host}" is running on ${host}`,
    });
    stages.clock.set(NIGHT + 360 * MICROSECONDS.minute);
    await stages.take(up("dpi-01"), up("dpi-02"));
    expect(await state()).toBe("declared");
    const facts = (await stages.desk.dossier(incident))?.facts ?? [];
    const paper = facts.find(({ kind, withdrawn }) => kind === "degraded_mode" && withdrawn === null);
    stages.clock.pass(58);
    const source = { who: "care", name: "" } as const;
    await stages.desk.endFact({ incident, fact: paper?.id ?? "", source }, OPERATOR);
    expect(await state()).toBe("facts_ended");
    const { criteria } = (await stages.desk.dossier(incident))?.qualification ?? {};
    expect(criteria?.find(({ id }) => id === "C3")?.value).toBe("met");
  });
});

describe("a fact that makes an incident worth evaluating", () => {
  const watched = ["system_unavailable", "data_inaccessible", "account_compromised"];
  it.each(FactKind.options.filter((kind) => !PERSON_ONLY.has(kind)))("%s, of a rule", (kind) => {
    expect(isTelling(aFact(kind))).toBe(!watched.includes(kind));
    expect(isTelling(aFact(kind, { withdrawn: { at: NIGHT, writer: "x", reason: "y" } }))).toBe(false);
  });

  it.each(FactKind.options)("%s, of a person, whatever they say", (kind) => {
    expect([isTelling(said(kind, true)), isTelling(said(kind, false))]).toEqual([true, true]);
  });
});

describe("late data", () => {
  /** Set aside at 02:01 by the delegate, who has been called twice. */
  async function setAside() {
    stages = await openStages();
    await stages.take({ ...DELETED, ...BY }, NOTE);
    await told();
    const [first] = await stages.desk.incidents({ limit: 1 });
    const id = first?.incident.id ?? "";
    const dossier = await stages.desk.dossier(id);
    const {
      id: declaration,
      version,
      sha256,
    } = dossier?.current?.declaration ?? { id: "", version: 0, sha256: "" };
    stages.clock.pass(1);
    await setAsideByTwo(
      stages,
      { incident: id, declaration, version, sha256 },
      "Exercice interne de l'astreinte.",
    );
    stages.clock.pass(1);
    return id;
  }
  const late: Line = { ...DELETED, ...BY, host: "dpi-01", minute: -130 };

  it("moves the beginning with a reason and calls nobody at night who was called before", async () => {
    const id = await setAside();
    await stages.take(late);
    expect((await stages.desk.dossier(id))?.incident).toMatchObject({
      state: "in_review",
      occurred: NIGHT - 130 * MICROSECONDS.minute,
      beginning: { because: expect.stringContaining("Alerte reçue après coup") },
    });
    expect(await told()).toEqual(["incident_opened", "decision_needed"]);
    stages.clock.pass(6 * 60);
    expect(await told()).toEqual(["incident_opened", "decision_needed", "decision_needed"]);
    stages.clock.pass(24 * 60);
    expect(await told()).toHaveLength(3);
  });

  it("does not keep for the morning what happens live", async () => {
    await setAside();
    await stages.take(late);
    expect(await told()).toHaveLength(2);
    await stages.take({ ...DELETED, ...BY, host: "dc01", minute: 2 });
    expect(await told()).toEqual(["incident_opened", "decision_needed", "decision_needed"]);
    stages.clock.pass(24 * 60);
    expect(await told()).toHaveLength(3);
  });

  it("adds nothing to the calls about an incident that runs", async () => {
    stages = await openStages();
    stages.clock.pass(200);
    await stages.take({ ...DELETED, minute: 200 }, { ...NOTE, minute: 200 });
    const before = await told();
    await stages.take(
      { ...DELETED, minute: 10 },
      { ...NOTE, minute: 5 },
      { ...DELETED, host: "pacs-9", minute: 1 },
    );
    expect(await told()).toEqual(before);
  });
});

describe("the morning", () => {
  it.each([
    ["2026-11-15T03:05:00+01:00", "2026-11-15T08:00:00+01:00"],
    ["2026-11-15T22:59:59+01:00", "2026-11-16T08:00:00+01:00"],
    ["2026-11-15T08:00:00+01:00", "2026-11-15T08:00:00+01:00"],
    ["2026-11-15T19:59:00+01:00", "2026-11-15T19:59:00+01:00"],
    // The night on which clocks go back has an hour more.
    ["2026-10-25T01:30:00+02:00", "2026-10-25T08:00:00+01:00"],
  ])("of %s is %s", (now, expected) => {
    expect(isoFromInstant(byDay(instantFromIso(now) ?? 0, "Europe/Paris"))).toBe(
      isoFromInstant(instantFromIso(expected) ?? 0),
    );
  });
});
