import { z } from "zod";
import { canonicalJson } from "./canonical-json.ts";
import { Person, Proof } from "./decision.ts";
import { TextContent } from "./declaration.ts";
import { enumOf } from "./enum-of.ts";
import type { Masked } from "./masked.ts";
import { sha256Hex } from "./sha256.ts";
import type { Transitions } from "./transitions.ts";

export const DUTY_KINDS = {
  initial: "Première notification",
  complement: "Notification complémentaire",
} as const;
export const DutyKind = enumOf(DUTY_KINDS);
export type DutyKind = z.infer<typeof DutyKind>;

export const DUTY_STATES = {
  draft: "Projet",
  approved: "Validé, PAS ENCORE NOTIFIÉ",
  notified: "Notifié",
  not_notified: "Non notifié (motivé)",
  replaced: "Remplacé avant notification",
} as const;
export const DutyState = enumOf(DUTY_STATES);
export type DutyState = z.infer<typeof DutyState>;

/** An approved text changes no more: a later edit is the next version. */
export const DUTY_TRANSITIONS: Transitions<DutyState> = {
  draft: ["approved", "not_notified"],
  approved: ["notified", "replaced"],
  notified: [],
  not_notified: [],
  replaced: [],
};

/** Exactly what is approved under one duty: its RFC 8785 bytes are stored and hashed. */
export const DutyContent = TextContent.extend({
  file: z.string(),
  /** The pack's own name of the duty, and who receives what is due. */
  title: z.string(),
  recipients: z.array(z.string()),
  kind: DutyKind,
});
export type DutyContent = z.infer<typeof DutyContent>;

const Instant = z.int();

/** A file of a dossier, as its note and number name it. */
const Receipt = z.object({ note: z.string(), number: z.int().min(1), sha256: z.string() });

/** One numbered version of what another duty of an incident asks for, with its life. */
export const DutyFile = z.object({
  /** The same for all versions of one duty of one incident. */
  id: z.string(),
  incident: z.string(),
  regime: z.string(),
  kind: DutyKind,
  version: z.int().min(1),
  state: DutyState,
  sha256: z.string(),
  /** RFC 8785 JSON of DutyContent. */
  canonical: z.string(),
  updated: Instant,
  /** Ids of the fields that people wrote in: they stand, whatever becomes known later. */
  edited: z.array(z.string()),
  /** Who approved this exact text, or decided not to notify, and how they proved to be there. */
  decision: z
    .object({
      by: Person,
      how: Proof,
      at: Instant,
      /** Why nothing is notified; null of an approval. */
      reason: z.string().nullable(),
    })
    .optional(),
  /** What a person did and wrote down. */
  notified: z
    .object({
      at: Instant,
      /** With whom, and by which way. */
      where: z.string(),
      /** The recipient's own; empty when it gives none. */
      reference: z.string(),
      /** Who notified it, as named by who wrote it down. */
      by: z.string(),
      writer: Person,
      recorded: Instant,
      /** Why it was notified after its time, where the text that was approved does not say it. */
      late: z.string().optional(),
      receipts: z.array(Receipt).optional(),
    })
    .optional(),
});
export type DutyFile = z.infer<typeof DutyFile>;

/** Key of a version among the records. */
export function dutyKey({ id, version }: Pick<DutyFile, "id" | "version">): string {
  return `${id}/${version}`;
}

/** Id of the file of one duty of one incident. */
export function dutyId(incident: string, regime: string): string {
  return `${incident}/${regime}`;
}

/** The bytes and fingerprint of a text to approve. */
export function sealDuty(content: Masked<DutyContent>): { canonical: string; sha256: string } {
  const canonical = canonicalJson(DutyContent.parse(content));
  return { canonical, sha256: sha256Hex(canonical) };
}

/** Reads back what was sealed, without patients as it was then. */
export function dutyContentOf(file: Pick<DutyFile, "canonical">): Masked<DutyContent> {
  return DutyContent.parse(JSON.parse(file.canonical)) as Masked<DutyContent>;
}
