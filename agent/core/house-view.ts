import type { Instant } from "./clock.ts";
import type { Problem } from "./errors.ts";
import type { StoreTrouble } from "./store-trouble.ts";

/** The record that one reader of a source understood last. */
export interface UnderstoodRecord {
  source: string;
  /** The mapping that read it, else its format. */
  reader: string;
  at: Instant;
  /** Its beginning, as it came. */
  sample: string;
}

/** What would become of a record, had it arrived: nothing of it is kept. */
export interface TriedRecord {
  /** Records that were given; only the first is read, all serve the skeleton. */
  given: number;
  /** How it was read: by the connector of a source, or by what recognises it. */
  as: string;
  /** The format that is surest of it, from 0 to 1; null when none is. */
  format: { name: string; certainty: number } | null;
  /** Formats found within the first. */
  within: readonly string[];
  mapping: string | null;
  recognised: boolean;
  error: { code: string; message: string } | null;
  /** Its ECS fields, and those of the source's own that found no place among them. */
  fields: readonly { name: string; value: string }[];
  left: readonly { name: string; value: string }[];
  /** Rules that recognise it now. */
  rules: readonly { id: string; title: string }[];
  /** A mapping to begin with, or why none can be made; null when a mapping read it. */
  skeleton:
    | { yaml: string; remarks: readonly string[] }
    | { problem: { code: string; message: string } }
    | null;
}

/** A source as the configuration has it, with what came of it. */
export interface SourceView {
  id: string;
  connector: string;
  /** How it comes in: an address, or what is asked. */
  ways: string[];
  /** Null when it may be silent for as long as it likes. */
  silentAfter: number | null;
  /** Null while it has sent nothing since the start. */
  lastSeen: Instant | null;
  silent: boolean;
  /** True when other processes take it in: what follows is not counted here. */
  elsewhere: boolean;
  /** Since the start: received, read and kept, of no format, refused, and what the gate passed over. */
  received: number;
  kept: number;
  unrecognised: number;
  refused: number;
  passedOver: number;
  /** Came without an acknowledgement and could not be kept, the kernel's losses included; and of these, within the last hour. */
  lost: number;
  lostLastHour: number;
  /** Received within the last hour, or since `hourFrom` when the daemon is younger; null while it is not known. */
  lastHour: number | null;
  hourFrom: Instant | null;
  /** What was understood last, the latest first: one record a reader. */
  understood: readonly UnderstoodRecord[];
}

/** One line of the settings, already in words. */
export interface SettingLine {
  name: string;
  value: string;
}

/** Rules that are written for log sources of which nothing came since the start. */
export interface UnfedRules {
  count: number;
  /** How many rules there are. */
  of: number;
  /** The first five hundred. */
  rules: readonly { id: string; title: string; logsource: string }[];
}

/** A configuration that was read and not taken. */
export interface RefusedSettings {
  at: Instant;
  /** How many problems it has; the first hundred are there. */
  count: number;
  problems: readonly Problem[];
}

/** A certificate that the daemon shows to others. */
export interface CertificateView {
  where: string;
  subject: string;
  /** Null when the file cannot be read; `problem` says why. */
  until: Instant | null;
  problem: string | null;
}

/** The copies of one kind that the daemon makes by the clock. */
export interface CopyView {
  kind: "backup" | "crisis";
  folder: string;
  /** Between two of them, µs. */
  every: number;
  /** When the last one was whole; null when there is none there. */
  last: Instant | null;
  /** Of the last one made since the start. */
  bytes: number | null;
  /** Why the last attempt failed, in English as logs have it; null when it did not. */
  problem: string | null;
  /** Whether more than two turns have passed without one. */
  late: boolean;
}

/** The paper kit as it was made last. */
export interface KitView {
  /** Null when none ever was. */
  made: Instant | null;
  /** Why it has to be printed anew; null while it holds. */
  stale: "never" | "old" | "changed" | null;
}

/** How the canaries of the ways in stand. */
export interface CanaryView {
  /** Between two rounds, µs; null while there are none. */
  every: number | null;
  ways: readonly {
    /** `pare-feu tcp 127.0.0.1:5514`. */
    name: string;
    /** When it last came through; null when it has not since the start. */
    last: Instant | null;
    /** How long it took then, µs. */
    took: number | null;
    /** Since when it is missing; null while it is not. */
    since: Instant | null;
    /** What the way said then, in English as logs have it. */
    because: string | null;
    /** True once it was missing twice in a row. */
    failing: boolean;
  }[];
  /** Ways that none flies through. */
  uncovered: readonly {
    name: string;
    because: "ipv6" | "name" | "client_certificate" | "polled" | "unknown_format";
  }[];
}

/** What the daemon tells of itself on pages that are only read. */
export interface HouseView {
  started: Instant;
  version: string;
  sources(): Promise<SourceView[]>;
  /** Reads a record as a source would, or as what recognises it; it is not taken in. */
  tryRecord(asked: { text: string; source: string | null }): Promise<TriedRecord>;
  rules(): { loaded: number; hash: string | null; since: Instant | null; ungated: readonly string[] };
  unfedRules(): Promise<UnfedRules>;
  /** By section; no secret is among them. */
  settings(): readonly { title: string; lines: readonly SettingLine[] }[];
  /** What keeps the daemon from being ready. */
  causes(): string[];
  /** Why the record cannot be written now; null while it can. */
  storeTrouble(): StoreTrouble | null;
  /** The configuration that was refused last, while the one before it stays in force; null when there is none. */
  refusedSettings(): RefusedSettings | null;
  certificates(): CertificateView[];
  /** None when the configuration asks for none. */
  copies(): CopyView[];
  kit(): KitView;
  canary(): CanaryView;
  /** Bytes. */
  disk(): { database: number; log: number; free: number | null; folder: string };
}
