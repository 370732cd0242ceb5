import type { Asset, System } from "./asset.ts";
import { type IpAddress, type IpNetwork, networkOf, readAddress, readNetwork } from "./ip-network.ts";

/** What finds the system of a name or an address. */
export interface SystemIndex {
  /** Id of the system that claims a host, service or address by this text; undefined when none does. */
  find(text: string): string | undefined;
}

/** Networks by length of prefix: the longest that holds an address is found in one look at each length. */
export interface NetworkIndex {
  add(network: IpNetwork, system: string): void;
  /** The narrowest network that holds an address; `wider` leaves out those of that many bits and more. */
  find(address: IpAddress, wider?: number): { system: string; network: IpNetwork } | undefined;
}

/**
 * Indexes what systems claim: an exact name wins over a pattern, a pattern over a network; of two patterns the one with
 * more letters of its own wins, of two networks the one with the longer prefix; then the first system that was written.
 */
export function indexSystems(systems: readonly System[], assets: readonly Asset[] = []): SystemIndex {
  const names = new Map<string, string>();
  const patterns = indexPatterns();
  const networks = indexNetworks();
  const claim = (written: string, system: string) => {
    const lower = written.toLowerCase();
    if (lower.includes("*")) patterns.add(lower, system);
    else if (!names.has(lower)) names.set(lower, system);
  };
  for (const { id, hosts, services, cidrs } of systems) {
    for (const each of [...hosts, ...services]) claim(each, id);
    for (const cidr of cidrs) {
      const network = readNetwork(cidr);
      if (network !== undefined) networks.add(network, id);
    }
  }
  for (const { system, name, aliases, addresses } of assets) {
    if (system === null) continue;
    for (const each of [name, ...aliases]) claim(each, system);
    for (const address of addresses) {
      const network = readNetwork(address);
      if (network !== undefined) networks.add(network, system);
    }
  }
  return {
    find(text) {
      const lower = text.toLowerCase();
      const address = readAddress(lower);
      // A short name also names the host of a fully qualified one.
      const dot = address === undefined ? lower.indexOf(".") : -1;
      const host = dot > 0 ? lower.slice(0, dot) : undefined;
      const exact = names.get(lower) ?? (host === undefined ? undefined : names.get(host));
      if (exact !== undefined) return exact;
      const like = patterns.find(lower, host);
      if (like !== undefined || address === undefined) return like;
      return networks.find(address)?.system;
    },
  };
}

export function indexNetworks(): NetworkIndex {
  type Lengths = Map<number, Map<IpAddress["value"], string>>;
  const byBits: Record<IpAddress["bits"], Lengths> = { 32: new Map(), 128: new Map() };
  return {
    add({ bits, prefix, value }, system) {
      const lengths = byBits[bits];
      const same = lengths.get(prefix);
      if (same === undefined) {
        const all = [...lengths, [prefix, new Map([[value, system]])] as const];
        // Walked from the longest to the shortest.
        byBits[bits] = new Map(all.sort(([one], [other]) => other - one));
      } else if (!same.has(value)) same.set(value, system);
    },
    find(address, wider = address.bits + 1) {
      for (const [prefix, networks] of byBits[address.bits]) {
        if (prefix >= wider) continue;
        const network = networkOf(address, prefix);
        const system = networks.get(network.value);
        if (system !== undefined) return { system, network };
      }
      return undefined;
    },
  };
}

interface Pattern {
  parts: readonly string[];
  /** Characters that stand for themselves. */
  letters: number;
  order: number;
  system: string;
}

/** Patterns by their first character, else by their last one; each list goes from the most to the least precise. */
function indexPatterns() {
  const byFirst = new Map<string, Pattern[]>();
  const byLast = new Map<string, Pattern[]>();
  let count = 0;
  const better = (list: Pattern[] | undefined, name: string, found: Pattern | undefined) => {
    for (const pattern of list ?? []) {
      if (found !== undefined && !isBetter(pattern, found)) break;
      if (fits(pattern.parts, name)) return pattern;
    }
    return found;
  };
  const best = (name: string, found: Pattern | undefined) => {
    const first = better(byFirst.get(name[0] ?? ""), name, found);
    return better(byLast.get(""), name, better(byLast.get(name.at(-1) ?? ""), name, first));
  };
  return {
    add(written: string, system: string): void {
      const parts = written.split("*");
      const pattern = { parts, letters: written.length - parts.length + 1, order: count++, system };
      const [first, last] = [written[0] ?? "", written.at(-1) ?? ""];
      const [lists, key] = first !== "*" ? [byFirst, first] : [byLast, last === "*" ? "" : last];
      const list = lists.get(key);
      const at = list?.findIndex((each) => isBetter(pattern, each)) ?? -1;
      if (list === undefined) lists.set(key, [pattern]);
      else list.splice(at < 0 ? list.length : at, 0, pattern);
    },
    find(name: string, host: string | undefined): string | undefined {
      const found = best(name, undefined);
      return (host === undefined ? found : best(host, found))?.system;
    },
  };
}

function isBetter(one: Pattern, other: Pattern): boolean {
  return one.letters !== other.letters ? one.letters > other.letters : one.order < other.order;
}

/** Matches a name against the pieces of a `*` pattern, in linear time. */
export function fits(parts: readonly string[], name: string): boolean {
  const first = parts[0] ?? "";
  if (parts.length === 1) return name === first;
  const last = parts.at(-1) ?? "";
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}
