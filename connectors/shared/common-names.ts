import type { Instant } from "../../agent/core/clock.ts";
import type { ParseContext } from "../contract.ts";
import { type Endpoint, isAddress, portOf, putAddress, wholeNumber } from "./address.ts";
import { clip, type Draft } from "./draft.ts";
import { textValue } from "./json.ts";
import { riskOfWord, SEVERITY_NAMES, SEVERITY_RISKS } from "./severity.ts";
import { readTime } from "./windows/read-event-time.ts";

/** What a common name tells of. */
type Slot = (typeof SLOTS)[number];
const SLOTS = [
  "time",
  "host",
  "message",
  "severity",
  "state",
  "user",
  "sourceAddress",
  "sourcePort",
  "destinationAddress",
  "destinationPort",
  "protocol",
  "action",
  "outcome",
  "rule",
  "url",
  "process",
  "pid",
  "commandLine",
  "executable",
  "file",
  "md5",
  "sha1",
  "sha256",
  "userAgent",
  "method",
  "status",
] as const;

/** A name's slot, and its rank there: the least is the surest. */
export interface CommonRole {
  slot: number;
  rank: number;
}

/** Names in lower case without `_`, `-`, `.`, `@` and space, the surest of a slot first. */
const NAMES: Record<Slot, string> = {
  time:
    "timestamp time ts sourcerealtimetimestamp realtimetimestamp date datetime eventtime timecreated systemtime " +
    "timegenerated utctime createdat eventcreated eventtimestamp eventdatetime occurredat detectedat createddatetime occured " +
    "creationtime published starttime startsat alerttime logtime clock lastseen",
  host:
    "host hostname computer computername hostnames device devicename machine machinename nodename node servername " +
    "server agentname endpoint endpointname assetname systemname fqdn dvchost",
  message:
    "message msg log text shortmessage fullmessage description desc summary title signature output alertmessage " +
    "eventname triggername problem problemname subject body details reason alertname",
  severity:
    "severity level priority loglevel severitylabel severityname alertseverity eventseverity triggerseverity urgency criticality risklevel threatlevel",
  state: "servicestate hoststate state status laststatus",
  user: "user username account accountname srcuser dstuser login loginname userprincipalname upn targetusername subjectusername actorname principal suser duser acct",
  sourceAddress:
    "srcip sourceip src sourceipaddress sourceaddress srcaddr srcaddress clientip clientaddress clientaddr clientipaddress remoteaddr " +
    "remoteip remoteaddress attackerip calleripaddress sip srchost",
  sourcePort: "srcport sourceport clientport sport spt",
  destinationAddress:
    "dstip destip destinationip dst destinationipaddress destinationaddress destaddress destaddr dstaddr dstaddress serverip targetip dip dest",
  destinationPort: "dstport destport destinationport dport dpt serverport",
  protocol: "proto protocol transport ipprotocol transportprotocol",
  action: "action eventaction deviceaction act",
  outcome: "outcome result eventoutcome",
  rule: "rulename rule alertname threatname virusname malwarename detectionname signaturename signature alerttitle",
  url: "url uri requesturl requesturi",
  process:
    "processname process program programname syslogidentifier syslogprogram syslogappname applicationname ident comm",
  pid: "pid processid syslogpid",
  commandLine: "commandline cmdline processcommandline cmd",
  executable: "exe executable processpath image imagepath",
  file: "filepath filename file",
  md5: "md5 md5hash filemd5",
  sha1: "sha1 sha1hash filesha1",
  sha256: "sha256 sha256hash filesha256",
  userAgent: "useragent httpuseragent",
  method: "httpmethod requestmethod method",
  status: "statuscode httpstatus httpstatuscode responsecode",
};

const ROLES = new Map<string, CommonRole[]>();
for (const [slot, name] of SLOTS.entries()) {
  for (const [rank, one] of NAMES[name].split(" ").entries()) {
    ROLES.set(one, [...(ROLES.get(one) ?? []), { slot, rank: rank + 1 }]);
  }
}
ROLES.set("@timestamp", [{ slot: 0, rank: 0 }]);

/** What a name without dots commonly means; none for any other. `but` leaves out slots that mean otherwise there. */
export function commonRolesOf(name: string, but: readonly Slot[] = []): CommonRole[] | undefined {
  if (name.length > 40) return undefined;
  const roles = ROLES.get(name) ?? ROLES.get(name.toLowerCase().replaceAll(/[_\-. @]/g, ""));
  const left = roles?.filter(({ slot }) => !but.includes(SLOTS[slot] as Slot));
  return left === undefined || left.length === 0 ? undefined : left;
}

/** Names that mean the same wherever they stand in a document; a name like `user` or `action` means it only at the top. */
const EVERYWHERE = new Set(
  (
    "srcip sourceip sourceipaddress sourceaddress srcaddr srcaddress clientip clientaddress clientipaddress " +
    "remoteip remoteaddress srcport sourceport dstip destip destinationip destinationipaddress destinationaddress " +
    "destaddress dstaddr dstaddress dstport destport destinationport username userprincipalname targetusername " +
    "subjectusername hostname computername devicename endpointname machinename commandline processcommandline " +
    "md5 sha1 sha256 filesha256 filesha1 filemd5 useragent"
  ).split(" "),
);

/** What a name below others commonly means, weaker than any at the top; none for most. */
export function nestedRolesOf(path: string): CommonRole[] | undefined {
  const name = path.slice(path.lastIndexOf(".") + 1);
  if (!EVERYWHERE.has(name.toLowerCase().replaceAll(/[_\-@ ]/g, ""))) return undefined;
  return commonRolesOf(name)?.map(({ slot, rank }) => ({ slot, rank: rank + 100 }));
}

/** The slot of a message that only stands when no other name tells one. */
export const LAST_MESSAGE: CommonRole[] = [{ slot: SLOTS.indexOf("message"), rank: 90 }];

/** What was found under common names: the surest of each slot. */
export interface Common {
  texts: (string | undefined)[];
  ranks: number[];
  /** A bit for each slot that something was found for. */
  told: number;
  instant: Instant | undefined;
}

const NO_TEXTS: readonly undefined[] = SLOTS.map(() => undefined);
const NO_RANKS: readonly number[] = SLOTS.map(() => 999);

export function newCommon(): Common {
  return { texts: [...NO_TEXTS], ranks: [...NO_RANKS], told: 0, instant: undefined };
}

/** Keeps a value under its common names, unless a surer one was there or it is no text. */
export function takeCommon(
  common: Common,
  roles: readonly CommonRole[],
  value: unknown,
  context: ParseContext,
): void {
  for (const { slot, rank } of roles) {
    if (rank >= (common.ranks[slot] as number)) continue;
    if (slot === 0) {
      const instant = readTime(value, context);
      if (instant === undefined) continue;
      common.instant = instant;
    } else {
      const text = textValue(value);
      if (text === undefined) return;
      common.texts[slot] = text;
    }
    common.ranks[slot] = rank;
    common.told |= 1 << slot;
  }
}

const indexOf = (slot: Slot) => SLOTS.indexOf(slot);
const AT = Object.fromEntries(SLOTS.map((slot) => [slot, indexOf(slot)])) as Record<Slot, number>;

const bitsOf = (...slots: Slot[]) => slots.reduce((bits, slot) => bits | (1 << indexOf(slot)), 0);
const OF_SOURCE = bitsOf("sourceAddress", "sourcePort");
const OF_DESTINATION = bitsOf("destinationAddress", "destinationPort");
const OF_PROCESS = bitsOf("process", "executable", "commandLine", "pid");
const OF_FILE = bitsOf("file", "md5", "sha1", "sha256");
const OF_HTTP = bitsOf("protocol", "method", "status");

/** Writes in ECS what stood under a common name and no ECS name told. */
export function writeCommon(draft: Draft, { texts, told }: Common): void {
  const { alert, event } = draft;
  const text = (slot: Slot): string | undefined => {
    const found = texts[AT[slot]];
    return found === undefined ? undefined : clip(draft, found);
  };
  const message = texts[AT.message];
  if (alert.message === undefined && message !== undefined) alert.message = clip(draft, withoutEnd(message));
  writeHost(draft, text("host"));
  const user = texts[AT.user];
  if (user !== undefined && alert.user?.name === undefined)
    alert.user = { ...alert.user, name: clip(draft, user) };
  if (told & OF_SOURCE) writeEnd(draft, "source", texts[AT.sourceAddress], texts[AT.sourcePort]);
  if (told & OF_DESTINATION)
    writeEnd(draft, "destination", texts[AT.destinationAddress], texts[AT.destinationPort]);
  writeSeverity(draft, texts[AT.severity], texts[AT.state]);
  const protocol = texts[AT.protocol];
  // Some decoders take the method of a request for its protocol.
  const isMethod = protocol !== undefined && METHODS.has(protocol);
  if (!isMethod) writeProtocol(draft, protocol);
  const action = texts[AT.action];
  if (action !== undefined && event.action === undefined && action.length <= 128) event.action = action;
  const outcome = texts[AT.outcome]?.toLowerCase();
  if (outcome !== undefined) {
    const known = OUTCOMES.get(outcome);
    if (known !== undefined) event.outcome ??= known;
  }
  const rule = text("rule");
  if (rule !== undefined && alert.rule?.name === undefined) alert.rule = { ...alert.rule, name: rule };
  const url = text("url");
  if (url !== undefined && alert.url?.original === undefined && alert.url?.full === undefined)
    alert.url = { ...alert.url, original: url };
  const userAgent = text("userAgent");
  if (userAgent !== undefined) alert.user_agent ??= { original: userAgent };
  if (told & OF_PROCESS) writeProcess(draft, text);
  if (told & OF_FILE) writeFile(draft, text);
  if (told & OF_HTTP) writeHttp(draft, isMethod ? protocol : texts[AT.method], texts[AT.status]);
}

const METHODS = new Set([
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "DELETE",
  "OPTIONS",
  "PATCH",
  "CONNECT",
  "TRACE",
  "PROPFIND",
]);

const OUTCOMES = new Map<string, "success" | "failure">([
  ["success", "success"],
  ["succeeded", "success"],
  ["successful", "success"],
  ["failure", "failure"],
  ["failed", "failure"],
  ["fail", "failure"],
]);

/** Containers write the end of the line into the text. */
function withoutEnd(message: string): string {
  return message.endsWith("\r\n")
    ? message.slice(0, -2)
    : message.endsWith("\n")
      ? message.slice(0, -1)
      : message;
}

function writeHost(draft: Draft, name: string | undefined): void {
  const { alert } = draft;
  const host = name ?? alert.host?.hostname;
  // A server may be called `nginx/1.25`: that is no host.
  if (host === undefined || alert.host?.name !== undefined || host.includes("/")) return;
  alert.host = { name: host, ...alert.host };
  if (isAddress(host)) alert.host.ip ??= [host];
  else alert.host.hostname ??= host;
}

function writeEnd(
  draft: Draft,
  side: "source" | "destination",
  whole: string | undefined,
  portText: string | undefined,
): void {
  const { alert } = draft;
  const endpoint: Endpoint = alert[side] ?? {};
  let port = portOf(portText ?? "");
  if (whole !== undefined && endpoint.ip === undefined) {
    // 192.0.2.1:443
    const colon = whole.indexOf(":");
    const address = colon > 0 ? whole.slice(0, colon) : whole;
    const joined = colon > 0 && isAddress(address) ? portOf(whole.slice(colon + 1)) : undefined;
    port ??= joined;
    putAddress(endpoint, clip(draft, joined === undefined ? whole : address));
  }
  if (port !== undefined) endpoint.port ??= port;
  if (endpoint.address !== undefined || endpoint.port !== undefined) alert[side] = endpoint;
}

const TRANSPORTS = new Map([
  ["tcp", "tcp"],
  ["6", "tcp"],
  ["udp", "udp"],
  ["17", "udp"],
  ["icmp", "icmp"],
  ["1", "icmp"],
  ["ipv6-icmp", "ipv6-icmp"],
  ["58", "ipv6-icmp"],
  ["sctp", "sctp"],
  ["gre", "gre"],
  ["esp", "esp"],
]);

function writeProtocol(draft: Draft, protocol: string | undefined): void {
  if (protocol === undefined || protocol.length > 32) return;
  const { alert } = draft;
  const word = protocol.toLowerCase();
  const transport = TRANSPORTS.get(word);
  if (transport !== undefined) {
    if (alert.network?.transport === undefined) alert.network = { ...alert.network, transport };
  } else if (alert.network?.protocol === undefined && /^[a-z]/.test(word)) {
    alert.network = { ...alert.network, protocol: word };
  }
}

/** A word has a place on the common scale; a number has none, since its scale is not known. */
function writeSeverity(draft: Draft, severity: string | undefined, state: string | undefined): void {
  const { alert, event } = draft;
  if (severity !== undefined && event.severity === undefined && /^\d{1,6}(?:\.\d{1,3})?$/.test(severity)) {
    event.severity = Number(severity);
  }
  const told = alert.log?.level;
  const word =
    told ?? (severity !== undefined && /^[A-Za-z][\w -]{1,31}$/.test(severity) ? severity : undefined);
  if (word !== undefined) {
    if (told === undefined) alert.log = { ...alert.log, level: word };
    const risk = riskOfWord(word);
    if (risk !== undefined) event.risk_score_norm ??= risk;
  }
  if (event.risk_score_norm === undefined && state !== undefined) {
    const risk = riskOfWord(state);
    if (risk !== undefined) event.risk_score_norm = risk;
  }
}

/** Writes a severity of syslog, 0 to 7. */
export function writeSyslogLevel(draft: Draft, value: unknown): void {
  const code = wholeNumber(textValue(value) ?? "");
  if (code === undefined || code > 7) return;
  const { alert, event } = draft;
  const name = SEVERITY_NAMES[code] as string;
  event.severity = code;
  event.risk_score_norm ??= SEVERITY_RISKS[code] as number;
  alert.log = { level: name, ...alert.log, syslog: { severity: { code, name }, ...alert.log?.syslog } };
}

type Text = (slot: Slot) => string | undefined;

function writeProcess(draft: Draft, text: Text): void {
  const name = text("process");
  const image = text("executable");
  // An image may be a container's or a picture.
  const executable = image !== undefined && /^(?:\/|[A-Za-z]:\\|\\)/.test(image) ? image : undefined;
  const line = text("commandLine");
  const pid = wholeNumber(text("pid") ?? "");
  if (name === undefined && executable === undefined && line === undefined && pid === undefined) return;
  const { alert } = draft;
  alert.process ??= {};
  const { process } = alert;
  if (name !== undefined) process.name ??= name;
  if (executable !== undefined) process.executable ??= executable;
  if (line !== undefined) process.command_line ??= line;
  if (pid !== undefined) process.pid ??= pid;
}

function writeFile(draft: Draft, text: Text): void {
  const whole = text("file");
  const md5 = text("md5");
  const sha1 = text("sha1");
  const sha256 = text("sha256");
  const { alert } = draft;
  alert.file ??= {};
  const { file } = alert;
  if (whole !== undefined) {
    const slash = Math.max(whole.lastIndexOf("/"), whole.lastIndexOf("\\"));
    file.name ??= whole.slice(slash + 1);
    if (slash >= 0) file.path ??= whole;
  }
  if (md5 === undefined && sha1 === undefined && sha256 === undefined) return;
  file.hash ??= {};
  if (md5 !== undefined) file.hash.md5 ??= md5;
  if (sha1 !== undefined) file.hash.sha1 ??= sha1;
  if (sha256 !== undefined) file.hash.sha256 ??= sha256;
}

function writeHttp(draft: Draft, method: string | undefined, status: string | undefined): void {
  const { alert } = draft;
  if (method !== undefined && METHODS.has(method) && alert.http?.request?.method === undefined)
    alert.http = { ...alert.http, request: { ...alert.http?.request, method } };
  const code = wholeNumber(status ?? "");
  if (code !== undefined && code >= 100 && code < 600 && alert.http?.response?.status_code === undefined)
    alert.http = { ...alert.http, response: { ...alert.http?.response, status_code: code } };
}
