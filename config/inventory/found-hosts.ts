import { isIP } from "node:net";
import type { Problem } from "../../agent/core/errors.ts";
import { readAddress } from "../../agent/core/ip-network.ts";

/** A machine as an export tells it, before anything is known of its system. */
export interface FoundHost {
  name: string;
  aliases: string[];
  addresses: string[];
  /** Groups, roles and clusters that the inventory puts it in. */
  groups: string[];
  location: string | null;
  /** The system that the export itself names. */
  system: string | null;
  /** `file:line:column`. */
  where: string;
}

/** What was read of an export: what is sound, and why the rest was refused. */
export interface Inventory {
  hosts: FoundHost[];
  problems: Problem[];
  /** Machines that the export itself says are out of use. */
  leftOut: number;
  /** Machines that the export says there are, when it is one page of several. */
  total?: number | undefined;
}

/** What of one entry of an export is looked at; texts as they stand. */
export interface RawHost {
  name: unknown;
  aliases?: readonly unknown[] | undefined;
  addresses?: readonly unknown[] | undefined;
  /** Addresses or names, as monitoring was told to reach the machine. */
  targets?: readonly unknown[] | undefined;
  groups?: readonly unknown[] | undefined;
  location?: unknown;
  system?: unknown;
  /** False when the export says it is deleted, a template or switched off. */
  used?: boolean | undefined;
  where: () => string;
}

/** Longest host name there is (RFC 1035, section 2.3.4). */
const NAME_LENGTH = 253;
/** Longest group or location kept. */
const TEXT_LENGTH = 500;
/** Addresses and aliases kept of one machine, and machines kept of one export. */
const OF_ONE = 64;
const HOSTS = 100_000;
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u2028\u2029*]/;
/** How exports write that there is nothing. */
const NOTHING = new Set(["", "-", "—", "&nbsp;", "any", "n/a", "null"]);

/** Keeps the machines that are sound; each other one is told with its place, and what to do. */
export function keepHosts(raw: Iterable<RawHost>, file: string): Inventory {
  const hosts: FoundHost[] = [];
  const problems: Problem[] = [];
  const seen = new Map<string, FoundHost>();
  let leftOut = 0;
  let beyond = 0;
  for (const entry of raw) {
    if (entry.used === false) {
      leftOut++;
      continue;
    }
    if (hosts.length >= HOSTS) {
      beyond++;
      continue;
    }
    const host = hostOf(entry);
    if ("code" in host) {
      problems.push(host);
      continue;
    }
    const earlier = seen.get(host.name.toLowerCase());
    if (earlier !== undefined) {
      problems.push({
        code: "host_repeated",
        where: host.where,
        message: `"${host.name}" is already at ${earlier.where}`,
        remedy: "keep one of the two, or give each its full name",
      });
      continue;
    }
    seen.set(host.name.toLowerCase(), host);
    hosts.push(host);
  }
  if (beyond > 0)
    problems.push({
      code: "too_many_hosts",
      where: file,
      message: `${beyond} machines beyond the first ${HOSTS} were not read`,
      remedy: "export servers and devices of care only, without the workstations",
    });
  return { hosts, problems, leftOut };
}

function hostOf(entry: RawHost): FoundHost | Problem {
  const refused = (code: string, message: string, remedy: string): Problem => {
    return { code, where: entry.where(), message, remedy };
  };
  const name = textOf(entry.name);
  if (name === null) return refused("host_unnamed", "there is no name", "give the machine its host name");
  const unfit = nameFault(name);
  if (unfit !== undefined) return refused("host_name_invalid", unfit, "write its host name");

  const texts = (values: readonly unknown[] = []) => values.flatMap((each) => textOf(each) ?? []);
  const targets = Map.groupBy(texts(entry.targets), (each) => (isIP(each) === 0 ? "names" : "addresses"));
  const aliases: string[] = [];
  for (const alias of [...texts(entry.aliases), ...(targets.get("names") ?? [])]) {
    const fault = nameFault(alias);
    if (fault !== undefined) return refused("host_name_invalid", `alias: ${fault}`, "write its host name");
    if (alias.toLowerCase() !== name.toLowerCase()) aliases.push(alias);
  }
  const addresses: string[] = [];
  for (const written of [...texts(entry.addresses), ...(targets.get("addresses") ?? [])]) {
    // NetBox writes the length of the network behind the address.
    const [address = ""] = written.split("/");
    if (isIP(address) === 0) {
      const message = `"${shown(written)}" is no IPv4 or IPv6 address`;
      return refused("address_invalid", message, "correct the address, or leave it empty");
    }
    if (!isOwnOnly(address)) addresses.push(address.replace(/%.*$/, "").toLowerCase());
  }
  if (aliases.length > OF_ONE || addresses.length > OF_ONE) {
    const message = `${Math.max(aliases.length, addresses.length)} addresses or aliases for one machine`;
    return refused("too_many_addresses", message, `give ${OF_ONE} at most, or a network in systems[].cidrs`);
  }
  return {
    name,
    aliases: [...new Set(aliases)],
    addresses: [...new Set(addresses)],
    groups: [...new Set((entry.groups ?? []).flatMap((each) => plainText(each) ?? []))].slice(0, OF_ONE),
    location: plainText(entry.location),
    system: textOf(entry.system),
    where: entry.where(),
  };
}

/** A text or number of an export; null when it stands for nothing. */
export function textOf(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const text = String(value).replaceAll("&nbsp;", " ").trim();
  return NOTHING.has(text.toLowerCase()) ? null : text;
}

function plainText(value: unknown): string | null {
  const text = textOf(value)?.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
  return text?.slice(0, TEXT_LENGTH).toWellFormed() ?? null;
}

function nameFault(name: string): string | undefined {
  if (name.length > NAME_LENGTH)
    return `a name of ${name.length} characters ("${shown(name)}"): ${NAME_LENGTH} at most`;
  const at = name.search(UNFIT);
  if (at >= 0 || !name.isWellFormed()) return `"${shown(name)}" has a character that no host name has`;
  return undefined;
}

function shown(text: string): string {
  const quoted = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return quoted.slice(1, -1);
}

/** An address that every machine has for itself says nothing of which one it is: loopback, any, link-local. */
function isOwnOnly(address: string): boolean {
  const read = readAddress(address);
  if (read === undefined) return false;
  if (read.bits === 32) {
    const first = read.value >>> 24;
    return first === 127 || first === 0 || read.value >>> 16 === 0xa9fe;
  }
  return read.value <= 1n || read.value >> 118n === 0x3fan;
}
