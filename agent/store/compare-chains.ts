import type { KeyObject } from "node:crypto";
import { dirname } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { type Fence, readFence } from "./backup/fence.ts";
import type { KeyRing } from "./cipher/key-ring.ts";
import { openReading } from "./sqlite/connection.ts";
import { prepareToVerify } from "./sqlite/open-cipher.ts";

/** A place in a journal from which it went on elsewhere than where it was written. */
export interface Break {
  facility: string;
  seq: number;
  at: number;
  how: "restored" | "resumed";
  by: string;
  host: string;
  /** The last entry of the copy. */
  from: number;
}

/** How two journals of one facility stand to each other. */
export interface Comparison {
  facility: string;
  /** The last entry that both have; 0 when they have none in common. */
  common: number;
  /** The last entry of each. */
  here: number;
  there: number;
}

const Told = z.object({ by: z.string(), host: z.string(), from: z.object({ seq: z.int() }) });

/** Where the journals of a database were taken up from a copy, and the fences beside it that say where they go on. */
export function breaksOf(
  file: string,
  publicKey: KeyObject,
  ring?: KeyRing,
): { breaks: Break[]; fences: Fence[] } {
  const database = openReading(file);
  try {
    const { prepare } = prepareToVerify(database, file, ring);
    const rows = prepare(
      `SELECT j.facility, j.seq, j.at, j.type, ${prepare.shown("journal_contents.content", "c")} FROM journal AS j
         LEFT JOIN journal_contents AS c ON c.facility = j.facility AND c.seq = j.seq
         WHERE j.type IN ('note.restored', 'note.resumed') ORDER BY j.facility, j.seq`,
    ).all();
    const breaks = rows.flatMap((row): Break[] => {
      const told = Told.safeParse(parsed(row.content));
      if (!told.success) return [];
      const { by, host, from } = told.data;
      const how = row.type === "note.resumed" ? "resumed" : "restored";
      return [
        {
          facility: String(row.facility),
          seq: Number(row.seq),
          at: Number(row.at),
          how,
          by,
          host,
          from: from.seq,
        },
      ];
    });
    const fences = facilitiesOf(database).flatMap(
      (facility) => readFence(dirname(file), facility, publicKey) ?? [],
    );
    return { breaks, fences };
  } finally {
    database.close();
  }
}

/** Compares the journals of two databases: a chain that has an entry has all that come before it. */
export function compareChains(here: string, there: string): Comparison[] {
  const one = openReading(here);
  try {
    const other = openReading(there);
    try {
      const facilities = new Set([...facilitiesOf(one), ...facilitiesOf(other)]);
      return [...facilities].map((facility) => compared(one, other, facility));
    } finally {
      other.close();
    }
  } finally {
    one.close();
  }
}

function compared(one: DatabaseSync, other: DatabaseSync, facility: string): Comparison {
  const [here, there] = [one, other].map((database) => {
    const row = database.prepare("SELECT MAX(seq) AS seq FROM journal WHERE facility = ?").get(facility);
    return Number(row?.seq ?? 0);
  }) as [number, number];
  const hash = (database: DatabaseSync, seq: number) =>
    database.prepare("SELECT hash FROM journal WHERE facility = ? AND seq = ?").get(facility, seq)?.hash;
  let [low, high] = [0, Math.min(here, there)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (hash(one, middle) === hash(other, middle)) low = middle;
    else high = middle - 1;
  }
  return { facility, common: low, here, there };
}

function facilitiesOf(database: DatabaseSync): string[] {
  const rows = database.prepare("SELECT DISTINCT facility FROM journal ORDER BY facility").all();
  return rows.map(({ facility }) => String(facility));
}

function parsed(content: unknown): unknown {
  try {
    return JSON.parse(String(content));
  } catch {
    return undefined;
  }
}
