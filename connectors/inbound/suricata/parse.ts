import type { Decoded, DecodedRecord, ParseContext, Parsed } from "../../contract.ts";
import { endpointOf, portOf, putAddress, type Side } from "../../shared/address.ts";
import { clip, type Draft, finish, newWideDraft } from "../../shared/draft.ts";
import { broken, isEmpty, isObject, type JsonObject, readOne, textOf, textValue } from "../../shared/json.ts";
import { macOf } from "../../shared/mac-of.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { walkJson } from "../../shared/walk-json.ts";
import { writeAlert } from "./write-alert.ts";
import { writeFlow } from "./write-flow.ts";
import { writeProtocols } from "./write-protocols.ts";
import { writeSessions } from "./write-sessions.ts";

/** Reads one line of eve.json. Errors: `empty`, `not_json`, `not_suricata`, `several_records`. */
export function parseSuricata(text: string, context: ParseContext): Parsed {
  const read = readOne(text.startsWith("@cee: ") ? text.slice(6) : text);
  if (read.error !== undefined) return broken(text, "suricata", read.error, context);
  const { alert, error } = readEvent(read.value, text, context);
  return error === undefined ? { alert: alert as NonNullable<typeof alert> } : { alert, error };
}

/** Decodes an HTTP body: one event, or a list of them. */
export function decodeSuricata(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  if (!Array.isArray(body) && !isObject(body)) {
    const message = "the body is neither an event nor a list";
    return { outcome: "refused", code: "bad_body", field: "(body)", message };
  }
  const list = Array.isArray(body) ? body : [body];
  return { outcome: "decoded", records: list.map((event) => readEvent(event, textOf(event), context)) };
}

/** Every scalar under Suricata's own dotted name. */
const walk = walkJson<never, undefined>({ ecs: false, roleOf: () => undefined, found: () => false });

const KINDS: Record<string, "alert" | "metric" | "event"> = { alert: "alert", stats: "metric" };
const CATEGORIES: Record<string, readonly string[]> = {
  alert: ["network", "intrusion_detection"],
  anomaly: ["network"],
  drop: ["network"],
  http: ["network", "web"],
  fileinfo: ["network", "file"],
  stats: [],
};
const TYPES: Record<string, readonly string[]> = {
  alert: ["info"],
  drop: ["denied"],
  flow: ["connection"],
  netflow: ["connection"],
  stats: [],
};
const PROTOCOL = ["protocol"] as const;
const NETWORK = ["network"] as const;

function readEvent(told: unknown, original: string, context: ParseContext): DecodedRecord {
  const value = inOf(told);
  if (!isObject(value) || typeof value.event_type !== "string") {
    const message = "the record is not of Suricata: it has no event_type";
    return broken(original, "suricata", { code: "not_suricata", message }, context);
  }
  const draft = newWideDraft(original, "suricata", "suricata.eve");
  const { alert, event } = draft;
  walk(draft, value, context, undefined);
  context.trace?.({ by: "parser", name: "suricata", rule: "fields" }, alert);
  const type = value.event_type;
  event.kind = Object.hasOwn(KINDS, type) ? (KINDS[type] as "event") : "event";
  const category = Object.hasOwn(CATEGORIES, type) ? CATEGORIES[type] : NETWORK;
  if (category !== undefined && category.length > 0) event.category = [...category];
  const types = Object.hasOwn(TYPES, type) ? TYPES[type] : PROTOCOL;
  if (types !== undefined && types.length > 0) event.type = [...types];
  writeEnds(draft, value);
  context.trace?.({ by: "parser", name: "suricata", rule: "src, dest" }, alert);
  writeSensor(draft, told, value);
  writeFlow(draft, value, context);
  context.trace?.({ by: "parser", name: "suricata", rule: "flow" }, alert);
  writeProtocols(draft, value, context);
  writeSessions(draft, value);
  context.trace?.({ by: "parser", name: "suricata", rule: type }, alert);
  if (isObject(value.alert)) writeAlert(draft, value.alert);
  context.trace?.({ by: "parser", name: "suricata", rule: "alert" }, alert);
  event.action ??= clip(draft, type);
  const time = typeof value.timestamp === "string" ? readWholeDate(value.timestamp, context) : undefined;
  return { alert: finish(draft, time, context) };
}

/**
 * AWS Network Firewall is a Suricata whose events it wraps, with the firewall's name beside.
 *
 * https://docs.aws.amazon.com/network-firewall/latest/developerguide/firewall-logging-contents.html, read 2026-11-24.
 */
function inOf(told: unknown): unknown {
  if (!isObject(told) || told.event_type !== undefined || !isObject(told.event)) return told;
  return told.firewall_name === undefined ? told : told.event;
}

function writeSensor({ alert, fields }: Draft, told: unknown, value: JsonObject): void {
  if (told === value || !isObject(told)) return;
  const zone = textValue(told.availability_zone);
  const name = textValue(told.firewall_name);
  alert.observer = {
    ...{ vendor: "Amazon", product: "AWS Network Firewall", type: "firewall" },
    ...(name !== undefined && name.length <= 256 && { name }),
  };
  alert.cloud = {
    provider: "aws",
    ...(zone !== undefined && zone.length <= 64 && { availability_zone: zone }),
  };
  const at = textValue(told.event_timestamp);
  if (at !== undefined && at.length <= 64) fields.event_timestamp = at;
}

function writeEnds(draft: Draft, value: JsonObject): void {
  const { alert } = draft;
  writeEnd(draft, "source", value.src_ip, value.src_port);
  writeEnd(draft, "destination", value.dest_ip, value.dest_port);
  if (isObject(value.ether)) {
    const from = textValue(value.ether.src_mac);
    const to = textValue(value.ether.dest_mac);
    if (from !== undefined) endpointOf(alert, "source").mac = macOf(clip(draft, from));
    if (to !== undefined) endpointOf(alert, "destination").mac = macOf(clip(draft, to));
  }
  const network: NonNullable<typeof alert.network> = {};
  const transport = textValue(value.proto);
  if (transport !== undefined) network.transport = clip(draft, transport.toLowerCase());
  const anomaly = isObject(value.anomaly) ? value.anomaly : {};
  const protocol = textValue(value.app_proto) ?? textValue(anomaly.app_proto);
  if (protocol !== undefined && protocol !== "failed") network.protocol = clip(draft, protocol);
  const community = textValue(value.community_id);
  if (community !== undefined) network.community_id = clip(draft, community);
  if (address6(value.src_ip)) network.type = "ipv6";
  else if (typeof value.src_ip === "string") network.type = "ipv4";
  const vlan = Array.isArray(value.vlan) ? textValue(value.vlan[0]) : textValue(value.vlan);
  if (vlan !== undefined) network.vlan = { id: vlan };
  if (!isEmpty(network)) alert.network = network;
  const observer: NonNullable<typeof alert.observer> = { vendor: "OISF", product: "Suricata", type: "ids" };
  const host = textValue(value.host);
  if (host !== undefined) observer.hostname = clip(draft, host);
  const inside = textValue(value.in_iface);
  if (inside !== undefined) observer.ingress = { interface: { name: clip(draft, inside) } };
  alert.observer = observer;
  if (host !== undefined) alert.host = { name: clip(draft, host), hostname: clip(draft, host) };
}

function writeEnd(draft: Draft, side: Side, ip: unknown, toldPort: unknown): void {
  const address = textValue(ip);
  const port = portOf(textValue(toldPort) ?? "");
  if (address === undefined && port === undefined) return;
  const end = endpointOf(draft.alert, side);
  if (address !== undefined) putAddress(end, clip(draft, address));
  if (port !== undefined) end.port = port;
}

function address6(value: unknown): boolean {
  return typeof value === "string" && value.includes(":");
}

/** ECS writes hardware addresses with hyphens and capitals. */
