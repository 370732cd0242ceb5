import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import { clip, type Draft, putField } from "../draft.ts";
import { readDate } from "../read-date.ts";
import { putAliases } from "./event-names.ts";
import { eventOfText } from "./event-sentences.ts";
import { readEventText, writeEventText } from "./read-event-text.ts";

const OSSEC = "WinEvtLog: ";
/** How Splunk's forwarders and exports begin the text of an event, after its date. */
const SPLUNK = /^(?:\d[\d/:. -]{8,30}(?: [AP]M)?\s{1,4})?LogName=[^\r\n=]{1,128}\s(?:\S{1,64}=|$)/;
/** What follows the first sentence of nearly every event of the Security log. */
const SUBJECT = /\s(?:Subject|Account Name|Sujet|Objet|Nom du compte)[ \u00a0]?:/;
/** Splunk's names of an event, in the order in which it writes them. */
const PAIR =
  /(?:^|\s)(LogName|EventCode|EventType|ComputerName|User|Sid|SidType|SourceName|Type|RecordNumber|Keywords|TaskCategory|OpCode|Message)=/g;

/** Says whether a text begins as that of a Windows event that no header precedes: OSSEC's, Splunk's, or the event's own. */
export function isBareText(text: string): boolean {
  const first = text.charCodeAt(0);
  if (first === 0x7b || first === 0x5b || first === 0x3c) return false;
  if (text.startsWith(OSSEC) || SPLUNK.test(text.slice(0, 300))) return true;
  return eventOfText(text, "security") !== undefined && SUBJECT.test(text.slice(0, 400));
}

/** Reads such a text; the time that it tells, which only Splunk's has. */
export function readBareText(draft: Draft, text: string, context: ParseContext): Instant | undefined {
  const { alert } = draft;
  if (text.startsWith(OSSEC)) {
    alert.message = clip(draft, text.slice(OSSEC.length));
    readEventText(draft, text.slice(OSSEC.length));
    return undefined;
  }
  if (!SPLUNK.test(text.slice(0, 300))) {
    alert.message = clip(draft, text);
    const code = eventOfText(text, "security");
    if (code !== undefined) putField(draft, "EventID", code);
    writeEventText(draft, text, "security");
    return undefined;
  }
  const message = writePairs(draft, text);
  alert.message = clip(draft, message ?? text);
  putAliases(draft);
  writeEventText(draft, message);
  return readDate(text, 0, context)?.instant;
}

/** Writes Splunk's pairs; the message is the last, and runs to the end. */
function writePairs(draft: Draft, text: string): string | undefined {
  let name: string | undefined;
  let from = 0;
  PAIR.lastIndex = 0;
  for (let found = PAIR.exec(text); ; found = PAIR.exec(text)) {
    const value = text.slice(from, found?.index ?? text.length).trim();
    if (name === "Message") return text.slice(from).trim();
    if (name !== undefined && value !== "") putField(draft, name, value);
    if (found === null) return undefined;
    name = found[1] as string;
    from = PAIR.lastIndex;
  }
}
