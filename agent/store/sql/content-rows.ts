import type { Detection } from "../../core/detection.ts";
import type { Effect } from "../../core/effect.ts";
import type { ChangedRecord, Stored, StoredAlert } from "../store.ts";
import { type DamagedRows, damaged, type NamedRow, parsed, parsedObject } from "./damaged-rows.ts";
import type { Asking, Row, Sql } from "./sql.ts";

/** An alert with its detections, as they are stored. */
type Alerted = { alert: StoredAlert; detections: Detection[] };

/** Columns beside the content by which a record, an effect or an alert is read here. */
export const RECORD_COLUMNS = "facility, kind, id, incident, revision, created, journal_seq";
export const EFFECT_COLUMNS = "facility, effect_key, kind, incident, due, state, attempt, owner, fence";

/** Makes records, effects and alerts of their rows: of one that is asked for, or of a list without the damaged ones. */
export function contentRows(sql: Sql, { leaveOut }: DamagedRows) {
  const holder = sql(
    "SELECT incident FROM joined WHERE facility = ? AND detection = ? ORDER BY journal_seq DESC LIMIT 1",
  );

  /** The incident that a detection is in. */
  function* holderOf(facility: string, detection: number): Asking<string | null> {
    return ((yield* holder.get(facility, detection))?.incident as string | undefined) ?? null;
  }

  function* alertRow(facility: string, { id, first_detection }: Row): Asking<NamedRow> {
    const incident = yield* holderOf(facility, Number(first_detection));
    return { table: "alerts", kind: "alert", id: String(id), facility, incident };
  }

  /** What is read of rows, without those that cannot be. */
  function* readable<T>(
    rows: readonly Row[],
    read: (row: Row) => T | undefined,
    named: (row: Row) => Asking<NamedRow>,
  ): Asking<T[]> {
    const found: T[] = [];
    for (const row of rows) {
      const value = read(row);
      if (value === undefined) yield* leaveOut(yield* named(row));
      else found.push(value);
    }
    return found;
  }

  return {
    holderOf,
    *record<T>(row: Row | undefined): Asking<Stored<T> | undefined> {
      if (row === undefined) return undefined;
      const record = storedOf<T>(row);
      if (record !== undefined) return record;
      const name = recordRow(row);
      yield* leaveOut(name);
      throw damaged(name);
    },
    records: <T>(rows: readonly Row[]) => readable(rows, storedOf<T>, namedRecord),
    changed: (rows: readonly Row[]): Asking<ChangedRecord[]> => readable(rows, changedOf, namedRecord),
    effects: (rows: readonly Row[]): Asking<Effect[]> => readable(rows, effectOf, namedEffect),
    *alert(facility: string, row: Row): Asking<Alerted> {
      const alerted = alertedOf(row);
      if (alerted !== undefined) return alerted;
      const name = yield* alertRow(facility, row);
      yield* leaveOut(name);
      throw damaged(name);
    },
    *alerts<T>(facility: string, rows: readonly Row[], of: (alerted: Alerted, row: Row) => T[]): Asking<T[]> {
      const read = (row: Row) => {
        const alerted = alertedOf(row);
        return alerted && of(alerted, row);
      };
      return (yield* readable(rows, read, (row) => alertRow(facility, row))).flat();
    },
  };
}

const recordRow = ({ facility, kind, id, incident }: Row) =>
  ({ table: "records", facility, kind, id, incident }) as NamedRow;

// biome-ignore lint/correctness/useYield: its name is in the row.
function* namedRecord(row: Row): Asking<NamedRow> {
  return recordRow(row);
}

// biome-ignore lint/correctness/useYield: its name is in the row.
function* namedEffect({ facility, kind, effect_key, incident }: Row): Asking<NamedRow> {
  return { table: "effects", facility, kind, id: effect_key, incident } as NamedRow;
}

function storedOf<T>({ revision, content }: Row): Stored<T> | undefined {
  const value = parsedObject(content);
  return value && { revision: Number(revision), content: value as T };
}

function changedOf(row: Row): ChangedRecord | undefined {
  const content = parsedObject(row.content);
  const { kind, id, revision, incident, created, journal_seq: entry } = row;
  return content && ({ kind, id, revision, incident, created, content, entry } as ChangedRecord);
}

function effectOf(row: Row): Effect | undefined {
  const read = parsed(row.payload);
  const { facility: _, effect_key: key, ...rest } = row;
  return read && ({ ...rest, key, payload: read.value } as unknown as Effect);
}

function alertedOf({ content }: Row): Alerted | undefined {
  const value = parsedObject(content);
  if (value === undefined) return undefined;
  const { detections, ...alert } = value as StoredAlert & Pick<Alerted, "detections">;
  return { alert, detections };
}
