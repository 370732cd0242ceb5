import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import { clip, type Draft, putField } from "../draft.ts";
import { readWholeDate } from "../read-date.ts";
import { readMessage } from "./read-message.ts";
import { writeWindows } from "./write-windows.ts";

/** What begins a record, and what stands before it is a host at most. */
export const SNARE = "MSWinEventLog";

/** Cells of a record after its mark, in order. */
const CELLS = [
  "Criticality",
  "Channel",
  "SnareCounter",
  "EventTime",
  "EventID",
  "Provider_Name",
  "UserName",
  "SidType",
  "EventType",
  "Computer",
  "Category",
  "DataString",
  "ExpandedString",
] as const;

/** Where Snare stands in a text: at its beginning, or after a host and a tab; -1 when it does not. */
export function snareAt(text: string): number {
  const at = text.slice(0, 300).indexOf(SNARE);
  if (at < 0) return -1;
  const next = text.charCodeAt(at + SNARE.length);
  if (next !== 0x09 && !text.startsWith("#011", at + SNARE.length)) return -1;
  return at === 0 || /^[\w.:-]{1,255}(?:\t|#011)$/.test(text.slice(0, at)) ? at : -1;
}

/** Reads a record of Snare: cells between tabs, or between the `#011` that a syslog relay made of them. */
export function readSnare(
  draft: Draft,
  text: string,
  at: number,
  context: ParseContext,
): Instant | undefined {
  const { alert } = draft;
  const mark = at + SNARE.length;
  const tab = text.charCodeAt(mark) === 0x09 ? "\t" : "#011";
  // Only the first cells are certain: the message may hold tabs of its own.
  const cells = text.slice(mark + tab.length).split(tab, 4096);
  const message = messageOf(cells);
  let instant: Instant | undefined;
  for (const [index, name] of CELLS.entries()) {
    const cell = (index < CELLS.length - 1 ? cells[index] : message)?.trim();
    if (cell === undefined || cell === "" || cell === "N/A") continue;
    if (name === "EventID") putField(draft, name, /^\d{1,9}$/.test(cell) ? Number(cell) : cell);
    else if (name === "ExpandedString") alert.message = clip(draft, cell);
    else putField(draft, name, cell);
    if (name === "EventTime") instant = readWholeDate(cell, context);
  }
  context.trace?.({ by: "parser", name: "windows", rule: "Snare" }, alert);
  if (message !== undefined) readMessage(draft, message);
  context.trace?.({ by: "parser", name: "windows", rule: "message" }, alert);
  writeWindows(draft);
  context.trace?.({ by: "parser", name: "windows", rule: "ECS" }, alert);
  return instant;
}

/** The message takes what is left, save the counter or checksum that ends some records. */
function messageOf(cells: string[]): string | undefined {
  if (cells.length < CELLS.length) return undefined;
  const rest = cells.slice(CELLS.length - 1);
  const last = rest.at(-1)?.trim() ?? "";
  if (rest.length > 1 && /^(?:\d{1,12}|[0-9a-f]{32}|)$/i.test(last)) rest.pop();
  return rest.join("\t");
}
