import type { Draft } from "../draft.ts";
import { readSaying, saying } from "./read-saying.ts";

const CLIENT = String.raw`^(?:[\w-]{1,32}: (?:\w{1,16}: )?)?client (?:@0x[\da-f]{1,16} )?(?<host>[\da-f.:%\w]{2,64})#(?<port>\d{1,5})(?: \([^\s()]{0,255}\))?: (?:view [\w.-]{1,64}: )?`;
const ASKED = String.raw`'(?<question>[^\s'/]{0,255})/(?<questionType>[A-Z0-9]{1,16})/(?<questionClass>[A-Z]{1,4})'`;
const REWRITTEN = String.raw` rewrite (?<question>[^\s'/]{0,255})/(?<questionType>[A-Z0-9]{1,16})/(?<questionClass>[A-Z]{1,4}) via (?<rule>\S{1,255})`;
const of = (rest: string) => new RegExp(CLIENT + rest.replaceAll("ASKED", ASKED));

const SAYINGS = [
  saying(
    of(
      String.raw`query: (?<question>\S{1,255}) (?<questionClass>[A-Z]{1,4}) (?<questionType>[A-Z0-9]{1,16})(?: (?<dns_flags>\S{1,32}))?(?: \((?<to>[^\s()]{2,64})\))?`,
    ),
    "dns_query",
    "network",
    "protocol info",
  ),
  saying(
    of(`(?<reason>rpz [A-Z-]{2,12} PASSTHRU)${REWRITTEN}`),
    "dns_rewrite",
    "network",
    "protocol allowed",
    "success",
  ),
  saying(
    of(`(?<reason>rpz [A-Z-]{2,12} (?:NXDOMAIN|NODATA|DROP|CNAME|Local-Data))${REWRITTEN}`),
    "dns_rewrite",
    "network",
    "protocol denied",
    "failure",
  ),
  saying(
    of("(?<reason>query(?: \\([a-z ]{1,32}\\))?) ASKED denied"),
    "dns_query",
    "network",
    "protocol denied",
    "failure",
  ),
  // As before BIND told what was asked.
  saying(
    of(String.raw`(?<reason>query(?: \([a-z ]{1,32}\))?) denied ?$`),
    "dns_query",
    "network",
    "protocol denied",
    "failure",
  ),
  saying(
    of(
      String.raw`(?<reason>query failed \([\w ]{1,32}\)) for (?<question>[^\s'/]{0,255})/(?<questionClass>[A-Z]{1,4})/(?<questionType>[A-Z0-9]{1,16})`,
    ),
    "dns_query",
    "network",
    "protocol error",
    "failure",
  ),
  saying(
    of(
      String.raw`(?<reason>zone transfer) '(?<question>[^\s'/]{0,255})(?:/(?<questionType>[A-Z0-9]{1,16}))?/(?<questionClass>[A-Z]{1,4})' denied`,
    ),
    "dns_zone_transfer",
    "network",
    "protocol denied",
    "failure",
  ),
  saying(
    of(
      "(?<reason>zone transfer) '(?<question>[^\\s'/]{0,255})(?:/(?:[A-Z0-9]{1,16}))?/(?<questionClass>[A-Z]{1,4})'",
    ),
    "dns_zone_transfer",
    "network",
    "protocol info",
  ),
  saying(
    of("(?<reason>bad zone transfer request): '(?<question>[^\\s'/]{0,255})/(?<questionClass>[A-Z]{1,4})'"),
    "dns_zone_transfer",
    "network",
    "protocol denied",
    "failure",
  ),
  saying(
    of("transfer of '(?<question>[^\\s'/]{0,255})/(?<questionClass>[A-Z]{1,4})': (?<reason>.{1,256})$"),
    "dns_zone_transfer",
    "network",
    "protocol info",
  ),
  saying(
    of(
      "(?<reason>update(?: forwarding)?) '(?<question>[^\\s'/]{0,255})/(?<questionClass>[A-Z]{1,4})' denied",
    ),
    "dns_update",
    "network",
    "protocol denied",
    "failure",
  ),
  saying(
    /^(?:[\w-]{1,32}: (?:\w{1,16}: )?)?(?:[A-Z]{4,10} )?(?<reason>(?:error|FORMERR|lame|unexpected|timed out|network unreachable|host unreachable|connection refused).{0,128}? resolving) '(?<question>[^\s'/]{0,255})\/(?<questionType>[A-Z0-9]{1,16})\/(?<questionClass>[A-Z]{1,4})'(?: \([^()]{1,255}\))?: (?<to>[^\s#]{2,64})#(?<toPort>\d{1,5})$/,
    "dns_query",
    "network",
    "protocol error",
    "failure",
  ),
  saying(
    /^(?:[\w-]{1,32}: (?:\w{1,16}: )?)?DNS format error from (?<to>[^\s#]{2,64})#(?<toPort>\d{1,5}) resolving (?<question>[^\s'/]{0,255})\/(?<questionType>[A-Z0-9]{1,16})(?: for (?:client )?(?:<unknown>|(?<host>[^\s#]{2,64})#(?<port>\d{1,5})))?: (?<reason>.{1,256})$/,
    "dns_query",
    "network",
    "protocol error",
    "failure",
  ),
];

/** Reads what BIND's named says of queries, transfers and updates. */
export const readNamed = (draft: Draft, message: string): void => {
  if (!readSaying(draft, SAYINGS, message)) return;
  const { alert, fields } = draft;
  alert.network = { ...alert.network, protocol: "dns" };
  if (alert.source === undefined) {
    if (alert.destination !== undefined) alert.server = { ...alert.destination };
    return;
  }
  alert.client = { ...alert.source };
  if (alert.destination !== undefined) alert.server = { ...alert.destination };
  // `+E(0)TK`: T is for TCP.
  const flags = fields.dns_flags;
  if (typeof flags === "string") alert.network.transport = flags.includes("T") ? "tcp" : "udp";
};

const DNSMASQ = [
  saying(
    /^(?:\d{1,12} \S{1,64} )?query\[(?<questionType>[A-Za-z0-9=]{1,16})\] (?<question>\S{1,255}) from (?<host>\S{1,64})$/,
    "dns_query",
    "network",
    "protocol info",
  ),
  saying(
    /^(?:\d{1,12} \S{1,64} )?(?<answer_from>reply|cached|config|\/etc\/hosts|gravity blocked|exactly denied|regex denied) (?<question>\S{1,255}) is (?<answer>\S{1,255})$/,
    "dns_answer",
    "network",
    "protocol info",
  ),
  saying(
    /^(?:\d{1,12} \S{1,64} )?forwarded (?<question>\S{1,255}) to (?<to>\S{1,64})$/,
    "dns_forward",
    "network",
    "protocol info",
  ),
];

/** Reads what dnsmasq and Pi-hole say of queries and answers. */
export const readDnsmasq = (draft: Draft, message: string): void => {
  if (readSaying(draft, DNSMASQ, message)) draft.alert.network = { ...draft.alert.network, protocol: "dns" };
};
