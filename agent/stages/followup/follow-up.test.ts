import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DELETED, down, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Actor, Refused } from "../person-act.ts";
import type { ExchangeDraft, FollowUp } from "./follow-up-desk.ts";

const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };
const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };
const AUDITOR: Actor = { id: "acc-5", name: "Ana Ruiz", role: "auditor", active: true };
const PROOF = { channel: "web", second_factor: "totp" } as const;
const REASON = "Copié depuis un autre dossier.";
const form = (n: number) => `0a1b2c3d-0000-4000-8000-${String(n).padStart(12, "0")}`;

let stages: Stages;
let incident: string;
beforeEach(async () => {
  stages = await openStages();
  await stages.take(DELETED, NOTE, down("pacs-01", 1));
  const [first] = await stages.desk.incidents({ limit: 1 });
  incident = first?.incident.id ?? "";
});
afterEach(() => stages.close());

const sweep = async () => {
  while ((await stages.sweeper.sweep()) > 0);
};
async function dossier() {
  const found = await stages.desk.dossier(incident);
  if (found === undefined) throw new Error("no incident");
  return found;
}
async function followUp(): Promise<FollowUp> {
  const found = await stages.desk.followUp.of(incident);
  if (found === undefined) throw new Error("no follow-up");
  return found;
}
/** Approves the text that stands, and files it. */
async function file() {
  await stages.desk.takeUp(incident, stages.delegate);
  const { current } = await dossier();
  const { id: declaration, version, sha256 } = current?.declaration ?? { id: "", version: 0, sha256: "" };
  const text = { incident, declaration, version, sha256 };
  expect((await stages.desk.approve(text, PROOF, stages.delegate)).outcome).toBe("approved");
  await sweep();
}
const draftOf = (more: Partial<ExchangeDraft> = {}): ExchangeDraft => ({
  form: form(1),
  incident,
  party: "cert_sante",
  name: "",
  direction: "received",
  way: "mail",
  kind: "other",
  subject: "Votre signalement",
  text: "Bien reçu.",
  ...more,
});
const record = (more: Partial<ExchangeDraft> = {}, actor: Actor = OPERATOR) =>
  stages.desk.followUp.recordExchange(draftOf(more), actor);
const codeOf = (done: { outcome: string } | Refused) => ("code" in done ? done.code : done.outcome);
const endOutage = async () => {
  stages.clock.pass(60);
  const { facts } = await dossier();
  const outage = facts.find(({ kind, until }) => kind === "system_unavailable" && until === null);
  const source = { who: "self", name: "" } as const;
  await stages.desk.endFact({ incident, fact: outage?.id ?? "", source }, stages.delegate);
};

describe("an exchange", () => {
  it("is written down once for its form, in the journal, with who wrote it and when it was", async () => {
    const at = stages.clock.now() - MICROSECONDS.hour;
    expect(await record({ at })).toEqual({ outcome: "recorded" });
    expect(await record({ at, subject: "Autre chose" })).toEqual({ outcome: "recorded" });
    const { exchanges } = await followUp();
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({
      thread: form(1),
      subject: "Votre signalement",
      at,
      written: stages.clock.now(),
      by: { account: "acc-3", name: "Ève Petit" },
      state: "recorded",
    });
    const [entry] = await stages.store.reads.putsOf("ch-exemple", "exchange", incident, 10);
    expect(entry?.type).toBe("exchange.put");
  });

  it("gives the authority's two dated states, who will be told, and its qualification, the last of each first", async () => {
    const at = stages.clock.now();
    await record({ form: form(1), kind: "acknowledgement", informed: "ARS, HFDS, DGS" });
    stages.clock.pass(60);
    await record({ form: form(2), kind: "analysis" });
    await record({ form: form(3), kind: "qualification", qualified: "Incident mineur" });
    stages.clock.pass(60);
    await record({ form: form(4), kind: "qualification", qualified: "Incident majeur" });
    const shown = await followUp();
    expect(shown.acknowledged).toEqual({ at, party: "CERT Santé", exchange: form(1) });
    expect(shown.analysed).toMatchObject({ at: at + MICROSECONDS.hour });
    expect(shown.informed.map(({ text }) => text)).toEqual(["ARS, HFDS, DGS"]);
    expect(shown.qualified.map(({ text }) => text)).toEqual(["Incident majeur", "Incident mineur"]);
  });

  it("that was wrong stays readable with the reason, and nothing counts of it", async () => {
    await record({ kind: "acknowledgement" });
    const cancelling = { incident, exchange: form(1), reason: REASON };
    const { cancelExchange } = stages.desk.followUp;
    expect(codeOf(await cancelExchange({ ...cancelling, reason: "non" }, OPERATOR))).toBe("reason_missing");
    expect(await cancelExchange(cancelling, OPERATOR)).toEqual({ outcome: "cancelled" });
    expect(codeOf(await cancelExchange(cancelling, RSSI))).toBe("already_cancelled");
    const { acknowledged, exchanges } = await followUp();
    expect(acknowledged).toBeNull();
    expect(exchanges[0]).toMatchObject({
      state: "cancelled",
      text: "Bien reçu.",
      cancelled: { reason: REASON },
    });
  });

  it.each<[string, Partial<ExchangeDraft>, string, Actor?]>([
    ["by who only reads", {}, "not_allowed", AUDITOR],
    ["with nobody named", { party: "other", name: " " }, "nobody_named"],
    ["that says nothing", { subject: " ", text: "" }, "nothing_said"],
    ["as an acknowledgement of ours", { kind: "acknowledgement", direction: "sent" }, "not_received"],
    ["as a qualification without its words", { kind: "qualification" }, "not_qualified"],
    [
      "as a qualification by another",
      { kind: "qualification", qualified: "x", party: "ars" },
      "not_qualified",
    ],
    ["to come", { at: Number.MAX_SAFE_INTEGER / 2 }, "future_instant"],
    ["to be answered before it came", { kind: "information_request", due: 1 }, "due_before"],
    ["that is too long", { text: "x".repeat(10_001) }, "too_long"],
    ["of a form of no one", { form: "x" }, "bad_form"],
    ["after one that is not there", { follows: form(9) }, "unknown_exchange"],
  ])("is not written down %s", async (_, more, code, actor = OPERATOR) => {
    expect(codeOf(await record(more, actor))).toBe(code);
    expect((await followUp()).exchanges).toEqual([]);
  });

  it("keeps its files, which are handed over and counted with those of notes", async () => {
    const bytes = Buffer.from("Message du CERT Santé");
    const { createHash } = await import("node:crypto");
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const given = { name: "../message.eml", type: "message/rfc822", size: bytes.length, sha256 };
    const pieces = async function* () {
      yield bytes;
    };
    expect(await record({ files: [{ ...given, pieces }] })).toEqual({ outcome: "recorded" });
    const place = { incident, note: form(1), number: 1 };
    const found = await stages.desk.readAttachment(place, OPERATOR);
    if (found.outcome !== "found") throw new Error(found.because);
    const read = [];
    for await (const piece of found.pieces()) read.push(piece);
    expect(Buffer.concat(read)).toEqual(bytes);
    const reason = "Contient le nom d'un patient.";
    expect(await stages.desk.eraseAttachment({ ...place, reason }, RSSI)).toEqual({ outcome: "erased" });
    expect((await followUp()).erased).toMatchObject([{ sha256, because: reason }]);
  });
});

describe("a request for information", () => {
  const request = (more: Partial<ExchangeDraft> = {}) =>
    record({ kind: "information_request", due: stages.clock.now() + 5 * MICROSECONDS.day, ...more });

  it("is answered by a message that was sent, and waits again when that was written down by mistake", async () => {
    await request();
    const sent = { form: form(2), direction: "sent", kind: "other", answers: form(1) } as const;
    expect(await record(sent)).toEqual({ outcome: "recorded" });
    expect((await followUp()).exchanges.map(({ state, thread }) => [state, thread])).toEqual([
      ["answered", form(1)],
      ["recorded", form(1)],
    ]);
    expect(codeOf(await record({ ...sent, form: form(3) }))).toBe("not_open");
    await stages.desk.followUp.cancelExchange({ incident, exchange: form(2), reason: REASON }, RSSI);
    expect((await followUp()).exchanges[0]).toMatchObject({ state: "open" });
  });

  it("is not answered by what was filed before it, nor by who only answers questions", async () => {
    await file();
    await request();
    const { answerRequest } = stages.desk.followUp;
    const answering = { incident, request: form(1), version: 1 };
    expect(codeOf(await answerRequest(answering, RSSI))).toBe("too_early");
    expect(codeOf(await answerRequest({ ...answering, version: 7 }, RSSI))).toBe("unknown_version");
    expect(codeOf(await answerRequest(answering, OPERATOR))).toBe("not_allowed");
    expect(codeOf(await answerRequest({ ...answering, request: form(9) }, RSSI))).toBe("unknown_exchange");
  });

  it("is called to mind the day before and each day after, by day, once for a week without the machine", async () => {
    await file();
    await request();
    const reminders = () => stages.messages.filter(({ event }) => event === "follow_up_due");
    stages.clock.pass(3 * 24 * 60);
    await sweep();
    expect(reminders()).toEqual([]);
    // The tests begin at night: what falls due then waits for the morning.
    stages.clock.pass(2 * 24 * 60);
    await sweep();
    expect(reminders()).toEqual([]);
    stages.clock.pass(8 * 60);
    await sweep();
    const told = reminders().length;
    expect(told).toBeGreaterThan(0);
    expect(reminders()[0]?.text).toContain("réponse à la demande de précisions de CERT Santé");
    expect(reminders()[0]?.link).toContain(`incidents/${incident}/suivi`);
    // A week in which nothing ran makes one more, not seven.
    stages.clock.pass(8 * 24 * 60);
    await sweep();
    expect(reminders().length).toBe(2 * told);
    await record({ form: form(2), direction: "sent", answers: form(1) });
    stages.clock.pass(5 * 24 * 60);
    await sweep();
    expect(reminders().length).toBe(2 * told);
  });

  it("and another that is due too are one message", async () => {
    await file();
    await request();
    await request({ form: form(2), party: "ars" });
    stages.clock.pass(6 * 24 * 60 + 8 * 60);
    await sweep();
    const reminders = () => stages.messages.filter(({ event }) => event === "follow_up_due");
    const texts = reminders().map(({ text }) => text);
    expect(texts).not.toEqual([]);
    for (const text of texts) expect(text).toMatch(/CERT Santé.*;.*ARS/);
  });
});

describe("what is advised", () => {
  const advice = (more = {}) =>
    stages.desk.followUp.addRecommendation(
      {
        form: form(1),
        incident,
        kind: "urgent",
        text: "Couper le VPN.",
        from: "CERT Santé",
        owner: "",
        ...more,
      },
      RSSI,
    );

  it("has an owner, a date, and is done, refused because, or opened again", async () => {
    const due = stages.clock.now() + MICROSECONDS.day;
    expect(await advice({ owner: "Équipe réseau", due })).toEqual({ outcome: "added" });
    const { settleRecommendation } = stages.desk.followUp;
    const settle = (state: "done" | "refused" | "open", because = "") =>
      settleRecommendation({ incident, recommendation: form(1), state, because }, RSSI);
    expect(codeOf(await settle("refused"))).toBe("reason_missing");
    expect(await settle("done")).toEqual({ outcome: "settled" });
    expect(codeOf(await settle("refused", REASON))).toBe("already_settled");
    expect(await settle("open", "Refait à l'identique.")).toEqual({ outcome: "settled" });
    expect(await settle("refused", "Le VPN sert au SAMU.")).toEqual({ outcome: "settled" });
    expect((await followUp()).recommendations).toMatchObject([
      { owner: "Équipe réseau", due, state: "refused", settled: { because: "Le VPN sert au SAMU." } },
    ]);
  });

  it("takes its author from the exchange that it came with", async () => {
    await record({ form: form(2), kind: "recommendations", name: "Mme Durand" });
    await advice({ exchange: form(2), from: "" });
    expect((await followUp()).recommendations[0]?.from).toBe("CERT Santé (Mme Durand)");
    expect(codeOf(await advice({ form: form(3), from: " " }))).toBe("nobody_named");
    expect(codeOf(await advice({ form: form(4), text: " " }))).toBe("nothing_said");
  });
});

describe("accompaniment", () => {
  it("has a life that does not go back", async () => {
    const { requestAccompaniment, stepAccompaniment } = stages.desk.followUp;
    const asked = { form: form(1), incident, of: "CERT Santé", text: "Analyse des postes." };
    expect(await requestAccompaniment(asked, RSSI)).toEqual({ outcome: "requested" });
    expect(codeOf(await requestAccompaniment({ ...asked, form: form(2), of: " " }, RSSI))).toBe(
      "nobody_named",
    );
    const step = (state: "granted" | "ended" | "requested") =>
      stepAccompaniment({ incident, accompaniment: form(1), state, text: "" }, RSSI);
    expect(await step("granted")).toEqual({ outcome: "noted" });
    expect(await step("ended")).toEqual({ outcome: "noted" });
    expect(codeOf(await step("requested"))).toBe("bad_step");
    const [life] = (await followUp()).accompaniments;
    expect(life?.steps.map(({ state, by }) => `${state} ${by.name}`)).toEqual([
      "requested Rémi Roy",
      "granted Rémi Roy",
      "ended Rémi Roy",
    ]);
  });
});

describe("who else is told", () => {
  it("is a list to which people add, each line ticked with its time and a name", async () => {
    const { tellPartner } = stages.desk.followUp;
    const at = stages.clock.now();
    const told = { incident, item: "samu", state: "told", who: "Régulateur" } as const;
    expect(await tellPartner(told, OPERATOR)).toEqual({ outcome: "noted" });
    expect(
      await tellPartner({ incident, form: form(1), label: "Mairie", state: "to_tell", who: "" }, RSSI),
    ).toEqual({
      outcome: "noted",
    });
    expect(codeOf(await tellPartner({ ...told, state: "not_needed", who: "" }, RSSI))).toBe("reason_missing");
    expect(codeOf(await tellPartner({ incident, partner: form(9), state: "told", who: "" }, RSSI))).toBe(
      "unknown_partner",
    );
    const { partners } = await followUp();
    expect(partners[0]).toMatchObject({
      label: "SAMU – Centre 15",
      told: { state: "told", at, who: "Régulateur", by: { name: "Ève Petit" } },
    });
    expect(partners.at(-1)).toMatchObject({ item: null, label: "Mairie", told: { state: "to_tell" } });
  });
});

type Purpose = "resolution" | "withdrawal" | "complement" | "reinstated";

describe("the next text", () => {
  const settle = (kind: Purpose, reason = "Plus rien à craindre.") =>
    stages.desk.followUp.settlePurpose({ incident, kind, reason }, stages.delegate);

  it("is nobody's to settle before something was declared", async () => {
    expect(codeOf(await settle("resolution"))).toBe("not_declared");
  });

  it("is a notice of resolution as soon as every state has ended, unless a person puts it off", async () => {
    await file();
    await endOutage();
    expect((await dossier()).current?.declaration).toMatchObject({ kind: "resolution", version: 2 });
    expect(await settle("complement", "Une précision est demandée d'abord.")).toEqual({ outcome: "settled" });
    expect((await dossier()).current?.declaration).toMatchObject({ kind: "complement", version: 2 });
    await file();
    expect((await dossier()).current?.declaration).toMatchObject({ kind: "resolution", version: 3 });
    await file();
    const { current, owesNotice, incident: ended } = await dossier();
    expect([current?.declaration.version, owesNotice, ended.state]).toEqual([3, false, "facts_ended"]);
  });

  it("is a notice again when a state was found after the one that was filed", async () => {
    await file();
    await endOutage();
    await file();
    expect((await followUp()).notice.filed).not.toBeNull();
    stages.clock.pass(60);
    const again = { kinds: ["system_unavailable" as const], systems: ["pacs"], text: "" };
    const source = { who: "self" as const, name: "" };
    await stages.desk.stateFacts(incident, { form: form(8), source, ...again }, RSSI);
    expect((await followUp()).notice).toMatchObject({ owed: true, filed: null });
    expect((await dossier()).current?.declaration.kind).toBe("complement");
  });

  it("is a withdrawal that says so, after which no notice is owed", async () => {
    await file();
    expect(await settle("withdrawal", "Panne simulée lors d'un exercice.")).toEqual({ outcome: "settled" });
    const { current } = await dossier();
    expect(current?.declaration).toMatchObject({ kind: "complement", version: 2 });
    expect(current?.content.text).toContain(
      "Retrait de la déclaration : Cette déclaration a été faite par erreur. Panne simulée lors d'un exercice.",
    );
    expect(codeOf(await settle("resolution"))).toBe("already_withdrawn");
    expect((await dossier()).owesNotice).toBe(false);
  });

  it("loses a withdrawal that is taken back with a reason, and the page keeps who noted it and why", async () => {
    await file();
    stages.clock.pass(1);
    expect(codeOf(await settle("reinstated"))).toBe("not_withdrawn");
    await settle("withdrawal", "Panne simulée lors d'un exercice.");
    expect(codeOf(await settle("reinstated", "Non"))).toBe("reason_missing");
    expect(await settle("reinstated", "Retrait noté sur le mauvais dossier.")).toEqual({
      outcome: "settled",
    });
    const { current, owesNotice } = await dossier();
    expect(current?.declaration).toMatchObject({ kind: "complement", version: 2, state: "draft" });
    expect(current?.content.text).not.toMatch(/Retrait|Maintien/);
    expect(owesNotice).toBe(true);
    expect((await followUp()).notice.settled).toMatchObject({
      kind: "reinstated",
      reason: "Retrait noté sur le mauvais dossier.",
      withdrawal: { reason: "Panne simulée lors d'un exercice." },
    });
    expect(codeOf(await settle("reinstated"))).toBe("not_withdrawn");
  });

  it("says that the declaration is maintained when its withdrawal was filed, and says it once", async () => {
    await file();
    await settle("withdrawal", "Panne simulée lors d'un exercice.");
    await file();
    await settle("reinstated", "Retrait noté sur le mauvais dossier.");
    const said =
      "Maintien de la déclaration : Son retrait a été noté par erreur : cette déclaration est maintenue. Retrait noté sur le mauvais dossier.";
    expect((await dossier()).current).toMatchObject({
      declaration: { kind: "complement", version: 3, state: "draft" },
      content: { text: expect.stringContaining(said) },
    });
    await file();
    const { current, owesNotice } = await dossier();
    expect([current?.declaration.version, current?.declaration.state, owesNotice]).toEqual([
      3,
      "filed",
      true,
    ]);
  });

  it("is not closed over without saying so, and the record keeps that it was", async () => {
    await file();
    await endOutage();
    const closing = { incident, reason: "Rétabli, avis transmis de vive voix." };
    const { closeByHand } = stages.desk;
    expect(codeOf(await closeByHand(closing, stages.delegate))).toBe("text_undecided");
    expect(await closeByHand({ ...closing, withoutNotice: true }, stages.delegate)).toEqual({
      outcome: "closed",
    });
    const { incident: closed, current } = await dossier();
    expect(closed.closure).toMatchObject({ without_notice: true });
    expect(current?.declaration).toMatchObject({ kind: "resolution", state: "set_aside" });
  });
});
