import type { Instant } from "../../core/clock.ts";
import {
  askedOf,
  awaitedOf,
  DECISION_STEPS,
  type Decision,
  type DecisionStep,
  fingerprintGroups,
  lapsedOf,
  sentBackOf,
  shortFingerprint,
} from "../../core/decision.ts";
import { DECLARATION_KINDS, type DeclarationContent } from "../../core/declaration.ts";
import { type Account, mayAct, ROLES, SECOND_FACTORS } from "../../core/person.ts";
import type { Colleague } from "../../stages/decide/decision-desk.ts";
import { undeclaredDuties, withdrawnBy } from "../../stages/decide/second-person.ts";
import { standingText } from "../../stages/decide/standing-text.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import { stateWords } from "../../stages/documents/text-state.ts";
import { verdictOf } from "./verdict.ts";

/** How the letters of a fingerprint are spelt on the telephone, in French. */
const SPELT: Readonly<Record<string, string>> = {
  a: "Anatole",
  b: "Berthe",
  c: "Célestin",
  d: "Désiré",
  e: "Eugène",
  f: "François",
};

/** Steps and decisions shown, the last ones. */
const HISTORY = 50;

/** What the page of a decision shows to one person. */
export function decisionModel(
  dossier: Dossier,
  { person, colleagues, now }: { person: Account; colleagues: readonly Colleague[]; now: Instant },
) {
  const { current, decisions, filing, incident } = dossier;
  const text = standingText(dossier) ?? undefined;
  const draft = text !== undefined;
  const decider = mayAct(person, "decide", now);
  const asked = askedOf(dossier);
  const sentBack = sentBackOf(dossier);
  const second = awaitedOf("second", dossier, text);
  const oral = awaitedOf("oral", dossier, text);
  const decision = decisionOn(decisions, current?.declaration.sha256);
  const me = ({ account }: { account: string }) => account === person.id;
  return {
    verdict: verdictOf(dossier),
    current: current?.declaration ?? null,
    content: current?.content ?? null,
    kind: current === undefined ? "" : DECLARATION_KINDS[current.declaration.kind],
    stateLabel:
      current === undefined
        ? ""
        : stateWords(current.declaration, current.content.exercise, dossier.deliveries),
    fingerprint: fingerprintGroups(current?.declaration.sha256 ?? ""),
    short: shortFingerprint(current?.declaration.sha256 ?? ""),
    spelt: spell(shortFingerprint(current?.declaration.sha256 ?? "")),
    draft,
    decision: decision === undefined ? null : { ...decision, voice: voiceRow(decision) },
    notFiled: notFiled(dossier),
    earlier: filing !== undefined && filing.declaration.version !== current?.declaration.version,
    mayDecide: draft && decider,
    mayRecordOral: draft && mayAct(person, "record_oral"),
    mayHear: oral !== undefined && mayAct(person, "answer") && !me(oral.by) && !(oral.to && me(oral.to)),
    namedOther: namedOther(current?.content, person),
    met: draft ? undeclaredDuties(dossier) : [],
    withdrew: draft ? withdrawnBy(dossier.facts, person.name).length : 0,
    asked: asked === undefined ? null : { ...asked, mine: asked.to !== null && me(asked.to) },
    sentBack:
      sentBack === undefined ? null : { ...sentBack, changed: sentBack.text?.sha256 !== text?.sha256 },
    second: second === undefined ? null : { ...second, mine: me(second.by) },
    lapsed: lapsedOf("second", dossier, text) ?? null,
    oral: oral === undefined ? null : { ...oral, mine: me(oral.by) },
    oralLapsed: lapsedOf("oral", dossier, text) ?? null,
    colleagues: colleagues.filter(({ id }) => id !== person.id),
    callable: colleagues,
    history: historyOf(dossier.steps, decisions),
    role: ROLES[person.role],
    over: incident.state === "closed",
  };
}

/** The approved text that nobody has filed, with what people are told of it; null when nothing waits to be filed. */
export function notFiled({ filing, decisions, effects }: Dossier) {
  if (filing?.declaration.state !== "approved") return null;
  const decision = decisionOn(decisions, filing.declaration.sha256);
  const key = `not_filed:${filing.declaration.id}/${filing.declaration.version}:`;
  const reminders = effects.filter((each) => each.kind === "reminder" && each.key.includes(key));
  const next = reminders.filter(({ state }) => state === "planned").map(({ due }) => due);
  return {
    since: decision?.at ?? filing.declaration.updated,
    by: decision?.delegate.name ?? "",
    oral: decision?.state === "oral",
    version: filing.declaration.version,
    short: shortFingerprint(filing.declaration.sha256),
    exercise: filing.content.exercise,
    calls: new Set(
      reminders
        .filter(({ state }) => state === "done")
        .map((each) => each.key.slice(each.key.lastIndexOf(":"))),
    ).size,
    next: next.length === 0 ? null : Math.min(...next),
  };
}

function decisionOn(decisions: readonly Decision[], sha256: string | undefined): Decision | undefined {
  return decisions.findLast((each) => each.sha256 === sha256);
}

/** Letter by letter, as it is said on the telephone: `7`, `b Berthe`. */
export function spell(short: string): { sign: string; word: string }[] {
  return [...short].map((sign) => ({ sign, word: SPELT[sign] ?? "" }));
}

function voiceRow({ how, state, settled }: Decision) {
  if (how.channel !== "voice") return null;
  return {
    number: how.number,
    known: how.known,
    recorded: how.recorded.by.name,
    heard: how.heard.by.name,
    at: how.heard.at,
    state: state ?? "oral",
    settled: settled ?? null,
  };
}

// The declarant is part of what is declared: the desk refuses an approval in another's name.
function namedOther(content: DeclarationContent | undefined, person: Account): string | null {
  const named = content?.sections
    .flatMap((section) => section.fields)
    .find((field) => field.id === "declarant_name");
  if (named === undefined || named.provenance.by === "person" || named.value === person.name) return null;
  return named.value ?? "personne";
}

function historyOf(steps: readonly DecisionStep[], decisions: readonly Decision[]) {
  const rows = [
    ...steps.map(({ at, step, by, to, comment, text, call }) => ({
      at,
      who: by.name,
      what: DECISION_STEPS[step],
      to: to?.name ?? null,
      comment,
      version: text?.version ?? null,
      short: text === null ? null : shortFingerprint(text.sha256),
      how: call === null ? null : `numéro appelé : ${call.number}`,
    })),
    ...decisions.flatMap((decision) => decisionRows(decision)),
  ];
  return rows.toSorted((a, b) => b.at - a.at).slice(0, HISTORY);
}

function decisionRows(decision: Decision) {
  const { at, delegate, how, reason, second, version, sha256, settled, state } = decision;
  const on = { version, short: shortFingerprint(sha256), to: null };
  const what =
    decision.decision === "set_aside"
      ? "Ne pas déclarer"
      : how.channel === "voice"
        ? "Validé, décision orale"
        : "Validé";
  const also = second === undefined ? "" : `confirmé par ${second.by.name}`;
  const first = {
    ...on,
    at,
    who: delegate.name,
    what,
    comment: reason ?? "",
    how: [howWords(how), also].filter(Boolean).join(", "),
  };
  if (settled === undefined) return [first];
  const end = state === "confirmed" ? "Décision orale confirmée" : "Décision orale CONTESTÉE";
  const row = { ...on, at: settled.at, who: delegate.name, what: end, comment: settled.comment };
  return [first, { ...row, how: howWords(settled.how) }];
}

/** How a decision was proved, in words. */
export function howWords(how: Decision["how"]): string {
  switch (how.channel) {
    case "web":
      return SECOND_FACTORS[how.second_factor];
    case "webhook":
      return `attestée par l'outil ${how.tool}, ${SECOND_FACTORS[how.second_factor]}`;
    case "voice":
      return `au ${how.number}, entendue par ${how.recorded.by.name} et ${how.heard.by.name}`;
  }
}
