import { keyBytes } from "../agent/core/key-bytes.ts";
import type { Tell } from "./check-surroundings.ts";
import { currentKey, type Encryption } from "./encryption.ts";
import type { Secret } from "./secrets.ts";

/** Checks what needs more than one value; `secrets` is null when none was read. */
export function checkEncryption(
  encryption: Encryption | undefined,
  secrets: ReadonlyMap<string, Secret> | null,
  tell: Tell,
): void {
  if (encryption === undefined) return;
  const { keys } = encryption;
  const current = currentKey(encryption);
  if (!keys.some(({ id }) => id === current))
    tell(
      ["encryption", "current"],
      "key_unknown",
      `no key has the id "${current}"`,
      `one of: ${keys.map(({ id }) => id).join(", ")}`,
    );
  for (const [i, { command }] of keys.entries()) {
    const value = secrets?.get(`encryption.keys.${i}.key`)?.reveal();
    if (value !== undefined && keyBytes(value) === undefined)
      tell(
        ["encryption", "keys", i, "key"],
        "key_invalid",
        "this is no key of 32 bytes in base64",
        "make one with: openssl rand -base64 32",
      );
    if (command !== undefined && !command[0]?.startsWith("/"))
      tell(
        ["encryption", "keys", i, "command"],
        "command_relative",
        `"${command[0]}" would be looked for in PATH`,
        "give the whole path of the program",
      );
  }
}
