import type { DamagedRow } from "../../core/damaged-row.ts";
import type { Detection } from "../../core/detection.ts";
import { EFFECT_KINDS, type Effect } from "../../core/effect.ts";
import type { Checkpoint, JournalEntry } from "../../core/journal.ts";
import { eventKey } from "../seal.ts";
import type {
  HeldOf,
  RecordKind,
  Stored,
  StoredAlert,
  StoredDetection,
  TouchedRecord,
  Unsent,
} from "../store.ts";
import type { Asked } from "./asked.ts";
import { attachmentReads } from "./attachment-reads.ts";
import { contentRows, EFFECT_COLUMNS, RECORD_COLUMNS } from "./content-rows.ts";
import { damagedRows, type KnownDamage } from "./damaged-rows.ts";
import { peopleReads } from "./people-reads.ts";
import { retentionReads } from "./retention-reads.ts";
import { type Asking, type Columns, type Row, type Sql, together, type Value } from "./sql.ts";
import { LAST_JOINED } from "./writes.ts";

type Detected = { detection: StoredDetection; alert: StoredAlert };

/** Journal rows with their contents. */
export function entrySql(columns: Pick<Columns, "shown">): string {
  return `SELECT j.facility, j.seq, j.type, j.at, j.incident, j.content_hash, j.previous, j.body_hash, j.hash,
      ${columns.shown("journal_contents.salt", "c")}, ${columns.shown("journal_contents.content", "c")}
    FROM journal j LEFT JOIN journal_contents c ON c.facility = j.facility AND c.seq = j.seq`;
}

/** Prepares every question; with `told`, lists leave out rows that cannot be read, and it is told of each once. */
export function readsOf(sql: Sql, known: KnownDamage, told?: (row: DamagedRow) => void): Asked {
  const damaged = damagedRows(sql, known, told);
  const rows = contentRows(sql, damaged);
  const RECORD = `SELECT ${RECORD_COLUMNS}, ${damaged.shown("records.content")} FROM records`;
  const EFFECT = `SELECT ${EFFECT_COLUMNS}, ${damaged.shown("effects.payload")},
    ${damaged.shown("effects.because")} FROM effects`;
  const ENTRY = entrySql(sql);
  const alertContent = damaged.shown("alerts.content");
  const one = (text: string, ...values: Value[]) => sql(text).get(...values);
  const all = (text: string, ...values: Value[]) => sql(text).all(...values);

  return {
    ...attachmentReads(sql),
    ...peopleReads(sql),
    ...retentionReads(sql),

    *record(facility, kind, id) {
      const text = `${RECORD} WHERE facility = ? AND kind = ? AND id = ?`;
      return yield* rows.record(yield* one(text, facility, kind, id));
    },
    *incidentNamed(facility, reference) {
      const text = "SELECT id FROM records WHERE facility = ? AND kind = 'incident' AND name = ?";
      return (yield* one(text, facility, reference))?.id as string | undefined;
    },
    *ofIncident(facility, kind, incident) {
      const text = `${RECORD} WHERE facility = ? AND incident = ? AND kind = ? ORDER BY created`;
      return yield* rows.records(yield* all(text, facility, incident, kind));
    },
    *ofIncidents(facility, incidents) {
      const held = new Map<string, HeldOf>();
      const of = (incident: unknown) => {
        const known = held.get(String(incident));
        if (known !== undefined) return known;
        const fresh: HeldOf = { records: new Map(), effects: [], damaged: false };
        held.set(String(incident), fresh);
        return fresh;
      };
      const asked = `facility = ? AND incident IN (${sql.texts})`;
      const ids = JSON.stringify(incidents);
      const records = `${RECORD} WHERE ${asked} ORDER BY incident, kind, created`;
      for (const row of yield* all(records, facility, ids)) {
        const each = of(row.incident);
        const [record] = (yield* rows.records([row])) as Stored<unknown>[];
        const kind = String(row.kind) as RecordKind;
        const list = each.records.get(kind);
        if (record === undefined) each.damaged = true;
        else if (list === undefined) each.records.set(kind, [record]);
        else list.push(record);
      }
      for (const row of yield* all(`${EFFECT} WHERE ${asked} ORDER BY due, effect_key`, facility, ids))
        of(row.incident).effects.push(...(yield* rows.effects([row])));
      return held;
    },
    *byState(facility, kind, states, { limit, after }) {
      const from = after == null ? Number.MAX_SAFE_INTEGER : yield* createdOf(facility, kind, after);
      const any = `${RECORD} WHERE facility = ? AND kind = ? AND created < ? ORDER BY created DESC LIMIT ?`;
      // One walk of the index per state: an IN would read every record of the kind and sort them.
      const each = `${RECORD} WHERE facility = ? AND kind = ? AND state = ? AND created < ?
        ORDER BY created DESC LIMIT ?`;
      return yield* damaged.page("records", limit, function* (most) {
        if (states.length === 0) return yield* rows.records(yield* all(any, facility, kind, from, most));
        const wanted = [...new Set(states)];
        const found = yield* together(wanted.map((state) => all(each, facility, kind, state, from, most)));
        const latest = found.flat().sort((a, b) => Number(b.created) - Number(a.created));
        return yield* rows.records(latest.slice(0, most));
      });
    },
    *countByState(facility, kind) {
      const counts = yield* all(
        "SELECT state, COUNT(*) AS count FROM records WHERE facility = ? AND kind = ? GROUP BY state",
        facility,
        kind,
      );
      return Object.fromEntries(counts.map(({ state, count }) => [String(state ?? ""), Number(count)]));
    },
    *changedSince(facility, entry, limit) {
      const text = `${RECORD} WHERE facility = ? AND journal_seq > ? ORDER BY journal_seq LIMIT ?`;
      return yield* damaged.page("records", limit, function* (most) {
        return yield* rows.changed(yield* all(text, facility, entry, most));
      });
    },
    *touchedSince(facility, entry, limit) {
      const text = `SELECT kind, id, revision, incident, journal_seq AS entry FROM records
        WHERE facility = ? AND journal_seq > ? ORDER BY journal_seq LIMIT ?`;
      return (yield* all(text, facility, entry, limit)) as unknown as TouchedRecord[];
    },

    *detectionsAfter(facility, seq, limit) {
      // The first alert may have detections on both sides of `seq`.
      const text = `SELECT id, first_detection, ${alertContent} FROM alerts
        WHERE facility = ? AND detections > 0 AND first_detection + detections > ? AND first_detection >= COALESCE((
          SELECT MAX(first_detection) FROM alerts WHERE facility = ? AND first_detection <= ?
        ), 0) ORDER BY first_detection LIMIT ?`;
      return yield* damaged.page("alerts", limit, function* (most) {
        const found = yield* all(text, facility, seq + 1, facility, seq + 1, most);
        const alerts = yield* rows.alerts(facility, found, ({ alert, detections }, { first_detection }) =>
          detections.map((detection, position) =>
            detected(alert, detection, Number(first_detection) + position),
          ),
        );
        return alerts.filter(({ detection }) => detection.seq > seq);
      });
    },
    *detectionsOf(facility, incident, limit, after = { occurred: Number.MIN_SAFE_INTEGER, seq: 0 }) {
      const text = `SELECT a.id, a.first_detection, j.detection, j.position, ${damaged.shown("alerts.content", "a")}
        FROM joined j JOIN alerts a ON a.facility = j.facility AND a.id = j.alert
        WHERE j.facility = ? AND j.incident = ? AND (j.occurred, j.detection) > (?, ?) AND ${LAST_JOINED}
        ORDER BY j.occurred, j.detection LIMIT ?`;
      return yield* damaged.page("alerts", limit, function* (most) {
        const found = yield* all(text, facility, incident, after.occurred, after.seq, most);
        return yield* rows.alerts(facility, found, ({ alert, detections }, row) => [
          detected(alert, detections[Number(row.position)] as Detection, Number(row.detection)),
        ]);
      });
    },
    *cameFrom(facility, incident, other) {
      const text = `SELECT j.detection FROM joined j
        JOIN joined o ON o.facility = j.facility AND o.incident = ? AND o.detection = j.detection
        WHERE j.facility = ? AND j.incident = ? AND ${LAST_JOINED} ORDER BY j.detection`;
      return (yield* all(text, other, facility, incident)).map((row) => Number(row.detection));
    },
    *event(facility, event) {
      const key = eventKey(event);
      if (key === null) return undefined;
      const row = yield* one(
        `SELECT id, first_detection, ${alertContent} FROM alerts WHERE facility = ? AND event = ?`,
        facility,
        key,
      );
      if (row === undefined) return undefined;
      const { alert, detections } = yield* rows.alert(facility, row);
      const found: { seq: number; incident: string | null }[] = [];
      for (const position of detections.keys()) {
        const seq = Number(row.first_detection) + position;
        found.push({ seq, incident: yield* rows.holderOf(facility, seq) });
      }
      return { alert, detections: found };
    },
    *alert(facility, id) {
      const text = `SELECT id, first_detection, ${alertContent} FROM alerts WHERE facility = ? AND id = ?`;
      const row = yield* one(text, facility, id);
      return row && (yield* rows.alert(facility, row)).alert;
    },
    *countAlerts(facility) {
      const row = yield* one("SELECT COUNT(*) AS count FROM alerts WHERE facility = ?", facility);
      return Number(row?.count);
    },
    *cursor(facility, name) {
      const row = yield* one("SELECT position FROM cursors WHERE facility = ? AND name = ?", facility, name);
      return Number(row?.position ?? 0);
    },
    *bookmark(facility, name) {
      const row = yield* one("SELECT content FROM bookmarks WHERE facility = ? AND name = ?", facility, name);
      return row === undefined ? undefined : String(row.content);
    },

    *effectsDue(facility, now, limit, kinds = EFFECT_KINDS) {
      const text = `${EFFECT} WHERE facility = ? AND state = 'planned' AND kind = ? AND due <= ?
        ORDER BY due, effect_key LIMIT ?`;
      return yield* effectPage(limit, (most) =>
        together([...new Set(kinds)].map((kind) => all(text, facility, kind, now, most))),
      );
    },
    *effectsIn(facility, states, limit) {
      const text = `${EFFECT} WHERE facility = ? AND state = ? ORDER BY due, effect_key LIMIT ?`;
      return yield* effectPage(limit, (most) =>
        together([...new Set(states)].map((state) => all(text, facility, state, most))),
      );
    },
    *effectsOf(facility, incident) {
      const text = `${EFFECT} WHERE facility = ? AND incident = ? ORDER BY due, effect_key`;
      return yield* rows.effects(yield* all(text, facility, incident));
    },

    *accountByLogin(facility, login) {
      const text = `${RECORD} WHERE facility = ? AND kind = 'account' AND name = ?`;
      return yield* rows.record(yield* one(text, facility, login));
    },

    *journal(facility, from, limit) {
      const text = `${ENTRY} WHERE j.facility = ? AND j.seq >= ? ORDER BY j.seq LIMIT ?`;
      return (yield* all(text, facility, from, limit)).map(entryOf);
    },
    *journalOfHouse(facility, { types, from, before, limit }) {
      // The index holds these only: its condition has to stand here word for word.
      const text = `${ENTRY} WHERE j.facility = ? AND j.type = ? AND j.at >= ? AND j.at < ?
        AND j.incident IS NULL AND j.type <> 'alerts' ORDER BY j.at DESC, j.seq DESC LIMIT ?`;
      const wanted = [...new Set(types)];
      const found = yield* together(wanted.map((type) => all(text, facility, type, from, before, limit)));
      return found
        .flat()
        .map(entryOf)
        .sort((a, b) => a.seq - b.seq)
        .slice(-limit);
    },
    *journalEnd(facility) {
      const last = "WHERE facility = ? ORDER BY seq DESC LIMIT 1";
      const [head, signed] = yield* together([
        one(`SELECT seq, hash, at FROM journal ${last}`, facility),
        one(`SELECT facility, seq, hash, at, signer, signature FROM checkpoints ${last}`, facility),
      ]);
      return {
        head: (head as { seq: number; hash: string; at: number } | undefined) ?? null,
        checkpoint: signed === undefined ? null : checkpointOf(signed),
      };
    },
    *journalOf(facility, incident) {
      // As for `putsOf`: asked for whole entries in order, SQLite reads the journal from its beginning.
      const places = "SELECT seq FROM journal WHERE facility = ? AND incident = ?";
      const text = `${ENTRY} WHERE j.facility = ? AND j.seq IN (${places}) ORDER BY j.seq`;
      return (yield* all(text, facility, facility, incident)).map(entryOf);
    },
    *putsOf(facility, kind, incident, limit) {
      // The type stands in the question word for word, as in the index of texts. Their places first: asked for whole
      // entries in order, SQLite reads the journal from its end.
      const places = `SELECT seq FROM journal WHERE facility = ? AND type = '${kind}.put' AND incident = ?
        ORDER BY seq DESC LIMIT ?`;
      const text = `${ENTRY} WHERE j.facility = ? AND j.seq IN (${places}) ORDER BY j.seq DESC`;
      return (yield* all(text, facility, facility, incident, limit)).map(entryOf);
    },
    *countOverTime(facility, incident, { from, width, intervals, moved }) {
      // A walk of the index for each interval: one that groups makes a table of its own of them all.
      const text = `SELECT COUNT(*) AS count FROM joined j WHERE j.facility = ? AND j.incident = ?
        AND j.occurred >= ? AND j.occurred < ? ${moved ? `AND ${LAST_JOINED}` : ""}`;
      const counts = Array.from({ length: intervals }, (_, n) => {
        // Event times are the senders' own: what lies outside counts at the ends.
        const since = n === 0 ? Number.MIN_SAFE_INTEGER : from + n * width;
        const until = n === intervals - 1 ? Number.MAX_SAFE_INTEGER : from + (n + 1) * width;
        return one(text, facility, incident, since, until);
      });
      return (yield* together(counts)).map((row) => Number(row?.count));
    },
    *unsent(facility, account, incident) {
      const text = `SELECT field, at, ${sql.shown("unsent.content")} FROM unsent
        WHERE facility = ? AND account = ? AND incident = ? ORDER BY field`;
      return (yield* all(text, facility, account, incident)) as unknown as Unsent[];
    },
    *evidenceOf(facility, incident, limit) {
      const text = `SELECT DISTINCT a.journal_seq AS entry, a.position, ${sql.shown("alerts.content", "a")} FROM joined j
        JOIN alerts a ON a.facility = j.facility AND a.id = j.alert
        WHERE j.facility = ? AND j.incident = ? ORDER BY a.journal_seq, a.position LIMIT ?`;
      return (yield* all(text, facility, incident, limit)).map(({ entry, position, content }) => ({
        entry: Number(entry),
        position: Number(position),
        content: String(content),
      }));
    },
    *checkpoints(facility) {
      const text =
        "SELECT facility, seq, hash, at, signer, signature FROM checkpoints WHERE facility = ? ORDER BY seq";
      return (yield* all(text, facility)).map(checkpointOf);
    },
    *facilities() {
      // Jumps from one facility to the next in the key, where DISTINCT would read the whole journal.
      const found = yield* all(`WITH RECURSIVE found (facility) AS (
          SELECT MIN(facility) FROM journal
          UNION ALL
          SELECT (SELECT MIN(facility) FROM journal WHERE facility > found.facility) FROM found
          WHERE found.facility IS NOT NULL
        ) SELECT facility FROM found WHERE facility IS NOT NULL`);
      return found.map(({ facility }) => String(facility));
    },
  };

  function* effectPage(limit: number, ask: (most: number) => Asking<Row[][]>): Asking<Effect[]> {
    return yield* damaged.page("effects", limit, function* (most) {
      return (yield* rows.effects((yield* ask(most)).flat())).sort(byDue);
    });
  }

  function* createdOf(facility: string, kind: string, id: string): Asking<number> {
    const text = "SELECT created FROM records WHERE facility = ? AND kind = ? AND id = ?";
    // A page cannot go on after what does not exist.
    return Number((yield* one(text, facility, kind, id))?.created ?? 0);
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
