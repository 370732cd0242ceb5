import { z } from "zod";
import { readBech32 } from "../agent/core/bech32.ts";

/** A public key of age: what is sealed to it is opened by who keeps the private one, which is not here. */
const Recipient = z.string().refine(
  (text) => {
    const read = readBech32(text);
    return read?.prefix === "age" && read.bytes.length === 32;
  },
  { error: "a recipient (age1…), as `tocsin backup key` prints it" },
);

/** Regular copies: absent for none. */
export const Backup = z.strictObject({
  /** Where they go; the folder must exist, lest a share that is not mounted be written on the local disk. */
  folder: z.string().min(1),
  /** (Default: 24.) */
  every_hours: z.int().min(1).max(168).default(24),
  /** How many stay. (Default: 14.) */
  keep: z.int().min(1).max(1000).default(14),
  /** Keys to which they are encrypted, secrets included; without one they are in clear, without secrets. */
  recipients: z.array(Recipient).max(10).default([]),
});

/** The valise de crise: an encrypted copy in a second place, every few minutes. */
export const Crisis = z.strictObject({
  /** A mounted share or a USB key; it must exist. */
  folder: z.string().min(1),
  /** (Default: 5.) */
  every_minutes: z.int().min(1).max(1440).default(5),
  /** How many stay. (Default: 3.) */
  keep: z.int().min(1).max(100).default(3),
  recipients: z.array(Recipient).min(1).max(10),
  /** A whole copy beyond this is refused, and told. (Default: 2,048.) */
  largest_mb: z.int().min(1).max(1_000_000).default(2048),
});
