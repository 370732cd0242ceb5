import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Alert } from "../../core/alert.ts";
import type { Instant } from "../../core/clock.ts";
import { isSuspicious } from "../../core/detection.ts";
import type { Masks } from "../../core/masked.ts";
import type { Reads } from "../../store/store.ts";
import { breather } from "../breather.ts";
import { isInternal } from "../grouping/is-internal.ts";
import { systemNamed } from "../grouping/locate-once.ts";
import { eventTime } from "../grouping/read-traits.ts";
import { type Locate, valuesAt } from "../locate.ts";

/** What can be looked for elsewhere; `account` is one of the facility's own, shared only when asked for. */
export type IndicatorKind = "address" | "domain" | "url" | "md5" | "sha1" | "sha256" | "sha512" | "account";

/** Something that suspicious alerts of an incident name, and that others may look for. */
export interface Indicator {
  kind: IndicatorKind;
  value: string;
  /** Of an address: where it stood in the first alert. */
  side: "source" | "destination" | null;
  first: Instant;
  last: Instant;
  /** Alerts that name it. */
  count: number;
}

export interface Indicators {
  /** By kind, then value. */
  found: Indicator[];
  /** Values that may name a patient, which were left out. */
  masked: number;
  /** True when there were more alerts or values than are read. */
  cut: boolean;
}

/** Alerts read at once: some milliseconds, and the others have their turn. */
const PAGE = 50;
const MOST_DETECTIONS = 20_000;
const MOST_VALUES = 5_000;
const LONGEST_URL = 2_048;
const KINDS: readonly IndicatorKind[] = [
  "address",
  "domain",
  "url",
  "md5",
  "sha1",
  "sha256",
  "sha512",
  "account",
];
const DIGITS = { md5: 32, sha1: 40, sha256: 64, sha512: 128 } as const;
const HASHED = ["file", "process", "process.parent", "dll"] as const;
const DOMAINS = [
  "source.domain",
  "destination.domain",
  "dns.question.name",
  "url.domain",
  "tls.client.server_name",
];
const DOMAIN =
  /^(?=.{4,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/;
/** Endings that nobody has on the Internet (RFC 2606, 6762, 8375, and the habits of directories). */
const INSIDE =
  /(?:^|\.)(?:local|localhost|lan|internal|intern|intra|intranet|home|corp|private|localdomain|arpa|invalid)$/;

/**
 * Gathers the addresses, domains, URLs and hashes that suspicious alerts of an incident name, but those of the inside: what
 * the facility's systems claim, the hosts that the alerts are about, and addresses and names that the Internet has not.
 */
export async function gatherIndicators(
  { reads, locate, masks }: { reads: Pick<Reads, "detectionsOf">; locate: Locate; masks: Masks },
  { facility, incident, accounts = false }: { facility: string; incident: string; accounts?: boolean },
): Promise<Indicators> {
  const found = new Map<string, Indicator>();
  const own = new Set<string>();
  let masked = 0;
  let cut = false;
  let read = 0;
  const breathe = breather();
  for (let after: { occurred: Instant; seq: number } | undefined; ; ) {
    const page = await reads.detectionsOf(facility, incident, PAGE, after);
    for (const { detection, alert: stored } of page) {
      const { alert } = stored;
      for (const name of ownNames(alert)) own.add(name);
      if (!isSuspicious(detection.rule)) continue;
      for (const { kind, value, side } of namedBy(alert, accounts)) {
        const key = `${kind} ${value}`;
        const known = found.get(key);
        const at = eventTime(stored);
        if (known !== undefined) {
          known.first = Math.min(known.first, at);
          known.last = Math.max(known.last, at);
          known.count += 1;
        } else if (found.size >= MOST_VALUES) cut = true;
        else found.set(key, { kind, value, side, first: at, last: at, count: 1 });
      }
    }
    read += page.length;
    after = page.at(-1)?.detection;
    if (page.length < PAGE) break;
    if (read >= MOST_DETECTIONS) {
      cut = true;
      break;
    }
    await breathe();
  }
  const outside = [...found.values()].filter(({ kind, value }) => {
    const host = kind === "url" ? hostOf(value) : kind === "address" || kind === "domain" ? value : null;
    if (host !== null && isOwn(host, own, locate)) return false;
    const named = kind === "url" || kind === "domain" || kind === "account";
    if (!named || masks.text(value, { incident }) === value) return true;
    masked += 1;
    return false;
  });
  const order = (each: Indicator) => `${KINDS.indexOf(each.kind)} ${each.value}`;
  return { found: outside.sort((a, b) => (order(a) < order(b) ? -1 : 1)), masked, cut };
}

type Named = Pick<Indicator, "kind" | "value" | "side">;

function namedBy(alert: Alert, accounts: boolean): Named[] {
  const named = new Map<string, Named>();
  const name = (kind: IndicatorKind, value: string | undefined, side: Named["side"] = null) => {
    if (value !== undefined && value !== "") named.set(`${kind} ${value}`, { kind, value, side });
  };
  for (const { address, side } of addressesOf(alert)) name("address", address, side);
  for (const path of DOMAINS) for (const value of valuesAt(alert, path)) name("domain", domainOf(value));
  const url = urlOf(alert.url?.full ?? alert.url?.original ?? "");
  name("url", url);
  if (url !== undefined) {
    const host = hostOf(url);
    name(isIP(host) === 0 ? "domain" : "address", host, isIP(host) === 0 ? null : "destination");
  }
  for (const of of HASHED) {
    for (const kind of ["md5", "sha1", "sha256", "sha512"] as const) {
      for (const value of valuesAt(alert, `${of}.hash.${kind}`)) {
        const hash = value.toLowerCase();
        // Of nothing but one digit: what a tool writes when it has none.
        if (/^[0-9a-f]+$/.test(hash) && hash.length === DIGITS[kind] && new Set(hash).size > 1)
          name(kind, hash);
      }
    }
  }
  if (accounts) for (const value of valuesAt(alert, "user.name")) name("account", value);
  return [...named.values()];
}

/** Addresses of the other side: with both outside, one is ours, and only a direction tells which. */
function addressesOf(alert: Alert): { address: string; side: "source" | "destination" }[] {
  const [source, destination] = (["source", "destination"] as const).map((side) => {
    const [value] = valuesAt(alert, `${side}.ip`);
    const address = value === undefined ? undefined : addressOf(value);
    return address === undefined ? undefined : { address, side };
  });
  const direction = alert.network?.direction?.toLowerCase();
  const leaves = direction === "outbound" || direction === "egress";
  const enters = direction === "inbound" || direction === "ingress";
  const fromOutside = source !== undefined && !isInside(source.address);
  const both = [leaves ? undefined : source, enters || (fromOutside && !leaves) ? undefined : destination];
  return both.flatMap((each) => (each === undefined || isInside(each.address) ? [] : [each]));
}

function addressOf(text: string): string | undefined {
  const address = text.replace(/%.*$/s, "").toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1];
  const plain = mapped ?? address;
  if (isIP(plain) === 4) return plain;
  // One spelling an address (RFC 5952), which the URL parser has.
  return isIP(plain) === 6 ? new URL(`http://[${plain}]`).hostname.slice(1, -1) : undefined;
}

/** Of nobody on the Internet: private, on this link, or of many (RFC 1112, 4291). */
function isInside(address: string): boolean {
  return isInternal(address) || /^(?:22[4-9]|2[345]\d)\./.test(address) || /^ff/.test(address);
}

function domainOf(text: string): string | undefined {
  const domain = domainToASCII(text.replace(/\.$/, "")).toLowerCase();
  return DOMAIN.test(domain) && isIP(domain) === 0 && !INSIDE.test(domain) ? domain : undefined;
}

/** A web address in its usual spelling, without a password and without what never leaves the browser. */
function urlOf(text: string): string | undefined {
  if (text === "" || text.length > LONGEST_URL) return undefined;
  const url = URL.parse(text);
  if (url === null || !/^(?:https?|ftp):$/.test(url.protocol)) return undefined;
  url.username = "";
  url.password = "";
  url.hash = "";
  const host = hostOf(url.href);
  const outside = isIP(host) === 0 ? domainOf(host) !== undefined : !isInside(host);
  return outside ? url.href : undefined;
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, "");
}

/** Names and addresses of the machines that an alert is about or was seen by: the facility's own. */
function ownNames(alert: Alert): string[] {
  const paths = [
    "host.name",
    "host.hostname",
    "host.domain",
    "host.ip",
    "observer.name",
    "observer.hostname",
    "observer.ip",
  ];
  return paths.flatMap((path) => valuesAt(alert, path)).map((name) => name.toLowerCase());
}

function isOwn(host: string, own: ReadonlySet<string>, locate: Locate): boolean {
  if (own.has(host) || systemNamed(locate, host) !== null) return true;
  if (isIP(host) !== 0) return false;
  // A host of a domain that is ours.
  for (let dot = host.indexOf("."); dot > 0; dot = host.indexOf(".", dot + 1))
    if (own.has(host.slice(dot + 1))) return true;
  return false;
}
