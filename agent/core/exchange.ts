import { z } from "zod";
import { enumOf } from "./enum-of.ts";
import { Attachment } from "./logbook.ts";
import type { Transitions } from "./transitions.ts";

/** Who is written to, or writes, about an incident that was declared. */
export const EXCHANGE_PARTIES = {
  cert_sante: "CERT Santé",
  ars: "ARS",
  fssi: "FSSI",
  cnil: "CNIL",
  other: "Autre",
} as const;
export const ExchangeParty = enumOf(EXCHANGE_PARTIES);
export type ExchangeParty = z.infer<typeof ExchangeParty>;

export const EXCHANGE_WAYS = {
  portal: "portail",
  mail: "courriel",
  phone: "téléphone",
  paper: "courrier papier",
  other: "autre voie",
} as const;
export const ExchangeWay = enumOf(EXCHANGE_WAYS);
export type ExchangeWay = z.infer<typeof ExchangeWay>;

export const EXCHANGE_DIRECTIONS = { received: "Reçu", sent: "Envoyé" } as const;
export const ExchangeDirection = enumOf(EXCHANGE_DIRECTIONS);
export type ExchangeDirection = z.infer<typeof ExchangeDirection>;

/** What a message is; all but `other` are received ones. */
export const EXCHANGE_KINDS = {
  acknowledgement: "Pris en compte",
  analysis: "Analysé",
  information_request: "Demande de précisions",
  recommendations: "Recommandations",
  qualification: "Qualifié par le CERT Santé",
  other: "Autre échange",
} as const;
export const ExchangeKind = enumOf(EXCHANGE_KINDS);
export type ExchangeKind = z.infer<typeof ExchangeKind>;

export const EXCHANGE_STATES = {
  recorded: "Noté",
  open: "Réponse attendue",
  answered: "Répondu",
  cancelled: "Annulé",
} as const;
export const ExchangeState = enumOf(EXCHANGE_STATES);
export type ExchangeState = z.infer<typeof ExchangeState>;

/** Only a request waits for an answer; nothing is corrected or erased, what was wrong is marked so. */
export const EXCHANGE_TRANSITIONS: Transitions<ExchangeState> = {
  recorded: ["cancelled"],
  open: ["answered", "cancelled"],
  answered: ["cancelled"],
  cancelled: [],
};

/** Longest texts of one exchange, and most exchanges of one incident. */
export const EXCHANGE = { subject: 200, name: 200, text: 10_000, informed: 1000, of: 300 } as const;

const Instant = z.int();
const Writer = z.object({ account: z.string(), name: z.string() });

/** One message received from or sent to an authority or a partner, as a person wrote it down. */
export const Exchange = z.object({
  id: z.string(),
  incident: z.string(),
  /** The first exchange of its thread; its own id when it begins one. */
  thread: z.string(),
  party: ExchangeParty,
  /** Name of the person or body; needed for `other` only. */
  name: z.string(),
  direction: ExchangeDirection,
  /** When it was received or sent. */
  at: Instant,
  way: ExchangeWay,
  kind: ExchangeKind,
  subject: z.string(),
  text: z.string(),
  attachments: z.array(Attachment).optional(),
  state: ExchangeState,
  written: Instant,
  by: Writer,
  /** Who will be told of the incident ("qui sera informé"), in the words of the authority. */
  informed: z.string().optional(),
  /** How CERT Santé qualifies the incident, in its words; on a `qualification` only. */
  qualified: z.string().optional(),
  /** Until when a request is to be answered; null when it gives no date. On a request only. */
  due: Instant.nullable().optional(),
  /** What answers a request: a version of the declaration, once it is filed, or what was sent. */
  answer: z
    .object({
      version: z.int().optional(),
      exchange: z.string().optional(),
      /** When a person said so, and when it was answered; null until the version is filed. */
      said: Instant,
      by: Writer,
      at: Instant.nullable(),
    })
    .optional(),
  cancelled: z.object({ at: Instant, by: Writer, reason: z.string() }).optional(),
});
export type Exchange = z.infer<typeof Exchange>;

/** Who an exchange is with, in words. */
export function partyOf({ party, name }: Pick<Exchange, "party" | "name">): string {
  if (party === "other") return name;
  return name === "" ? EXCHANGE_PARTIES[party] : `${EXCHANGE_PARTIES[party]} (${name})`;
}
