import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";

/** The text of a rule file. */
export interface RuleText {
  text: string;
  /** Whether replacement characters stand in it for bytes that were no text. */
  damaged: boolean;
}

/** Reads a rule file: UTF-8, or the UTF-16 of Windows editors, which YAML allows and a mark of byte order tells. */
export function readRuleText(file: string): RuleText {
  const bytes = readFileSync(file);
  const [first, second] = bytes;
  const wide =
    first === 0xff && second === 0xfe
      ? "utf-16le"
      : first === 0xfe && second === 0xff
        ? "utf-16be"
        : undefined;
  if (wide !== undefined) return { text: new TextDecoder(wide).decode(bytes), damaged: false };
  return { text: bytes.toString("utf8"), damaged: !isUtf8(bytes) };
}
