import type { Instant } from "../../core/clock.ts";

/** What kind of thing a line of the story is, with its French label. */
export const LINE_KINDS = {
  played: "Joué",
  told: "Dit aux joueurs",
  recognised: "Reconnu",
  judged: "Évalué",
  called: "Prévenu",
  person: "Personne",
  text: "Texte",
  decision: "Décision",
  filing: "Dépôt",
  note: "Note",
} as const;
export type LineKind = keyof typeof LINE_KINDS;

/** One thing that happened, when the record has it. */
export interface DebriefLine {
  at: Instant;
  kind: LineKind;
  text: string;
  /** Who says so, or did it, or the way by which it went. */
  by: string | null;
  /** The incident it is of, by its reference; null for what is of none. */
  incident: string | null;
}

/** One moment that counts, and how long it took since the first alert. */
export interface DebriefDelay {
  label: string;
  /** Null for what never happened. */
  at: Instant | null;
  /** µs since the first alert; negative for what came before it. */
  after: number | null;
}

/** What became of an expectation of the scenario. */
export const OUTCOMES = {
  met: "Tenu",
  late: "En retard",
  missed: "Manqué",
  waiting: "Attendu",
  erased: "Plus connu",
} as const;

export interface JudgedExpectation {
  text: string;
  why: string | null;
  outcome: keyof typeof OUTCOMES;
  /** When it was due, as the story was played; null when it only had to happen, or all was played at once. */
  due: Instant | null;
  at: Instant | null;
}

/** An incident as the debrief names it. */
export interface DebriefIncident {
  id: string;
  reference: string;
  state: string;
  sentence: string | null;
  alerts: number;
  /** What of it a rule of conservation erased, in French; null while all of it stands. */
  gone: string | null;
  /** From the first alert to what people did, in the order of a good night. */
  delays: DebriefDelay[];
}

/** What a person wrote for the debrief. */
export interface DebriefRemark {
  at: Instant;
  author: string;
  text: string;
}

/** What happened, how long it took and what was missed, of one incident or of one exercise. */
export interface Debrief {
  title: string;
  facility: string;
  exercise: boolean;
  from: Instant;
  until: Instant;
  incidents: DebriefIncident[];
  lines: DebriefLine[];
  /** Lines that there were beyond those listed. */
  more: number;
  expectations: JudgedExpectation[];
  missed: string[];
  remarks: DebriefRemark[];
  /** The playing, of an exercise. */
  run: {
    id: string;
    summary: string;
    speed: number | null;
    started: Instant;
    ended: Instant | null;
    whole: boolean;
    records: number;
  } | null;
}
