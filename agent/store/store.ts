import type { Accompaniment } from "../core/accompaniment.ts";
import type { Alert } from "../core/alert.ts";
import type { Bulletin, Subscriber } from "../core/bulletin.ts";
import type { Instant } from "../core/clock.ts";
import type { Closing, SignOff } from "../core/closing.ts";
import type { DamagedRow } from "../core/damaged-row.ts";
import type { Deadline } from "../core/deadline.ts";
import type { Decision, DecisionStep } from "../core/decision.ts";
import type { Declaration } from "../core/declaration.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Detection } from "../core/detection.ts";
import type { DutyFile } from "../core/duty-file.ts";
import type { Effect, EffectState } from "../core/effect.ts";
import type { Elimination } from "../core/elimination.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Fact } from "../core/fact.ts";
import type { GroupLink } from "../core/group-link.ts";
import type { Links, Regrouping } from "../core/grouping.ts";
import type { Incident } from "../core/incident.ts";
import type { Checkpoint, JournalEntry, NoteKind } from "../core/journal.ts";
import type { ErasedAttachment, LogbookEntry } from "../core/logbook.ts";
import type { Mute } from "../core/mute.ts";
import type { OutsideDeclaration } from "../core/outside-declaration.ts";
import type { Partner } from "../core/partner.ts";
import type { Account, Credentials, Factors, StoredFactors } from "../core/person.ts";
import type { Qualification } from "../core/qualification.ts";
import type { QuestionLink } from "../core/question-link.ts";
import type { Recommendation } from "../core/recommendation.ts";

/** The kinds of record that are journalled at every change, and what each holds. */
export interface Records {
  incident: Incident;
  fact: Fact;
  qualification: Qualification;
  declaration: Declaration;
  decision: Decision;
  decision_step: DecisionStep;
  delivery: Delivery;
  deadline: Deadline;
  closing: Closing;
  mute: Mute;
  sign_off: SignOff;
  links: Links;
  regrouping: Regrouping;
  outside_declaration: OutsideDeclaration;
  logbook: LogbookEntry;
  duty_file: DutyFile;
  question_link: QuestionLink;
  exchange: Exchange;
  recommendation: Recommendation;
  accompaniment: Accompaniment;
  partner: Partner;
  subscriber: Subscriber;
  bulletin: Bulletin;
  account: Account;
  elimination: Elimination;
  group_link: GroupLink;
}
export type RecordKind = keyof Records;

/** A record with its revision: 1 when new, one more at every change. */
export interface Stored<T> {
  revision: number;
  content: T;
}

/** An alert to keep: it matched at least one rule. */
export interface StoredAlert {
  id: string;
  source: string;
  received: Instant;
  occurred: Instant;
  /** The source's own identity of the event; a second one is a duplicate. */
  eventId: string | null;
  alert: Alert;
  /** The incident that a person's search of old records gives it to; absent for what came live. */
  hunted?: string | undefined;
}

/** A detection with its place in the facility's order of arrival. */
export interface StoredDetection extends Detection {
  seq: number;
  occurred: Instant;
}

export interface QuarantineEntry {
  source: string;
  received: Instant;
  code: string;
  message: string;
  /** The beginning of what was refused, at most 2 kB. */
  sample: string;
}

/** An alert as stored, and where the journal holds the SHA-256 of these bytes. */
export interface Evidence {
  /** RFC 8785 JSON of the StoredAlert with its `detections`. */
  content: string;
  /** The entry of type `alerts`, and the index in its digests. */
  entry: number;
  position: number;
}

/**
 * What a rule of conservation takes away, declared in a journal that is signed in the same unit. What is gone already is
 * left out, and with nothing left nothing is written: to repeat it does no harm.
 */
export interface PlannedErasure {
  /** The name of the rule. */
  policy: string;
  /**
   * Entries whose content and salt go, with the rows that stand by them: of a record or of joins all revisions together,
   * or the oldest first. A conflict when one is an erasure, or holds the digests of alerts.
   */
  entries?: readonly number[];
  /** Ids of alerts. */
  alerts?: readonly string[];
  /** SHA-256 of attachments. */
  attachments?: readonly string[];
  /** What was planned for this incident goes too. */
  effectsOf?: string;
  /** The means of this account go too: password, codes, keys, sessions. */
  meansOf?: string;
}

/** An entry of the journal whose content stands. */
export interface EntryLeft {
  seq: number;
  type: string;
  at: Instant;
  /** Characters of the content. */
  size: number;
}

/** How many there are, and when the oldest and the newest are from; nulls when there are none. */
export interface Extent {
  count: number;
  oldest: Instant | null;
  newest: Instant | null;
}

/** One change; a unit applies all of its writes or none. */
export type Write =
  | { write: "alert"; alert: StoredAlert; detections: Detection[] }
  | {
      [K in RecordKind]: {
        write: "record";
        kind: K;
        id: string;
        /** 1 inserts; n replaces revision n − 1; anything else is a conflict. */
        revision: number;
        incident: string | null;
        /** Copied beside the content so that lists can be read by it. */
        state: string | null;
        content: Records[K];
      };
    }[RecordKind]
  /** Joins detections, by their seq, to an incident, with all those of `of`: each is in the one that joined it last. */
  | { write: "join"; incident: string; detections: number[]; of?: string }
  /** Moves a named cursor; a conflict when it does not stand at `from`. An unknown cursor stands at 0. */
  | { write: "cursor"; name: string; from: number; to: number }
  /** Notes where a source stands, in place of what stood there; `content` is the source's own text. */
  | { write: "bookmark"; name: string; content: string }
  /** Plans an effect; does nothing when its key exists. */
  | { write: "plan"; effect: Pick<Effect, "key" | "kind" | "incident" | "due" | "payload"> }
  /** Takes a planned effect; a conflict when it is not planned or its fence has moved. */
  | { write: "claim"; key: string; fence: number; owner: string }
  /** Ends a claim or moves an effect; a conflict when its fence has moved or EFFECT_TRANSITIONS forbids it. */
  | { write: "settle"; key: string; fence: number; state: EffectState; due?: Instant; because: string }
  /** A journal entry and nothing else. */
  | { write: "note"; what: NoteKind; incident: string | null; content: unknown }
  | { write: "quarantine"; entry: QuarantineEntry }
  /** Forgets refused records that came before an instant, at most 500. */
  | { write: "quarantine_end"; before: Instant }
  /** Keeps what a person is typing in one field, in place of what was kept; null forgets it, as a week does. */
  | { write: "unsent"; account: string; incident: string; field: string; content: string | null }
  /** Puts a piece of an attachment, the first (0) first; until it is kept it is no part of the record, and a day ends it. */
  | { write: "attachment_piece"; sha256: string; position: number; bytes: Uint8Array }
  /** Keeps an attachment, in the unit of the note that names it; a conflict when its pieces are not these bytes. */
  | { write: "attachment"; sha256: string; size: number }
  /**
   * Takes away the bytes of an attachment that is kept, and declares it in a signed journal; a conflict when there are
   * none, or none any more. What notes say of it stays.
   */
  | { write: "attachment_erasure"; erased: Omit<ErasedAttachment, "at"> }
  | { write: "erasure"; erasure: PlannedErasure }
  | { write: "credentials"; credentials: Credentials }
  /** Consumes a time step of an account's one-time code; a conflict when it, or a later one, was used. */
  | { write: "totp"; account: string; step: number }
  /** Replaces the further means of an account, from one revision to the next; a conflict when another came first. */
  | { write: "factors"; account: string; revision: number; factors: Factors }
  | { write: "session"; id: string; content: string; expires: Instant; account?: string | undefined }
  | { write: "session_end"; id: string }
  /** Ends all sessions of an account, or all but one. */
  | { write: "sessions_end"; account: string; except?: string | undefined }
  | { write: "ticket"; hash: string; account: string; expires: Instant }
  /** Uses a sign-in ticket up; a conflict when it is unknown, used or past. */
  | { write: "ticket_use"; hash: string };

/** Work to do as one. */
export interface Unit {
  facility: string;
  at: Instant;
  writes: Write[];
}

export type Receipt =
  | {
      outcome: "committed";
      /** One a `alert` write, in order. */
      alerts: ("stored" | "duplicate")[];
    }
  /** Nothing was written: `write` is the index of the first write that could not stand. */
  | { outcome: "conflict"; write: number; because: string };

/** What a person typed in one field and did not send; `content` is the page's own text. */
export interface Unsent {
  field: string;
  at: Instant;
  content: string;
}

/** A page of a list, newest first unless said otherwise. */
export interface Page {
  limit: number;
  /** Continue after this id. */
  after?: string | undefined;
}

/** The present revision of a record, and where the journal holds it. */
export interface ChangedRecord {
  kind: RecordKind;
  id: string;
  revision: number;
  incident: string | null;
  content: unknown;
  /** The entry of this revision, and that of the first one. */
  entry: number;
  created: number;
}

/** A record whose present revision is later than an entry of the journal, without its content. */
export interface TouchedRecord {
  kind: RecordKind;
  id: string;
  revision: number;
  incident: string | null;
  /** The entry of this revision. */
  entry: number;
}

/** What is held of an incident: its records by kind, oldest first, and what was planned for it. */
export interface HeldOf {
  records: Map<RecordKind, Stored<unknown>[]>;
  effects: Effect[];
  /** True when a record of it is left out because it cannot be read. */
  damaged: boolean;
}

/**
 * Questions the record answers; read-only, each a consistent view of what was committed. A row that cannot be read is
 * left out of lists where somebody is told of it; else, and where it is asked for alone, they reject: `value_damaged`.
 */
export interface Reads {
  /** The rows that were left out so far. */
  damaged(): readonly DamagedRow[];
  record<K extends RecordKind>(
    facility: string,
    kind: K,
    id: string,
  ): Promise<Stored<Records[K]> | undefined>;
  /** Id of the incident of a reference. */
  incidentNamed(facility: string, reference: string): Promise<string | undefined>;
  /** All records of a kind that belong to an incident, oldest first. */
  ofIncident<K extends RecordKind>(
    facility: string,
    kind: K,
    incident: string,
  ): Promise<Stored<Records[K]>[]>;
  /** All that is held of incidents, by incident; those of which nothing is are left out. */
  ofIncidents(facility: string, incidents: readonly string[]): Promise<Map<string, HeldOf>>;
  /** Records of a kind by state (all states when empty), newest first. */
  byState<K extends RecordKind>(
    facility: string,
    kind: K,
    states: readonly string[],
    page: Page,
  ): Promise<Stored<Records[K]>[]>;
  countByState(facility: string, kind: RecordKind): Promise<Record<string, number>>;
  /** Records of all kinds whose present revision was written after a journal entry, in the order of writing. */
  changedSince(facility: string, entry: number, limit: number): Promise<ChangedRecord[]>;
  /** The same without what they hold, to see whether anything did. */
  touchedSince(facility: string, entry: number, limit: number): Promise<TouchedRecord[]>;
  /** Detections after a seq, oldest first, with the alert of each. */
  detectionsAfter(
    facility: string,
    seq: number,
    limit: number,
  ): Promise<{ detection: StoredDetection; alert: StoredAlert }[]>;
  /** Detections that are in an incident, by event time, after one of them when given. */
  detectionsOf(
    facility: string,
    incident: string,
    limit: number,
    after?: { occurred: Instant; seq: number },
  ): Promise<{ detection: StoredDetection; alert: StoredAlert }[]>;
  /** The alert of a source's own event, each of its detections with the incident that it is in. */
  event(
    facility: string,
    event: Pick<StoredAlert, "source" | "eventId">,
  ): Promise<{ alert: StoredAlert; detections: { seq: number; incident: string | null }[] } | undefined>;
  /** Detections that are in an incident and that another had joined before, by their seq. */
  cameFrom(facility: string, incident: string, other: string): Promise<number[]>;
  alert(facility: string, id: string): Promise<StoredAlert | undefined>;
  countAlerts(facility: string): Promise<number>;
  cursor(facility: string, name: string): Promise<number>;
  bookmark(facility: string, name: string): Promise<string | undefined>;
  /** Planned effects whose time has come, by due time; of all kinds unless told. */
  effectsDue(
    facility: string,
    now: Instant,
    limit: number,
    kinds?: readonly Effect["kind"][],
  ): Promise<Effect[]>;
  effectsIn(facility: string, states: readonly EffectState[], limit: number): Promise<Effect[]>;
  effectsOf(facility: string, incident: string): Promise<Effect[]>;
  accountByLogin(facility: string, login: string): Promise<Stored<Account> | undefined>;
  credentials(facility: string, account: string): Promise<Credentials | undefined>;
  /** What an account has beside password and one-time code; nothing at revision 0 when it never had any. */
  factors(facility: string, account: string): Promise<StoredFactors>;
  session(facility: string, id: string, now: Instant): Promise<string | undefined>;
  /** The sessions of an account that have not ended, the latest first, at most 100. */
  sessionsOf(facility: string, account: string, now: Instant): Promise<{ id: string; content: string }[]>;
  ticket(facility: string, hash: string, now: Instant): Promise<{ account: string } | undefined>;
  /** The latest refused records of each source, newest first. */
  quarantine(facility: string, limit: number): Promise<QuarantineEntry[]>;
  /** Journal entries from a seq on, in order. */
  journal(facility: string, from: number, limit: number): Promise<JournalEntry[]>;
  /** The latest entries of these types about no incident (accounts, rules, packs…) in a time, in order. */
  journalOfHouse(
    facility: string,
    asked: { types: readonly string[]; from: Instant; before: Instant; limit: number },
  ): Promise<JournalEntry[]>;
  /** The last entry of a facility's journal, and the last signed head. */
  journalEnd(
    facility: string,
  ): Promise<{ head: { seq: number; hash: string; at: Instant } | null; checkpoint: Checkpoint | null }>;
  /** The journal entries of an incident, in order. */
  journalOf(facility: string, incident: string): Promise<JournalEntry[]>;
  /** The last journal entries of an incident that put a record of this kind, newest first. */
  putsOf(facility: string, kind: RecordKind, incident: string, limit: number): Promise<JournalEntry[]>;
  /**
   * How many detections of an incident fall in each interval of `width` µs from `from` on, by event time; what lies
   * outside counts at the ends. `moved` leaves out those that another incident joined since: ten times slower.
   */
  countOverTime(
    facility: string,
    incident: string,
    scale: { from: Instant; width: number; intervals: number; moved: boolean },
  ): Promise<number[]>;
  /** What a person was typing about an incident, by field. */
  unsent(facility: string, account: string, incident: string): Promise<Unsent[]>;
  /** A piece of an attachment that is kept, from 0 on; undefined after the last. */
  attachmentPiece(facility: string, sha256: string, position: number): Promise<Uint8Array | undefined>;
  /** Which of these attachments were erased. */
  erasedAttachments(facility: string, sha256s: readonly string[]): Promise<ErasedAttachment[]>;
  /** The stored bytes of the alerts joined to an incident, in the journal's order: what a proof is made of. */
  evidenceOf(facility: string, incident: string, limit: number): Promise<Evidence[]>;
  /** Entries of an incident whose content stands, after one of them, in order. */
  entriesLeft(facility: string, incident: string, after: number, limit: number): Promise<EntryLeft[]>;
  /** The same of the traces of access to pages, of every incident and of none, by their time. */
  accessLeft(
    facility: string,
    asked: { after: Pick<EntryLeft, "at" | "seq">; before: Instant; limit: number },
  ): Promise<EntryLeft[]>;
  /** Alerts among the detections `from` to `to` that joined no incident, with when they were stored. */
  unjoinedAlerts(
    facility: string,
    range: { from: number; to: number },
  ): Promise<{ id: string; at: Instant }[]>;
  /**
   * Detections of an incident whose alert is still stored, by event time, after one of them when given; those of which
   * another incident than these `released` holds the alert are left out.
   */
  alertsLeft(
    facility: string,
    incident: string,
    asked: {
      released: readonly string[];
      after?: { occurred: Instant; seq: number } | undefined;
      limit: number;
    },
  ): Promise<{ alert: string; occurred: Instant; seq: number }[]>;
  /** Which of these attachments still have their bytes. */
  attachmentsLeft(facility: string, sha256s: readonly string[]): Promise<string[]>;
  /** Refused records that came before an instant. */
  quarantineBefore(facility: string, before: Instant): Promise<Extent>;
  /** Signed heads of a facility's chain, oldest first. */
  checkpoints(facility: string): Promise<Checkpoint[]>;
  facilities(): Promise<string[]>;
}

/** The record of one installation. */
export interface Store {
  /** Applies a unit whole or not at all; durable once resolved. Rejects only when the store itself fails. */
  commit(unit: Unit): Promise<Receipt>;
  /** Signs the head of a facility's chain and keeps the checkpoint beside the database too. */
  checkpoint(facility: string): Promise<Checkpoint | undefined>;
  reads: Reads;
  close(): Promise<void>;
}
