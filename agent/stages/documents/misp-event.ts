import { canonicalJson } from "../../core/canonical-json.ts";
import { isoFromInstant } from "../../core/clock.ts";
import type { Indicator } from "./gather-indicators.ts";
import { CUT_LIST, NAMESPACE, type Sharing } from "./stix-bundle.ts";
import { uuidV5 } from "./uuid-v5.ts";

const HASHES = new Set<Indicator["kind"]>(["md5", "sha1", "sha256", "sha512"]);

/**
 * The indicators of an incident as one MISP event (core format), not published and for the receiver's own organisation:
 * the receiver decides. The same incident gives the same identifiers.
 */
export function mispEvent(indicators: readonly Indicator[], sharing: Sharing) {
  const { facility, incident, tlp, exercise, cut } = sharing;
  const id = (key: string) => uuidV5(NAMESPACE, canonicalJson([facility.id, "misp", incident.id, key]));
  return {
    Event: {
      uuid: id(""),
      info: `${exercise ? "EXERCICE : i" : "I"}ncident ${incident.reference}, ${facility.name}${cut ? `. ${CUT_LIST}` : ""}`,
      date: isoFromInstant(incident.first_alert).slice(0, 10),
      timestamp: seconds(incident.last_alert),
      // Not judged by us, still looked into, kept to whoever imports it.
      threat_level_id: "4",
      analysis: "1",
      distribution: "0",
      published: false,
      Orgc: { name: facility.name, uuid: uuidV5(NAMESPACE, canonicalJson([facility.id, "identity", ""])) },
      Tag: [{ name: `tlp:${tlp.toLowerCase()}` }, ...(exercise ? [{ name: "exercise" }] : [])],
      Attribute: indicators.map((indicator) => {
        const { kind, value, first, last, count } = indicator;
        return {
          uuid: id(`${kind} ${value}`),
          ...sortOf(indicator),
          value,
          to_ids: kind !== "account" && !exercise,
          distribution: "5",
          timestamp: seconds(last),
          first_seen: isoFromInstant(first),
          last_seen: isoFromInstant(last),
          comment: `${exercise ? "EXERCICE, " : ""}${count} alerte${count > 1 ? "s" : ""}`,
        };
      }),
    },
  };
}

function sortOf({ kind, side }: Indicator): { type: string; category: string } {
  if (kind === "account") return { type: "target-user", category: "Targeting data" };
  if (HASHES.has(kind)) return { type: kind, category: "Payload delivery" };
  const type = kind === "address" ? (side === "source" ? "ip-src" : "ip-dst") : kind;
  return { type, category: "Network activity" };
}

function seconds(instant: number): string {
  return String(Math.floor(instant / 1_000_000));
}
