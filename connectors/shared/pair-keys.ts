import type { Alert } from "../../agent/core/alert.ts";
import { endpointOf, isAddress, portOf, putAddress, type Side, wholeNumber } from "./address.ts";
import type { Draft } from "./draft.ts";
import type { KeyEntry } from "./key-table.ts";
import { macOf } from "./mac-of.ts";
import { isNoValue } from "./no-value.ts";
import { isEcsGroup, putEcs } from "./put-ecs.ts";
import type { DateContext } from "./read-date.ts";
import { riskOfWord, SEVERITY_NAMES, SEVERITY_RISKS } from "./severity.ts";
import { putTransport } from "./transport.ts";

/** What the pairs tell that is decided when all are known. */
export type Told = Partial<
  Record<
    "date" | "time" | "epoch" | "zone" | "start" | "end" | "device" | "host" | "address" | "subject",
    string
  >
>;

export type PairKey = (draft: Draft, value: string, told: Told) => void;

/** Asterisk's `IPV4/UDP/192.0.2.1/5060`. */
const SLASHED = /^IPV[46]\/\w{1,8}\/([^/]{1,64})\/(\d{1,4}|[1-5]\d{4})$/;

/** SonicWall writes `192.0.2.1:51144:X1:host`: address, port, interface, name; no address for IPv6. */
const address =
  (name: Side): PairKey =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name);
    if (!isAddress(value)) {
      const slashed = SLASHED.exec(value);
      if (slashed !== null) {
        putAddress(endpoint, slashed[1] ?? "");
        endpoint.port ??= portOf(slashed[2] ?? "");
        return;
      }
      if (isAddress(value.slice(0, value.indexOf(" ")))) return putAddress(endpoint, value);
      const parts = value.split(":", 4);
      if (parts.length > 1 && (parts[0] === "" || isAddress(parts[0] ?? ""))) {
        if (parts[0]) putAddress(endpoint, parts[0]);
        const found = portOf(parts[1] ?? "");
        if (found !== undefined) endpoint.port ??= found;
        if (parts[3]) endpoint.domain ??= parts[3];
        return;
      }
    }
    putAddress(endpoint, value);
  };
const port =
  (name: Side): PairKey =>
  ({ alert }, value) => {
    const found = portOf(value);
    if (found !== undefined) endpointOf(alert, name).port ??= found;
  };
const text =
  (name: Side, part: "mac" | "domain"): PairKey =>
  ({ alert }, value) => {
    // Meraki names a host by its card.
    const own = part === "domain" && /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(value) ? "mac" : part;
    endpointOf(alert, name)[own] ??= own === "mac" ? macOf(value) : value;
  };
const count =
  (name: Side, part: "bytes" | "packets"): PairKey =>
  ({ alert }, value) => {
    const number = wholeNumber(value);
    if (number !== undefined) endpointOf(alert, name)[part] ??= number;
  };
const nat =
  (name: Side, part: "ip" | "port"): PairKey =>
  ({ alert }, value) => {
    const endpoint = endpointOf(alert, name);
    const [ip = "", number] = part === "ip" ? value.split(":", 2) : ["", value];
    // Nothing was translated.
    if (ip === "0.0.0.0") return;
    if (part === "ip" && isAddress(value)) endpoint.nat = { ...endpoint.nat, ip: value };
    else if (part === "ip" && isAddress(ip)) endpoint.nat = { ...endpoint.nat, ip };
    const found = number === undefined ? undefined : portOf(number);
    if (found !== undefined && found > 0) endpoint.nat = { ...endpoint.nat, port: found };
  };
const card =
  (way: "ingress" | "egress"): PairKey =>
  ({ alert }, value) => {
    // `in=1234` counts bytes elsewhere.
    if (wholeNumber(value) !== undefined) return;
    alert.observer ??= {};
    alert.observer[way] ??= { interface: { name: value } };
  };
const tell =
  (part: keyof Told): PairKey =>
  (_, value, told) => {
    told[part] ??= value;
  };
const hash =
  (kind: "md5" | "sha1" | "sha256"): PairKey =>
  ({ alert }, value) => {
    alert.file = { ...alert.file, hash: { ...alert.file?.hash, [kind]: value } };
  };

/** A word has a place on the common scale; a number has one only on syslog's scale, where `pri` is. */
const level =
  (syslog: boolean): PairKey =>
  ({ alert, event }, value) => {
    const number = wholeNumber(value);
    if (number !== undefined) {
      // More than any priority of syslog: the place of a mail in Sendmail's queue.
      if (syslog && number > 191) return;
      event.severity ??= number;
      if (!syslog || number > 7) return;
      alert.log = { ...alert.log, level: SEVERITY_NAMES[number] ?? "" };
      event.risk_score_norm ??= SEVERITY_RISKS[number];
      return;
    }
    const risk = riskOfWord(value);
    if (risk === undefined) return;
    if (alert.log?.level === undefined) alert.log = { ...alert.log, level: value.toLowerCase() };
    event.risk_score_norm ??= risk;
  };

const OUTCOMES = new Map<string, "success" | "failure">([
  ["success", "success"],
  ["successful", "success"],
  ["succeeded", "success"],
  ["failure", "failure"],
  ["failed", "failure"],
  ["fail", "failure"],
]);
const DIRECTIONS = new Map([
  ["in", "inbound"],
  ["inbound", "inbound"],
  ["incoming", "inbound"],
  ["out", "outbound"],
  ["outbound", "outbound"],
  ["outgoing", "outbound"],
  ["internal", "internal"],
]);
const METHODS = new Set("GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH PROPFIND".split(" "));

/** What firewalls write where they know no user. */
const NOBODY = /^(?:unknown(?: \([\w ]{1,32}\))?|not found|no authentication required|undefined)$/i;

const KEYS = new Map<string, PairKey>();
const know = (names: string, write: PairKey): void => {
  for (const name of names.split(" ")) KEYS.set(name, write);
};

/** Writes what one pair tells in ECS: by the meaning of its name, else under the name itself when ECS has it. */
export function writePair(
  draft: Draft,
  { name, meaning }: KeyEntry<PairKey>,
  value: string,
  told: Told,
  context: DateContext,
): void {
  const own = value.trim();
  if (own === "" || isNoValue(own)) return;
  if (meaning !== undefined) meaning(draft, own, told);
  else if (isEcsName(name)) putEcs(draft, name, own, context);
}

function isEcsName(name: string): boolean {
  const dot = name.indexOf(".");
  return dot > 0 && isEcsGroup(name.slice(0, dot));
}

/** Writes the device that pairs say they are from. */
export function writeDevice(alert: Alert, { device, address }: Told): void {
  if (device === undefined && address === undefined) return;
  alert.observer ??= {};
  if (device !== undefined) alert.observer.name = device;
  const ip = address ?? device ?? "";
  if (isAddress(ip)) alert.observer.ip = [ip];
}

/** What a common name means in ECS, whatever its case and punctuation: `src_ip`, `SrcIP` and `src-ip` are one. */
export function pairKeyOf(name: string): PairKey | undefined {
  return KEYS.get(name.toLowerCase().replace(/[-_. ]/g, ""));
}

know(
  "src srcip srcipv4 srcipv6 srcv6 srcaddr sip source sourceip sourceipaddress sourceaddress sourceaddr saddr ipsrc clientip cip remip " +
    "remoteip remoteaddr remoteaddress remotehost rhost callerip initiatorip",
  address("source"),
);
know(
  "dst dstip dstipv4 dstipv6 dstv6 dstaddr dip dest destip destaddr destination destinationip destinationipaddress destinationaddress daddr " +
    "ipdst serverip responderip targetip",
  address("destination"),
);
know("srcport sport spt sourceport initiatorport sportsvc", port("source"));
know("dstport dport dpt destport destinationport responderport", port("destination"));
know("srcmac smac sourcemac sourcemacaddress", text("source", "mac"));
know("dstmac dmac destmac destinationmac destinationmacaddress", text("destination", "mac"));
know("srcname srchost shost sourcehost sourcename sourcehostname", text("source", "domain"));
know("dstname dsthost dhost desthost destinationhost destinationhostname", text("destination", "domain"));
know("sent sentbyte sentbytes bytessent srcbytes sourcebytes initiatorbytes", count("source", "bytes"));
know(
  "rcvd rcvdbyte rcvdbytes recvbytes bytesreceived dstbytes responderbytes",
  count("destination", "bytes"),
);
know("sentpkt sentpkts packetssent sentpackets initiatorpackets", count("source", "packets"));
know("rcvdpkt rcvdpkts packetsreceived recvpackets responderpackets", count("destination", "packets"));
know("transip modsrc natsrc natsrcip xlatesrc srcnatip srctransip natsourceaddress", nat("source", "ip"));
know(
  "transport modsrcport natsport xlatesport xlatesportsvc natsourceport srctransport",
  nat("source", "port"),
);
know("tranip natdst natdstip xlatedst dstnatip dsttransip natdestinationaddress", nat("destination", "ip"));
know(
  "tranport natdport xlatedport xlatedportsvc natdestinationport dsttransport",
  nat("destination", "port"),
);
know("srcintf srcif inif inintf ininterface ingressinterface in sourceinterfacename", card("ingress"));
know("dstintf dstif outif outintf outinterface egressinterface out destinationinterfacename", card("egress"));
know(
  "user username usr usrname userid uname login loginname srcuser suser account accountname",
  ({ alert }, value) => {
    if (alert.user?.name === undefined && !NOBODY.test(value)) alert.user = { ...alert.user, name: value };
  },
);
know("dstuser duser targetuser targetusername", ({ alert }, value) => {
  alert.user = { ...alert.user, target: { name: value } };
});
know("userdomain usrdomain ntdomain", ({ alert }, value) => {
  alert.user = { ...alert.user, domain: value };
});
know("group usergroup usrgroup groupname", ({ alert }, value) => {
  alert.group = { name: value };
});
know("action act fwaction accesscontrolruleaction", ({ event }, value) => {
  event.action ??= value;
});
know("outcome result status eventoutcome", ({ event }, value) => {
  const known = OUTCOMES.get(value.toLowerCase());
  if (known !== undefined) event.outcome ??= known;
});
know("reason", ({ event }, value) => {
  event.reason ??= value;
});
know("msg message", ({ alert }, value) => {
  alert.message ??= value;
});
know("level lvl loglevel severity", level(false));
know("pri priority", level(true));
know("proto protocol ipproto ipprotocol protoid protocolid protoname", ({ alert }, value) => {
  const slash = value.indexOf("/");
  if (slash > 0 && putTransport(alert, value.slice(0, slash))) {
    const protocol = value.slice(slash + 1).toLowerCase();
    if (wholeNumber(protocol) === undefined) alert.network = { ...alert.network, protocol };
    return;
  }
  if (alert.network?.transport !== undefined || !putTransport(alert, value)) {
    if (wholeNumber(value) === undefined) alert.network = { ...alert.network, protocol: value.toLowerCase() };
  }
});
know("app application appname applicationprotocol", ({ alert }, value) => {
  if (wholeNumber(value) === undefined)
    alert.network = { ...alert.network, application: value.toLowerCase() };
});
know("service svc serviceid", ({ alert }, value) => {
  const found = portOf(value);
  if (found !== undefined) endpointOf(alert, "destination").port ??= found;
  else if (alert.network?.protocol === undefined)
    alert.network = { ...alert.network, protocol: value.toLowerCase() };
});
know("direction conndirection ifdir dir", ({ alert }, value) => {
  const known = DIRECTIONS.get(value.toLowerCase());
  if (known !== undefined) alert.network = { ...alert.network, direction: known };
});
know("url uri request requesturl", ({ alert }, value) => {
  alert.url = { ...alert.url, original: value };
});
know("method httpmethod requestmethod op", ({ alert }, value) => {
  if (!METHODS.has(value.toUpperCase())) return;
  alert.http = { ...alert.http, request: { ...alert.http?.request, method: value } };
});
know("httpstatus httpstatuscode httpresponse statuscode", ({ alert }, value) => {
  const code = wholeNumber(value);
  if (code !== undefined && code >= 100 && code < 600)
    alert.http = { ...alert.http, response: { status_code: code } };
});
know("agent useragent httpuseragent", ({ alert }, value) => {
  alert.user_agent = { original: value };
});
know("referer referrer httpreferer referralurl", ({ alert }, value) => {
  alert.http = { ...alert.http, request: { ...alert.http?.request, referrer: value } };
});
know("logid msgid eventid eventcode signatureid m", ({ event }, value) => {
  // Check Point's logid is zero in nearly every record.
  if (value !== "0") event.code ??= value;
});
know("policyname rulename fwrulename accesscontrolrulename", ({ alert }, value) => {
  alert.rule = { ...alert.rule, name: value };
});
know("policyid ruleid fwruleid", ({ alert }, value) => {
  alert.rule = { ...alert.rule, id: value };
});
know("rule policy", ({ alert }, value) => {
  const part = wholeNumber(value) === undefined ? "name" : "id";
  if (alert.rule?.[part] === undefined) alert.rule = { ...alert.rule, [part]: value };
});
know("file filename", ({ alert }, value) => {
  alert.file = { ...alert.file, name: value };
});
know("filepath", ({ alert }, value) => {
  alert.file = { ...alert.file, path: value };
});
know("md5 filemd5 md5sum", hash("md5"));
know("sha1 filesha1", hash("sha1"));
know("sha256 filesha256 sha256sum", hash("sha256"));
know("qname queryname dnsquery", ({ alert }, value) => {
  alert.dns = { ...alert.dns, question: { ...alert.dns?.question, name: value } };
});
know("subject", tell("subject"));
know("emailsubject mailsubject", ({ alert }, value) => {
  alert.email = { ...alert.email, subject: value };
});
know("devid deviceid deviceserialid sn serial serialnumber serialno", ({ alert }, value) => {
  alert.observer = { ...alert.observer, serial_number: value };
});
know("pid", ({ alert }, value) => {
  const pid = wholeNumber(value);
  if (pid !== undefined) alert.process = { ...alert.process, pid };
});
know("devname fw devicename dvchost firewall", tell("device"));
know("hostname host computer node nodename", tell("host"));
know("deviceip dvc devip fwip", tell("address"));
know("date logdate", tell("date"));
know("time ts t timestamp logtime eventdate datetime rt gentime generatedtime receivetime", tell("time"));
know("eventtime", tell("epoch"));
know("tz timezone dtz", tell("zone"));
// Firepower tells of a connection when it is over, and of when it began here.
know("start startime starttime firstpacketsecond", tell("start"));
know("end endtime", tell("end"));
