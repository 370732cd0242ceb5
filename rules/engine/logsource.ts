import { CLOUD_ROWS, PRODUCTS } from "./log-sources/cloud.ts";
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

/** One field that rows look at: what they want of it, and without which value of another they want nothing. */
interface Sign {
  name: string;
  read: (alert: object) => unknown;
  wanted: ReadonlySet<string>;
  /** Position of a sign that every row with this one asks too, and the values asked of it there. */
  after?: { sign: number; values: ReadonlySet<string> };
}

const NAMES_OF_SIGNS = [...new Set(ROWS.flatMap((row) => Object.keys(row.when)))];
/** Signs in the order in which an origin has them; those that are read after others come last. */
const SIGNS: Sign[] = [];
for (const name of NAMES_OF_SIGNS) if (companionOf(name) === undefined) addSign(name);
for (const name of NAMES_OF_SIGNS) if (companionOf(name) !== undefined) addSign(name);
const POSITIONS = new Map(SIGNS.map(({ name }, at) => [name, at]));

function addSign(name: string): void {
  const wanted = new Set(ROWS.flatMap((row) => row.when[name] ?? []));
  const companion = companionOf(name);
  const sign: Sign = { name, read: alertReader(name), wanted };
  if (companion !== undefined) {
    const values = new Set(ROWS.flatMap((row) => (name in row.when ? (row.when[companion] ?? []) : [])));
    sign.after = { sign: SIGNS.findIndex((one) => one.name === companion), values };
  }
  SIGNS.push(sign);
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
  for (const { read, wanted, after } of SIGNS) {
    const asked = after === undefined || after.values.has(values[after.sign] as string);
    const value = asked ? spelt(read(alert)) : "";
    values.push(value === "" || wanted.has(value) ? value : wanted.has("*") ? "*" : "");
  }
  values.push(spelt(readDataset(alert)));
  values.push(spelt(readEventSource(alert)).endsWith(".amazonaws.com") ? "aws" : "");
  return values.join("\n");
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
  const dataset = values[SIGNS.length] as string;
  const [name = "", ...rest] = dataset.split(".");
  if (rest.length > 0) {
    const product = PRODUCTS.get(name) ?? name;
    // Some of Sigma's services are named by the whole data set: gcp.audit, onelogin.events.
    found.push({ product, service: rest.join(".") }, { product, service: dataset });
  }
  if (values[SIGNS.length + 1] === "aws") found.push({ product: "aws", service: "cloudtrail" });
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

/** Modules and datasets that our parsers write themselves: they tell nothing of the record's text, unless it is claimed. */
const OWN =
  /^(?:syslog|cef|wazuh|alertmanager|generic|text|rfc5424|rfc3164|cisco|alerts|webhook|findings|suricata|eve|apache|nginx|squid|haproxy|access|error|journald|iptables\.log)$/;
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
    if (value === "*") return null;
    const may = CLAIMED.get(sign);
    const ours = sign.startsWith("event.") && OWN.test(value);
    const senders = may === undefined ? text(sign, [value]) : pattern(may, [value]);
    if (may === undefined && !ours) return rarer(senders, nameAtoms(sign));
    const readers = claimed(sign, value);
    if (readers === null || senders === null || (ours && readers.length === 0)) return null;
    return [...readers, ...senders];
  };
  const values: Atom[] = [];
  let names: Set<string> | null = new Set();
  const add = (sign: string, atoms: Atom[]) => {
    values.push(...atoms);
    const own = NAMES.get(sign) ?? (sign === "event.dataset" ? ["dataset"] : undefined);
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
    add(known[0], known[1]);
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
