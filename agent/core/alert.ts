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
const User = group({ name: keyword, domain: keyword, email: keyword, id: keyword, full_name: keyword });
const Hash = group({ md5: keyword, sha1: keyword, sha256: keyword, sha512: keyword });
const Process = group({
  name: keyword,
  pid: z.number().int(),
  executable: keyword,
  command_line: keyword,
  args: keywords,
  working_directory: keyword,
  hash: Hash,
  parent: group({ name: keyword, pid: z.number().int(), executable: keyword, command_line: keyword }),
});

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
    url: keyword,
  }),
  log: group({
    level: keyword,
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
  host: group({ name: keyword, hostname: keyword, id: keyword, ip: z.array(ip), mac: keywords }),
  agent: group({ id: keyword, name: keyword, type: keyword, version: keyword }),
  observer: group({
    vendor: keyword,
    product: keyword,
    version: keyword,
    name: keyword,
    hostname: keyword,
    ip: z.array(ip),
    type: keyword,
  }),
  source: Endpoint,
  destination: Endpoint,
  client: Endpoint,
  server: Endpoint,
  network: group({
    protocol: keyword,
    transport: keyword,
    direction: keyword,
    application: keyword,
    bytes: z.number(),
  }),
  user: User,
  process: Process,
  file: group({
    name: keyword,
    path: keyword,
    directory: keyword,
    extension: keyword,
    size: z.number(),
    hash: Hash,
  }),
  url: group({ original: keyword, full: keyword, domain: keyword, path: keyword, query: keyword }),
  http: group({ request: group({ method: keyword }), response: group({ status_code: z.number().int() }) }),
  service: group({ name: keyword, type: keyword, state: keyword }),
  rule: group({
    id: keyword,
    name: keyword,
    description: keyword,
    category: keyword,
    ruleset: keyword,
    reference: keyword,
  }),
  threat: group({
    tactic: group({ id: keywords, name: keywords }),
    technique: group({ id: keywords, name: keywords }),
  }),
  organization: group({ name: keyword }),
  ecs: group({ version: keyword }),
  fields: z.record(z.string(), FieldValue),
});
export type Alert = z.infer<typeof Alert>;

/** The version of ECS whose names Alert uses. */
export const ECS_VERSION = "8.17.0";
