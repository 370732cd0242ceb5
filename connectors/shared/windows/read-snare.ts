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
  const mark = at + SNARE.length;
  const marked = text.charCodeAt(mark) === 0x09 || text.startsWith("#011", mark);
  if (!marked && !SPACED.test(text.slice(mark, mark + 400))) return -1;
  return at === 0 || /^[\w.:-]{1,255}(?:[\t ]|#011)$/.test(text.slice(0, at)) ? at : -1;
}

/** The first cells where a relay made spaces of the tabs: they are told by their shape. */
const SPACED =
  /^ {1,4}(\d{1,3}) {1,4}(\S{1,128}) {1,4}(\d{1,12}) {1,4}([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d [\d:]{8} \d{4}) {1,4}(\d{1,9}) {1,4}/;
const TYPE =
  /(?:^| )(User|Group|Domain|Alias|Well Known Group|Deleted Account|Invalid|Unknown|Unknown SID type|Computer|N\/A) {1,4}((?:Success|Failure) Audit|Audit (?:Success|Failure)|Information|Warning|Error|Critical|Verbose) {1,4}(\S{1,255}) /;

/** Cells of a record without tabs: the category and the message cannot be told apart, and stay together. */
function spacedCells(text: string): string[] {
  const head = SPACED.exec(text.slice(0, 400));
  if (head === null) return [];
  const rest = text.slice(head[0].length);
  const type = TYPE.exec(rest.slice(0, 600));
  if (type === null) return head.slice(1);
  const [whole, sid = "", kind = "", computer = ""] = type;
  const message = rest.slice(type.index + whole.length);
  return [...head.slice(1), ...whoOf(rest.slice(0, type.index)), sid, kind, computer, "", "", message];
}

/** Provider and account, of which both may hold spaces: only those of Microsoft's names certainly hold none. */
function whoOf(text: string): [string, string] {
  if (text.endsWith(" N/A")) return [text.slice(0, -" N/A".length), ""];
  const space = text.startsWith("Microsoft-") ? text.indexOf(" ") : -1;
  return space < 0 ? ["", ""] : [text.slice(0, space), text.slice(space + 1)];
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
  const code = text.charCodeAt(mark);
  const tab = code === 0x09 ? "\t" : "#011";
  // Only the first cells are certain: the message may hold tabs of its own.
  const cells =
    code === 0x20 ? spacedCells(text.slice(mark)) : text.slice(mark + tab.length).split(tab, 4096);
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
