import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { type Endpoint, isAddress, portOf, putAddress } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isEmpty, isObject, type JsonObject } from "../../shared/json.ts";
import { macOf } from "../../shared/mac-of.ts";
import { geoOf } from "./geo-of.ts";
import { hashOf } from "./hash-of.ts";
import { timeOf } from "./time-of.ts";
import { putText, toldText } from "./told-text.ts";

/** Writes both ends, the connection between them, and what HTTP, DNS, TLS and mail say of it. */
export function writeNetwork(draft: Draft, document: JsonObject, context: ParseContext): void {
  const { alert } = draft;
  const source = endOf(draft, document.src_endpoint);
  const destination = endOf(draft, document.dst_endpoint);
  writeConnection(draft, document, source, destination);
  if (!isEmpty(source)) alert.source = source;
  if (!isEmpty(destination)) alert.destination = destination;
  if (isObject(document.http_request)) writeHttp(draft, document.http_request, document.http_response);
  else if (isObject(document.url)) writeUrl(draft, document.url);
  if (isObject(document.query)) writeDns(draft, document);
  if (isObject(document.tls)) writeTls(draft, document.tls, context);
  if (isObject(document.email)) writeEmail(draft, document.email, document.direction_id);
  const own = toldText(document.email_uid) ?? toldText(at(document.email, "uid"));
  if (own !== undefined) alert.email = { ...alert.email, local_id: clip(draft, own) };
}

function endOf(draft: Draft, value: unknown): Endpoint {
  const end: Endpoint = {};
  if (!isObject(value)) return end;
  const domain = toldText(value.hostname) ?? toldText(value.domain) ?? nameOf(value);
  putAddress(end, clip(draft, toldText(value.ip) ?? domain ?? ""));
  if (domain !== undefined) end.domain = clip(draft, domain);
  const port = portOf(toldText(value.port) ?? "");
  if (port !== undefined && (port > 0 || end.ip !== undefined)) end.port = port;
  const mac = toldText(value.mac);
  if (mac !== undefined) end.mac = macOf(clip(draft, mac));
  const geo = geoOf(draft, value.location);
  if (geo !== undefined) end.geo = geo;
  return end;
}

/** Before there was a hostname, it stood in `name`, which may be a label too. */
function nameOf({ name }: JsonObject): string | undefined {
  const text = toldText(name);
  return text !== undefined && /^[\w.-]{1,253}$/.test(text) && !isAddress(text) ? text : undefined;
}

/** Numbers of IANA's protocols that are transports. */
const TRANSPORTS = new Map([
  ["1", "icmp"],
  ["6", "tcp"],
  ["17", "udp"],
  ["58", "ipv6-icmp"],
  ["132", "sctp"],
]);

const DIRECTIONS = new Map<unknown, string>([
  [1, "inbound"],
  [2, "outbound"],
  [3, "internal"],
]);

/** What the class itself says is spoken. */
const PROTOCOLS = new Map([
  [4002, "http"],
  [4003, "dns"],
  [4004, "dhcp"],
  [4005, "rdp"],
  [4006, "smb"],
  [4007, "ssh"],
  [4008, "ftp"],
  [4013, "ntp"],
]);

function writeConnection(draft: Draft, document: JsonObject, source: Endpoint, destination: Endpoint): void {
  const { connection_info: info, traffic } = document;
  const network: NonNullable<Alert["network"]> = {};
  if (isObject(info)) {
    const number = toldText(info.protocol_num);
    const transport = toldText(info.protocol_name)?.toLowerCase() ?? TRANSPORTS.get(number ?? "");
    if (transport !== undefined) network.transport = clip(draft, transport);
    if (number !== undefined && number !== "-1") network.iana_number = clip(draft, number);
    const direction = DIRECTIONS.get(info.direction_id);
    if (direction !== undefined) network.direction = direction;
    const version = /^(?:ipv)?([46])$/i.exec(toldText(info.protocol_ver_id ?? info.protocol_ver) ?? "")?.[1];
    if (version !== undefined) network.type = `ipv${version}`;
    const community = toldText(info.community_uid);
    if (community !== undefined) network.community_id = clip(draft, community);
  }
  const protocol = PROTOCOLS.get(Number(document.class_uid));
  if (protocol !== undefined) network.protocol = protocol;
  const application = toldText(document.app_name) ?? toldText(at(document, "dst_endpoint", "svc_name"));
  if (application !== undefined) network.application = clip(draft, application.toLowerCase());
  if (isObject(traffic)) {
    set(network, "bytes", traffic.bytes);
    set(network, "packets", traffic.packets);
    set(source, "bytes", traffic.bytes_out);
    set(source, "packets", traffic.packets_out);
    set(destination, "bytes", traffic.bytes_in);
    set(destination, "packets", traffic.packets_in);
  }
  if (!isEmpty(network)) draft.alert.network = network;
}

function set(
  group: { bytes?: number | undefined; packets?: number | undefined },
  key: "bytes" | "packets",
  value: unknown,
): void {
  if (typeof value === "number" && Number.isFinite(value)) group[key] = value;
}

function writeHttp(draft: Draft, request: JsonObject, response: unknown): void {
  const { alert } = draft;
  const text = (value: unknown) => {
    const found = toldText(value);
    return found === undefined ? undefined : clip(draft, found);
  };
  if (isObject(request.url)) writeUrl(draft, request.url);
  const agent = text(request.user_agent);
  if (agent !== undefined) alert.user_agent = { original: agent };
  const method = text(request.http_method);
  const referrer = text(request.referrer);
  const version = text(request.version)?.replace(/^HTTP\//i, "");
  const id = text(request.uid);
  const code = at(response, "code");
  const length = at(response, "length");
  alert.http = {
    ...(version !== undefined && { version }),
    ...((id ?? method ?? referrer) !== undefined && {
      request: {
        ...(id !== undefined && { id }),
        ...(method !== undefined && { method }),
        ...(referrer !== undefined && { referrer }),
      },
    }),
    ...(typeof code === "number" &&
      Number.isSafeInteger(code) && {
        response: {
          status_code: code,
          ...(typeof length === "number" && Number.isFinite(length) && { bytes: length }),
        },
      }),
  };
}

function writeUrl(draft: Draft, told: JsonObject): void {
  const url: NonNullable<Alert["url"]> = {};
  putText(draft, url, "original", told.url_string ?? told.text);
  putText(draft, url, "domain", told.hostname);
  putText(draft, url, "path", told.path);
  putText(draft, url, "query", told.query_string ?? told.query);
  putText(draft, url, "scheme", told.scheme);
  const port = portOf(toldText(told.port) ?? "");
  if (port !== undefined) url.port = port;
  if (!isEmpty(url)) draft.alert.url = url;
}

function writeDns(draft: Draft, document: JsonObject): void {
  const { query, answers, rcode } = document;
  const dns: NonNullable<Alert["dns"]> = {};
  const question: NonNullable<typeof dns.question> = {};
  putText(draft, question, "name", at(query, "hostname"));
  putText(draft, question, "type", at(query, "type"));
  putText(draft, question, "class", at(query, "class"));
  if (!isEmpty(question)) dns.question = question;
  const id = toldText(at(query, "packet_uid"));
  if (id !== undefined) dns.id = clip(draft, id);
  const code = toldText(rcode);
  if (code !== undefined) dns.response_code = clip(draft, code);
  const list = Array.isArray(answers) ? answers.slice(0, 64) : [];
  const addresses = (isObject(answers) ? [answers] : list)
    .flatMap((answer) => at(answer, "rdata"))
    .filter((rdata) => typeof rdata === "string" && isAddress(rdata));
  if (addresses.length > 0) dns.resolved_ip = addresses as string[];
  dns.type = list.length > 0 || code !== undefined ? "answer" : "query";
  draft.alert.dns = dns;
  draft.alert.network = { protocol: "dns", ...draft.alert.network };
}

function writeTls(draft: Draft, told: JsonObject, context: ParseContext): void {
  const text = (first: string, second?: string) => {
    const found = toldText(at(told, first, second));
    return found === undefined ? undefined : clip(draft, found);
  };
  const [version, cipher, name] = [text("version"), text("cipher"), text("sni")];
  const [ja3, ja3s] = [text("ja3_hash", "value"), text("ja3s_hash", "value")];
  const [subject, issuer] = [text("certificate", "subject"), text("certificate", "issuer")];
  const hash = hashOf(at(told, "certificate", "fingerprints"));
  const before = timeOf(told.certificate, "created_time", context);
  const after = timeOf(told.certificate, "expiration_time", context);
  draft.alert.tls = {
    ...(version !== undefined && { version }),
    ...(cipher !== undefined && { cipher }),
    ...((name ?? ja3) !== undefined && {
      client: { ...(name !== undefined && { server_name: name }), ...(ja3 !== undefined && { ja3 }) },
    }),
    ...((subject ?? issuer ?? ja3s ?? hash ?? before ?? after) !== undefined && {
      server: {
        ...(subject !== undefined && { subject }),
        ...(issuer !== undefined && { issuer }),
        ...(ja3s !== undefined && { ja3s }),
        ...(hash !== undefined && { hash }),
        ...(before !== undefined && { not_before: before }),
        ...(after !== undefined && { not_after: after }),
      },
    }),
  };
}

function writeEmail(draft: Draft, told: JsonObject, way: unknown): void {
  const addresses = (value: unknown) =>
    (Array.isArray(value) ? value.slice(0, 64) : [value]).filter(
      (one) => typeof one === "string" && one !== "" && one.length <= 512,
    );
  // The envelope tells whom where the header is not told.
  const [from, to] = [addresses(told.from ?? told.smtp_from), addresses(told.to ?? told.smtp_to)];
  const [cc, sender] = [addresses(told.cc), toldText(told.smtp_from)];
  const subject = toldText(told.subject);
  const id = toldText(told.message_uid);
  const direction = DIRECTIONS.get(way);
  draft.alert.email = {
    ...(from.length > 0 && { from: { address: from } }),
    ...(sender !== undefined && { sender: { address: clip(draft, sender) } }),
    ...(to.length > 0 && { to: { address: to } }),
    ...(cc.length > 0 && { cc: { address: cc } }),
    ...(subject !== undefined && { subject: clip(draft, subject) }),
    ...(id !== undefined && { message_id: clip(draft, id) }),
    ...(direction !== undefined && { direction }),
  };
}
