import { join } from "node:path";
import type { Claim } from "../agent/core/claim.ts";
import type { Problem } from "../agent/core/errors.ts";
import { autoOf, surestOf } from "./auto.ts";
import type { Inbound, Notifier, Outbound } from "./contract.ts";
import { alertmanager } from "./inbound/alertmanager/index.ts";
import { apache } from "./inbound/apache/index.ts";
import { auditd } from "./inbound/auditd/index.ts";
import { cef } from "./inbound/cef/index.ts";
import { generic } from "./inbound/generic/index.ts";
import { haproxy } from "./inbound/haproxy/index.ts";
import { keyvalue } from "./inbound/keyvalue/index.ts";
import { leef } from "./inbound/leef/index.ts";
import { nginx } from "./inbound/nginx/index.ts";
import { ocsf } from "./inbound/ocsf/index.ts";
import { squid } from "./inbound/squid/index.ts";
import { suricata } from "./inbound/suricata/index.ts";
import { syslogOf } from "./inbound/syslog/index.ts";
import { wazuh } from "./inbound/wazuh/index.ts";
import { windows } from "./inbound/windows/index.ts";
import type { Mapping } from "./mapping/compile.ts";
import { type LoadedMapping, loadMappings } from "./mapping/load-mappings.ts";
import { isOver, selectAmong } from "./mapping/select-mapping.ts";
import { withMappings } from "./mapping/with-mappings.ts";
import { email } from "./notify/email/index.ts";
import { glpi } from "./notify/glpi/index.ts";
import { mattermost } from "./notify/mattermost/index.ts";
import { modemSpool } from "./notify/modem-spool/index.ts";
import { ntfy } from "./notify/ntfy/index.ts";
import { servicenow } from "./notify/servicenow/index.ts";
import { slack } from "./notify/slack/index.ts";
import { sms } from "./notify/sms/index.ts";
import { teams } from "./notify/teams/index.ts";
import { voice } from "./notify/voice/index.ts";
import { webhook } from "./notify/webhook/index.ts";
import { arsMail } from "./outbound/ars-mail/index.ts";
import { arsPhone } from "./outbound/ars-phone/index.ts";
import { exercise } from "./outbound/exercise/index.ts";
import { fssiMail } from "./outbound/fssi-mail/index.ts";
import { helpPhone } from "./outbound/help-phone/index.ts";
import { portalAssisted } from "./outbound/portal-assisted/index.ts";
import { portalHttp } from "./outbound/portal-http/index.ts";

/** Syslog hands its message to these when it is a format of their own. */
const syslog = syslogOf([auditd, cef, leef, wazuh, alertmanager, ocsf, suricata, windows, generic, keyvalue]);

/** Every way in, one a folder of `inbound/`. */
export const INBOUND: readonly Inbound[] = [
  alertmanager,
  apache,
  auditd,
  cef,
  generic,
  haproxy,
  keyvalue,
  leef,
  nginx,
  ocsf,
  squid,
  suricata,
  syslog,
  wazuh,
  windows,
];

/** Every way to tell a person, one a folder of `notify/`. */
// biome-ignore lint/suspicious/noExplicitAny: its own schema checks its settings before it is opened
export const NOTIFIERS: readonly Notifier<any>[] = [
  email,
  glpi,
  mattermost,
  modemSpool,
  ntfy,
  servicenow,
  slack,
  sms,
  teams,
  voice,
  webhook,
];

/** Every way out for an approved declaration, one a folder of `outbound/`. */
// biome-ignore lint/suspicious/noExplicitAny: its own schema checks its settings before it is opened
export const OUTBOUNDS: readonly Outbound<any>[] = [
  arsMail,
  arsPhone,
  exercise,
  fssiMail,
  helpPhone,
  portalAssisted,
  portalHttp,
];

/** The names that the `over` of a mapping may have: the formats, and `text` for what none recognises. */
const FORMATS: readonly string[] = [...INBOUND.map(({ name }) => name), "text"];

/** The mappings that come with the program. */
export const SHIPPED_MAPPINGS = join(import.meta.dirname, "products");

/** Everything that a source may be: a format, a mapping, or `auto`. */
export interface Catalogue {
  names: readonly string[];
  named(name: string): Inbound | undefined;
  /** What its readers write of the origin of records by themselves. */
  claims: readonly Claim[];
}

/** Loads mappings without those that come with the program; all that is wrong with them is told. */
export function readMappings(
  paths: readonly string[],
  before: readonly LoadedMapping[] = [],
): ReturnType<typeof loadMappings> {
  return loadMappings(paths, FORMATS, { before });
}

let shipped: ReturnType<typeof loadMappings> | undefined;
const shippedMappings = () => (shipped ??= loadMappings([SHIPPED_MAPPINGS], FORMATS, { trusted: true }));

/** Opens the catalogue with the mappings of the files and folders; all that is wrong with any is told. */
export function openCatalogue(paths: readonly string[]): { catalogue: Catalogue; problems: Problem[] } {
  const { mappings, problems } = readMappings(paths);
  return { catalogue: catalogueWith(mappings), problems: [...shippedMappings().problems, ...problems] };
}

/**
 * Makes the catalogue of mappings and of those that come with the program.
 *
 * One given stands for one of the same name that comes with the program, and is tried first.
 */
export function catalogueWith(own: readonly Mapping[]): Catalogue {
  const taken = new Set(own.map(({ name }) => name));
  return catalogueOf([...own, ...shippedMappings().mappings.filter(({ name }) => !taken.has(name))]);
}

function catalogueOf(mappings: readonly Mapping[]): Catalogue {
  const select = selectAmong(mappings);
  const found = new Map(
    [...INBOUND, autoOf(INBOUND)].map((inbound) => [inbound.name, withMappings(inbound, select)]),
  );
  for (const mapping of mappings) found.set(mapping.name, namedMapping(mapping));
  const claims = [...INBOUND, ...mappings].flatMap((reader) => reader.claims ?? []);
  return { names: [...found.keys()], named: (name) => found.get(name), claims };
}

/** A source named by its mapping: the formats that it reads, alone or in syslog, whatever else would know them. */
function namedMapping(mapping: Mapping): Inbound {
  const formats = INBOUND.filter(({ name }) => name === syslog.name || mapping.over.includes(name));
  const selected = { mapping, sign: { conditions: [], place: () => mapping.file } };
  const { decode, ...auto } = withMappings(autoOf(formats), (alert) =>
    isOver(mapping, alert) ? selected : undefined,
  );
  const overHttp = decode !== undefined && formats.some((format) => format.decode !== undefined);
  return {
    ...auto,
    name: mapping.name,
    summary: mapping.title,
    ...(overHttp ? { decode } : { ways: ["text"] }),
  };
}

/** A source of the catalogue that holds only what comes with the program; undefined when there is none. */
export function inboundNamed(name: string): Inbound | undefined {
  builtIn ??= openCatalogue([]).catalogue;
  return builtIn.named(name);
}

let builtIn: Catalogue | undefined;

/** Which format a record is: the connector that is surest of it, and why; no connector when none is. */
export function recognise(text: string): { connector?: Inbound; certainty: number; because: string } {
  return surestOf(INBOUND, text) ?? { certainty: 0, because: "no format recognises it" };
}
