import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Claim } from "../agent/core/claim.ts";
import type { Problem } from "../agent/core/errors.ts";
import { once } from "../agent/core/once.ts";
import { autoOf, surestOf } from "./auto.ts";
import type { Inbound } from "./contract.ts";
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
import { isOver, type Select, selectAmong } from "./mapping/select-mapping.ts";
import { withMappings } from "./mapping/with-mappings.ts";
import { connectorNames, SHIPPED_MAPPINGS, shippedNames } from "./names.ts";

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

/** The names that the `over` of a mapping may have: the formats, and `text` for what none recognises. */
const FORMATS: readonly string[] = [...INBOUND.map(({ name }) => name), "text"];

export { SHIPPED_MAPPINGS } from "./names.ts";

/** Everything that a source may be: a format, a mapping, or `auto`. */
export interface Catalogue {
  names: readonly string[];
  named(name: string): Inbound | undefined;
  /** What its readers write of the origin of records by themselves. */
  claims(): readonly Claim[];
}

/** Loads mappings without those that come with the program; all that is wrong with them is told. */
export function readMappings(
  paths: readonly string[],
  before: readonly LoadedMapping[] = [],
): ReturnType<typeof loadMappings> {
  return loadMappings(paths, FORMATS, { before });
}

/** Opens the files of those that come with the program; throws what prevents it. Later, a flood may leave none to be opened. */
export const openShipped = once(
  () =>
    new Map(
      shippedNames().map((name) => {
        const file = join(SHIPPED_MAPPINGS, `${name}.yml`);
        return [file, readFileSync(file, "utf8")] as const;
      }),
    ),
);
const shipped = new Map<string, LoadedMapping[]>();
/** One of them, read once; `texts` are those of files that are open. */
function readShipped(file: string, texts?: ReadonlyMap<string, string>): LoadedMapping[] {
  const read = shipped.get(file) ?? loadMappings([file], FORMATS, { trusted: true, texts }).mappings;
  if (read.length > 0) shipped.set(file, read);
  return read;
}
/** Those that come with the program, all read once some record is to be recognised. */
const shippedMappings = once(() =>
  [...openShipped().keys()].flatMap((file) => readShipped(file, openShipped())),
);
/** Reads them, a step each, so that nothing waits for all of them. */
export function* readingShipped(): Generator<void, void, void> {
  for (const file of openShipped().keys()) {
    yield;
    readShipped(file, openShipped());
  }
}
/** Opens the catalogue with the mappings of the files and folders; all that is wrong with them is told. */
export function openCatalogue(paths: readonly string[]): { catalogue: Catalogue; problems: Problem[] } {
  const { mappings, problems } = readMappings(paths);
  return { catalogue: catalogueWith(mappings), problems };
}

/**
 * Makes the catalogue of mappings and of those that come with the program.
 *
 * One given stands for one of the same name that comes with the program, and is tried first. Those of the program are
 * read when they are needed: who only looks a source up reads one of them, or none.
 */
export function catalogueWith(own: readonly Mapping[]): Catalogue {
  const taken = new Set(own.map(({ name }) => name));
  const mappings = once(() => [...own, ...shippedMappings().filter(({ name }) => !taken.has(name))]);
  const selectMapping = once(() => selectAmong(mappings()));
  const select: Select = (alert) => selectMapping()(alert);
  const named = new Map(
    [...INBOUND, autoOf(INBOUND, syslog.example)].map((each) => [each.name, withMappings(each, select)]),
  );
  for (const mapping of own) named.set(mapping.name, namedMapping(mapping));
  const shippedNamed = (name: string): Inbound | undefined => {
    if (!shippedNames().includes(name)) return undefined;
    const [mapping] = readShipped(join(SHIPPED_MAPPINGS, `${name}.yml`));
    const inbound = mapping && namedMapping(mapping);
    if (inbound !== undefined) named.set(name, inbound);
    return inbound;
  };
  return {
    names: [...new Set([...connectorNames(), ...own.map(({ name }) => name)])],
    named: (name) => named.get(name) ?? shippedNamed(name),
    claims: once(() => [...INBOUND, ...mappings()].flatMap((reader) => reader.claims ?? [])),
  };
}

/** A source named by its mapping: the formats that it reads, alone or in syslog, whatever else would know them. */
function namedMapping(mapping: Mapping): Inbound {
  const formats = INBOUND.filter(({ name }) => name === syslog.name || mapping.over.includes(name));
  const [first] = mapping.over;
  const { example } = formats.find(({ name }) => name === first) ?? syslog;
  const selected = { mapping, sign: { conditions: [], place: () => mapping.file } };
  const { decode, ...auto } = withMappings(autoOf(formats, example), (alert) =>
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
