import { CLOUD_ROWS, OWN_MAPPINGS, PRODUCTS } from "./log-sources/cloud.ts";
import { NETWORK_ROWS } from "./log-sources/network.ts";
import type { Row } from "./log-sources/row.ts";
import { UNIX_ROWS } from "./log-sources/unix.ts";
import { WINDOWS_ROWS } from "./log-sources/windows.ts";
import { type Atom, type AtomsOf, rarity } from "./necessary.ts";
import { MANY, type Pattern } from "./pattern.ts";
import type { LogSource } from "./rule.ts";
import { alertReader } from "./taxonomy.ts";

/** What tells each log source; a record may belong to several. */
const ROWS: Row[] = [
  { when: {}, is: { category: "alert" } },
  ...UNIX_ROWS,
  ...WINDOWS_ROWS,
  ...NETWORK_ROWS,
  ...CLOUD_ROWS,
];

/** The log sources that records read by the catalogue can come to belong to by what they are. */
export const KNOWN_LOG_SOURCES: readonly LogSource[] = [
  ...ROWS.map((row) => row.is),
  { product: "aws", service: "cloudtrail" },
];

/** One field that rows look at, and what they want of it. */
interface Sign {
  name: string;
  read: (alert: object) => unknown;
  wanted: ReadonlySet<string>;
}

/** Signs that are asked beside these values of another, at its position, and of nothing else. */
interface Asked {
  after: number;
  values: ReadonlySet<string>;
  signs: Sign[];
  /** What stands for all of them when they are not asked. */
  blank: string;
}

const NAMES_OF_SIGNS = [...new Set(ROWS.flatMap((row) => Object.keys(row.when)))];
/** Signs that every origin has, in its order; those that are read after others come behind. */
const SIGNS: Sign[] = NAMES_OF_SIGNS.filter((name) => companionOf(name) === undefined).map(signOf);
const ASKED: Asked[] = [];
for (const name of NAMES_OF_SIGNS) {
  const companion = companionOf(name);
  if (companion === undefined) continue;
  const asked = new Set(ROWS.flatMap((row) => (name in row.when ? (row.when[companion] ?? []) : [])));
  const after = SIGNS.findIndex((one) => one.name === companion);
  const same = ASKED.find(
    (one) => one.after === after && [...one.values].join("\n") === [...asked].join("\n"),
  );
  if (same === undefined) ASKED.push({ after, values: asked, signs: [signOf(name)], blank: "" });
  else {
    same.signs.push(signOf(name));
    same.blank += "\n";
  }
}
const POSITIONS = new Map(
  [...SIGNS, ...ASKED.flatMap(({ signs }) => signs)].map(({ name }, at) => [name, at]),
);

function signOf(name: string): Sign {
  return { name, read: alertReader(name), wanted: new Set(ROWS.flatMap((row) => row.when[name] ?? [])) };
}

/** A sign that every row with this one asks too, and other rows by itself: it must be read anyway. */
function companionOf(name: string): string | undefined {
  const rows = ROWS.filter((row) => name in row.when);
  return NAMES_OF_SIGNS.find(
    (other) =>
      other !== name &&
      rows.every((row) => other in row.when) &&
      ROWS.some((row) => other in row.when && Object.keys(row.when).length === 1),
  );
}

const readDataset = alertReader("event.dataset");
const readEventSource = alertReader("eventSource");

/** Fields that the origin of an alert is read from, and nothing else. */
export const ORIGIN_FIELDS: readonly string[] = [...NAMES_OF_SIGNS, "event.dataset", "eventSource"];

/** What distinguishes the alert's origin, as one text: alerts with the same one have the same log sources. */
export function originOf(alert: object): string {
  const values: string[] = [];
  const dataset = spelt(readDataset(alert));
  for (const sign of SIGNS)
    values.push(shown(sign, sign.name === "event.dataset" ? dataset : spelt(sign.read(alert))));
  for (const { after, values: asking, signs, blank } of ASKED) {
    if (!asking.has(values[after] as string)) values.push(blank);
    else values.push(signs.map((sign) => shown(sign, spelt(sign.read(alert)))).join("\n"));
  }
  values.push(dataset);
  values.push(spelt(readEventSource(alert)).endsWith(".amazonaws.com") ? "aws" : "");
  return values.join("\n");
}

/** What a value shows of a sign: one of those that rows want, `*` for another where any will do. */
function shown({ wanted }: Sign, value: string): string {
  return value === "" || wanted.has(value) ? value : wanted.has("*") ? "*" : "";
}

const LONGEST_SIGN = 200;

/** A sign as the rows write it; what could not be one is none, so that no sender makes origins without end. */
function spelt(value: unknown): string {
  if (typeof value === "number") return String(value);
  if (typeof value !== "string" || value.length > LONGEST_SIGN || value.includes("\n")) return "";
  return value.toLowerCase();
}

/** The log sources that an alert of this origin belongs to. */
export function logSourcesOf(origin: string): LogSource[] {
  const values = origin.split("\n");
  const found: LogSource[] = [];
  for (const row of ROWS) {
    const holds = Object.entries(row.when).every(([sign, wanted]) => {
      const value = values[POSITIONS.get(sign) as number] as string;
      return wanted[0] === "*" ? value !== "" : wanted.includes(value);
    });
    if (holds) found.push(row.is);
  }
  const dataset = values[POSITIONS.size] as string;
  const [name = "", ...rest] = dataset.split(".");
  if (rest.length > 0) {
    const product = PRODUCTS.get(name) ?? name;
    // Some of Sigma's services are named by the whole data set: gcp.audit, onelogin.events.
    found.push({ product, service: rest.join(".") }, { product, service: dataset });
  }
  if (values[POSITIONS.size + 1] === "aws") found.push({ product: "aws", service: "cloudtrail" });
  return found;
}

/** Whether a rule written for `wanted` applies to what belongs to the log sources: each part it names is among theirs. */
export function belongs(wanted: LogSource, sources: readonly LogSource[]): boolean {
  // Parts may come from different rows, save that no row names another product.
  const fits = sources.filter(
    (source) =>
      wanted.product === undefined || source.product === undefined || source.product === wanted.product,
  );
  const has = (part: keyof LogSource) =>
    wanted[part] === undefined || fits.some((source) => source[part] === wanted[part]);
  return has("category") && has("product") && has("service");
}

/** Modules and datasets that our parsers and mappings write themselves: they tell nothing of the record's text, unless it is claimed. */
const OWN =
  /^(?:syslog|cef|wazuh|alertmanager|generic|text|rfc5424|rfc3164|cisco|alerts|webhook|findings|suricata|eve|apache|nginx|squid|haproxy|access|error|journald|iptables\.log)$/;
const isOwn = (value: string) => OWN.test(value) || OWN_MAPPINGS.has(value);
/**
 * Signs that stand in the record as text when their value is not one of our own: ECS written by the sender. What an
 * observer is may be claimed as well.
 */
const SENDERS = new Map([
  ["event.module", "sender.module"],
  ["event.dataset", "sender.dataset"],
]);
const CLAIMED = new Map([
  ["observer.type", "sender.type"],
  ["observer.product", "sender.product"],
]);

/** What a record holds of which a reader writes the value, in lower case, by itself; null when that is not known. */
export type ClaimedAtoms = (field: string, value: string) => Atom[] | null;

/**
 * What the record must hold of the name of a sign, where only the sender's own names are read: every parser
 * takes them from the text.
 */
const NAMES = new Map([
  // Snare and OSSEC write both without their names, and syslog collectors put the provider where a program stands.
  ["Channel", ["channel", "eventlog", "log_name", "logname", "winevtlog"]],
  [
    "Provider_Name",
    ["provider", "source", "mswineventlog", "winevtlog", "microsoft-windows-", "security-auditing"],
  ],
  ["event_type", ["event_type"]],
  ["class_uid", ["class_uid"]],
  ["device.os.type", ["device"]],
  ["decoder.name", ["decoder"]],
  ["eventSource", ["eventsource"]],
  // The sender's own: records of the audit system say no module, and pass the gate by their stamp.
  ["event.module", ["module"]],
  ["endpoint", ["endpoint"]],
  // In columns, names are elsewhere: the class of a question and the version of HTTP stand for them.
  ["qtype_name", ["qtype_name", "c_internet", "c_any", "qclass-"]],
  [
    "trans_depth",
    [
      "trans_depth",
      ...["\t", "\\t", "#011"].flatMap((tab) => ["0.9", "1.0", "1.1"].map((v) => tab + v + tab)),
    ],
  ],
  ["request_type", ["request_type"]],
  ["cert_count", ["cert_count"]],
  ["certificate.serial", ["certificate"]],
  ["CategoryValue", ["categoryvalue"]],
  ["auditType.category", ["audittype"]],
  ["event_type_id", ["event_type_id"]],
  ["node_id", ["node_id"]],
  ["_document_id", ["_document_id"]],
]);

/** What a record must hold for its alert to belong to a log source: one of the values, and one of the names. */
export interface SourceAtoms {
  values: Atom[] | null;
  names: string[] | null;
}

/**
 * Finds what is in every record whose alert belongs to the log source; `atomsOf` says which texts count, `claimed`
 * what readers write by themselves. (Default: they may write anything.)
 */
export function logSourceAtoms(
  wanted: LogSource,
  atomsOf: AtomsOf,
  claimed: ClaimedAtoms = () => null,
): SourceAtoms {
  const found: SourceAtoms = { values: null, names: null };
  for (const part of ["category", "product", "service"] as const) {
    const name = wanted[part];
    const atoms = name === undefined ? null : partAtoms(part, name, atomsOf, claimed);
    if (atoms === null) continue;
    if (found.values === null || rarity(atoms.values) > rarity(found.values)) found.values = atoms.values;
    if (atoms.names !== null && (found.names === null || atoms.names.length < found.names.length))
      found.names = atoms.names;
  }
  return found;
}

function partAtoms(
  part: keyof LogSource,
  name: string,
  atomsOf: AtomsOf,
  claimed: ClaimedAtoms,
): { values: Atom[]; names: string[] | null } | null {
  const pattern = (field: string, parts: Pattern) =>
    atomsOf(field, { kind: "pattern", pattern: parts, cased: false });
  const text = (sign: string, parts: Pattern) => pattern(SENDERS.get(sign) ?? sign, parts);
  // The name that stands before a value tells more than an everyday word, or a number that may be spelt in many ways.
  const nameAtoms = (sign: string): Atom[] | null =>
    NAMES.get(sign)?.map((name) => ({ field: null, text: name, whole: false })) ?? null;
  const signAtoms = (sign: string, value: string): Atom[] | null => {
    if (value === "*") return nameAtoms(sign);
    const may = CLAIMED.get(sign);
    const ours = sign.startsWith("event.") && isOwn(value);
    const senders = may === undefined ? text(sign, [value]) : pattern(may, [value]);
    if (may === undefined && !ours) return rarer(senders, nameAtoms(sign));
    const readers = claimed(sign, value);
    if (readers === null || senders === null || (ours && readers.length === 0)) return null;
    return [...readers, ...senders];
  };
  const values: Atom[] = [];
  let names: Set<string> | null = new Set();
  const add = (sign: string, atoms: Atom[], byMapping = false) => {
    values.push(...atoms);
    const own = NAMES.get(sign) ?? (sign === "event.dataset" && !byMapping ? ["dataset"] : undefined);
    if (own === undefined) names = null;
    else for (const one of own) names?.add(one);
  };
  for (const row of ROWS) {
    if (row.is[part] !== name) continue;
    const signs = Object.entries(row.when).map(([sign, wanted]): [string, Atom[] | null] => {
      const each = wanted.map((value) => signAtoms(sign, value));
      return [sign, each.includes(null) ? null : (each.flat() as Atom[])];
    });
    const known = signs.find(([, atoms]) => atoms !== null);
    if (known?.[1] == null) return null;
    // What a mapping gives its records stands under no name in them.
    add(
      known[0],
      known[1],
      (row.when[known[0]] ?? []).some((value) => isOwn(value)),
    );
  }
  if (part !== "category") {
    if (OWN.test(name)) return null;
    const services = name.includes(".") ? [name] : [`.${name}`];
    const stems = part === "service" ? services : [name, ...aliasesOf(name)].map((product) => `${product}.`);
    const patterns: [string, Pattern][] = stems.map((stem) => ["event.dataset", [MANY, stem, MANY]]);
    if (name === "aws" || name === "cloudtrail") patterns.push(["eventSource", [MANY, ".amazonaws.com"]]);
    for (const [sign, pattern] of patterns) {
      const atoms = text(sign, pattern);
      if (atoms === null) return null;
      add(sign, atoms);
    }
  }
  return { values, names: names === null ? null : [...(names as Set<string>)].sort() };
}

/** Of two sets that are both necessary, the one that is likely to be met less often. */
function rarer(a: Atom[] | null, b: Atom[] | null): Atom[] | null {
  if (a === null || b === null) return a ?? b;
  return rarity(b) > rarity(a) ? b : a;
}

const aliasesOf = (product: string) =>
  [...PRODUCTS.keys()].filter((alias) => PRODUCTS.get(alias) === product);
