import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { DamagedRow } from "../../core/damaged-row.ts";
import type { Detection } from "../../core/detection.ts";
import { EFFECT_KINDS, type Effect } from "../../core/effect.ts";
import type { Checkpoint, JournalEntry } from "../../core/journal.ts";
import type { KeyRing } from "../cipher/key-ring.ts";
import { eventKey } from "../seal.ts";
import type { HeldOf, Reads, RecordKind, StoredAlert, StoredDetection, Unsent } from "../store.ts";
import { attachmentReads } from "./attachment-reads.ts";
import { openReading } from "./connection.ts";
import { contentRows, EFFECT_COLUMNS, RECORD_COLUMNS, type Row } from "./content-rows.ts";
import { type DamagedRows, openDamagedRows } from "./damaged-rows.ts";
import { readingCipher } from "./open-cipher.ts";
import { peopleReads } from "./people-reads.ts";
import { type Prepare, prepareOnce } from "./prepare.ts";
import { retentionReads } from "./retention-reads.ts";
import { LAST_JOINED } from "./writes.ts";

/** Reads with the connection they hold. */
export interface SqliteReads extends Reads {
  close(): void;
}

type Detected = { detection: StoredDetection; alert: StoredAlert };

/** Journal rows with their contents. */
export function entrySql(prepare: Prepare): string {
  return `SELECT j.facility, j.seq, j.type, j.at, j.incident, j.content_hash, j.previous, j.body_hash, j.hash,
      ${prepare.shown("journal_contents.salt", "c")}, ${prepare.shown("journal_contents.content", "c")}
    FROM journal j LEFT JOIN journal_contents c ON c.facility = j.facility AND c.seq = j.seq`;
}

/**
 * Opens a read-only connection to a database; throws `store_missing` when there is none. With `told`, lists leave out
 * rows that cannot be read, and it is told of each once.
 */
export function openSqliteReads(file: string, ring?: KeyRing, told?: (row: DamagedRow) => void): SqliteReads {
  const database = openReading(file);
  try {
    const prepare = prepareOnce(database, readingCipher(database, file, ring));
    return readsOf(database, prepare, openDamagedRows(prepare, told));
  } catch (error) {
    database.close();
    throw error;
  }
}

function readsOf(database: DatabaseSync, prepare: Prepare, damaged: DamagedRows): SqliteReads {
  const rows = contentRows(prepare, damaged);
  const RECORD = `SELECT ${RECORD_COLUMNS}, ${damaged.shown("records.content")} FROM records`;
  const EFFECT = `SELECT ${EFFECT_COLUMNS}, ${damaged.shown("effects.payload")},
    ${damaged.shown("effects.because")} FROM effects`;
  const ENTRY = entrySql(prepare);
  const alertContent = damaged.shown("alerts.content");
  const one = (sql: string, ...values: SQLInputValue[]): Row | undefined => prepare(sql).get(...values);
  const all = (sql: string, ...values: SQLInputValue[]): Row[] => prepare(sql).all(...values);

  /** Several questions, one view. */
  function view<T>(ask: () => T): T {
    database.exec("BEGIN");
    try {
      return ask();
    } finally {
      database.exec("COMMIT");
    }
  }

  return {
    damaged: damaged.known,
    ...attachmentReads(prepare),
    ...peopleReads(prepare),
    ...retentionReads(prepare),
    close: () => database.close(),

    async record(facility, kind, id) {
      return rows.record(one(`${RECORD} WHERE facility = ? AND kind = ? AND id = ?`, facility, kind, id));
    },
    async incidentNamed(facility, reference) {
      const sql = "SELECT id FROM records WHERE facility = ? AND kind = 'incident' AND name = ?";
      return one(sql, facility, reference)?.id as string | undefined;
    },
    async ofIncident(facility, kind, incident) {
      const sql = `${RECORD} WHERE facility = ? AND incident = ? AND kind = ? ORDER BY created`;
      return rows.records(all(sql, facility, incident, kind));
    },
    async ofIncidents(facility, incidents) {
      const held = new Map<string, HeldOf>();
      const of = (incident: unknown) => {
        const known = held.get(String(incident));
        if (known !== undefined) return known;
        const fresh: HeldOf = { records: new Map(), effects: [], damaged: false };
        held.set(String(incident), fresh);
        return fresh;
      };
      const asked = "facility = ? AND incident IN (SELECT value FROM json_each(?))";
      const ids = JSON.stringify(incidents);
      return view(() => {
        for (const row of all(`${RECORD} WHERE ${asked} ORDER BY incident, kind, created`, facility, ids)) {
          const each = of(row.incident);
          const [record] = rows.records([row]);
          const kind = String(row.kind) as RecordKind;
          const list = each.records.get(kind);
          if (record === undefined) each.damaged = true;
          else if (list === undefined) each.records.set(kind, [record]);
          else list.push(record);
        }
        for (const row of all(`${EFFECT} WHERE ${asked} ORDER BY due, effect_key`, facility, ids))
          of(row.incident).effects.push(...rows.effects([row]));
        return held;
      });
    },
    async byState(facility, kind, states, { limit, after }) {
      return view(() => {
        const from = after == null ? Number.MAX_SAFE_INTEGER : createdOf(facility, kind, after);
        const any = `${RECORD} WHERE facility = ? AND kind = ? AND created < ? ORDER BY created DESC LIMIT ?`;
        if (states.length === 0)
          return damaged.page("records", limit, (most) => rows.records(all(any, facility, kind, from, most)));
        // One walk of the index per state: an IN would read every record of the kind and sort them.
        const each = `${RECORD} WHERE facility = ? AND kind = ? AND state = ? AND created < ?
          ORDER BY created DESC LIMIT ?`;
        return damaged.page("records", limit, (most) => {
          const found = [...new Set(states)].flatMap((state) => all(each, facility, kind, state, from, most));
          return rows.records(found.sort((a, b) => Number(b.created) - Number(a.created)).slice(0, most));
        });
      });
    },
    async countByState(facility, kind) {
      const counts = all(
        "SELECT state, COUNT(*) AS count FROM records WHERE facility = ? AND kind = ? GROUP BY state",
        facility,
        kind,
      );
      return Object.fromEntries(counts.map(({ state, count }) => [String(state ?? ""), Number(count)]));
    },
    async changedSince(facility, entry, limit) {
      const sql = `${RECORD} WHERE facility = ? AND journal_seq > ? ORDER BY journal_seq LIMIT ?`;
      return damaged.page("records", limit, (most) => rows.changed(all(sql, facility, entry, most)));
    },

    async detectionsAfter(facility, seq, limit) {
      // The first alert may have detections on both sides of `seq`.
      const sql = `SELECT id, first_detection, ${alertContent} FROM alerts
        WHERE facility = ? AND detections > 0 AND first_detection + detections > ? AND first_detection >= COALESCE((
          SELECT MAX(first_detection) FROM alerts WHERE facility = ? AND first_detection <= ?
        ), 0) ORDER BY first_detection LIMIT ?`;
      return damaged.page("alerts", limit, (most) =>
        rows
          .alerts(
            facility,
            all(sql, facility, seq + 1, facility, seq + 1, most),
            ({ alert, detections }, { first_detection }) =>
              detections.map((detection, position) =>
                detected(alert, detection, Number(first_detection) + position),
              ),
          )
          .filter(({ detection }) => detection.seq > seq),
      );
    },
    async detectionsOf(facility, incident, limit, after = { occurred: Number.MIN_SAFE_INTEGER, seq: 0 }) {
      const sql = `SELECT a.id, a.first_detection, j.detection, j.position, ${damaged.shown("alerts.content", "a")}
        FROM joined j JOIN alerts a ON a.facility = j.facility AND a.id = j.alert
        WHERE j.facility = ? AND j.incident = ? AND (j.occurred, j.detection) > (?, ?) AND ${LAST_JOINED}
        ORDER BY j.occurred, j.detection LIMIT ?`;
      return damaged.page("alerts", limit, (most) =>
        rows.alerts(
          facility,
          all(sql, facility, incident, after.occurred, after.seq, most),
          ({ alert, detections }, row) => [
            detected(alert, detections[Number(row.position)] as Detection, Number(row.detection)),
          ],
        ),
      );
    },
    async cameFrom(facility, incident, other) {
      const sql = `SELECT j.detection FROM joined j
        JOIN joined o ON o.facility = j.facility AND o.incident = ? AND o.detection = j.detection
        WHERE j.facility = ? AND j.incident = ? AND ${LAST_JOINED} ORDER BY j.detection`;
      return all(sql, other, facility, incident).map((row) => Number(row.detection));
    },
    async event(facility, event) {
      const key = eventKey(event);
      if (key === null) return undefined;
      const row = one(
        `SELECT id, first_detection, ${alertContent} FROM alerts WHERE facility = ? AND event = ?`,
        facility,
        key,
      );
      if (row === undefined) return undefined;
      const { alert, detections } = rows.alert(facility, row);
      return {
        alert,
        detections: detections.map((_, position) => {
          const seq = Number(row.first_detection) + position;
          return { seq, incident: rows.holderOf(facility, seq) };
        }),
      };
    },
    async alert(facility, id) {
      const sql = `SELECT id, first_detection, ${alertContent} FROM alerts WHERE facility = ? AND id = ?`;
      const row = one(sql, facility, id);
      return row && rows.alert(facility, row).alert;
    },
    async countAlerts(facility) {
      return Number(one("SELECT COUNT(*) AS count FROM alerts WHERE facility = ?", facility)?.count);
    },
    async cursor(facility, name) {
      return Number(
        one("SELECT position FROM cursors WHERE facility = ? AND name = ?", facility, name)?.position ?? 0,
      );
    },
    async bookmark(facility, name) {
      const row = one("SELECT content FROM bookmarks WHERE facility = ? AND name = ?", facility, name);
      return row === undefined ? undefined : String(row.content);
    },

    async effectsDue(facility, now, limit, kinds = EFFECT_KINDS) {
      const sql = `${EFFECT} WHERE facility = ? AND state = 'planned' AND kind = ? AND due <= ?
        ORDER BY due, effect_key LIMIT ?`;
      return view(() =>
        damaged.page("effects", limit, (most) => {
          const found = [...new Set(kinds)].flatMap((kind) => all(sql, facility, kind, now, most));
          return rows.effects(found).sort(byDue);
        }),
      );
    },
    async effectsIn(facility, states, limit) {
      const sql = `${EFFECT} WHERE facility = ? AND state = ? ORDER BY due, effect_key LIMIT ?`;
      return view(() =>
        damaged.page("effects", limit, (most) => {
          const found = [...new Set(states)].flatMap((state) => all(sql, facility, state, most));
          return rows.effects(found).sort(byDue);
        }),
      );
    },
    async effectsOf(facility, incident) {
      const sql = `${EFFECT} WHERE facility = ? AND incident = ? ORDER BY due, effect_key`;
      return rows.effects(all(sql, facility, incident));
    },

    async accountByLogin(facility, login) {
      return rows.record(
        one(`${RECORD} WHERE facility = ? AND kind = 'account' AND name = ?`, facility, login),
      );
    },

    async journal(facility, from, limit) {
      const sql = `${ENTRY} WHERE j.facility = ? AND j.seq >= ? ORDER BY j.seq LIMIT ?`;
      return all(sql, facility, from, limit).map(entryOf);
    },
    async journalOfHouse(facility, { types, from, before, limit }) {
      // The index holds these only: its condition has to stand here word for word.
      const sql = `${ENTRY} WHERE j.facility = ? AND j.type = ? AND j.at >= ? AND j.at < ?
        AND j.incident IS NULL AND j.type <> 'alerts' ORDER BY j.at DESC, j.seq DESC LIMIT ?`;
      const found = view(() =>
        [...new Set(types)].flatMap((type) => all(sql, facility, type, from, before, limit)),
      );
      return found
        .map(entryOf)
        .sort((a, b) => a.seq - b.seq)
        .slice(-limit);
    },
    async journalEnd(facility) {
      return view(() => {
        const last = "WHERE facility = ? ORDER BY seq DESC LIMIT 1";
        const head = one(`SELECT seq, hash, at FROM journal ${last}`, facility);
        const columns = "facility, seq, hash, at, signer, signature";
        const signed = one(`SELECT ${columns} FROM checkpoints ${last}`, facility);
        return {
          head: (head as { seq: number; hash: string; at: number } | undefined) ?? null,
          checkpoint: signed === undefined ? null : checkpointOf(signed),
        };
      });
    },
    async journalOf(facility, incident) {
      // As for `putsOf`: asked for whole entries in order, SQLite reads the journal from its beginning.
      const places = "SELECT seq FROM journal WHERE facility = ? AND incident = ?";
      const sql = `${ENTRY} WHERE j.facility = ? AND j.seq IN (${places}) ORDER BY j.seq`;
      return all(sql, facility, facility, incident).map(entryOf);
    },
    async putsOf(facility, kind, incident, limit) {
      // The type stands in the question word for word, as in the index of texts. Their places first: asked for whole
      // entries in order, SQLite reads the journal from its end.
      const places = `SELECT seq FROM journal WHERE facility = ? AND type = '${kind}.put' AND incident = ?
        ORDER BY seq DESC LIMIT ?`;
      const sql = `${ENTRY} WHERE j.facility = ? AND j.seq IN (${places}) ORDER BY j.seq DESC`;
      return all(sql, facility, facility, incident, limit).map(entryOf);
    },
    async countOverTime(facility, incident, { from, width, intervals, moved }) {
      // A walk of the index for each interval: one that groups makes a table of its own of them all.
      const sql = `SELECT COUNT(*) AS count FROM joined j WHERE j.facility = ? AND j.incident = ?
        AND j.occurred >= ? AND j.occurred < ? ${moved ? `AND ${LAST_JOINED}` : ""}`;
      return view(() =>
        Array.from({ length: intervals }, (_, n) => {
          // Event times are the senders' own: what lies outside counts at the ends.
          const since = n === 0 ? Number.MIN_SAFE_INTEGER : from + n * width;
          const until = n === intervals - 1 ? Number.MAX_SAFE_INTEGER : from + (n + 1) * width;
          return Number(one(sql, facility, incident, since, until)?.count);
        }),
      );
    },
    async unsent(facility, account, incident) {
      const sql = `SELECT field, at, ${prepare.shown("unsent.content")} FROM unsent
        WHERE facility = ? AND account = ? AND incident = ? ORDER BY field`;
      return all(sql, facility, account, incident) as unknown as Unsent[];
    },
    async evidenceOf(facility, incident, limit) {
      const sql = `SELECT DISTINCT a.journal_seq AS entry, a.position, ${prepare.shown("alerts.content", "a")} FROM joined j
        JOIN alerts a ON a.facility = j.facility AND a.id = j.alert
        WHERE j.facility = ? AND j.incident = ? ORDER BY a.journal_seq, a.position LIMIT ?`;
      return all(sql, facility, incident, limit).map(({ entry, position, content }) => ({
        entry: Number(entry),
        position: Number(position),
        content: String(content),
      }));
    },
    async checkpoints(facility) {
      const sql =
        "SELECT facility, seq, hash, at, signer, signature FROM checkpoints WHERE facility = ? ORDER BY seq";
      return all(sql, facility).map(checkpointOf);
    },
    async facilities() {
      // Jumps from one facility to the next in the key, where DISTINCT would read the whole journal.
      const found = all(`WITH RECURSIVE found (facility) AS (
          SELECT MIN(facility) FROM journal
          UNION ALL
          SELECT (SELECT MIN(facility) FROM journal WHERE facility > found.facility) FROM found
          WHERE found.facility IS NOT NULL
        ) SELECT facility FROM found WHERE facility IS NOT NULL`);
      return found.map(({ facility }) => String(facility));
    },
  };

  function createdOf(facility: string, kind: string, id: string): number {
    const row = one(
      "SELECT created FROM records WHERE facility = ? AND kind = ? AND id = ?",
      facility,
      kind,
      id,
    );
    // A page cannot go on after what does not exist.
    return Number(row?.created ?? 0);
  }
}

/** Reads a journal row; the columns are those of `journal` with `journal_contents`. */
export function entryOf(row: Row): JournalEntry {
  const { facility, seq, type, at, incident, content_hash, previous, body_hash, hash, salt, content } = row;
  return {
    facility,
    seq,
    type,
    at,
    incident,
    contentHash: content_hash,
    previous,
    bodyHash: body_hash,
    hash,
    salt,
    content,
  } as JournalEntry;
}

/** Reads a checkpoint's row. */
export function checkpointOf({ facility, seq, hash, at, signer, signature }: Row): Checkpoint {
  return { facility, seq, hash, at, key: signer, signature } as Checkpoint;
}

const byDue = (a: Effect, b: Effect) => a.due - b.due || (a.key < b.key ? -1 : 1);

function detected(alert: StoredAlert, detection: Detection, seq: number): Detected {
  return { detection: { ...detection, seq, occurred: alert.occurred }, alert };
}
