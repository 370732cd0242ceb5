import { afterEach, describe, expect, it } from "vitest";
import type { Attempt } from "../../../connectors/contract.ts";
import {
  approve,
  approvedText,
  deliveryBy,
  deliveryStates,
  dossierOf,
} from "../../../test/support/approved-text.ts";
import {
  DELETED,
  NOTE,
  openStages,
  type Stages,
  type StagesOptions,
} from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Actor } from "../person-act.ts";
import type { WayOut } from "../work.ts";

let stages: Stages;
afterEach(() => stages?.close());

const GATEWAY: WayOut = { id: "concentrateur", reach: "authority" };
const PORTAL: WayOut = { id: "portail", reach: "assisted" };
const MAIL: WayOut = { id: "ars-courriel", reach: "authority", fallback: true };
const CALL: WayOut = {
  id: "ars-telephone",
  reach: "assisted",
  fallback: true,
  guide: { to: "ARS", phone: "01 00 00 00 00", steps: [] },
};
const HELP: WayOut = {
  id: "cert",
  reach: "assisted",
  kind: "help",
  guide: { to: "CERT Santé", phone: "01 00 00 00 01", steps: [] },
};
const TOLD: WayOut = { id: "fssi", reach: "authority", kind: "information" };
const ALL = [GATEWAY, PORTAL, MAIL, CALL, HELP, TOLD];

const unreachable: Attempt = { outcome: "unreachable", because: "connexion refusée" };
const uncertain: Attempt = { outcome: "uncertain", because: "pas de réponse" };

/** A text that was approved, and what its first way answers. */
async function approved(options: StagesOptions, ...answers: Attempt[]): Promise<string> {
  const made = await approvedText(options, ...answers);
  stages = made.stages;
  return made.incident;
}
const dossier = (incident: string) => dossierOf(stages, incident);
const states = (incident: string) => deliveryStates(stages, incident);
const idOf = (incident: string, way: string) => deliveryBy(stages, incident, way);
const TRIED = "Deux essais depuis deux réseaux : la page ne répond pas.";
const said = (incident: string) => ({ incident, since: stages.clock.now(), tried: TRIED });

describe("the ladder", () => {
  it("begins with the first way; a way that replaces the portal is not opened by itself", async () => {
    const incident = await approved({ ways: [PORTAL, MAIL, CALL, HELP, TOLD] });
    expect(await states(incident)).toEqual({ portail: "planned" });
    expect(stages.filings).toEqual([]);
  });

  it("offers the next way once a machine's was refused, and says in which state each is", async () => {
    const incident = await approved({ ways: ALL }, { outcome: "refused", because: "HTTP 422" });
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ concentrateur: "refused", portail: "planned" });
  });

  it("offers a person's way beside a machine that fails time after time, and drops what is filed otherwise", async () => {
    const incident = await approved({ ways: ALL, repeatable: true });
    for (let i = 0; i < 5; i++) {
      stages.answers.push(unreachable);
      await stages.sweeper.sweep();
      stages.clock.pass(1);
    }
    expect(await states(incident)).toEqual({ concentrateur: "planned", portail: "planned" });
    const portal = { incident, delivery: await idOf(incident, "portail"), reference: "SIG-1" };
    expect((await stages.desk.recordFiling(portal, stages.delegate)).outcome).toBe("recorded");
    expect(await states(incident)).toEqual({ concentrateur: "dropped", portail: "delivered" });
    stages.clock.pass(60);
    await stages.sweeper.sweep();
    expect(stages.filings).toHaveLength(5);
  });

  it("offers a person's way at once when a machine is asked to wait for long, and not for less", async () => {
    const incident = await approved({ ways: ALL, repeatable: true });
    const putOff = (minutes: number) =>
      stages.answers.push({
        ...unreachable,
        notBefore: stages.clock.now() + minutes * MICROSECONDS.minute,
      });
    putOff(10);
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ concentrateur: "planned" });
    stages.clock.pass(10);
    putOff(24 * 60);
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ concentrateur: "planned", portail: "planned" });
    stages.clock.pass(60);
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ concentrateur: "delivered", portail: "dropped" });
  });

  it("gives up after a bounded number of attempts, visibly, and a person may send again", async () => {
    const incident = await approved({ ways: [GATEWAY], repeatable: true });
    for (let hours = 0; hours < 24 && (await states(incident)).concentrateur !== "refused"; hours++) {
      for (let turn = 0; turn < 4; turn++) {
        stages.answers.splice(0, stages.answers.length, unreachable, unreachable, unreachable);
        await stages.sweeper.sweep();
        stages.clock.pass(15);
      }
    }
    const [delivery] = (await dossier(incident)).deliveries;
    expect(delivery).toMatchObject({ state: "refused" });
    expect(delivery?.attempts.at(-1)?.because).toMatch(/^Abandonné après 12 essais : connexion refusée/);
    stages.answers.splice(0);
    const again = { incident, delivery: delivery?.id ?? "", reason: "Le réseau est rétabli depuis 08:10." };
    expect((await stages.desk.resend(again, stages.delegate)).outcome).toBe("planned");
    stages.clock.pass(1);
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ concentrateur: "delivered" });
  });
});

describe("what replaces the portal", () => {
  it("needs the impossibility, which a person notes with what was tried", async () => {
    const incident = await approved({ ways: [PORTAL, MAIL, CALL] });
    const mail = { incident, channel: "ars-courriel" };
    expect(await stages.desk.startDelivery(mail, stages.delegate)).toMatchObject({
      code: "impossibility_missing",
    });
    expect(
      await stages.desk.recordImpossibility({ ...said(incident), tried: "non" }, stages.delegate),
    ).toMatchObject({
      code: "tried_missing",
    });
    expect((await stages.desk.recordImpossibility(said(incident), stages.delegate)).outcome).toBe("noted");
    expect(await stages.desk.startDelivery(mail, stages.delegate)).toMatchObject({
      outcome: "started",
      delivery: { impossibility: { tried: TRIED, writer: stages.delegate.name } },
    });
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ portail: "planned", "ars-courriel": "delivered" });
    const { incident: after } = await dossier(incident);
    expect(after).toMatchObject({ state: "declared", because: expect.stringContaining("à régulariser") });
  });

  it("is declared only once a person knows that it arrived, when it was only handed on", async () => {
    const incident = await approved({ ways: [PORTAL, MAIL], handsOn: ["ars-courriel"] });
    await stages.desk.recordImpossibility(said(incident), stages.delegate);
    await stages.desk.startDelivery({ incident, channel: "ars-courriel" }, stages.delegate);
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ portail: "planned", "ars-courriel": "uncertain" });
    expect((await dossier(incident)).incident.state).toBe("approved");
    const confirmed = { incident, delivery: await idOf(incident, "ars-courriel"), reference: "ARS-BRE-12" };
    expect((await stages.desk.recordFiling(confirmed, stages.delegate)).outcome).toBe("recorded");
    expect((await dossier(incident)).incident.state).toBe("declared");
  });

  it("is put right on the portal afterwards, under the portal's own number", async () => {
    const incident = await approved({ ways: [PORTAL, CALL] });
    await stages.desk.recordImpossibility(said(incident), stages.delegate);
    const call = {
      incident,
      channel: "ars-telephone",
      reference: "",
      told: "Mme Le Gall, astreinte : enregistré.",
    };
    expect(await stages.desk.recordFiling(call, stages.delegate)).toMatchObject({
      outcome: "recorded",
      delivery: { state: "delivered", by: { name: stages.delegate.name } },
    });
    expect(await states(incident)).toEqual({ portail: "planned", "ars-telephone": "delivered" });
    stages.clock.pass(20);
    const portal = { incident, delivery: await idOf(incident, "portail"), reference: "SIG-2026-1" };
    await stages.desk.recordFiling(portal, stages.delegate);
    expect(await states(incident)).toEqual({ portail: "delivered", "ars-telephone": "delivered" });
  });

  it("is of the text that was approved last: an impossibility noted before a new text does not serve it", async () => {
    const incident = await approved({ ways: [PORTAL, MAIL] });
    await stages.desk.recordImpossibility(said(incident), stages.delegate);
    stages.clock.pass(5);
    await stages.take({ ...NOTE, host: "pacs-02" });
    await approve(stages, incident);
    expect(
      await stages.desk.startDelivery({ incident, channel: "ars-courriel" }, stages.delegate),
    ).toMatchObject({ code: "impossibility_missing" });
  });
});

describe("help and information", () => {
  it("are no filing", async () => {
    const incident = await approved({ ways: [PORTAL, HELP, TOLD] });
    const call = { incident, channel: "cert", reference: "", told: "Analyste joint, rappel à 04:00." };
    expect((await stages.desk.recordFiling(call, stages.delegate)).outcome).toBe("recorded");
    expect((await stages.desk.startDelivery({ incident, channel: "fssi" }, stages.delegate)).outcome).toBe(
      "started",
    );
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ portail: "planned", cert: "delivered", fssi: "delivered" });
    expect((await dossier(incident)).incident.state).toBe("approved");
    expect(stages.filings.map(({ kind }) => kind)).toEqual(["information"]);
  });

  it("may be asked for before a decision, by the IT on call, and as often as it takes", async () => {
    stages = await openStages({ mode: "live", ways: [PORTAL, HELP] });
    await stages.take(DELETED, NOTE);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const incident = first?.incident.id ?? "";
    const oncall: Actor = { id: "acc-it", name: "Paul Durand", role: "operator", active: true };
    for (const told of ["Analyste joint, rappel à 04:00.", "Rappel : isoler le site nord."]) {
      const call = { incident, channel: "cert", reference: "", told };
      expect(await stages.desk.recordFiling(call, oncall)).toMatchObject({ outcome: "recorded" });
      stages.clock.pass(60);
    }
    const { deliveries, incident: after } = await dossier(incident);
    expect(deliveries.map(({ kind, state, by }) => [kind, state, by?.name])).toEqual([
      ["help", "delivered", "Paul Durand"],
      ["help", "delivered", "Paul Durand"],
    ]);
    expect(after.state).toBe("in_review");
    const filing = { incident, channel: "portail", reference: "SIG-1" };
    expect(await stages.desk.recordFiling(filing, oncall)).toMatchObject({ code: "not_allowed" });
  });

  it("are not sent before a text was decided", async () => {
    stages = await openStages({ mode: "live", ways: [PORTAL, TOLD] });
    await stages.take(DELETED, NOTE);
    const [first] = await stages.desk.incidents({ limit: 1 });
    const asked = { incident: first?.incident.id ?? "", channel: "fssi" };
    expect(await stages.desk.startDelivery(asked, stages.delegate)).toMatchObject({
      code: "nothing_decided",
    });
  });
});

describe("an attempt that nobody answered", () => {
  const ways = [GATEWAY, PORTAL];

  async function unanswered(asked?: Record<string, Attempt[]>): Promise<string> {
    const incident = await approved({ ways, ...(asked && { asked }) }, uncertain);
    await stages.sweeper.sweep();
    return incident;
  }

  it("is never sent again by itself", async () => {
    const incident = await unanswered();
    stages.clock.pass(24 * 60);
    await stages.sweeper.sweep();
    expect(stages.filings).toHaveLength(1);
    expect(await states(incident)).toEqual({ concentrateur: "uncertain" });
    expect((await dossier(incident)).incident.state).toBe("approved");
  });

  it("is settled by asking, where the receiver can be asked", async () => {
    const found: Attempt = { outcome: "delivered", because: "retrouvé", reference: "G-77" };
    const incident = await unanswered({ concentrateur: [uncertain, found] });
    for (let i = 0; i < 3; i++) {
      stages.clock.pass(1);
      await stages.sweeper.sweep();
    }
    expect((await dossier(incident)).deliveries[0]).toMatchObject({ state: "delivered", reference: "G-77" });
    expect(stages.filings).toHaveLength(1);
    expect((await dossier(incident)).incident.state).toBe("declared");
  });

  it("is sent again once the receiver says that it never had it", async () => {
    const incident = await unanswered({ concentrateur: [{ outcome: "unreachable", because: "inconnu" }] });
    for (let i = 0; i < 2; i++) {
      stages.clock.pass(1);
      await stages.sweeper.sweep();
    }
    expect(stages.filings).toHaveLength(2);
    expect(new Set(stages.filings.map(({ key }) => key)).size).toBe(1);
    expect(await states(incident)).toEqual({ concentrateur: "delivered" });
  });

  it("is left uncertain, not refused, when it is given up after one that may have arrived", async () => {
    const incident = await approved({ ways: [GATEWAY], repeatable: true }, uncertain);
    await stages.sweeper.sweep();
    for (let i = 0; i < 100 && (await states(incident)).concentrateur === "planned"; i++) {
      stages.answers.splice(0, stages.answers.length, unreachable);
      stages.clock.pass(15);
      await stages.sweeper.sweep();
    }
    expect(await states(incident)).toEqual({ concentrateur: "uncertain" });
    expect((await dossier(incident)).incident.state).toBe("approved");
  });

  it("opens the next way once the receiver says that it refuses it", async () => {
    const lost: Attempt = { outcome: "refused", because: "inconnu du concentrateur" };
    const incident = await unanswered({ concentrateur: [lost] });
    stages.clock.pass(1);
    await stages.sweeper.sweep();
    expect(await states(incident)).toEqual({ concentrateur: "refused", portail: "planned" });
  });

  it("is sent again only when a person says that it never arrived", async () => {
    const incident = await unanswered();
    const delivery = await idOf(incident, "concentrateur");
    expect(await stages.desk.resend({ incident, delivery, reason: "non" }, stages.delegate)).toMatchObject({
      code: "reason_missing",
    });
    const reason = "Le concentrateur n'en a pas trace, appel de 03:10.";
    expect((await stages.desk.resend({ incident, delivery, reason }, stages.delegate)).outcome).toBe(
      "planned",
    );
    await stages.sweeper.sweep();
    expect(stages.filings).toHaveLength(2);
    expect(new Set(stages.filings.map(({ key }) => key)).size).toBe(1);
    expect(await states(incident)).toEqual({ concentrateur: "delivered" });
  });

  it("is not sent again once the portal has the text: it would be filed twice", async () => {
    const incident = await approved({ ways: [PORTAL, MAIL], handsOn: ["ars-courriel"] });
    await stages.desk.recordImpossibility(said(incident), stages.delegate);
    await stages.desk.startDelivery({ incident, channel: "ars-courriel" }, stages.delegate);
    await stages.sweeper.sweep();
    const portal = { incident, delivery: await idOf(incident, "portail"), reference: "SIG-2026-1" };
    expect((await stages.desk.recordFiling(portal, stages.delegate)).outcome).toBe("recorded");
    const again = {
      incident,
      delivery: await idOf(incident, "ars-courriel"),
      reason: "Aucune nouvelle de lui.",
    };
    expect(await stages.desk.resend(again, stages.delegate)).toMatchObject({ code: "already_filed" });
    expect(stages.filings).toHaveLength(1);
  });

  it("may be given up by a person, for another way", async () => {
    const incident = await unanswered();
    const delivery = await idOf(incident, "concentrateur");
    const reason = "Le concentrateur n'en a pas trace, appel de 03:10.";
    await stages.desk.recordLost({ incident, delivery, reason }, stages.delegate);
    expect(await states(incident)).toEqual({ concentrateur: "refused", portail: "planned" });
    expect(await stages.desk.recordLost({ incident, delivery, reason }, stages.delegate)).toMatchObject({
      code: "not_uncertain",
    });
  });
});
