import type { Effect } from "../../../agent/core/effect.ts";
import type { NoteKind } from "../../../agent/core/journal.ts";
import type { Question } from "../../../agent/store/messages.ts";
import type { RecordKind, Write } from "../../../agent/store/store.ts";
import type { Message } from "../../../connectors/contract.ts";

/** True for what the story from intake to closing comes by; otherwise why it does not. */
type Met = true | string;

/*
 * All that a process may be ended beside: each table is as long as the type that it follows, or the types do not check; what
 * is said to be met is compared with what the story came by, and the other way round.
 */

const PERSON = "by a person, one unit: the same as what the story has of a note";
const GROUPING = "where incidents are taken together or apart";
const HOUSE = "of the house, not of an incident";
const ELSEWHERE = "its own story: see the tests of agent/stages";

/** Kinds of effects: each is claimed, carried out and settled. */
export const EFFECTS: Record<Effect["kind"], Met> = {
  notify: true,
  deliver: true,
  reminder: true,
  clock: true,
};

/** What messages tell: planned, claimed and settled each. */
export const MESSAGES: Record<Message["event"], Met> = {
  incident_opened: true,
  decision_needed: true,
  not_filed: true,
  follow_up_due: true,
  sign_off_due: ELSEWHERE,
  handover: ELSEWHERE,
  test: "sent at once, nothing is planned",
  access_used: HOUSE,
  intake_failing: HOUSE,
  question_asked: ELSEWHERE,
  review_due: HOUSE,
  group_link: HOUSE,
  duty_due: "needs an account that approves the other duty",
  handed_over: ELSEWHERE,
  handed_back: ELSEWHERE,
  sent_back: ELSEWHERE,
  text_corrected: ELSEWHERE,
  second_needed: ELSEWHERE,
  oral_contested: ELSEWHERE,
};

export const RECORDS: Record<RecordKind, Met> = {
  incident: true,
  fact: true,
  links: true,
  qualification: true,
  declaration: true,
  deadline: true,
  duty_file: true,
  decision: true,
  delivery: true,
  logbook: true,
  exchange: true,
  recommendation: true,
  accompaniment: true,
  partner: true,
  decision_step: PERSON,
  question_link: PERSON,
  mute: PERSON,
  closing: "only of what is watched and never declared",
  sign_off: "only of what is watched and never declared",
  regrouping: GROUPING,
  outside_declaration: HOUSE,
  subscriber: HOUSE,
  bulletin: HOUSE,
  account: HOUSE,
  elimination: HOUSE,
  group_link: HOUSE,
};

export const WRITES: Record<Exclude<Write["write"], "record" | "plan" | "claim" | "settle" | "note">, Met> = {
  alert: true,
  join: true,
  cursor: true,
  bookmark: true,
  attachment_piece: true,
  attachment: true,
  totp: true,
  session: true,
  session_end: true,
  unsent: "what is typed and not sent, lost with the page at worst",
  quarantine: "what is refused is no part of an incident",
  quarantine_end: HOUSE,
  attachment_erasure: PERSON,
  erasure: "agent/stages/retention/purge.test.ts: after the closing",
  credentials: HOUSE,
  factors: HOUSE,
  sessions_end: HOUSE,
  ticket: HOUSE,
  ticket_use: HOUSE,
};

export const NOTES: Record<NoteKind, Met> = {
  rules: true,
  settings: true,
  law_packs: true,
  told: true,
  signed_in: true,
  dossier_read: true,
  masked: "where an identity of a patient is met",
  exercise: "of an exercise that is played from a scenario",
  hunt: ELSEWHERE,
  debrief: ELSEWHERE,
  beginning_moved: GROUPING,
  kept_apart: GROUPING,
  attachment_read: PERSON,
  unmasked: PERSON,
  exported: PERSON,
  bundled: PERSON,
  call_unanswered: "needs people on call with several means",
  channel_skipped: "needs a channel that depends on a system of the incident",
  channel_test: HOUSE,
  way_out_reach: "a way out is looked at in live mode only",
  account_changed: HOUSE,
  account_closed: HOUSE,
  account_made: HOUSE,
  account_reopened: HOUSE,
  account_reviewed: HOUSE,
  credentials_changed: HOUSE,
  delegation_ended: HOUSE,
  delegation_recorded: HOUSE,
  emergency_access: HOUSE,
  emergency_holder: HOUSE,
  encryption: HOUSE,
  erased: HOUSE,
  group_read: HOUSE,
  mappings: HOUSE,
  means_renewed: HOUSE,
  own_key_added: HOUSE,
  own_key_removed: HOUSE,
  passkey_added: HOUSE,
  passkey_removed: HOUSE,
  passkey_suspect: HOUSE,
  recovery_code_used: HOUSE,
  recovery_codes_made: HOUSE,
  register_exported: HOUSE,
  restored: HOUSE,
  resumed: HOUSE,
  rosters_changed: HOUSE,
  session_ended: HOUSE,
  sessions_ended: HOUSE,
  subject_exported: HOUSE,
};

/** Signing the head of the journal is asked for beside commits. */
export const QUESTIONS: Record<Exclude<Question["ask"], "commit">, Met> = {
  checkpoint: "every five minutes at most: test/faults/power-cut.test.ts",
};

/** All that has to be come by, as the points call it; what is not to be met has its reason. */
export const BOUNDARIES: ReadonlyMap<string, Met> = new Map([
  ...Object.entries(WRITES),
  ...Object.entries(QUESTIONS),
  ...Object.entries(RECORDS).map(([kind, met]) => [`put ${kind}`, met] as const),
  ...Object.entries(NOTES).map(([what, met]) => [`note ${what}`, met] as const),
  ...Object.entries(EFFECTS).flatMap(([kind, met]) =>
    ["plan", "claim", "settle"].map((step) => [`${step} ${kind}`, met] as const),
  ),
  ...Object.entries(MESSAGES).flatMap(([event, met]) =>
    ["plan", "claim", "settle"].map((step) => [`${step} ${event}`, met] as const),
  ),
]);

/** Which boundaries a point stands for: `before: settle reminder follow_up_due done` is of an effect and of a message. */
export function boundariesOf(point: string): string[] {
  const [, name = ""] = point.split(": ");
  const [word = "", kind = "", event = ""] = name.split(" ");
  if (word === "plan" || word === "claim" || word === "settle")
    return event in MESSAGES ? [`${word} ${kind}`, `${word} ${event}`] : [`${word} ${kind}`];
  return word === "put" || word === "note" ? [`${word} ${kind}`] : [word];
}
