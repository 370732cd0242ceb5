import { z } from "zod";

/** What a person outside is, who is asked one question: the source of what they answer. */
export const ASKED_PEOPLE = {
  care: "cadre de santé",
  provider: "prestataire",
  dpo: "délégué à la protection des données",
  rssi: "informatique",
  partner: "partenaire",
  other: "autre",
} as const;
export const AskedPerson = z.enum(["care", "provider", "dpo", "rssi", "partner", "other"]);
export type AskedPerson = z.infer<typeof AskedPerson>;

export const LINK_STATES = {
  open: "Réponse attendue",
  answered: "Répondu",
  revoked: "Lien retiré",
  expired: "Lien expiré, sans réponse",
} as const;
export const LinkState = z.enum(["open", "answered", "revoked", "expired"]);
export type LinkState = z.infer<typeof LinkState>;

/** Longest texts, and hours for which a link may stand. */
export const LINK = {
  name: 120,
  phone: 30,
  email: 200,
  instead: 200,
  least: 1,
  most: 72,
  usual: 24,
} as const;

const Instant = z.int();

/** What came back by a link. Only `answer` may state a fact. */
export const LinkAnswer = z.object({
  at: Instant,
  /** Id of the form that was sent: the same form sent twice answers once. */
  form: z.string(),
  said: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("answer"), id: z.string(), label: z.string(), since: Instant.nullable() }),
    z.object({ kind: z.literal("unknown") }),
    /** Somebody else is to be asked: the person's own words. */
    z.object({ kind: z.literal("other_person"), text: z.string() }),
  ]),
  /** Why it states no fact, in French; null when it does. */
  unused: z.string().nullable(),
});
export type LinkAnswer = z.infer<typeof LinkAnswer>;

/**
 * One question put to one person outside, by a link that serves once. It proves that who answers held the link, and
 * nothing of who they are.
 */
export const QuestionLink = z.object({
  /** SHA-256 of the code that the link carries; the code itself is kept nowhere. */
  id: z.string(),
  incident: z.string(),
  /** Id of the question, of the law packs. */
  question: z.string(),
  text: z.string(),
  /** What makes the code another one than that of any other link. */
  nonce: z.string(),
  to: z.object({
    person: AskedPerson,
    name: z.string(),
    function: z.string(),
    email: z.string(),
    phone: z.string(),
  }),
  by: z.object({
    account: z.string(),
    name: z.string(),
    /** Where to ring who asks, to be sure that they do. */
    call_back: z.string(),
  }),
  asked: Instant,
  /** From this instant on it serves no more. */
  expires: Instant,
  state: LinkState,
  answer: LinkAnswer.nullable(),
  revoked: z.object({ at: Instant, account: z.string(), name: z.string() }).nullable(),
});
export type QuestionLink = z.infer<typeof QuestionLink>;

/** Who knew, as the fact says it: what they are, and their name. */
export function askedSource({ person, name, function: held }: QuestionLink["to"]): string {
  if (person === "other") return held === "" ? name : `${held}, ${name}`;
  return `${ASKED_PEOPLE[person]}, ${name}${held === "" ? "" : ` (${held})`}`;
}

/** Who wrote the answer down, as the fact says it: a link, never a person who signed in. */
export function askedWriter({ to, by }: Pick<QuestionLink, "to" | "by">): string {
  return `répondu par le lien envoyé à ${to.name} par ${by.name}`;
}
