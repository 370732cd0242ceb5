import type { Asset } from "../core/asset.ts";
import { UNKNOWN_HOSTS, type UnknownAsset, UnknownAssets } from "../core/unknown-asset.ts";
import type { Reads, Write } from "../store/store.ts";
import { breather } from "./breather.ts";
import type { Arrival } from "./correlate.ts";
import { type Locate, valuesAt } from "./locate.ts";

/** Where the record keeps them. */
const BOOKMARK = "unknown-assets";
/** Fields that name a host of the facility; who attacked it is somebody else's. */
const HOST = [
  "host.name",
  "host.hostname",
  "host.ip",
  "service.name",
  "destination.ip",
  "destination.domain",
];

/** Counts the alerts on hosts that no system claims, within the unit that moves the cursor past them. */
export interface UnknownNotes {
  /** What to write of these arrivals; nothing of it counts until `written`. */
  take(arrivals: readonly Arrival[]): Promise<Write[]>;
  written(): void;
}

export function openUnknownNotes(parts: {
  reads: Pick<Reads, "bookmark">;
  facility: string;
  locate: Locate;
}): UnknownNotes {
  const { reads, facility, locate } = parts;
  let kept: Map<string, UnknownAsset> | undefined;
  let forgotten = { hosts: 0, alerts: 0 };
  let pending: { hosts: Map<string, UnknownAsset>; forgotten: typeof forgotten } | undefined;
  return {
    async take(arrivals) {
      if (kept === undefined) {
        const stored = await readStored(reads, facility);
        kept = new Map(stored.hosts.map((each) => [each.host.toLowerCase(), each]));
        forgotten = stored.forgotten;
      }
      const breathe = breather();
      const unknown: { host: string; alert: Arrival["alert"] }[] = [];
      for (const alert of new Map(arrivals.map((each) => [each.alert.id, each.alert])).values()) {
        const host = hostOf(alert.alert);
        if (host !== undefined && locate(alert.alert).system === null) unknown.push({ host, alert });
        await breathe();
      }
      pending = undefined;
      if (unknown.length === 0) return [];
      pending = { hosts: new Map(kept), forgotten: { ...forgotten } };
      for (const { host, alert } of unknown) {
        const { received, source } = alert;
        const before = pending.hosts.get(host.toLowerCase());
        pending.hosts.set(host.toLowerCase(), {
          host: before?.host ?? host,
          first: Math.min(before?.first ?? received, received),
          last: Math.max(before?.last ?? received, received),
          alerts: (before?.alerts ?? 0) + 1,
          source,
        });
      }
      if (pending.hosts.size > UNKNOWN_HOSTS) forgetRest(pending);
      const content: UnknownAssets = { hosts: [...pending.hosts.values()], forgotten: pending.forgotten };
      return [{ write: "bookmark", name: BOOKMARK, content: JSON.stringify(content) }];
    },
    written() {
      if (pending !== undefined) ({ hosts: kept, forgotten } = pending);
      pending = undefined;
    },
  };
}

/** The host an alert is about; what we say of ourselves is about none. */
function hostOf(alert: Arrival["alert"]["alert"]): string | undefined {
  if (alert.event?.module === "tocsin") return undefined;
  for (const path of HOST) {
    const [name] = valuesAt(alert, path);
    if (name !== undefined) return name;
  }
  return undefined;
}

/** The least spoken of give way, then those silent for longest: invented names make room for each other. */
function forgetRest(pending: {
  hosts: Map<string, UnknownAsset>;
  forgotten: UnknownAssets["forgotten"];
}): void {
  const { hosts, forgotten } = pending;
  const least = [...hosts].sort(([, a], [, b]) => a.alerts - b.alerts || a.last - b.last);
  for (const [key, { alerts }] of least.slice(0, hosts.size - UNKNOWN_HOSTS)) {
    hosts.delete(key);
    forgotten.hosts++;
    forgotten.alerts += alerts;
  }
}

async function readStored(reads: Pick<Reads, "bookmark">, facility: string): Promise<UnknownAssets> {
  const text = await reads.bookmark(facility, BOOKMARK);
  return text === undefined
    ? { hosts: [], forgotten: { hosts: 0, alerts: 0 } }
    : UnknownAssets.parse(JSON.parse(text));
}

/** The unknown hosts that are still so, the longest known first; with what an inventory says of each. */
export async function unknownAssets(parts: {
  reads: Pick<Reads, "bookmark">;
  facility: string;
  locate: Locate;
  /** Machines that were imported. */
  assets: readonly Asset[];
}): Promise<{
  hosts: (UnknownAsset & { inventory: Asset | null })[];
  forgotten: UnknownAssets["forgotten"];
}> {
  const { hosts, forgotten } = await readStored(parts.reads, parts.facility);
  const inventory = new Map(
    parts.assets.flatMap((asset) =>
      [asset.name, ...asset.aliases, ...asset.addresses].map((name) => [name.toLowerCase(), asset] as const),
    ),
  );
  return {
    hosts: hosts
      // One that was described since is not unknown any more.
      .filter(({ host }) => parts.locate({ message: "", host: { name: host } }).system === null)
      .map((each) => ({ ...each, inventory: inventory.get(each.host.toLowerCase()) ?? null }))
      .sort((a, b) => a.first - b.first || (a.host < b.host ? -1 : 1)),
    forgotten,
  };
}
