import type { Alert } from "../../agent/core/alert.ts";
import { wholeNumber } from "./address.ts";

/** IANA protocol numbers that devices log, by name. */
const NUMBERS = new Map<string, string>([
  ["icmp", "1"],
  ["igmp", "2"],
  ["ipip", "4"],
  ["tcp", "6"],
  ["egp", "8"],
  ["udp", "17"],
  ["rdp", "27"],
  ["dccp", "33"],
  ["ipv6", "41"],
  ["rsvp", "46"],
  ["gre", "47"],
  ["esp", "50"],
  ["ah", "51"],
  ["ipv6-icmp", "58"],
  ["eigrp", "88"],
  ["ospf", "89"],
  ["pim", "103"],
  ["vrrp", "112"],
  ["l2tp", "115"],
  ["sctp", "132"],
  ["udplite", "136"],
]);
const NAMES = new Map([...NUMBERS].map(([name, number]) => [number, name]));
const ALIASES = new Map([
  ["icmp6", "ipv6-icmp"],
  ["icmpv6", "ipv6-icmp"],
  ["icmp-v6", "ipv6-icmp"],
  ["ipv6icmp", "ipv6-icmp"],
]);

/** Writes a transport protocol, named or numbered, in lower case with its IANA number; false when it is none. */
export function putTransport(alert: Alert, value: string): boolean {
  const number = wholeNumber(value);
  const word = number === undefined ? value.toLowerCase() : NAMES.get(String(number));
  const name = word === undefined ? undefined : (ALIASES.get(word) ?? word);
  const iana = number === undefined ? NUMBERS.get(name ?? "") : String(number);
  if (iana === undefined || (number !== undefined && number > 255)) return false;
  alert.network ??= {};
  if (name !== undefined) alert.network.transport = name;
  alert.network.iana_number = iana;
  return true;
}
