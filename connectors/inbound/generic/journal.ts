import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import type { JsonObject } from "../../shared/json.ts";

/** Says whether a document is an entry of the systemd journal (systemd's JOURNAL_EXPORT_FORMATS, "Journal JSON Format"). */
export function isJournal(document: JsonObject): boolean {
  return document.__REALTIME_TIMESTAMP !== undefined || document._SOURCE_REALTIME_TIMESTAMP !== undefined;
}

/** Bytes of a message that are read: as many as its bound can have in UTF-8. */
const MOST_BYTES = ALERT_LIMITS.value * 4;
/** How the journal writes a message that is no printable text; the gate passes what holds it. */
const BYTES = /"MESSAGE": ?\[/;

/**
 * The entry with its message as text, where the journal wrote bytes: it does so for one control character, such as
 * those that colour a terminal. What is not written as the journal writes it stays as it is.
 */
export function withText(entry: JsonObject, original: string): JsonObject {
  const bytes = entry.MESSAGE;
  if (!Array.isArray(bytes) || bytes.length === 0 || !BYTES.test(original)) return entry;
  // A field that was given several times is a list of texts; the last is what happened last.
  if (bytes.every((one) => typeof one === "string")) return { ...entry, MESSAGE: bytes.at(-1) };
  const head = bytes.slice(0, MOST_BYTES);
  if (!head.every((byte) => Number.isInteger(byte) && byte >= 0 && byte <= 255)) return entry;
  return { ...entry, MESSAGE: Buffer.from(head as number[]).toString("utf8") };
}
