import type { System } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import type { Closing, SignOff } from "../../core/closing.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Decision, DecisionStep, Proof } from "../../core/decision.ts";
import type { Declaration, DeclarationContent } from "../../core/declaration.ts";
import type { Delivery } from "../../core/delivery.ts";
import type { DutyFile } from "../../core/duty-file.ts";
import type { Effect } from "../../core/effect.ts";
import type { Fact, FactKind, FactSource } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import type { ErasedAttachment, LogbookEntry } from "../../core/logbook.ts";
import type { Masked } from "../../core/masked.ts";
import type { Mute } from "../../core/mute.ts";
import type { Qualification, Question } from "../../core/qualification.ts";
import type { Outlook } from "../close-candidates.ts";
import type { DecisionDesk } from "../decide/decision-desk.ts";
import type { DeliveryDesk } from "../delivery/delivery-desk.ts";
import type { Indicators } from "../documents/gather-indicators.ts";
import type { DutiesDesk } from "../duties/duty-acts.ts";
import type { FollowUpDesk } from "../followup/follow-up-desk.ts";
import type { GivenFile } from "../keep-files.ts";
import type { QuestionLinks } from "../links/links-desk.ts";
import type { MutedView } from "../mute/tell-muted.ts";
import type { Actor, Refused, Stale, TextSeen } from "../person-act.ts";
import type { CallView } from "../roster/tell-calls.ts";
import type { HoldDesk } from "./hold-desk.ts";
import type { ShownAlert } from "./show-evidence.ts";

/** Another incident that a page names, and what it is to this one. */
export interface Kin {
  relation: "merged_into" | "merged" | "follows" | "linked" | "apart" | "split_off";
  incident: string;
  reference: string;
  /** Why, in French; empty when the relation says it. */
  because: string;
}

/** What a page shows of how an incident was made of others, and of those near it. */
export interface GroupingView {
  kin: Kin[];
  /** The last merge or split, which a person may undo. */
  last: { kind: "merge" | "split"; by: string | null; at: number; because: string } | null;
}

/** All that stands about one incident, as a page or a record shows it. */
export interface Dossier {
  incident: Incident;
  facts: Fact[];
  /** Under the law that leads state, draft and verdict. */
  qualification: Qualification | undefined;
  /** Under the other duties that the installation evaluates. */
  others: Qualification[];
  /** Versions of the declaration, oldest first. */
  declarations: Declaration[];
  /** The version to read or decide on, opened; undefined while there is no draft. */
  current: { declaration: Declaration; content: Masked<DeclarationContent> } | undefined;
  /** The approved text that is still to be filed, whatever was drafted since; else the last one filed. */
  filing: { declaration: Declaration; content: Masked<DeclarationContent> } | undefined;
  /** Questions that a person answered and may answer anew, with the answer that stands. */
  answered: { question: Question; answer: string }[];
  decisions: Decision[];
  /** What people did on the way to decisions, oldest first. */
  steps: DecisionStep[];
  deliveries: Delivery[];
  deadlines: Deadline[];
  /** What the other duties ask for, every version of every text, oldest first within a duty. */
  duties: DutyFile[];
  effects: Effect[];
  /** Who on call was called, and who is next. */
  calls: CallView[];
  /** The first alerts by event time, bounded. */
  evidence: Masked<ShownAlert>[];
  systems: System[];
  /** Incidents that it was made of, follows, or may belong with. */
  grouping: GroupingView;
  /** What holds it back, or tried to; null when nothing does. */
  muted: MutedView | null;
  /** What becomes of a candidate if nothing changes; null for what is none. */
  outlook: Outlook | null;
  /** Why a person may not close it yet, in French; null when they may, be it without a notice of resolution. */
  keptOpen: string | null;
  /** True while its resolution was not declared and is to be (D.1111-16-3). */
  owesNotice: boolean;
  /** People's own notes, oldest first. */
  notes: LogbookEntry[];
  /** Attachments of these notes whose bytes were erased. */
  erased: ErasedAttachment[];
}

export interface Answer {
  incident: string;
  question: string;
  answer: string;
  /** When it began, if the person says so; else the instant of the answer. */
  since?: Instant | undefined;
  /** Who knows it ("cadre de santé des urgences"); else the actor. */
  source?: string | undefined;
}

export interface Amendment {
  text: TextSeen;
  /** `value` null with `unknown` true says "inconnu à ce stade". */
  fields: { id: string; value: string | null; unknown: boolean }[];
}

/** What a person states: on an incident, or to open one. */
export interface Statement {
  /** Made with the form it was typed in: sent twice, it is stated once. */
  form: string;
  kinds: FactKind[];
  /** Ids of the systems concerned; none when they cannot be named. */
  systems: string[];
  /** When it began or happened; else now. */
  since?: Instant | undefined;
  /** Who knows it, by what they are, and their name or telephone; `name` may be empty, except for `other`. */
  source: { who: FactSource; name: string };
  /** What happened, in the person's words; may be empty. */
  text: string;
  /** The person wants the delegate told now, whatever the evaluation says. (Default: false.) */
  callDelegate?: boolean | undefined;
}

export interface FactEnd {
  incident: string;
  fact: string;
  /** When it ended; else now. */
  until?: Instant | undefined;
  source: Statement["source"];
}

export interface FactWithdrawal {
  incident: string;
  fact: string;
  reason: string;
}

/** What was closed as a candidate in one month, and who signed which list. */
export interface ClosingsOfMonth {
  month: string;
  /** False while the month runs: its list is not complete. */
  over: boolean;
  /** Oldest first. */
  closings: Closing[];
  /** Fingerprint of the part of the list that the machine closed: what a signature is under. */
  sha256: string;
  /** Signatures under this list or an earlier state of it, oldest first. */
  signed: SignOff[];
}

/** How people state, end and withdraw facts. */
export interface FactsDesk {
  /** What the systems are called, for a person to choose from. */
  readonly systems: readonly Pick<System, "id" | "name">[];
  /** An id for one form. */
  newForm(): string;
  openByHand(statement: Statement, actor: Actor): Promise<{ outcome: "opened"; incident: string } | Refused>;
  stateFacts(incident: string, statement: Statement, actor: Actor): Promise<{ outcome: "stated" } | Refused>;
  /** Ends a state: what it met stays met. */
  endFact(end: FactEnd, actor: Actor): Promise<{ outcome: "ended" } | Refused>;
  /** Says that a fact was never true: it stays readable, and what it met is no longer met. */
  withdrawFact(withdrawal: FactWithdrawal, actor: Actor): Promise<{ outcome: "withdrawn" } | Refused>;
}

/** Candidates closed without a declaration. */
export interface ClosingsDesk {
  /** The month that runs, `2026-11`. */
  thisMonth(): string;
  closings(month: string): Promise<Masked<ClosingsOfMonth>>;
  /** The months that are over and whose list nobody has signed, oldest first. */
  unsignedMonths(): Promise<string[]>;
  /**
   * A person closes what is only watched, a reasoned non-declaration; or, as who may decide, what was declared and is
   * over or was set aside, with nothing left to decide on or to send.
   */
  closeByHand(
    closing: {
      incident: string;
      reason: string;
      /** Said of a declared one whose notice of resolution is not filed. (Default: false.) */
      withoutNotice?: boolean;
      /** Said of one in which nothing was wrong. (Default: false.) */
      falseAlarm?: boolean;
    },
    actor: Actor,
  ): Promise<{ outcome: "closed" } | Refused>;
  /** Opens anew what was closed: it goes back where it stood, and a candidate becomes an incident. */
  reopen(
    reopening: { incident: string; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "reopened" } | Refused>;
  /** Signs the list of a month that is over, as it was seen. */
  signOff(
    list: { month: string; sha256: string },
    actor: Actor,
  ): Promise<{ outcome: "signed"; signOff: SignOff } | Refused>;
}

export interface Merging {
  incident: string;
  /** Reference or id of the one that goes into it. */
  other: string;
  reason: string;
}

export interface Splitting {
  incident: string;
  /** What goes: `host:…`, `system:…`, `user:…` or `address:…` as the incident lists them, or `alert:` and an id. */
  picks: readonly string[];
  reason: string;
}

/** How people bring incidents together and take them apart; the machine then respects it. */
export interface RegroupDesk {
  merge(merging: Merging, actor: Actor): Promise<{ outcome: "merged"; incident: string } | Refused>;
  /** Says that two incidents, which the machine would bring together, are others. */
  keepApart(merging: Merging, actor: Actor): Promise<{ outcome: "apart" } | Refused>;
  split(splitting: Splitting, actor: Actor): Promise<{ outcome: "split"; incident: string } | Refused>;
  /** Undoes the last merge or split of an incident. */
  undoRegrouping(
    undoing: { incident: string; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "undone" } | Refused>;
}

/** *Mise en sourdine*: what a person does not want to hear of until an instant. */
export interface SilenceDraft {
  /** Made with the form it was typed in: sent twice, it is made once. */
  form: string;
  /** What is named must all fit; something must be. */
  covers: {
    system?: string | undefined;
    host?: string | undefined;
    rule?: string | undefined;
    source?: string | undefined;
  };
  until: Instant;
  reason: string;
}

/** *Travaux prévus*. */
export interface MaintenanceDraft {
  form: string;
  /** Ids of the systems that are worked on. */
  systems: string[];
  /** What depends on them is expected to be down too. */
  dependents: boolean;
  /** (Default: now.) */
  from?: Instant | undefined;
  until: Instant;
  reason: string;
}

/** A silence or a window of works as a page lists it. */
export interface MuteRow {
  mute: Mute;
  /** What it is about, in French. */
  covers: string;
  phase: "now" | "to_come" | "over";
  until: Instant;
  /** Incidents that it is about now, bounded; `held` when something of them waits because of it. */
  incidents: { id: string; reference: string; held: boolean }[];
}

/** How people hold noise back, in their name; a met criterion is never held. */
export interface SilencesDesk {
  silence(draft: SilenceDraft, actor: Actor): Promise<{ outcome: "muted" } | Refused>;
  planWorks(draft: MaintenanceDraft, actor: Actor): Promise<{ outcome: "muted" } | Refused>;
  /** Ends one before its time, or calls off works to come. */
  endMute(ending: { mute: string; reason: string }, actor: Actor): Promise<{ outcome: "ended" } | Refused>;
  /** Those that stand, the latest made first, then the last that are over. */
  mutes(): Masked<MuteRow[]>;
}

/** From when a clock counts, as the person settles it who the law leaves it to. */
export interface ClockSettlement {
  incident: string;
  deadline: string;
  /** One of the instants proposed; or `confirmed`, with when that was. */
  from: "found" | "awareness" | "confirmed";
  /** For `confirmed` only. */
  at?: Instant | undefined;
  reason: string;
  /** Who settles it: the data protection officer, say. */
  source: string;
}

/** What clocks count from, where a text leaves it to a person. */
export interface ClocksDesk {
  settleClock(settlement: ClockSettlement, actor: Actor): Promise<{ outcome: "settled" } | Refused>;
}

/** What a person writes down for themselves and the others (main courante): no statement, nothing is evaluated. */
export interface Note extends Pick<LogbookEntry, "corrects"> {
  /** Made with the form it was typed in: sent twice, it is written once. */
  form: string;
  incident: string;
  text: string;
  /** When what it tells of was; else now. */
  about?: Instant | undefined;
  /** What is put beside it, at most `ATTACHMENTS` allows. */
  files?: readonly GivenFile[] | undefined;
}

/** A file that was put beside a note, to be handed over and never to be shown. */
export interface ReadAttachment {
  outcome: "found";
  name: string;
  type: string;
  size: number;
  sha256: string;
  /** Ends with an error, short of the last piece, when these are not the bytes that were attached. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** An attachment of a note, by its number from 1. */
export interface AttachmentPlace {
  incident: string;
  note: string;
  number: number;
}

/** How people write their own notes. */
export interface LogbookDesk {
  writeNote(note: Note, actor: Actor): Promise<{ outcome: "noted" } | Refused>;
  /** Gives the attachment of a note by its number, from 1. */
  readAttachment(asked: AttachmentPlace, actor: Actor): Promise<ReadAttachment | Refused>;
  /** Erases the bytes of an attachment, beside all notes that have them: who and why stay, with the fingerprint. */
  eraseAttachment(
    erasing: AttachmentPlace & { reason: string },
    actor: Actor,
  ): Promise<{ outcome: "erased" } | Refused>;
}

export type { GivenFile, Proof };

/** What people can ask of the pipeline: each act checks the actor's role itself and is journalled. */
export interface Desk
  extends FactsDesk,
    ClosingsDesk,
    RegroupDesk,
    ClocksDesk,
    DutiesDesk,
    SilencesDesk,
    LogbookDesk,
    DecisionDesk,
    HoldDesk,
    DeliveryDesk {
  readonly facility: { id: string; name: string; timeZone: string };
  readonly mode: "observe" | "exercise" | "live";
  /** What follows a declaration. */
  readonly followUp: FollowUpDesk;
  /** Questions put to persons outside. */
  readonly links: QuestionLinks;
  /** Fields of the form that nobody edits: who declares, for which structure. */
  readonly fixedFields: ReadonlySet<string>;
  /** Incidents in these states (any when none is named), newest first; or those of `ids`, in their order. */
  incidents(filter: {
    states?: Incident["state"][];
    ids?: readonly string[];
    limit: number;
    after?: string;
  }): Promise<
    Masked<{
      incident: Incident;
      sentence: string | null;
      muted: Pick<MutedView, "line" | "otherwise"> | null;
      /** Clocks of all its duties, voided ones included. */
      deadlines: Deadline[];
    }>[]
  >;
  dossier(incident: string): Promise<Masked<Dossier> | undefined>;
  /** What suspicious alerts of an incident name that others may look for; undefined where nothing may be told. */
  indicators(incident: string): Promise<Indicators | undefined>;
  /** *J'ai vu*: the calls end; nothing is taken over or decided. */
  acknowledge(incident: string, actor: Actor): Promise<{ outcome: "seen" } | Refused>;
  /** Says that the person has taken note: the constat, when it is the first; the text is put in the name of who may declare. */
  takeUp(incident: string, actor: Actor): Promise<{ outcome: "taken_up" } | Refused>;
  answer(answer: Answer, actor: Actor): Promise<{ outcome: "answered" } | Refused>;
  /**
   * Flags the dossier as under the secret of national defence, or lifts the flag: while it stands nothing is
   * drafted, told, answered, decided or sent, and the dossier shows nothing but the flag.
   */
  flagSecret(
    flag: { incident: string; holds: boolean; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "flagged" } | Refused>;
  amend(
    amendment: Amendment,
    actor: Actor,
  ): Promise<{ outcome: "amended"; declaration: Declaration } | Stale | Refused>;
  /**
   * Gives the original of one alert shown with an incident, patients included, once the journal holds who asked and
   * why; only those alerts, and only to who may.
   */
  unmask(
    request: { incident: string; alert: string; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "unmasked"; original: string } | Refused>;
}
