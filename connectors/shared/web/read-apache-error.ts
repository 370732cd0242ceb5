import { readSaying, saying } from "../bodies/read-saying.ts";
import { tell, tellPeer } from "../bodies/tell.ts";
import { type Draft, putField } from "../draft.ts";
import { type DateContext, readDate } from "../read-date.ts";
import { riskOfWord } from "../severity.ts";
import { hostAndPort } from "./read-access.ts";
import { readModsecurity } from "./read-modsecurity.ts";
import type { ErrorRead } from "./read-nginx-error.ts";

const DATE =
  /^\[((?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,6})? \d{4}|\d{4}-\d\d-\d\d[ T][\d:.]{8,18}(?: ?[+-]\d\d:?\d\d|Z)?)\] /;
const LEVEL = /^\[(?:([a-z0-9_]{0,64}):)?(emerg|alert|crit|error|warn|notice|info|debug|trace[1-8])\] ?/;
const PID = /^\[pid (\d{1,10})(?::tid (\d{1,20}))?\] ?/;
/** Before the client some levels name the place in the source, or an error of the system. */
const PLACE = /^(?:[\w./-]{1,64}\.[ch]\(\d{1,6}\): |\(\d{1,6}\)[^:[\]]{1,128}: )/;
const CLIENT = /^\[(?:client|remote) (?:\[([\w:.%]{2,64})\](?::(\d{1,5}))?|([^\s[\]]{1,262}))\] ?/;
/** Levels at which nothing is wrong. */
const QUIET = /^(?:notice|info|debug|trace\d)$/;
const CODE = /^(AH\d{5}): /;

const DENIED = "access denied";
const LOGIN = "web authentication";

const SAYINGS = [
  saying(
    /^(?:\S{1,64}: )?user (?<user>.{0,256}?): (?<reason>authentication failure) for "(?<path>[^"]{0,2048})": /,
    "http_login",
    LOGIN,
    "info",
    "failure",
  ),
  saying(
    /^(?:Digest: )?user [`'"]?(?<user>.{0,256}?)[`'"]?: (?<reason>password mismatch): (?<path>.{0,2048})$/,
    "http_login",
    LOGIN,
    "info",
    "failure",
  ),
  saying(
    /^(?:Digest: )?user [`'"]?(?<user>.{0,256}?)'?(?: in realm `[^']{0,256}')? (?<reason>not found)(?:: (?<path>.{0,2048}))?$/,
    "http_login",
    LOGIN,
    "info",
    "failure",
  ),
  saying(
    /^user (?<user>.{0,256}?): (?<reason>authorization failure) for "(?<path>[^"]{0,2048})"/,
    "http_authorization",
    LOGIN,
    "denied",
    "failure",
  ),
  saying(
    /^Authorization of user (?<user>.{0,256}?) to access (?<path>.{0,2048}?) failed, reason: (?<reason>.{1,512})$/,
    "http_authorization",
    LOGIN,
    "denied",
    "failure",
  ),
  saying(
    /^(?<reason>client used wrong authentication scheme): (?<path>.{0,2048})$/,
    "http_login",
    LOGIN,
    "info",
    "failure",
  ),
  saying(
    /^(?<reason>client denied by server configuration): (?<file>.{1,4096})$/,
    "access_denied",
    "web",
    DENIED,
    "failure",
  ),
  saying(
    /^(?<reason>Directory index forbidden by (?:rule|Options directive)): (?<file>.{1,4096})$/,
    "access_denied",
    "web",
    DENIED,
    "failure",
  ),
  saying(
    /^(?<reason>(?:File does not exist|script not found or unable to stat|Symbolic link not allowed or link target not accessible)): (?<file>[^,]{1,4096})/,
    "error",
    "web",
    "error",
    "failure",
  ),
];

/**
 * Reads `[DATE] [MODULE:LEVEL] [pid N:tid N] [client HOST:PORT] AHnnnnn: TEXT, referer: …` of Apache 2.4, and what 2.2
 * and syslog leave of it; undefined when it is none.
 */
export function readApacheError(draft: Draft, text: string, context: DateContext): ErrorRead | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    const found = pattern.exec(text.slice(at, at + 400));
    if (found !== null) at += found[0].length;
    return found;
  };
  const date = take(DATE);
  const level = take(LEVEL);
  if (level === null && date === null && !CODE.test(text.slice(0, 16))) return undefined;
  const { alert, event } = draft;
  const word = level?.[2] ?? "error";
  tell(draft, { action: "error", category: ["web"], type: [QUIET.test(word) ? "info" : "error"] });
  if (level !== null) {
    alert.log = { ...alert.log, level: word };
    const risk = riskOfWord(word.startsWith("trace") ? "trace" : word);
    if (risk !== undefined) event.risk_score_norm ??= risk;
    if (level[1]) putField(draft, "module", level[1]);
  }
  const pid = take(PID);
  if (pid !== null) {
    alert.process = { ...alert.process, pid: Number(pid[1]) };
    const thread = Number(pid[2]);
    if (Number.isSafeInteger(thread)) alert.process.thread = { id: thread };
  }
  take(PLACE);
  const client = take(CLIENT);
  if (client?.[1] !== undefined) tellPeer(draft, "source", client[1], client[2]);
  else if (client?.[3] !== undefined) tellPeer(draft, "source", ...hostAndPort(client[3]));
  // ModSecurity names the client again.
  take(CLIENT);
  take(PLACE);
  const message = text.slice(at);
  const ah = take(CODE);
  if (ah !== null) event.code = ah[1] as string;
  let said = text.slice(at);
  const referer = said.lastIndexOf(", referer: ");
  if (referer >= 0) {
    alert.http = { ...alert.http, request: { referrer: said.slice(referer + 11, referer + 11 + 4096) } };
    said = said.slice(0, referer);
  }
  readSaying(draft, SAYINGS, said);
  readModsecurity(draft, said);
  return { instant: date === null ? undefined : readDate(date[1] as string, 0, context)?.instant, message };
}
