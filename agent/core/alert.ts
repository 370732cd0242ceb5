import { z } from "zod";

/** Bounds that every parser keeps, whatever the sender wrote; a cut is marked in `tags`. */
export const ALERT_LIMITS = {
  /** Bytes of raw text kept in `event.original`. */
  original: 64 * 1024,
  /** Entries of `fields`. */
  fields: 256,
  /** Characters of a name in `fields`. */
  name: 256,
  /** Characters of one value, here and in the ECS groups. */
  value: 16 * 1024,
  /** Levels of nesting read from a JSON body. */
  depth: 16,
} as const;

/** Marks that a parser leaves in `tags` when it had to do without something. */
export const AlertTag = {
  /** A value, a name or the number of fields was over ALERT_LIMITS. */
  cut: "tocsin_cut",
  /** Nothing in the record told when: `@timestamp` is the time of receipt. */
  noTime: "tocsin_no_event_time",
  /** The bytes were not UTF-8: replacement characters stand in the text. */
  notUtf8: "tocsin_not_utf8",
  /** No format recognised the record; its text is in `message`. */
  unrecognised: "tocsin_unrecognised",
} as const;

/** A value of the flat `fields`: what the source itself wrote under its own name. */
export const FieldValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])),
]);
export type FieldValue = z.infer<typeof FieldValue>;

const keyword = z.string();
const keywords = z.array(z.string());
const ip = z.string();
const port = z.number().int().min(0).max(65535);
const group = <T extends z.ZodRawShape>(shape: T) => z.looseObject(shape).partial();

const Endpoint = group({
  ip,
  port,
  address: keyword,
  domain: keyword,
  mac: keyword,
  bytes: z.number(),
  packets: z.number(),
  nat: group({ ip, port }),
});
const who = { name: keyword, domain: keyword, email: keyword, id: keyword, full_name: keyword };
const Group = group({ name: keyword, domain: keyword, id: keyword });
const User = group({ ...who, group: Group, target: group(who), effective: group(who) });
const Hash = group({
  md5: keyword,
  sha1: keyword,
  sha256: keyword,
  sha384: keyword,
  sha512: keyword,
  ssdeep: keyword,
});
const Pe = group({
  original_file_name: keyword,
  product: keyword,
  description: keyword,
  company: keyword,
  file_version: keyword,
  imphash: keyword,
});
const executed = {
  name: keyword,
  pid: z.number().int(),
  entity_id: keyword,
  executable: keyword,
  command_line: keyword,
  args: keywords,
  title: keyword,
  exit_code: z.number().int(),
  working_directory: keyword,
  hash: Hash,
  pe: Pe,
};
const Process = group({ ...executed, parent: group(executed), thread: group({ id: z.number().int() }) });
const Image = group({ name: keyword, path: keyword, hash: Hash, pe: Pe });
const Traffic = group({ interface: group({ name: keyword }), zone: keyword });
const Party = group({ address: keywords });
const Certificate = { subject: keyword, issuer: keyword, hash: Hash };

/**
 * One normalised event from a source, in nested Elastic Common Schema (ECS 8) names.
 *
 * `fields` keeps the source's own names, flat and bounded, beside the ECS groups. `event.severity` is the
 * source's own number (ECS says: on the source's scale); `event.risk_score_norm` is ours, 0 to 100 for all.
 */
export const Alert = group({
  "@timestamp": z.iso.datetime(),
  message: keyword,
  tags: keywords,
  labels: z.record(z.string(), z.string()),
  event: group({
    original: keyword,
    /** The format that was read: `syslog`, `cef`, `wazuh`… */
    module: keyword,
    dataset: keyword,
    kind: z.enum(["alert", "event", "metric", "state", "signal"]),
    category: keywords,
    type: keywords,
    action: keyword,
    outcome: z.enum(["success", "failure", "unknown"]),
    code: keyword,
    id: keyword,
    provider: keyword,
    reason: keyword,
    severity: z.number(),
    risk_score_norm: z.number().min(0).max(100),
    start: z.iso.datetime(),
    end: z.iso.datetime(),
    created: z.iso.datetime(),
    /** Nanoseconds, as ECS has it. */
    duration: z.number(),
    sequence: z.number(),
    risk_score: z.number(),
    timezone: keyword,
    url: keyword,
    reference: keyword,
  }),
  log: group({
    level: keyword,
    logger: keyword,
    file: group({ path: keyword }),
    syslog: group({
      priority: z.number().int().min(0).max(191),
      facility: group({ code: z.number().int().min(0).max(23), name: keyword }),
      severity: group({ code: z.number().int().min(0).max(7), name: keyword }),
      version: keyword,
      hostname: keyword,
      appname: keyword,
      procid: keyword,
      msgid: keyword,
      structured_data: z.record(z.string(), z.record(z.string(), z.string())),
    }),
  }),
  host: group({
    name: keyword,
    hostname: keyword,
    domain: keyword,
    id: keyword,
    ip: z.array(ip),
    mac: keywords,
    type: keyword,
    architecture: keyword,
    os: group({ name: keyword, family: keyword, full: keyword, type: keyword, version: keyword }),
  }),
  agent: group({ id: keyword, name: keyword, type: keyword, version: keyword }),
  observer: group({
    vendor: keyword,
    product: keyword,
    version: keyword,
    name: keyword,
    hostname: keyword,
    ip: z.array(ip),
    mac: keywords,
    type: keyword,
    serial_number: keyword,
    ingress: Traffic,
    egress: Traffic,
  }),
  source: Endpoint,
  destination: Endpoint,
  client: Endpoint,
  server: Endpoint,
  network: group({
    protocol: keyword,
    transport: keyword,
    type: keyword,
    iana_number: keyword,
    direction: keyword,
    application: keyword,
    name: keyword,
    community_id: keyword,
    bytes: z.number(),
    packets: z.number(),
    vlan: group({ id: keyword, name: keyword }),
  }),
  user: User,
  group: Group,
  process: Process,
  dll: Image,
  file: group({
    name: keyword,
    path: keyword,
    directory: keyword,
    extension: keyword,
    mime_type: keyword,
    type: keyword,
    owner: keyword,
    target_path: keyword,
    size: z.number(),
    hash: Hash,
    pe: Pe,
  }),
  registry: group({
    path: keyword,
    hive: keyword,
    key: keyword,
    value: keyword,
    data: group({ type: keyword, strings: keywords }),
  }),
  dns: group({
    id: keyword,
    type: keyword,
    response_code: keyword,
    resolved_ip: z.array(ip),
    question: group({ name: keyword, type: keyword, class: keyword }),
  }),
  url: group({
    original: keyword,
    full: keyword,
    scheme: keyword,
    domain: keyword,
    port,
    path: keyword,
    query: keyword,
    extension: keyword,
    username: keyword,
  }),
  http: group({
    version: keyword,
    request: group({ method: keyword, referrer: keyword, mime_type: keyword, bytes: z.number() }),
    response: group({
      status_code: z.number().int(),
      mime_type: keyword,
      bytes: z.number(),
      body: group({ bytes: z.number() }),
    }),
  }),
  user_agent: group({ original: keyword, name: keyword }),
  tls: group({
    version: keyword,
    cipher: keyword,
    established: z.boolean(),
    client: group({ ...Certificate, server_name: keyword, ja3: keyword }),
    server: group({ ...Certificate, ja3s: keyword }),
  }),
  email: group({
    from: Party,
    to: Party,
    cc: Party,
    sender: group({ address: keyword }),
    subject: keyword,
    message_id: keyword,
    local_id: keyword,
    direction: keyword,
  }),
  service: group({ name: keyword, type: keyword, state: keyword, address: keyword }),
  rule: group({
    id: keyword,
    uuid: keyword,
    name: keyword,
    description: keyword,
    category: keyword,
    ruleset: keyword,
    version: keyword,
    reference: keyword,
  }),
  threat: group({
    framework: keyword,
    tactic: group({ id: keywords, name: keywords }),
    technique: group({
      id: keywords,
      name: keywords,
      subtechnique: group({ id: keywords, name: keywords }),
    }),
    software: group({ name: keyword }),
    indicator: group({ type: keyword, ip, name: keyword, description: keyword }),
  }),
  vulnerability: group({ id: keywords, severity: keyword, description: keyword }),
  error: group({ code: keyword, message: keyword }),
  container: group({ id: keyword, name: keyword, image: group({ name: keyword }) }),
  cloud: group({
    provider: keyword,
    region: keyword,
    account: group({ id: keyword, name: keyword }),
    instance: group({ id: keyword, name: keyword }),
  }),
  organization: group({ name: keyword, id: keyword }),
  ecs: group({ version: keyword }),
  fields: z.record(z.string(), FieldValue),
});
export type Alert = z.infer<typeof Alert>;

/** The version of ECS whose names Alert uses. */
export const ECS_VERSION = "8.17.0";

/**
 * Fields that parsers and mappings only ever copy from a record: a text in one of them stands in the raw record,
 * save for the format's own escapes. The gate relies on it: it refuses records unread that lack a rule's text.
 *
 * Left out is whatever may be translated, computed, joined, spelt anew or told by the transport: event.action,
 * event.outcome, event.category, event.code, event.module, host.*, log.*, addresses, numbers, dates, tags.
 */
export const VERBATIM_FIELDS: ReadonlySet<string> = new Set([
  "message",
  "dll.name",
  "dll.path",
  "dns.question.name",
  "email.subject",
  "event.original",
  "event.provider",
  "event.reason",
  "file.name",
  "file.path",
  "http.request.method",
  "http.request.referrer",
  "process.command_line",
  "process.executable",
  "process.name",
  "process.parent.command_line",
  "process.parent.executable",
  "process.parent.name",
  "process.pe.company",
  "process.pe.description",
  "process.pe.original_file_name",
  "process.pe.product",
  "process.working_directory",
  "registry.data.strings",
  "registry.path",
  "rule.name",
  "tls.client.server_name",
  "url.extension",
  "url.full",
  "url.original",
  "url.path",
  "url.query",
  "user.name",
  "user_agent.original",
]);
