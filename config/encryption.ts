import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";

const KeyId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, . _ -, at most 64: coffre-2026, say");

/** An outer key: where it is kept, or the program that gives it. */
const OuterKey = z
  .strictObject({
    /** Stands beside what it wraps: the same key keeps its id. */
    id: KeyId,
    /** 32 bytes in base64, as `openssl rand -base64 32` prints them. */
    key: SecretSource.optional(),
    /** A program and its arguments, run without a shell, that prints the key: for a KMS, an HSM, a TPM. */
    command: z.array(z.string().min(1).max(1000)).min(1).max(50).optional(),
  })
  .refine(({ key, command }) => (key === undefined) !== (command === undefined), {
    error: "one of key (file, env, credential) or command must be given",
  });

/** Encryption of the record at rest; absent for none. */
export const Encryption = z.strictObject({
  /** The key that wraps. (Default: the first of `keys`.) */
  current: KeyId.optional(),
  /** Those that wrapped before stay until `tocsin keys rotate` has replaced them. */
  keys: z.array(OuterKey).min(1).max(10),
  /** How long a command may take. (Default: 10.) */
  command_seconds: z.int().min(1).max(60).default(10),
});
export type Encryption = z.infer<typeof Encryption>;

/** The id of the key that wraps. */
export function currentKey({ current, keys }: Encryption): string {
  return current ?? (keys[0]?.id as string);
}
