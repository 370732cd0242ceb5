import { setImmediate } from "node:timers/promises";
import { canonicalJson } from "../core/canonical-json.ts";
import type { Instant } from "../core/clock.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import { quickJson } from "../core/quick-json.ts";
import { sha256Hex } from "../core/sha256.ts";
import { erasureBy } from "./declare-erasure.ts";
import type { RecordKind, StoredAlert, Unit, Write } from "./store.ts";

/** An alert as it is stored: `content` are the bytes whose digest the journal holds. */
export interface SealedAlert {
  write: "alert";
  id: string;
  occurred: Instant;
  /** Source and event id, or their fingerprint when long; null when the source names no event. */
  event: string | null;
  /** RFC 8785 JSON of the stored alert with its `detections`. */
  content: string;
  /** SHA-256 of `content`, hexadecimal. */
  digest: string;
  detections: number;
}

/** A record as it is stored: `content` goes to the record's row, and into the entry of the journal. */
export interface SealedRecord {
  write: "record";
  kind: RecordKind;
  id: string;
  revision: number;
  incident: string | null;
  state: string | null;
  name: string | null;
  content: string;
}

export type SealedWrite =
  | SealedAlert
  | SealedRecord
  | { write: "note"; what: string; incident: string | null; content: string }
  | { write: "attachment_erasure"; sha256: string; content: string }
  | { write: "quarantine"; source: string; received: Instant; content: string }
  | { write: "plan"; key: string; kind: string; incident: string | null; due: Instant; payload: string }
  | Exclude<Write, { write: "alert" | "record" | "note" | "attachment_erasure" | "quarantine" | "plan" }>;

/** A unit turned into the bytes that are stored: done by whoever hands it in, off the writer's thread. */
export interface SealedUnit {
  facility: string;
  at: Instant;
  writes: SealedWrite[];
}

const SAMPLE_BYTES = 2048;
const EVENT_KEY_CHARACTERS = 200;

/** Turns a unit into what is stored; throws `not_canonical` on what JSON cannot carry. */
export function sealUnit(unit: Unit): SealedUnit {
  return { facility: unit.facility, at: unit.at, writes: unit.writes.map(sealWrite) };
}

/** Writes that are sealed in one turn of the event loop. */
const AT_ONCE = 100;

/** True of a unit whose sealing would keep pages waiting: alerts come by the thousand too, in a thread of theirs. */
export const isLong = ({ writes }: Unit): boolean =>
  writes.length > AT_ONCE && writes.some(({ write }) => write === "record");

/** The same of a long unit, with turns of the event loop between: whoever hands it in must not change it meanwhile. */
export async function sealInTurns({ facility, at, writes }: Unit): Promise<SealedUnit> {
  const sealed: SealedWrite[] = [];
  for (let from = 0; from < writes.length; from += AT_ONCE) {
    if (from > 0) await setImmediate();
    for (const write of writes.slice(from, from + AT_ONCE)) sealed.push(sealWrite(write));
  }
  return { facility, at, writes: sealed };
}

/** What the journal holds of a record. Its members come in canonical order, so that text can be joined. */
export function recordEntry(record: Omit<SealedRecord, "write" | "incident" | "name">): string {
  const { content, id, kind, revision, state } = record;
  const [idText, stateText] = [canonicalJson(id), canonicalJson(state)];
  return `{"content":${content},"id":${idText},"kind":"${kind}","revision":${revision},"state":${stateText}}`;
}

/** What is unique in a facility besides the id, by kind of record; null when nothing is. */
export function nameOf(kind: RecordKind, content: unknown): string | null {
  const { login, reference } = content as { login?: string; reference?: string };
  if (kind === "account") return login ?? null;
  if (kind === "incident") return reference === "" ? null : (reference ?? null);
  return null;
}

function sealWrite(write: Write): SealedWrite {
  switch (write.write) {
    case "alert":
      return sealAlert(write);
    case "record": {
      const { kind, revision, incident, state } = write;
      const id = write.id.toWellFormed();
      const content = wellFormedJson(write.content);
      const name = nameOf(kind, write.content);
      return {
        write: "record",
        kind,
        id,
        revision,
        incident,
        state,
        name,
        content,
      };
    }
    case "note":
      return { ...write, content: wellFormedJson(write.content) };
    case "attachment_erasure": {
      const { erased } = write;
      return {
        write: "attachment_erasure",
        sha256: erased.sha256,
        content: wellFormedJson(erasureBy(erased)),
      };
    }
    case "quarantine": {
      const { source, received, sample } = write.entry;
      const cut = Buffer.from(sample).subarray(0, SAMPLE_BYTES).toString();
      return {
        write: "quarantine",
        source,
        received,
        content: wellFormedJson({ ...write.entry, sample: cut }),
      };
    }
    case "plan": {
      const { key, kind, incident, due, payload } = write.effect;
      return { write: "plan", key, kind, incident, due, payload: wellFormedJson(payload ?? null) };
    }
    default:
      return write;
  }
}

function sealAlert({ alert, detections }: Write & { write: "alert" }): SealedAlert {
  const content = wellFormedJson({ ...alert, detections });
  return {
    write: "alert",
    id: alert.id,
    occurred: alert.occurred,
    event: eventKey(alert),
    content,
    digest: sha256Hex(content),
    detections: detections.length,
  };
}

/** Kept as it is when short, so that sources which number their events fill the index in order. */
export function eventKey({ source, eventId }: Pick<StoredAlert, "source" | "eventId">): string | null {
  if (eventId === null) return null;
  const key = `${source}\u001f${eventId}`;
  const plain = key.length <= EVENT_KEY_CHARACTERS && key.isWellFormed() && !key.includes("\0");
  return plain ? key : `${source.slice(0, 64)}\u001f\u001f${sha256Hex(JSON.stringify([source, eventId]))}`;
}

/** RFC 8785 JSON of words that attackers wrote: a lone surrogate, which it cannot carry, becomes U+FFFD. */
function wellFormedJson(value: unknown): string {
  return quickJson(value) ?? canonicalOrRefuse(wellFormed(value));
}

function canonicalOrRefuse(value: unknown): string {
  try {
    return canonicalJson(value);
  } catch (error) {
    throw new TocsinError({ code: "not_canonical", message: messageOf(error) }, { cause: error });
  }
}

function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (value === null || typeof value !== "object") return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key.toWellFormed(), wellFormed(inner)]),
  );
}
