import type { Instant } from "./clock.ts";

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
  /** Since the start: received, read and kept, of no format, refused, and what the gate passed over. */
  received: number;
  kept: number;
  unrecognised: number;
  refused: number;
  passedOver: number;
  /** Received within the last hour, or since `hourFrom` when the daemon is younger; null while it is not known. */
  lastHour: number | null;
  hourFrom: Instant | null;
}

/** One line of the settings, already in words. */
export interface SettingLine {
  name: string;
  value: string;
}

/** A certificate that the daemon shows to others. */
export interface CertificateView {
  where: string;
  subject: string;
  /** Null when the file cannot be read; `problem` says why. */
  until: Instant | null;
  problem: string | null;
}

/** What the daemon tells of itself on pages that are only read. */
export interface HouseView {
  started: Instant;
  version: string;
  sources(): Promise<SourceView[]>;
  rules(): { loaded: number; hash: string | null; since: Instant | null; ungated: readonly string[] };
  /** By section; no secret is among them. */
  settings: readonly { title: string; lines: readonly SettingLine[] }[];
  /** What keeps the daemon from being ready. */
  causes(): string[];
  certificates(): CertificateView[];
  /** Bytes. */
  disk(): { database: number; log: number; free: number | null; folder: string };
}
