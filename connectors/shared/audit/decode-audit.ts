import { ALERT_LIMITS } from "../../../agent/core/alert.ts";

/** Keys whose text is another's, which audit writes in hexadecimal when it holds a space, a quote or worse. */
const UNTRUSTED = new Set(
  (
    "acct cmd comm cwd data device dir exe file grp key key_desc name new_group ocomm old_group path proctitle " +
    "root_dir sw vm watch profile invalid_context title"
  ).split(" "),
);

const HEX = /^(?:[0-9A-F]{2})+$/;
/** What no text written by a person holds; a field of digits alone may be a number instead of text. */
const ODD = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffd]/;

/**
 * Says whether a value of this key may be text in hexadecimal; `a0`, `a1`… are in records of arguments.
 *
 * A piece of one (`a1[0]`) may end within a character: only the whole is text.
 */
export function isUntrusted(key: string, kind: string): boolean {
  if (key.charCodeAt(0) === 0x61 && /^a\d{1,4}$/.test(key)) return kind === "EXECVE";
  return UNTRUSTED.has(key);
}

/** The text that a bare value writes in hexadecimal; undefined when it is no such thing. */
export function decodeAudit(value: string): string | undefined {
  if (value.length < 2 || !HEX.test(value)) return undefined;
  // Twice the bound in hexadecimal digits, and room for what UTF-8 takes more.
  const text = Buffer.from(value.slice(0, ALERT_LIMITS.value * 8), "hex").toString("utf8");
  if (/^\d+$/.test(value) && (text.includes("\ufffd") || (value.length <= 4 && ODD.test(text))))
    return undefined;
  return text;
}
