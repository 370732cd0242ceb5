import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { bareProgram } from "../../shared/bodies/bare-program.ts";
import { restoreOriginal } from "../../shared/draft.ts";
import { readDate } from "../../shared/read-date.ts";
import { parseSyslog } from "./parse.ts";
import { payloadsOf } from "./payloads.ts";

/** The syslog connector; `formats` read messages that are theirs by how they begin, and else by what they hold. */
export function syslogOf(formats: readonly Inbound[]): Inbound {
  const payloads = payloadsOf(formats);
  return {
    name: "syslog",
    summary: "Syslog, RFC 5424 and RFC 3164 as devices write it (Cisco too); other formats inside are read.",
    ways: ["text"],
    example: (text, at) => `<110>1 ${isoFromInstant(at)} tocsin canary - - - ${text}`,
    parse: (text, context) => {
      const counted = countedTo(text);
      if (counted === 0) return parseSyslog(text, context, payloads);
      const parsed = parseSyslog(text.slice(counted), context, payloads);
      if (parsed.alert !== undefined) restoreOriginal(parsed.alert, text);
      return parsed;
    },
    recognise,
  };
}

/** `025017: Oct 14 10:45:43.767 UTC: %SEC-6-IPACCESSLOGP:`, as a file or a relay keeps it, without priority. */
const LED_MNEMONIC =
  /^(?:[\w.-]{1,64}: [*.]?(?:\d{1,4} |[A-Z][a-z]{2} )[\w.:, +-]{0,72}|\d\d:\d\d:\d\d|\d{1,3}[ydwh]\d{1,2}[ydwh]): ?%[A-Z][\w-]{1,60}-[0-7]-\w{2,40}:/;

const ANY_TIME = { received: 0, zone: "UTC" };

/** Where a record begins after the count of its octets (RFC 6587), as a capture of a TCP stream keeps it; 0 without one. */
function countedTo(text: string): number {
  const first = text.charCodeAt(0);
  if (first < 0x31 || first > 0x39) return 0;
  const counted = /^\d{1,6} (?=<\d{1,3}>(?:1 |[A-Z][a-z]{2} |\d{4}-))/.exec(text.slice(0, 32));
  return counted === null ? 0 : counted[0].length;
}

function recognise(text: string): { certainty: number; because: string } {
  let at = 0;
  while (text.charCodeAt(at) === 0xfeff || text.charCodeAt(at) === 0x20) at++;
  const first = text.charCodeAt(at);
  if (countedTo(text) > 0) return { certainty: 0.95, because: "a syslog priority follows a count of octets" };
  if (first === 0x3c) {
    const end = text.indexOf(">", at);
    if (end > at + 1 && end <= at + 4 && isNumber(text, at + 1, end)) {
      return { certainty: 0.95, because: "it begins with a syslog priority" };
    }
    if (
      end > at + 1 &&
      end <= at + 11 &&
      (isNumber(text, at + 1, end) || readDate(text, end + 1, ANY_TIME))
    ) {
      return { certainty: 0.6, because: "it begins with a priority, though no valid one" };
    }
    return { certainty: 0, because: "no priority" };
  }
  if (first === 0x2a || first === 0x2e) at++;
  if (readDate(text, at, ANY_TIME) !== undefined) return { certainty: 0.7, because: "it begins with a date" };
  if (first === 0x25 && /^%[A-Z][\w-]{1,60}-[0-7]-\w{2,40}:/.test(text.slice(at, at + 128))) {
    return { certainty: 0.7, because: "it begins with a Cisco mnemonic" };
  }
  if (LED_MNEMONIC.test(text.slice(at, at + 160))) {
    return {
      certainty: 0.65,
      because: "a Cisco mnemonic follows a sequence number, a host, a date or an up-time",
    };
  }
  if (text.startsWith("1 - ", at) || text.startsWith("1 20", at)) {
    return { certainty: 0.5, because: "it begins with a version and a timestamp" };
  }
  if (/^[A-Za-z][\w./-]{0,47}\[\d{1,10}\]: /.test(text.slice(at, at + 64))) {
    return { certainty: 0.5, because: "it begins with a program and its process number" };
  }
  if (text.startsWith("@cee:", at)) return { certainty: 0.7, because: "it begins with @cee:" };
  const bare = bareProgram(text, at);
  if (bare !== undefined) {
    return { certainty: 0.66, because: bare === "" ? "it is what PAM says" : `it is what ${bare} says` };
  }
  return { certainty: 0, because: "neither priority nor date" };
}

function isNumber(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}
