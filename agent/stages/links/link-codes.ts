import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { QuestionLink } from "../../core/question-link.ts";
import { sha256Hex } from "../../core/sha256.ts";

/** Digits of a code: Crockford's, without I, L, O and U, as it may be read on the telephone. */
const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/** 80 bits: out of reach of who guesses, short enough to be dictated. */
const LENGTH = 16;
const CODE = new RegExp(`^[${DIGITS}]{${LENGTH}}$`);

type Bound = Pick<QuestionLink, "nonce" | "incident" | "question" | "expires">;

/** Makes and recognises the codes of links: signed over what they are bound to, so that none need be kept. */
export interface LinkCodes {
  /** The code of a link, `7K3D-9PQ2-M4XA-T8RW`; another as soon as incident, question or expiry is another. */
  codeOf(link: Bound): string;
  /** The id of the link that a code is of, if it is of any; undefined for what cannot be a code. */
  idOf(code: string): string | undefined;
  /** True while the record says what the code was made for. */
  stands(link: QuestionLink): boolean;
  /** What a form carries that shows that it comes from our page, and which form it is. */
  formToken(link: Pick<QuestionLink, "id">, form: string): string;
  /** The form of a token; undefined for one that we did not make for this link. */
  formOf(link: Pick<QuestionLink, "id">, token: string): string | undefined;
}

/** Opens the codes of an installation; its secret is another than that of sessions, derived from the same. */
export function linkCodes(secret: string): LinkCodes {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "tocsin question link", 32));
  const sign = (text: string) => createHmac("sha256", key).update(text).digest();

  const plain = ({ nonce, incident, question, expires }: Bound) => {
    const signed = sign(JSON.stringify(["link", nonce, incident, question, expires]));
    return Array.from(signed.subarray(0, LENGTH), (byte) => DIGITS[byte & 31]).join("");
  };

  return {
    codeOf: (link) => plain(link).replace(/(.{4})(?=.)/g, "$1-"),

    idOf(typed) {
      const code = readCode(typed);
      return code === undefined ? undefined : sha256Hex(code);
    },

    stands: (link) => same(sha256Hex(plain(link)), link.id),

    formToken: ({ id }, form) => `${form}.${sign(JSON.stringify(["form", id, form])).toString("base64url")}`,

    formOf({ id }, token) {
      const [form = "", signature = ""] = token.split(".");
      const right = sign(JSON.stringify(["form", id, form])).toString("base64url");
      return same(signature, right) ? form : undefined;
    },
  };
}

/** A code as it is typed: small letters, no hyphens, O for 0; undefined for what is none. */
export function readCode(typed: string): string | undefined {
  const code = typed
    .slice(0, 100)
    .toUpperCase()
    .replace(/[\s-]/g, "")
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  return CODE.test(code) ? code : undefined;
}

function same(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
