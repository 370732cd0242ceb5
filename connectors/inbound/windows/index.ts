import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { readsCut } from "../../shared/mend-json.ts";
import { hasAll, type Names, peekJson } from "../../shared/peek-json.ts";
import { isBareText } from "../../shared/windows/read-bare-text.ts";
import { BESIDE_NUMBER } from "../../shared/windows/read-event-json.ts";
import { snareAt } from "../../shared/windows/read-snare.ts";
import { decodeWindows, listWindows, parseWindows } from "./parse.ts";

export const windows: Inbound = {
  name: "windows",
  summary: "Windows events: XML, the JSON of EVTX converters, Winlogbeat and NXLog, Snare, their text.",
  ways: ["text", "http"],
  begins: ["<Event", "<?xml", "MSWinEventLog", "{", "["],
  example: (text, at) =>
    JSON.stringify({
      "@timestamp": isoFromInstant(at),
      message: text,
      winlog: { event_id: 1, channel: "Application", provider_name: "Tocsin", computer_name: "tocsin" },
    }),
  parse: readsCut(parseWindows),
  decode: decodeWindows,
  list: listWindows,
  recognise,
};

function recognise(text: string): { certainty: number; because: string } {
  const none = { certainty: 0, because: "neither an Event, System and EventID, nor MSWinEventLog" };
  const beginning = text.slice(0, 1024).replace(/^[\ufeff\s]+/, "");
  if (beginning.startsWith("<")) {
    const event =
      /^(?:<\?xml[^>]{0,200}\?>\s{0,64})?(?:<(?:\w{1,32}:)?Events\b[^>]{0,300}>\s{0,64})?<(?:\w{1,32}:)?Event[\s>/]/;
    return event.test(beginning)
      ? { certainty: 0.97, because: "it begins as the XML of a Windows event" }
      : none;
  }
  if (snareAt(text) >= 0) return { certainty: 0.97, because: "it begins with MSWinEventLog" };
  if (isBareText(beginning)) return { certainty: 0.9, because: "it begins as the text of a Windows event" };
  const told = peekJson(text);
  if (told.size === 0) return none;
  if (told.has("Event.System") || hasAll(told, "System", "EventData"))
    return { certainty: 0.97, because: "it has System and data of a Windows event" };
  if (told.has("winlog.event_id") || told.has("winlog.channel") || told.has("winlog"))
    return { certainty: 0.96, because: "it has winlog" };
  return isFlat(told) ? { certainty: 0.9, because: "it has an EventID and where it comes from" } : none;
}

const NUMBERS = ["EventID", "EventId", "EventCode", "event_id"];
function isFlat(told: Names): boolean {
  if (hasAll(told, "Id", "LogName", "ProviderName")) return true;
  return NUMBERS.some((name) => told.has(name)) && BESIDE_NUMBER.some((name) => told.has(name));
}
