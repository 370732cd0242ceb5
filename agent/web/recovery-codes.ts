import { randomInt } from "node:crypto";
import type { Factors } from "../core/person.ts";
import { sha256Hex } from "../core/sha256.ts";

/** Crockford's base 32: no I, L, O or U, which are misread on paper. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 12;
const COUNT = 10;

/** Makes ten codes of 60 bits, as printed (`XXXX-XXXX-XXXX`), and what is kept of them. */
export function makeRecoveryCodes(account: string): { codes: string[]; kept: Factors["recovery"] } {
  const codes = Array.from({ length: COUNT }, () =>
    Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)])
      .join("")
      .replace(/.{4}(?=.)/g, "$&-"),
  );
  return { codes, kept: codes.map((code) => ({ hash: recoveryHash(account, code) ?? "", used: null })) };
}

/** What is kept of a code; undefined for what cannot be one. Case, spaces and hyphens do not count. */
export function recoveryHash(account: string, typed: string): string | undefined {
  const code = typed.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
  if (code.length !== LENGTH || [...code].some((each) => !ALPHABET.includes(each))) return undefined;
  return sha256Hex(`${account} ${code}`);
}

/** Codes that still serve. */
export function recoveryLeft({ recovery }: Pick<Factors, "recovery">): number {
  return recovery.filter(({ used }) => used === null).length;
}
