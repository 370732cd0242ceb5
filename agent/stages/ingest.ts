import type { Inbound, ParseContext, Parsed, ParseError } from "../../connectors/contract.ts";
import { inboundNamed } from "../../connectors/registry.ts";
import { addTag } from "../../connectors/shared/draft.ts";
import { ALERT_LIMITS, type Alert, AlertTag } from "../core/alert.ts";

/** One record of text, with what was lost on its way to being text. */
export interface TextRecord {
  text: string;
  /** False when its bytes were not UTF-8. */
  utf8?: boolean | undefined;
  /** Those bytes, to be kept beside the text. */
  bytes?: Uint8Array | undefined;
  /** True when it was longer than a record may be. */
  cut?: boolean | undefined;
  /** Why there is no record to read at all. */
  error?: ParseError | undefined;
}

/**
 * Reads one record by a source of the catalogue, or by the name of one that comes with the program.
 *
 * Pure and total. Errors: `empty`, `unknown_source`, what the reader of the record says, and the source's own.
 */
export function parseText(
  source: Inbound | string,
  record: TextRecord | string,
  context: ParseContext,
): Parsed {
  const { text, utf8, bytes, cut, error }: TextRecord =
    typeof record === "string" ? { text: record } : record;
  if (error !== undefined) return { error };
  if (text === "") return { error: { code: "empty", message: "the record is empty" } };
  const connector = typeof source === "string" ? inboundNamed(source) : source;
  if (connector === undefined)
    return { error: { code: "unknown_source", message: `no source is named ${String(source)}` } };
  const parsed = connector.parse(text, context);
  if (parsed.alert !== undefined) {
    if (utf8 === false) addTag(parsed.alert, AlertTag.notUtf8);
    if (bytes !== undefined) keepBytes(parsed.alert, bytes);
    if (cut === true) addTag(parsed.alert, AlertTag.cut);
  }
  return parsed;
}

/** Keeps the bytes of a record that were not UTF-8 beside its text, in base64, within the bound of one value. */
export function keepBytes(alert: Alert, bytes: Uint8Array): void {
  const most = (ALERT_LIMITS.value / 4) * 3;
  const room = Object.keys(alert.fields ?? {}).length < ALERT_LIMITS.fields;
  if (bytes.length > most || !room) addTag(alert, AlertTag.cut);
  if (!room) return;
  const kept = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, most));
  alert.fields = { ...alert.fields, "event.original_base64": kept.toString("base64") };
}
