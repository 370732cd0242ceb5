import type { Accompaniment, AccompanimentState } from "../../core/accompaniment.ts";
import type { Instant } from "../../core/clock.ts";
import type { Declaration } from "../../core/declaration.ts";
import type { Exchange } from "../../core/exchange.ts";
import type { Incident } from "../../core/incident.ts";
import type { ErasedAttachment } from "../../core/logbook.ts";
import type { Masked } from "../../core/masked.ts";
import type { Partner, PartnerItem, PartnerState } from "../../core/partner.ts";
import type { Recommendation, RecommendationKind, RecommendationState } from "../../core/recommendation.ts";
import type { GivenFile } from "../keep-files.ts";
import type { Actor, Refused } from "../person-act.ts";

/** What a person writes down of a message; `form` is made with the form: sent twice, it is written once. */
export interface ExchangeDraft
  extends Pick<Exchange, "party" | "name" | "direction" | "way" | "kind" | "subject" | "text"> {
  form: string;
  incident: string;
  /** When it was received or sent; else now. */
  at?: Instant | undefined;
  /** Until when a request is to be answered, when it says so. */
  due?: Instant | undefined;
  /** What the authority says of who will be told. */
  informed?: string | undefined;
  qualified?: string | undefined;
  /** An exchange of the thread that it continues. */
  follows?: string | undefined;
  /** The request that what was sent answers. */
  answers?: string | undefined;
  files?: readonly GivenFile[] | undefined;
}

export interface RecommendationDraft {
  form: string;
  incident: string;
  kind: RecommendationKind;
  text: string;
  /** The exchange that it came with; else who gave it, in words. */
  exchange?: string | undefined;
  from: string;
  owner: string;
  due?: Instant | undefined;
}

export interface RecommendationSettlement {
  incident: string;
  recommendation: string;
  state: RecommendationState;
  /** When it was done; else now. */
  at?: Instant | undefined;
  /** How it was done, or why it is not. */
  because: string;
}

export interface AccompanimentStep {
  incident: string;
  accompaniment: string;
  state: AccompanimentState;
  at?: Instant | undefined;
  text: string;
}

export interface PartnerTold {
  incident: string;
  /** A line of the default list, or the id of one that a person added, or `form` and `label` for a new one. */
  item?: PartnerItem | undefined;
  partner?: string | undefined;
  form?: string | undefined;
  label?: string | undefined;
  state: PartnerState;
  at?: Instant | undefined;
  /** Whom of them was told, or why nobody. */
  who: string;
}

/** A dated state of the authority, and the exchange that told it. */
export interface DatedState {
  at: Instant;
  party: string;
  exchange: string;
}

/** A line of "qui prévenir aussi": `told` is null while nobody has said anything of it. */
export interface PartnerLine {
  item: PartnerItem | null;
  label: string;
  told: Partner | null;
}

/** All that stands of what follows a declaration. */
export interface FollowUp {
  incident: Pick<Incident, "id" | "reference" | "state">;
  /** Oldest first, those that were cancelled included. */
  exchanges: Exchange[];
  erased: ErasedAttachment[];
  /** *Pris en compte* and *analysé*; null while the authority has not said so. */
  acknowledged: DatedState | null;
  analysed: DatedState | null;
  /** Who will be told, in the authority's words, the last first. */
  informed: { text: string; party: string; at: Instant }[];
  /** How CERT Santé qualifies the incident, the last first: an earlier one was reclassified. */
  qualified: { text: string; at: Instant }[];
  recommendations: Recommendation[];
  accompaniments: Accompaniment[];
  partners: PartnerLine[];
  /** Every version of the declaration, oldest first. */
  versions: Pick<Declaration, "kind" | "version" | "state" | "updated">[];
  notice: {
    /** True once something was declared. */
    declared: boolean;
    /** Its resolution is to be declared, and was not. */
    owed: boolean;
    /** When the notice that holds was filed. */
    filed: Instant | null;
    /** What a person settled that the next text is. */
    settled: NonNullable<Incident["purpose"]> | null;
    /** True when every state that was found has ended. */
    statesEnded: boolean;
  };
}

/** How people follow an incident up with the authorities once it was declared. */
export interface FollowUpDesk {
  /** Undefined for an incident that there is not, or whose dossier shows nothing (secret of national defence). */
  of(incident: string): Promise<Masked<FollowUp> | undefined>;
  recordExchange(draft: ExchangeDraft, actor: Actor): Promise<{ outcome: "recorded" } | Refused>;
  /** Says that an exchange should never have been written down, with the reason: it stays readable. */
  cancelExchange(
    cancelling: { incident: string; exchange: string; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "cancelled" } | Refused>;
  /** Says that a version of the declaration answers a request: it does once it is filed. */
  answerRequest(
    answering: { incident: string; request: string; version: number },
    actor: Actor,
  ): Promise<{ outcome: "answering" } | Refused>;
  addRecommendation(draft: RecommendationDraft, actor: Actor): Promise<{ outcome: "added" } | Refused>;
  settleRecommendation(
    settlement: RecommendationSettlement,
    actor: Actor,
  ): Promise<{ outcome: "settled" } | Refused>;
  requestAccompaniment(
    request: { form: string; incident: string; of: string; text: string; at?: Instant | undefined },
    actor: Actor,
  ): Promise<{ outcome: "requested" } | Refused>;
  stepAccompaniment(step: AccompanimentStep, actor: Actor): Promise<{ outcome: "noted" } | Refused>;
  tellPartner(told: PartnerTold, actor: Actor): Promise<{ outcome: "noted" } | Refused>;
  /**
   * Settles what the next text is: a notice of resolution, at any time once something was declared; a withdrawal of what
   * was declared by error; a complement, where the machine proposed the notice too early; or that a withdrawal noted by
   * mistake is taken back.
   */
  settlePurpose(
    settling: { incident: string; kind: NonNullable<Incident["purpose"]>["kind"]; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "settled" } | Refused>;
}
