import type { ParseContext } from "../../contract.ts";
import { isAddress, portOf } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { isEmpty, isObject, type JsonObject, textValue } from "../../shared/json.ts";
import { putServerName } from "./put-server-name.ts";
import { writeTls } from "./write-tls.ts";

/** Writes what the protocols of an event say; an alert carries those of its flow. */
export function writeProtocols(draft: Draft, value: JsonObject, context: ParseContext): void {
  const { event_type: type } = value;
  if (isObject(value.dns)) writeDns(draft, value.dns);
  if (isObject(value.http)) writeHttp(draft, value.http);
  if (isObject(value.tls)) writeTls(draft, value.tls, context);
  // Its version is QUIC's own, not of TLS.
  if (isObject(value.quic)) writeTls(draft, { ...value.quic, version: undefined }, context);
  if (isObject(value.email)) writeEmail(draft, value.email);
  if (isObject(value.smb)) writeFileName(draft, textValue(value.smb.filename));
  const file = isObject(value.fileinfo)
    ? value.fileinfo
    : Array.isArray(value.files)
      ? value.files[0]
      : undefined;
  if (isObject(file)) writeFile(draft, file);
  if (isObject(value.anomaly)) {
    const reason = textValue(value.anomaly.event);
    if (reason !== undefined) draft.event.reason = clip(draft, reason);
  }
  const dropped = isObject(value.drop) ? textValue(value.drop.reason) : undefined;
  if (dropped !== undefined) draft.event.reason = clip(draft, dropped);
  const { network } = draft.alert;
  // The event's kind is its protocol, where it has one.
  if (typeof type === "string" && PROTOCOLS.has(type) && network?.protocol === undefined)
    draft.alert.network = { ...network, protocol: type };
  else if (network?.protocol === undefined) {
    const told = TOLD.find((name) => isObject(value[name]));
    if (told !== undefined) draft.alert.network = { ...network, protocol: told };
  }
}

const PROTOCOLS = new Set(
  "dns http http2 tls ssh smtp smb ftp ftp_data tftp nfs rdp rfb snmp sip dhcp krb5 ikev2 ike mqtt modbus dnp3 quic pgsql telnet websocket ldap mdns".split(
    " ",
  ),
);

/** Protocols whose own object stands in the alerts of rules that look into them. */
const TOLD = ["http", "dns", "tls", "ssh", "smb"];

/**
 * Version 1 has a record an answer, version 2 an answer with its list, version 3 lists of both.
 * https://docs.suricata.io/en/latest/output/eve/eve-json-format.html#event-type-dns
 */
function writeDns(draft: Draft, told: JsonObject): void {
  const { alert } = draft;
  // In an alert the query and the answer stand apart.
  const part = isObject(told.query) ? told.query : isObject(told.answer) ? told.answer : told;
  const queries = firstOf(told.queries) ?? firstOf(told.query) ?? firstOf(part.queries) ?? part;
  const dns: NonNullable<typeof alert.dns> = {};
  const type = textValue(told.type);
  if (type !== undefined)
    dns.type = type === "request" ? "query" : type === "response" ? "answer" : clip(draft, type);
  else if (part !== told) dns.type = part === told.query ? "query" : "answer";
  else if (Array.isArray(told.query)) dns.type = told.answer === undefined ? "query" : "answer";
  const id = textValue(part.id) ?? textValue(queries.id);
  if (id !== undefined) dns.id = id;
  const code = textValue(part.rcode) ?? textValue(told.rcode);
  if (code !== undefined) {
    dns.response_code = clip(draft, code);
    if (code === "NOERROR") putOutcome(draft, true);
    else if (REFUSALS.has(code)) putOutcome(draft, false);
  }
  const name = textValue(queries.rrname) ?? textValue(part.rrname);
  const kind = textValue(queries.rrtype) ?? textValue(part.rrtype);
  if (name !== undefined)
    dns.question = { name: clip(draft, name), ...(kind !== undefined && { type: clip(draft, kind) }) };
  const addresses = addressesOf(told.answers ?? part.answers, told.grouped ?? part.grouped, part.rdata);
  if (addresses.length > 0) dns.resolved_ip = addresses;
  alert.dns = dns;
}

/** How the exchange ended is no outcome of an attack or of malware seen in it. */
function putOutcome({ event, fields }: Draft, succeeded: boolean): void {
  const { event_type: type } = fields;
  if (type === "http" || type === "dns") event.outcome = succeeded ? "success" : "failure";
}

/** Answers by which a server fails; that a name is not, is an answer. */
const REFUSALS = new Set(["SERVFAIL", "REFUSED", "FORMERR"]);

function firstOf(list: unknown): JsonObject | undefined {
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  return isObject(first) ? first : undefined;
}

function addressesOf(answers: unknown, grouped: unknown, single: unknown): string[] {
  const found = new Set<string>();
  const add = (value: unknown) => {
    if (typeof value === "string" && found.size < 64 && isAddress(value)) found.add(value);
  };
  add(single);
  if (Array.isArray(answers))
    for (const answer of answers.slice(0, 256)) if (isObject(answer)) add(answer.rdata);
  if (isObject(grouped)) {
    for (const kind of ["A", "AAAA"]) {
      const list = grouped[kind];
      if (Array.isArray(list)) for (const address of list.slice(0, 256)) add(address);
    }
  }
  return [...found];
}

function writeHttp(draft: Draft, told: JsonObject): void {
  const { alert } = draft;
  const text = (name: string) => {
    const found = textValue(told[name]);
    return found === undefined ? undefined : clip(draft, found);
  };
  const url: NonNullable<typeof alert.url> = {};
  const original = text("url");
  if (original !== undefined) {
    url.original = original;
    const whole = original.startsWith("/")
      ? 0
      : (/^https?:\/\/[^/?#]*/i.exec(original.slice(0, 512))?.[0].length ?? 0);
    if (whole > 0) {
      url.full = original;
      url.scheme = original.slice(0, original.indexOf(":")).toLowerCase();
    }
    const query = original.indexOf("?", whole);
    const path = original.slice(whole, query < 0 ? original.length : query);
    if (path !== "") url.path = path;
    if (query >= 0) url.query = original.slice(query + 1);
  }
  const domain = text("hostname");
  if (domain !== undefined) {
    url.domain = domain;
    putServerName(draft, domain);
  }
  const port = portOf(text("http_port") ?? "");
  if (port !== undefined) url.port = port;
  if (!isEmpty(url)) alert.url = url;
  const agent = text("http_user_agent");
  if (agent !== undefined) alert.user_agent = { original: agent };
  const method = text("http_method");
  const referrer = text("http_refer");
  const version = text("protocol")?.replace(/^HTTP\//, "");
  const status = Number(text("status") ?? Number.NaN);
  const length = told.length;
  const mime = text("http_content_type");
  const http: NonNullable<typeof alert.http> = {};
  const request: NonNullable<typeof http.request> = {};
  const response: NonNullable<typeof http.response> = {};
  if (method !== undefined) request.method = method;
  if (referrer !== undefined) request.referrer = referrer;
  if (Number.isInteger(status)) {
    response.status_code = status;
    putOutcome(draft, status < 400);
  }
  if (mime !== undefined) response.mime_type = mime;
  if (typeof length === "number" && Number.isFinite(length)) response.body = { bytes: length };
  if (version !== undefined) http.version = version;
  if (!isEmpty(request)) http.request = request;
  if (!isEmpty(response)) http.response = response;
  if (!isEmpty(http)) alert.http = http;
}

function writeEmail(draft: Draft, told: JsonObject): void {
  const { alert } = draft;
  const addresses = (value: unknown) =>
    (Array.isArray(value) ? value.slice(0, 64) : [value]).flatMap((one) => {
      const text = textValue(one);
      return text === undefined || text.length > 512
        ? []
        : [(/<([^<>]{1,320})>/.exec(text)?.[1] ?? text).trim()];
    });
  const from = addresses(told.from);
  const to = addresses(told.to);
  const cc = addresses(told.cc);
  const subject = textValue(told.subject);
  const id = textValue(told.message_id);
  alert.email = {
    ...(from.length > 0 && { from: { address: from } }),
    ...(to.length > 0 && { to: { address: to } }),
    ...(cc.length > 0 && { cc: { address: cc } }),
    ...(subject !== undefined && { subject: clip(draft, subject) }),
    ...(id !== undefined && { message_id: clip(draft, id) }),
  };
}

function writeFile(draft: Draft, told: JsonObject): void {
  writeFileName(draft, textValue(told.filename));
  const { alert } = draft;
  const file = alert.file ?? {};
  if (typeof told.size === "number" && Number.isFinite(told.size)) file.size = told.size;
  const mime = textValue(told.mimetype) ?? textValue(told.magic);
  if (mime?.includes("/")) file.mime_type = clip(draft, mime);
  const hash: Record<string, string> = {};
  for (const kind of ["md5", "sha1", "sha256"]) {
    const value = textValue(told[kind]);
    if (value !== undefined) hash[kind] = clip(draft, value);
  }
  if (Object.keys(hash).length > 0) file.hash = hash;
  if (Object.keys(file).length > 0) alert.file = file;
}

function writeFileName(draft: Draft, whole: string | undefined): void {
  if (whole === undefined) return;
  const path = clip(draft, whole);
  const name = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  draft.alert.file = { ...draft.alert.file, path, ...(name !== "" && { name }) };
}
