import type { Instant } from "../core/clock.ts";
import type { Problem } from "../core/errors.ts";

/** How a client of the bus shows who it is; texts, never paths. */
export type BusAuthentication =
  /** The content of a `.creds` file: a user JWT and its seed. */
  | { credentials: string }
  /** The seed of an NKEY user, `SU…`. */
  | { seed: string }
  | { user: string; password: string };

/**
 * What makes a message that JetStream acknowledged durable: three replicas at least, a server that syncs before it
 * acknowledges (2.10 at least), or the receiver's own spool.
 */
export type Durability = "replicas" | "sync_always" | "spool";

export interface BusSettings {
  /** `nats://host:port` or `tls://host:port`, any of them. */
  servers: string[];
  authentication?: BusAuthentication | undefined;
  /** PEM texts; `ca` in place of the system's authorities. */
  tls?: { ca?: string | undefined; cert?: string | undefined; key?: string | undefined } | undefined;
  durability: Durability;
  /** Copies of each stream that is made here; what durability `replicas` asks for is 3 at least. */
  replicas: number;
  /** Where units wait for JetStream, and how many bytes of them at most; a folder a facility is made in it. */
  spool: { folder: string; bytes: number };
  /** Bounds of the stream that is made here. */
  stream?: Partial<StreamBounds> | undefined;
}

/**
 * How long a receiver keeps what JetStream has acknowledged. Up to 2.9 a server syncs every two minutes and tells nobody
 * (2.10 lets it be set): a power cut takes what came since. One minute more is for the sync itself.
 */
export function keptSeconds({ durability }: BusSettings): number {
  return durability === "spool" ? 180 : 0;
}

export interface StreamBounds {
  /** Bytes the stream of a facility holds; beyond, it refuses. (Default: 10 GiB.) */
  bytes: number;
  /** Bytes of one message at most. (Default: 1 MiB.) */
  message_bytes: number;
  /** How long a message id is remembered, in seconds. (Default: 600.) */
  duplicate_seconds: number;
}

export const STREAM_BOUNDS: StreamBounds = {
  bytes: 10 * 1024 ** 3,
  message_bytes: 1024 ** 2,
  duplicate_seconds: 600,
};

/** Whom a connection serves; its inboxes carry it, so that permissions can. */
export interface BusParty {
  role: "receiver" | "correlator";
  facility: string;
}

/** The facility's name in subjects and streams: ids are lower-case letters, digits and hyphens, which both allow. */
export function busNames(facility: string) {
  return {
    stream: `TOCSIN_${facility}`,
    alerts: `tocsin.${facility}.alerts`,
    /** Followed by the name of a receiver: what it has heard of each source. */
    heard: `tocsin.${facility}.heard`,
    /** Followed by the name of a receiver: the rule sets it has ready and active. */
    rules: `tocsin.${facility}.rules`,
    /** The rule set that all shall use, told by the correlator. */
    active: `tocsin.${facility}.active`,
    /** Asks everyone to say now what is announced by the clock otherwise. */
    ask: `tocsin.${facility}.ask`,
  };
}

export function inboxPrefix({ role, facility }: BusParty): string {
  return `_INBOX.tocsin.${facility}.${role}`;
}

/** How the connection stands. */
export interface BusStatus {
  connected: boolean;
  /** When this began. */
  since: Instant;
  /** Host and port of the server. */
  server?: string | undefined;
  /** Of the server. */
  version?: string | undefined;
  /** What is wrong: why it is away, or why what is connected cannot serve. */
  problem?: Problem | undefined;
}

/** What waits in the spool, for metrics and pages. */
export interface SpoolReport {
  /** Not yet acknowledged by JetStream. */
  waiting: { records: number; bytes: number };
  /** Acknowledged, and kept until JetStream has synced it. */
  kept: { records: number; bytes: number };
  /** On disk, of `limit`. */
  bytes: number;
  limit: number;
  /** Since when the oldest that waits waits; null when nothing does. */
  oldest: Instant | null;
  /** For how long the room left lasts at the rate of the last minute, in seconds; null when nothing comes. */
  lasts_seconds: number | null;
  /** Records that no server can take, set aside in the folder. */
  aside: number;
}
