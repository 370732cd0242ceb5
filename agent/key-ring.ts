import { spawnSync } from "node:child_process";
import { currentKey } from "../config/encryption.ts";
import type { LoadedConfig } from "../config/load.ts";
import { TocsinError } from "./core/errors.ts";
import { keyBytes } from "./core/key-bytes.ts";
import type { KeyRing } from "./store/cipher/key-ring.ts";

/** What a command may print: a key is 44 characters. */
const MOST_PRINTED = 4096;

/**
 * Gives the outer keys of a configuration; undefined when nothing is encrypted. Runs the commands that give keys, and
 * throws `key_not_given` with what each did instead.
 */
export function keyRingOf({ config, secrets }: KeyConfig): KeyRing | undefined {
  const { encryption } = config;
  if (encryption === undefined) return undefined;
  const keys = encryption.keys.map(({ id, command }, i) => {
    const where = `encryption.keys.${i}`;
    const text =
      command === undefined
        ? (secrets.get(`${where}.key`)?.reveal() ?? "")
        : printedBy(command, { where, seconds: encryption.command_seconds });
    const key = keyBytes(text);
    if (key !== undefined) return { id, key };
    if (text === "")
      throw new TocsinError({
        code: "key_not_given",
        where,
        message: `the record may be encrypted under "${id}", and that key is not there`,
        remedy: "bring it back to where the configuration names it; without it the record cannot be read",
      });
    throw new TocsinError({
      code: "key_not_given",
      where,
      message: `what is given for "${id}" is no key of 32 bytes in base64`,
      remedy: "make one with: openssl rand -base64 32",
    });
  });
  return { current: currentKey(encryption), keys };
}

/** The part of a configuration that names keys. */
export type KeyConfig = Pick<LoadedConfig, "secrets"> & {
  config: Pick<LoadedConfig["config"], "encryption">;
};

/** Runs a program without a shell; nothing of what it printed is told, lest it be the key. */
function printedBy(
  [program = "", ...args]: readonly string[],
  { where, seconds }: { where: string; seconds: number },
): string {
  const done = spawnSync(program, args, {
    encoding: "utf8",
    timeout: seconds * 1000,
    killSignal: "SIGKILL",
    maxBuffer: MOST_PRINTED,
    stdio: ["ignore", "pipe", "ignore"],
  });
  if (done.error === undefined && done.status === 0) return done.stdout;
  const { code } = (done.error ?? {}) as NodeJS.ErrnoException;
  const how =
    code === "ETIMEDOUT"
      ? `did not answer within ${seconds} s`
      : code === "ENOBUFS"
        ? `printed more than ${MOST_PRINTED} bytes`
        : (done.error?.message ?? `ended with ${done.signal ?? `code ${done.status}`}`);
  throw new TocsinError({
    code: "key_not_given",
    where: `${where}.command`,
    message: `${program} ${how}`,
    remedy:
      "run it as the account of the service: it has to print the key and nothing else; what it asks has to answer",
  });
}
