import type { Inbound, ParseContext, Parsed, ParseError } from "../../connectors/contract.ts";
import { inboundNamed, recognise } from "../../connectors/registry.ts";
import { addTag, clip, finish, newDraft } from "../../connectors/shared/draft.ts";
import { AlertTag } from "../core/alert.ts";

/** One record of text, with what was lost on its way to being text. */
export interface TextRecord {
  text: string;
  /** False when its bytes were not UTF-8. */
  utf8?: boolean | undefined;
  /** True when it was longer than a record may be. */
  cut?: boolean | undefined;
  /** Why there is no record to read at all. */
  error?: ParseError | undefined;
}

/**
 * Reads one record by a connector, by the name of one, or, for `auto`, by the one that is surest of it.
 *
 * Pure and total. A record that no format recognises is an alert all the same: its text is the message.
 * Errors: `empty`, `unknown_source`, what the reader of the record says, and the connector's own.
 */
export function parseText(
  source: Inbound | string,
  record: TextRecord | string,
  context: ParseContext,
): Parsed {
  const { text, utf8, cut, error }: TextRecord = typeof record === "string" ? { text: record } : record;
  if (error !== undefined) return { error };
  if (text === "") return { error: { code: "empty", message: "the record is empty" } };
  const connector =
    typeof source !== "string"
      ? source
      : source === "auto"
        ? recognise(text).connector
        : inboundNamed(source);
  if (connector === undefined && source !== "auto") {
    return { error: { code: "unknown_source", message: `no connector is named ${String(source)}` } };
  }
  const parsed = connector === undefined ? unrecognised(text, context) : connector.parse(text, context);
  if (parsed.alert !== undefined) {
    if (utf8 === false) addTag(parsed.alert, AlertTag.notUtf8);
    if (cut === true) addTag(parsed.alert, AlertTag.cut);
  }
  return parsed;
}

function unrecognised(text: string, context: ParseContext): Parsed {
  if (text.trim() === "") return { error: { code: "empty", message: "the record is empty" } };
  const draft = newDraft(text, "text", "text");
  draft.alert.message = clip(draft, text);
  const alert = finish(draft, undefined, context);
  addTag(alert, AlertTag.unrecognised);
  return { alert };
}
