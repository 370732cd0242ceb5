import { z } from "zod";
import { Site, System } from "../agent/core/asset.ts";
import { isTimeZone } from "../agent/core/clock.ts";
import { DeliveryKind } from "../agent/core/delivery.ts";
import { DESIGNATIONS, FacilityKind } from "../agent/core/facility.ts";
import { HolidaySettings } from "../agent/core/working-time.ts";
import { SecretSource } from "../connectors/contract.ts";
import { Anchors } from "./anchors.ts";
import { Backup, Crisis } from "./backup.ts";
import { Bus } from "./bus.ts";
import { Canary } from "./canary.ts";
import { Encryption } from "./encryption.ts";
import { Group } from "./group.ts";
import { Identities } from "./identities.ts";
import { PlacementRule } from "./inventory/placement.ts";
import { Dependencies, Escalation, Handover, NotifyChannel, RosterSettings } from "./notify.ts";
import { PackSettings } from "./packs.ts";
import { People, Proxies } from "./people.ts";
import { Retention } from "./retention.ts";
import { RuleFolder } from "./rule-folder.ts";
import { Address, Id, Port, ServerTls, Source } from "./source.ts";
import { Store } from "./store.ts";
import { Traces } from "./traces.ts";

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|localhost)$/;

const httpListener = (port: number) => ({
  address: Address,
  port: Port.default(port),
  tls: ServerTls.optional(),
});
const safe = {
  test: (listener: { address: string; tls?: unknown }) =>
    listener.tls !== undefined || LOOPBACK.test(listener.address),
  problem: {
    path: ["tls"],
    error: "plain HTTP is for the loopback only; give tls.certificate and tls.key, or listen on 127.0.0.1",
  },
};

/** An HTTP address; plain HTTP is for the loopback only. */
const HttpListener = (port: number) =>
  z.strictObject(httpListener(port)).refine(safe.test, safe.problem).prefault({});
export type HttpListener = z.infer<ReturnType<typeof HttpListener>>;

const PeopleListener = z
  .strictObject({
    ...httpListener(8470),
    /** How people reach the pages from outside, when that differs (reverse proxy). */
    public_url: z.url({ protocol: /^https?$/ }).optional(),
    proxies: Proxies,
  })
  .refine(safe.test, safe.problem)
  .prefault({});

const Facility = z.strictObject({
  id: Id,
  name: z.string().min(1),
  /** FINESS géographique (ET) and juridique (EJ): 9 characters, spaces allowed. */
  finess_site: z.string().optional(),
  finess_legal: z.string().optional(),
  kind: FacilityKind,
  address: z.string().default(""),
  /** Region of the agence régionale de santé: a setting, never derived from the FINESS. */
  ars: z.string().default(""),
  time_zone: z
    .string()
    .default("Europe/Paris")
    .refine(isTimeZone, "not an IANA time zone, such as Europe/Paris"),
  /** Holidays of the place beside the national ones: they change routing and wording, never a legal clock. */
  holidays: HolidaySettings.prefault({}),
  /** Designations by the State that bring duties of their own. */
  designations: z.array(z.enum(DESIGNATIONS)).default([]),
  /** True when a contract makes a complaint within 72 hours a condition of being indemnified (L.12-10-1). */
  cyber_insurance: z.boolean().default(false),
  /** Délégué à la protection des données, or another contact point: what is prepared for the CNIL names them (RGPD, article 33). */
  dpo: z
    .strictObject({
      name: z.string().min(1).max(200),
      email: z.email().optional(),
      phone: z.string().min(1).max(40).optional(),
    })
    .optional(),
});

/** A way out: rungs of one ladder, in the order of the list. */
const WayOut = z.strictObject({
  id: Id,
  connector: z.string(),
  /** What it carries; only a `declaration` is filing. (Default: what the connector usually carries.) */
  kind: DeliveryKind.optional(),
  /** Duties whose declaration it carries. (Default: `[sante]`.) */
  duties: z.array(Id).min(1).default(["sante"]),
  /** Read by the connector itself. */
  settings: z.record(z.string(), z.unknown()).default({}),
});

/** The configuration as written by the operator; connectors' own settings are checked by the connectors. */
export const Config = z.strictObject({
  facility: Facility,
  /** `observe` tells nobody; `exercise` marks everything and reaches no authority; `live` is for real. */
  mode: z.enum(["observe", "exercise", "live"]),
  state_directory: z.string().default("../state"),
  /** The record in PostgreSQL, when more than one process shares it. (Default: SQLite in the state directory.) */
  store: Store.optional(),
  /** NATS JetStream between receivers and the correlator; absent, one process takes in and correlates. */
  bus: Bus.optional(),
  /** Several facilities that share the record (GHT), and who sees their open incidents; absent for none. */
  group: Group.optional(),
  listeners: z
    .strictObject({
      people: PeopleListener,
      intake: HttpListener(8471),
      operations: HttpListener(8472),
    })
    .prefault({}),
  sources: z.array(Source).default([]),
  /** Folders or files of Sigma rules beside the default pack. */
  rules: z.array(RuleFolder).default([]),
  /** Values of the placeholders (`|expand`) that rules use, by name. */
  placeholders: z.record(z.string(), z.array(z.string())).default({}),
  /** Folders or files of mappings, beside those of the program and of `mappings/` next to this file. */
  mappings: z.array(z.string()).default([]),
  /** Places of the facility, when there is more than one. */
  sites: z.array(Site).default([]),
  systems: z.array(System).default([]),
  /** How imported machines find their system; what was imported stands in `assets/` next to this file. */
  assets: z.strictObject({ rules: z.array(PlacementRule).default([]) }).prefault({}),
  /** How this facility writes what identifies its patients; masked wherever it would leave the record. */
  identities: Identities,
  /** Law packs of rules/regimes/ that are enabled; packs of one duty follow each other by date. */
  regimes: z.array(z.string()).min(1).default(["sante-2022", "sante-2016", "rgpd-33"]),
  /** Law packs that did not come with the program, and whose are taken. */
  packs: PackSettings,
  /**
   * Who is told, and how. `on_call` gets the openings, `delegate` what needs a decision, `director` what a delegate leaves
   * undone or undeclared, `rssi` what waits a month.
   */
  notify: z.array(NotifyChannel).default([]),
  /** Which systems the words of `notify[].depends_on` mean. */
  dependencies: Dependencies,
  /** Who is on call, from files. */
  rosters: z.array(RosterSettings).default([]),
  escalation: Escalation,
  /** A summary for who is on call, each morning; absent for none. */
  handover: Handover.optional(),
  /** How an approved declaration leaves, the first way first, and who is called for help or told besides. */
  outbound: z
    .array(WayOut)
    .min(1)
    .max(20)
    .default([{ id: "portail", connector: "portal-assisted", duties: ["sante"], settings: {} }]),
  /** Tools whose signed decisions are heard on POST /api/v1/decisions (Standard Webhooks secret). */
  tools: z.array(z.strictObject({ id: Id, secret: SecretSource })).default([]),
  people: People,
  /** Regular copies; absent for none. */
  backup: Backup.optional(),
  /** The encrypted copy in a second place, to go on from when everything is being cut; absent for none. */
  crisis: Crisis.optional(),
  /** Third parties that are given the journal's signed heads; absent for none. */
  anchors: Anchors.optional(),
  /** Where traces are sent; absent for none. */
  traces: Traces.optional(),
  /** Encryption of the record at rest; absent for none. */
  encryption: Encryption.optional(),
  /** The synthetic record that tries every way in; `off` for none. */
  canary: Canary,
  /** How long what is kept is kept; absent, nothing is removed by the clock. */
  retention: Retention.optional(),
  limits: z
    .strictObject({
      /** Largest HTTP body, bytes. (Default: 5 MiB.) */
      body_bytes: z
        .int()
        .min(1024)
        .max(256 * 1024 * 1024)
        .default(5 * 1024 * 1024),
      /** Longest syslog record, bytes. (Default: 64 KiB.) */
      record_bytes: z
        .int()
        .min(480)
        // As much as an octet count tells.
        .max(9_999_999)
        .default(64 * 1024),
      /** Open TCP connections per listener. (Default: 10,000.) */
      connections: z.int().min(1).max(1_000_000).default(10_000),
      /** Silence after which a TCP connection is closed, seconds. (Default: 3,600.) */
      idle_seconds: z.int().min(1).max(604_800).default(3600),
    })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;
