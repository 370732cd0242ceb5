import { z } from "zod";
import { CheckpointLine } from "./read-checkpoints.ts";

/** Alerts carried in one bundle: 20,000 of 2 kB stay within what a mail or a USB key takes. */
export const ALERTS_MAX = 20_000;

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Seq = z.int().min(1);

/** An entry of the incident in full; content and salt are null once erased, which a `note.erased` shown here declares. */
const ShownEntry = z.strictObject({
  seq: Seq,
  bodyHash: Hash,
  type: z.string(),
  at: z.int(),
  incident: z.string().nullable(),
  contentHash: Hash,
  salt: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .nullable(),
  content: z.string().nullable(),
});
export type ShownEntry = z.infer<typeof ShownEntry>;

/** An entry of another incident: its place in the chain, nothing of what it says. */
const HiddenEntry = z.strictObject({ seq: Seq, bodyHash: Hash });
export type HiddenEntry = z.infer<typeof HiddenEntry>;

/** An attachment of a note: its bytes are a line of base64 after the JSON. */
const BundledAttachment = z.strictObject({ sha256: Hash, size: z.int().min(1) });
export type BundledAttachment = z.infer<typeof BundledAttachment>;

/**
 * One incident's record with what proves it, to be verified without the database: a line of JSON, then a line for each
 * of its attachments.
 */
export const Bundle = z.strictObject({
  format: z.literal("tocsin-bundle/1"),
  facility: z.string(),
  incident: z.string(),
  created: z.int(),
  exercise: z.boolean(),
  /** Ed25519 public key: SPKI, DER, base64. */
  publicKey: z.string(),
  /** Hash of the entry before the first of `chain`: that of `checkpoints[0]`, or zeros when the chain begins at 1. */
  previous: Hash,
  chain: z.array(z.union([ShownEntry, HiddenEntry])).min(1),
  /** RFC 8785 JSON of the alerts joined to the incident. */
  alerts: z.array(z.string()),
  /** Joined alerts that are not in the bundle: over its bound, or declared erased. */
  alertsLeftOut: z.int().min(0),
  /** The attachments whose lines follow, in their order; absent when there are none. */
  attachments: z.array(BundledAttachment).min(1).optional(),
  checkpoints: z.array(CheckpointLine).min(1),
  /** Ed25519 over the RFC 8785 JSON of the other members, base64url. */
  signature: z.string(),
});
export type Bundle = z.infer<typeof Bundle>;
