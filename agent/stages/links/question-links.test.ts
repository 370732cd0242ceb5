import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Question } from "../../core/qualification.ts";
import type { QuestionLink } from "../../core/question-link.ts";
import type { Actor } from "../person-act.ts";
import { linkCodes } from "./link-codes.ts";
import type { Asking } from "./links-desk.ts";

const HOUR = MICROSECONDS.hour;
const remi: Actor = { id: "acc-r", name: "Rémi Roche", role: "rssi", active: true };
const auditor: Actor = { id: "acc-a", name: "Anne Audit", role: "auditor", active: true };
const CHANNELS = [
  {
    id: "courriel",
    for: ["delegate" as const],
    reaches: "email" as const,
    depends_on: [{ systems: ["annuaire"], label: "l'annuaire", feminine: false }],
  },
  { id: "sms", for: ["delegate" as const], reaches: "phone" as const },
  { id: "voix", for: ["delegate" as const], reaches: "phone" as const, speaks: true },
  { id: "astreinte", for: ["on_call" as const] },
];

let stages: Stages;
let incident: string;
let question: Question;
let asked: Question[];
beforeEach(async () => {
  stages = await openStages({ channels: CHANNELS });
  await stages.take(NOTE);
  incident = stages.pipeline.incidents()[0] ?? "";
  const dossier = await stages.desk.dossier(incident);
  asked = dossier?.qualification?.questions ?? [];
  question = asked[0] as Question;
});
afterEach(() => stages.close());

const asking = (over: Partial<Asking> = {}): Asking => ({
  form: stages.desk.newForm(),
  incident,
  question: question.id,
  to: {
    person: "care",
    name: "Mme Roux",
    function: "urgences",
    email: "roux@ch.example",
    phone: "0612345678",
  },
  callBack: "01 23 45 67 89",
  hours: 24,
  channels: [],
  ...over,
});
/** Asks, and gives the link with its code. */
async function linked(over: Partial<Asking> = {}) {
  const done = await stages.desk.links.ask(asking(over), remi);
  if (done.outcome !== "asked") throw new Error(done.because);
  const row = (await stages.desk.links.of(incident, remi)).find(({ link }) => link.id === done.link);
  if (row?.code == null) throw new Error("no code");
  return { id: done.link, code: row.code };
}
const tokenOf = async (code: string) => (await stages.desk.links.open(code))?.token ?? "";
const first = () => ({ kind: "answer" as const, id: question.answers[0]?.id ?? "", since: undefined });
const send = (
  code: string,
  token: string,
  said: Parameters<typeof stages.desk.links.answer>[0]["said"] = first(),
) => stages.desk.links.answer({ code, token, said });
const answeredFacts = async () =>
  ((await stages.pipeline.view(incident))?.facts ?? []).filter(
    ({ origin, withdrawn }) =>
      origin.by === "person" && origin.question === question.id && withdrawn === null,
  );
const recordOf = async (id: string) =>
  (await stages.store.reads.record("ch-exemple", "question_link", id))?.content as QuestionLink;
const everything = async () => JSON.stringify(await stages.store.reads.journal("ch-exemple", 1, 10_000));

describe("an answer by a link", () => {
  it("states the fact in the name of what the person is, attested by the link, and takes note for nobody", async () => {
    const { id, code } = await linked();
    const before = (await stages.pipeline.view(incident))?.incident;
    expect(await send(code, await tokenOf(code))).toEqual({ outcome: "answered" });
    const [fact] = await answeredFacts();
    expect(fact?.origin).toMatchObject({
      source: "cadre de santé, Mme Roux (urgences)",
      writer: "répondu par le lien envoyé à Mme Roux par Rémi Roche",
      link: id,
    });
    const work = await stages.pipeline.view(incident);
    expect(work?.incident.seen).toEqual(before?.seen);
    expect(work?.incident.found).toBe(before?.found);
    expect(work?.incident.declarant).toBe(before?.declarant);
    expect(work?.decisions).toEqual([]);
    expect((await stages.desk.dossier(incident))?.answered[0]).toMatchObject({
      question: { id: question.id },
      answer: question.answers[0]?.label,
    });
  });

  it.each([
    [{ kind: "unknown" as const }],
    [{ kind: "other_person" as const, text: "  <b>le chef</b> de garde\u202e  " }],
  ])("that knows nothing is kept and states nothing: %j", async (said) => {
    const { id, code } = await linked();
    expect(await send(code, await tokenOf(code), said)).toEqual({ outcome: "answered" });
    expect(await answeredFacts()).toEqual([]);
    expect(await recordOf(id)).toMatchObject({ state: "answered", answer: { said: { kind: said.kind } } });
    const [row] = await stages.desk.links.of(incident, remi);
    if (said.kind === "other_person")
      expect(row?.link.answer?.said).toEqual({ kind: "other_person", text: said.text.trim() });
    expect((await stages.desk.dossier(incident))?.qualification?.questions.map(({ id }) => id)).toContain(
      question.id,
    );
  });

  it("does not overrule what somebody answered in between: it is kept beside, and says so", async () => {
    const { id, code } = await linked();
    const token = await tokenOf(code);
    const no = question.answers[1]?.id ?? "";
    await stages.desk.answer({ incident, question: question.id, answer: no }, remi);
    const before = await answeredFacts();
    expect(await send(code, token)).toEqual({ outcome: "answered" });
    expect(await answeredFacts()).toEqual(before);
    expect((await recordOf(id)).answer?.unused).toContain("Quelqu'un avait déjà répondu");
  });

  it("goes to the incident that the one asked about went into", async () => {
    const { code } = await linked();
    const token = await tokenOf(code);
    const other = await stages.desk.openByHand(
      {
        form: stages.desk.newForm(),
        kinds: ["care_interrupted"],
        systems: [],
        source: { who: "self", name: "" },
        text: "",
      },
      remi,
    );
    if (other.outcome !== "opened") throw new Error(other.because);
    const merging = { incident: other.incident, other: incident, reason: "Le même arrêt du réseau." };
    const merged = await stages.desk.merge(merging, remi);
    if (merged.outcome !== "merged") throw new Error(merged.because);
    const asked = incident;
    incident = merged.incident;
    expect(await send(code, token)).toEqual({ outcome: "answered" });
    expect(await answeredFacts()).not.toEqual([]);
    for (const each of [asked, other.incident])
      expect((await stages.pipeline.view(each))?.incident.state).toBeTypeOf("string");
    expect((await stages.desk.links.of(incident, remi)).map(({ link }) => link.state)).toEqual(["answered"]);
  });
});

describe("a link serves no more", () => {
  it("once it has answered; the same form sent again is answered, another is not", async () => {
    const { code } = await linked();
    const [one, two] = [await tokenOf(code), await tokenOf(code)];
    expect(await send(code, one)).toEqual({ outcome: "answered" });
    const facts = await answeredFacts();
    expect(await send(code, one)).toEqual({ outcome: "answered" });
    expect(await send(code, two)).toEqual({ outcome: "gone" });
    expect(await stages.desk.links.open(code)).toBeUndefined();
    expect(await answeredFacts()).toEqual(facts);
  });

  it("when two tabs answer in one breath: one of them does", async () => {
    const { code } = await linked();
    const tokens = [await tokenOf(code), await tokenOf(code), await tokenOf(code)];
    const done = await Promise.all(tokens.map((token) => send(code, token)));
    expect(done.map(({ outcome }) => outcome).sort()).toEqual(["answered", "gone", "gone"]);
  });

  it("after its time, which the record keeps", async () => {
    const { id, code } = await linked({ hours: 2 });
    const token = await tokenOf(code);
    stages.clock.set(stages.clock.now() + 2 * HOUR);
    expect(await stages.desk.links.open(code)).toBeUndefined();
    expect(await send(code, token)).toEqual({ outcome: "gone" });
    expect((await stages.desk.links.of(incident, remi))[0]).toMatchObject({
      code: null,
      link: { state: "expired" },
    });
    await stages.sweeper.sweep();
    expect((await recordOf(id)).state).toBe("expired");
    expect((await everything()).match(/question_link.put/g)).toHaveLength(2);
  });

  it("once it was revoked, by whom the record says", async () => {
    const { id, code } = await linked();
    const token = await tokenOf(code);
    expect(await stages.desk.links.revoke({ incident, link: id }, auditor)).toMatchObject({
      code: "not_allowed",
    });
    expect(await stages.desk.links.revoke({ incident: "other", link: id }, remi)).toMatchObject({
      code: "unknown_link",
    });
    expect(await stages.desk.links.revoke({ incident, link: id }, remi)).toEqual({ outcome: "revoked" });
    expect(await stages.desk.links.open(code)).toBeUndefined();
    expect(await send(code, token)).toEqual({ outcome: "gone" });
    expect(await recordOf(id)).toMatchObject({ state: "revoked", revoked: { name: "Rémi Roche" } });
  });

  it("while the dossier is under the secret of national defence", async () => {
    const { code } = await linked();
    const token = await tokenOf(code);
    await stages.desk.flagSecret({ incident, holds: true, reason: "Système désigné." }, remi);
    expect(await stages.desk.links.open(code)).toBeUndefined();
    expect(await send(code, token)).toEqual({ outcome: "gone" });
  });

  it("when the incident was closed meanwhile", async () => {
    const { code } = await linked();
    const token = await tokenOf(code);
    const work = await stages.pipeline.view(incident);
    if (work === undefined) throw new Error("no incident");
    const revision = (work.base.get(`incident/${incident}`)?.revision ?? 0) + 1;
    const content = { ...work.incident, state: "closed" as const };
    await stages.store.commit({
      facility: "ch-exemple",
      at: stages.clock.now(),
      writes: [
        { write: "record", kind: "incident", id: incident, revision, incident, state: "closed", content },
      ],
    });
    stages = await stages.restart();
    expect(await stages.desk.links.open(code)).toBeUndefined();
    expect(await send(code, token)).toEqual({ outcome: "gone" });
  });

  it.each(["expires", "question", "incident"] as const)(
    "when its record says another %s than its code",
    async (key) => {
      const { id, code } = await linked();
      const content = {
        ...(await recordOf(id)),
        [key]: key === "expires" ? stages.clock.now() + 900 * HOUR : "other",
      };
      await stages.store.commit({
        facility: "ch-exemple",
        at: stages.clock.now(),
        writes: [
          { write: "record", kind: "question_link", id, revision: 2, incident, state: "open", content },
        ],
      });
      expect(await stages.desk.links.open(code)).toBeUndefined();
    },
  );
});

describe("a code", () => {
  it("is read as people write it, and any other digit is another code", async () => {
    const { code } = await linked();
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    for (const typed of [
      code.toLowerCase(),
      code.replaceAll("-", ""),
      code.replaceAll("0", "o").replaceAll("1", "l"),
    ])
      expect(await stages.desk.links.open(typed)).toBeDefined();
    const plain = code.replaceAll("-", "");
    for (let n = 0; n < plain.length; n++) {
      const digit = plain[n] === "7" ? "8" : "7";
      expect(await stages.desk.links.open(plain.slice(0, n) + digit + plain.slice(n + 1))).toBeUndefined();
    }
    for (const none of ["", "A", `${code}A`, "../..", "\u0000", "'; DROP TABLE records", "x".repeat(100_000)])
      expect(await stages.desk.links.open(none)).toBeUndefined();
  });

  it("of another installation opens nothing, nor does a form's token of another link", async () => {
    const { id, code } = await linked();
    const link = await recordOf(id);
    expect(linkCodes("another secret").codeOf(link)).not.toBe(code);
    const other = await linked({ question: asked[1]?.id ?? question.id });
    expect(await send(code, await tokenOf(other.code))).toEqual({ outcome: "gone" });
    for (const token of ["", ".", "x.y", `${await tokenOf(code)}x`])
      expect(await send(code, token)).toEqual({ outcome: "gone" });
  });

  it("is in no record, no journal entry and no effect", async () => {
    const { id, code } = await linked({ channels: ["sms"] });
    await stages.sweeper.sweep();
    const effects = JSON.stringify(await stages.store.reads.effectsOf("ch-exemple", incident));
    for (const held of [await everything(), effects, JSON.stringify(await recordOf(id))]) {
      expect(held).not.toContain(code);
      expect(held).not.toContain(code.replaceAll("-", ""));
    }
  });
});

describe("asking", () => {
  it.each([
    [{ to: { person: "care", name: " ", function: "", email: "", phone: "" } }, "nobody_named"],
    [{ to: { person: "other", name: "M. X", function: "", email: "", phone: "" } }, "source_missing"],
    [{ callBack: " " }, "no_call_back"],
    [{ hours: 0 }, "bad_hours"],
    [{ hours: 73 }, "bad_hours"],
    [{ hours: 1.5 }, "bad_hours"],
    [{ callBack: "0".repeat(121) }, "too_long"],
    [{ form: "x" }, "bad_form"],
    [{ question: "no-such" }, "unknown_question"],
    [{ channels: ["voix"] }, "bad_channel"],
    [{ channels: ["astreinte"] }, "bad_channel"],
    [{ channels: ["none"] }, "bad_channel"],
    [
      { channels: ["sms"], to: { person: "dpo", name: "M. X", function: "", email: "", phone: "" } },
      "no_phone",
    ],
    [
      { channels: ["courriel"], to: { person: "dpo", name: "M. X", function: "", email: "x", phone: "" } },
      "no_email",
    ],
  ] as [Partial<Asking>, string][])("refuses %j: %s", async (over, code) => {
    expect(await stages.desk.links.ask(asking(over), remi)).toMatchObject({ outcome: "refused", code });
    expect(await stages.desk.links.of(incident, remi)).toEqual([]);
  });

  it("is for who may answer, and shows its code to nobody else", async () => {
    expect(await stages.desk.links.ask(asking(), auditor)).toMatchObject({ code: "not_allowed" });
    await linked();
    expect((await stages.desk.links.of(incident, auditor))[0]?.code).toBeNull();
  });

  it("makes one link of a form that is sent twice", async () => {
    const once = asking();
    const done = await Promise.all([stages.desk.links.ask(once, remi), stages.desk.links.ask(once, remi)]);
    expect(done[0]).toEqual(done[1]);
    expect(await stages.desk.links.of(incident, remi)).toHaveLength(1);
  });
});

describe("the message that carries a link", () => {
  it("names who asks and until when, reaches the person, and tells nothing of the incident", async () => {
    const { code } = await linked({ channels: ["sms", "courriel"] });
    await stages.sweeper.sweep();
    const told = stages.sent.filter(({ message }) => message.event === "question_asked");
    expect(told.map(({ channel }) => channel).sort()).toEqual(["courriel", "sms"]);
    const reference = (await stages.pipeline.view(incident))?.incident.reference ?? "?";
    for (const { message, context } of told) {
      expect(context.to).toMatchObject({ name: "Mme Roux", phone: "0612345678" });
      expect(message).toMatchObject({ incident: null, exercise: true, link: expect.stringContaining(code) });
      expect(message.subject).toContain("EXERCICE");
      expect(message.text).toContain("Rémi Roche");
      expect(JSON.stringify(message)).not.toContain(reference);
      expect(message.text).not.toContain(question.text);
    }
  });

  it("is sent again while the receiver cannot be reached, and not once the link is of no use", async () => {
    const unreachable = { outcome: "unreachable" as const, because: "pas de réseau" };
    stages.answerBy.set("sms", unreachable);
    const { id } = await linked({ channels: ["sms"] });
    await stages.sweeper.sweep();
    const sends = () => stages.sent.filter(({ message }) => message.event === "question_asked").length;
    expect(sends()).toBe(1);
    stages.clock.pass(1);
    await stages.sweeper.sweep();
    expect(sends()).toBe(2);
    await stages.desk.links.revoke({ incident, link: id }, remi);
    stages.clock.pass(20);
    await stages.sweeper.sweep();
    expect(sends()).toBe(2);
  });

  it("is not sent by a channel that depends on what is attacked, which is said", async () => {
    await linked({ channels: ["courriel"] });
    await stages.desk.stateFacts(
      incident,
      {
        form: stages.desk.newForm(),
        kinds: ["system_unavailable"],
        systems: ["annuaire"],
        source: { who: "self", name: "" },
        text: "",
      },
      remi,
    );
    await stages.sweeper.sweep();
    expect(stages.sent.filter(({ message }) => message.event === "question_asked")).toEqual([]);
    const [row] = await stages.desk.links.of(incident, remi);
    expect(row?.sent[0]).toMatchObject({ state: "cancelled", because: expect.stringContaining("annuaire") });
    expect(await everything()).toContain("channel_skipped");
    // Asked for anew, it is refused at once.
    expect(await stages.desk.links.ask(asking({ channels: ["courriel"] }), remi)).toMatchObject({
      code: "bad_channel",
    });
  });

  it("leaves nothing while observing", async () => {
    await stages.close();
    stages = await openStages({ channels: CHANNELS, mode: "observe" });
    await stages.take(NOTE);
    incident = stages.pipeline.incidents()[0] ?? "";
    await linked({ channels: ["sms"] });
    await stages.sweeper.sweep();
    expect(stages.sent).toEqual([]);
  });
});
