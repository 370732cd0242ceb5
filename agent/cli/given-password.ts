import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { messageOf } from "../core/errors.ts";

/** Characters below which a password is refused. */
const SHORTEST = 12;

/** How to say the rule to a person. */
const PASSWORD_HINT = `at least ${SHORTEST} characters`;

/** A password as the command line tells it: outright, or in a file, which does not show in `ps`. */
export interface PasswordOptions {
  password?: string | undefined;
  passwordFile?: string | undefined;
}

/** The password to use; `made` when nobody gave one, so that it has to be shown. */
export type GivenPassword =
  | { outcome: "given" | "made"; password: string }
  | { outcome: "refused"; because: string };

/** Reads or makes the password of a new account. */
export function givenPassword({ password, passwordFile }: PasswordOptions): GivenPassword {
  if (password !== undefined && passwordFile !== undefined)
    return { outcome: "refused", because: "--password and --password-file exclude each other; give one" };
  if (password !== undefined) return accepted(password, "--password");
  if (passwordFile === undefined) return { outcome: "made", password: randomBytes(12).toString("base64url") };
  try {
    // Editors and `echo` end the line; no password ends in one.
    const text = readFileSync(passwordFile, "utf8").replace(/\r?\n$/, "");
    return accepted(text, `--password-file ${passwordFile}`);
  } catch (thrown) {
    const because = `--password-file ${passwordFile}: cannot be read: ${messageOf(thrown)}`;
    return { outcome: "refused", because };
  }
}

/** Whether a password is long enough, in characters as a person counts them. */
export function isLongEnough(password: string): boolean {
  return [...password].length >= SHORTEST;
}

function accepted(password: string, where: string): GivenPassword {
  if (isLongEnough(password)) return { outcome: "given", password };
  return { outcome: "refused", because: `${where}: a password has ${PASSWORD_HINT}` };
}
