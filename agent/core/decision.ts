import { z } from "zod";
import { SecondFactor } from "./person.ts";

/** A person as a record names them: the account, and the name it had then. */
export const Person = z.object({ account: z.string(), name: z.string() });
export type Person = z.infer<typeof Person>;

/** How a person proved to be there at the moment of an act. */
export const Proof = z.discriminatedUnion("channel", [
  z.object({ channel: z.literal("web"), second_factor: SecondFactor }),
  // A tool's signature proves the tool: the person's own code stands beside it.
  z.object({ channel: z.literal("webhook"), tool: z.string(), second_factor: SecondFactor }),
]);
export type Proof = z.infer<typeof Proof>;

/** Two people heard the delegate's yes on the telephone: their word stands until the delegate's own. */
export const Voice = z.object({
  channel: z.literal("voice"),
  /** The number called, as typed. */
  number: z.string(),
  /** True when it is the delegate's own on record. */
  known: z.boolean(),
  recorded: z.object({ by: Person, how: Proof, at: z.int() }),
  heard: z.object({ by: Person, how: Proof, at: z.int() }),
});
export type Voice = z.infer<typeof Voice>;

/** Who decided what on which exact text, when, how and why. */
export const Decision = z.object({
  id: z.string(),
  incident: z.string(),
  declaration: z.string(),
  version: z.int().min(1),
  /** Fingerprint of the text decided on. */
  sha256: z.string(),
  decision: z.enum(["approved", "set_aside"]),
  delegate: Person,
  how: z.discriminatedUnion("channel", [...Proof.options, Voice]),
  reason: z.string().nullable(),
  at: z.int(),
  /** Who confirmed not to declare while a criterion was met; absent when one person sufficed. */
  second: z.object({ by: Person, how: Proof, at: z.int() }).optional(),
  /** Of a decision by voice only: whether the delegate made it their own since. */
  state: z.enum(["oral", "confirmed", "contested"]).optional(),
  /** When the delegate confirmed or contested what others recorded, how, and in which words. */
  settled: z.object({ at: z.int(), how: Proof, comment: z.string() }).optional(),
});
export type Decision = z.infer<typeof Decision>;

export const DECISION_STEPS = {
  sent_back: "Renvoyé avec un commentaire",
  handed_over: "Main passée",
  handed_back: "Main rendue",
  second_awaited: "Ne pas déclarer : en attente d'une seconde personne",
  second_refused: "Ne pas déclarer : non confirmé",
  second_withdrawn: "Ne pas déclarer : demande retirée",
  oral_awaited: "Décision orale : en attente de la seconde écoute",
  oral_withdrawn: "Décision orale : enregistrement retiré",
} as const;

/** What a person did on the way to a decision; none of it is one. */
export const DecisionStep = z.object({
  /** The incident's, and its place among the incident's steps: two at once cannot both take it. */
  id: z.string(),
  incident: z.string(),
  step: z.enum([
    "sent_back",
    "handed_over",
    "handed_back",
    "second_awaited",
    "second_refused",
    "second_withdrawn",
    "oral_awaited",
    "oral_withdrawn",
  ]),
  /** The exact text that stood then; null when none did. */
  text: z.object({ declaration: z.string(), version: z.int(), sha256: z.string() }).nullable(),
  by: Person,
  /** Whom it goes to: the colleague who is asked, the delegate who was called. */
  to: Person.nullable(),
  /** In the person's words; the reason, for `second_awaited`. */
  comment: z.string(),
  /** Of what takes a second factor. */
  how: Proof.nullable(),
  /** Of `oral_awaited`: the number called, and whether it is the delegate's own on record. */
  call: z.object({ number: z.string(), known: z.boolean() }).nullable(),
  at: z.int(),
});
export type DecisionStep = z.infer<typeof DecisionStep>;

/** What a text to decide on is known by. */
export interface TextId {
  declaration: string;
  version: number;
  sha256: string;
}

/** What the steps of an incident are read against. */
interface Steps {
  steps: readonly DecisionStep[];
  decisions: readonly Decision[];
}

/** Who is asked to decide since the hand was passed; undefined when nobody in particular is. */
export function askedOf({ steps, decisions }: Steps): DecisionStep | undefined {
  const last = steps.findLast(({ step }) => step === "handed_over" || step === "handed_back");
  if (last?.step !== "handed_over" || isDecidedSince(decisions, last)) return undefined;
  return last;
}

/** The comment that a text was last sent back with, until a decision; the text may have changed since. */
export function sentBackOf({ steps, decisions }: Steps): DecisionStep | undefined {
  const last = steps.findLast(({ step }) => step === "sent_back");
  return last === undefined || isDecidedSince(decisions, last) ? undefined : last;
}

type Begun = "second" | "oral";

/** What one person began and another has to complete, on the text that stands; undefined when nothing waits. */
export function awaitedOf(
  kind: Begun,
  { steps, decisions }: Steps,
  standing: TextId | undefined,
): DecisionStep | undefined {
  const last = begunOf(kind, { steps, decisions });
  return last !== undefined && isText(last, standing) ? last : undefined;
}

/** What one person began on a text that is no more: it is to be begun anew. */
export function lapsedOf(
  kind: Begun,
  { steps, decisions }: Steps,
  standing: TextId | undefined,
): DecisionStep | undefined {
  const last = begunOf(kind, { steps, decisions });
  return last !== undefined && !isText(last, standing) ? last : undefined;
}

function begunOf(kind: Begun, { steps, decisions }: Steps): DecisionStep | undefined {
  const last = steps.findLast(({ step }) => step.startsWith(`${kind}_`));
  return last?.step !== `${kind}_awaited` || isDecidedSince(decisions, last) ? undefined : last;
}

function isText({ text }: DecisionStep, standing: TextId | undefined): boolean {
  return (
    text !== null &&
    text.declaration === standing?.declaration &&
    text.version === standing.version &&
    text.sha256 === standing.sha256
  );
}

function isDecidedSince(decisions: readonly Decision[], { at }: DecisionStep): boolean {
  return decisions.some((decision) => decision.at >= at);
}

/** What two people read to each other: the first six hexadecimal digits of a fingerprint. */
export function shortFingerprint(sha256: string): string {
  return sha256.slice(0, 6);
}

/** True when what a person typed is the short form of a fingerprint, whatever its case and blanks. */
export function isShortFingerprint(typed: string, sha256: string): boolean {
  return typed.length <= 40 && typed.replace(/[\s.-]/g, "").toLowerCase() === shortFingerprint(sha256);
}

/** Groups of eight hexadecimal digits: what two people can read to each other. */
export function fingerprintGroups(sha256: string): string[] {
  return sha256.match(/.{1,8}/g) ?? [];
}
