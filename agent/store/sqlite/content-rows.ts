import type { Detection } from "../../core/detection.ts";
import type { Effect } from "../../core/effect.ts";
import type { ChangedRecord, Stored, StoredAlert } from "../store.ts";
import type { DamagedRows, NamedRow } from "./damaged-rows.ts";
import type { Prepare } from "./prepare.ts";

export type Row = Record<string, unknown>;
/** An alert with its detections, as they are stored. */
type Alerted = { alert: StoredAlert; detections: Detection[] };

/** Columns beside the content by which a record, an effect or an alert is read here. */
export const RECORD_COLUMNS = "facility, kind, id, incident, revision, created, journal_seq";
export const EFFECT_COLUMNS = "facility, effect_key, kind, incident, due, state, attempt, owner, fence";

/** Makes records, effects and alerts of their rows: of one that is asked for, or of a list without the damaged ones. */
export function contentRows(prepare: Prepare, damaged: DamagedRows) {
  const recordRow =
    ({ facility, kind, id, incident }: Row) =>
    () =>
      ({ table: "records", facility, kind, id, incident }) as NamedRow;
  const effectRow =
    ({ facility, kind, effect_key, incident }: Row) =>
    () =>
      ({ table: "effects", facility, kind, id: effect_key, incident }) as NamedRow;
  const alertRow =
    (facility: string, { id, first_detection }: Row) =>
    (): NamedRow => {
      const incident = holderOf(facility, Number(first_detection));
      return { table: "alerts", kind: "alert", id: String(id), facility, incident };
    };

  /** The incident that a detection is in. */
  function holderOf(facility: string, detection: number): string | null {
    const sql =
      "SELECT incident FROM joined WHERE facility = ? AND detection = ? ORDER BY journal_seq DESC LIMIT 1";
    return (prepare(sql).get(facility, detection)?.incident as string | undefined) ?? null;
  }

  const stored = <T>({ revision }: Row, content: object): Stored<T> => ({
    revision: Number(revision),
    content: content as T,
  });

  return {
    holderOf,
    record: <T>(row: Row | undefined): Stored<T> | undefined =>
      row && stored(row, damaged.parseOne(row.content, recordRow(row))),
    records: <T>(rows: readonly Row[]): Stored<T>[] =>
      rows.flatMap((row) => {
        const content = damaged.parse(row.content, recordRow(row));
        return content === undefined ? [] : [stored<T>(row, content)];
      }),
    changed: (rows: readonly Row[]): ChangedRecord[] =>
      rows.flatMap((row) => {
        const content = damaged.parse(row.content, recordRow(row));
        if (content === undefined) return [];
        const { kind, id, revision, incident, created, journal_seq: entry } = row;
        return [{ kind, id, revision, incident, created, content, entry } as ChangedRecord];
      }),
    effects: (rows: readonly Row[]): Effect[] =>
      rows.flatMap((row) => {
        const read = damaged.parseAny(row.payload, effectRow(row));
        if (read === undefined) return [];
        const { facility: _, effect_key: key, ...rest } = row;
        return [{ ...rest, key, payload: read.value } as unknown as Effect];
      }),
    alert: (facility: string, row: Row): Alerted =>
      alertOf(damaged.parseOne(row.content, alertRow(facility, row))),
    alerts: <T>(facility: string, rows: readonly Row[], of: (alerted: Alerted, row: Row) => T[]): T[] =>
      rows.flatMap((row) => {
        const content = damaged.parse(row.content, alertRow(facility, row));
        return content === undefined ? [] : of(alertOf(content), row);
      }),
  };
}

function alertOf(content: object): Alerted {
  const { detections, ...alert } = content as StoredAlert & Pick<Alerted, "detections">;
  return { alert, detections };
}
