import { canonicalJson } from "../core/canonical-json.ts";
import type { JournalEntry } from "../core/journal.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { Erased } from "./erasure.ts";
import { type FaultCode, type FaultList, fault } from "./proof.ts";
import { eventKey, nameOf, recordEntry } from "./seal.ts";
import type { Prepare } from "./sqlite/prepare.ts";
import type { StoredAlert } from "./store.ts";
import { attachmentCheck } from "./verify-attachments.ts";

/** Compares what the tables hold with what the journal says, as its entries pass by in order. */
export interface TableCheck {
  entry(entry: JournalEntry): void;
  /** Looks for rows that no entry accounts for. */
  end(): void;
  /** Alerts declared erased, of which only the digest is left. */
  alertsGone(): number;
  /** The same of attachments. */
  attachmentsGone(): number;
}

type Row = Record<string, unknown>;
type Said = { kind: string; id: string; revision: number };

export function compareTables(input: {
  prepare: Prepare;
  facility: string;
  erased: Erased;
  faults: FaultList;
}): TableCheck {
  const { prepare, facility, faults } = input;
  const records = recordCheck(prepare, facility, faults);
  const alerts = alertCheck(input);
  const joined = joinedCheck(prepare, facility, faults);
  const attachments = attachmentCheck(input);
  let contents = 0;
  return {
    entry(entry) {
      if (entry.content === null) {
        if (entry.type === "alerts") alerts.erased();
        attachments.erased(entry);
        return;
      }
      contents += 1;
      if (entry.type === "alerts") alerts.entry(entry.seq, entry.content);
      else if (entry.type === "joined") joined.entry(entry, entry.content);
      else if (entry.type.endsWith(".put")) records.entry(entry, entry.content);
      attachments.entry(entry, entry.content);
    },
    end() {
      alerts.end();
      joined.end();
      records.end();
      attachments.end();
      const sql = "SELECT COUNT(*) AS count FROM journal_contents WHERE facility = ?";
      if (Number(prepare(sql).get(facility)?.count) === contents) return;
      const stray = prepare(
        `SELECT c.seq FROM journal_contents c LEFT JOIN journal j ON j.facility = c.facility AND j.seq = c.seq
         WHERE c.facility = ? AND j.seq IS NULL ORDER BY c.seq LIMIT 1`,
      ).get(facility);
      if (stray !== undefined) faults.add(fault(Number(stray.seq), "entry_extra"));
    },
    alertsGone: alerts.gone,
    attachmentsGone: attachments.gone,
  };
}

function recordCheck(prepare: Prepare, facility: string, faults: FaultList) {
  const columns = `kind, id, revision, incident, state, name, created, journal_seq, updated,
    ${prepare.shown("records.content")}`;
  const find = prepare(`SELECT ${columns} FROM records WHERE facility = ? AND kind = ? AND id = ?`);
  let matched = 0;

  /** What the row must be, all columns, from the entry of its present revision. */
  function agrees(row: Row, { seq, at, incident, type }: JournalEntry, content: string): boolean {
    const { kind, id, revision, state } = row as {
      kind: never;
      id: string;
      revision: number;
      state: string | null;
    };
    if (recordEntry({ kind, id, revision, state, content: String(row.content) }) !== content) return false;
    const name = nameOf(kind, JSON.parse(String(row.content)));
    const created = revision === 1 ? row.created === seq : Number(row.created) < seq;
    return (
      row.incident === incident &&
      row.updated === at &&
      row.name === name &&
      created &&
      type === `${kind}.put`
    );
  }

  function compare(entry: JournalEntry, content: string, said: Said): FaultCode | undefined {
    const row = find.get(facility, said.kind, said.id);
    if (row === undefined) return "record_missing";
    const stands = Number(row.journal_seq);
    if (stands === entry.seq) matched += 1;
    if (said.revision === 1 && row.created !== entry.seq) return "record_differs";
    if (stands < entry.seq) return "record_older";
    return stands > entry.seq || agrees(row, entry, content) ? undefined : "record_differs";
  }

  return {
    entry(entry: JournalEntry, content: string): void {
      const said = JSON.parse(content) as Said;
      const wrong = compare(entry, content, said);
      if (wrong !== undefined) faults.add(fault(entry.seq, wrong, `${said.kind} ${said.id}`));
    },
    end(): void {
      const total = Number(
        prepare("SELECT COUNT(*) AS count FROM records WHERE facility = ?").get(facility)?.count,
      );
      if (total === matched) return;
      // Rare: looks at each row for the entry it claims to come from.
      const sql = `SELECT r.kind, r.id, r.journal_seq, j.type, ${prepare.shown("journal_contents.content", "c")} FROM records r
        LEFT JOIN journal j ON j.facility = r.facility AND j.seq = r.journal_seq
        LEFT JOIN journal_contents c ON c.facility = r.facility AND c.seq = r.journal_seq
        WHERE r.facility = ? ORDER BY r.journal_seq`;
      for (const { kind, id, journal_seq, type, content } of prepare(sql).iterate(facility)) {
        const said = type === `${kind}.put` && content !== null ? JSON.parse(String(content)) : undefined;
        if (said?.id !== id) faults.add(fault(Number(journal_seq), "record_extra", `${kind} ${id}`));
      }
    },
  };
}

function alertCheck({ prepare, facility, erased, faults }: Parameters<typeof compareTables>[0]) {
  // Sorted by place without the contents, which are fetched one by one: the sort stays small.
  const places = prepare(
    "SELECT journal_seq, position, id FROM alerts WHERE facility = ? ORDER BY journal_seq, position",
  ).iterate(facility);
  const find = prepare(
    `SELECT id, event, first_detection, detections, ${prepare.shown("alerts.content")} FROM alerts
     WHERE facility = ? AND id = ?`,
  );
  let next = places.next();
  let [gone, detection] = [0, 1];
  /** Alerts are missing so far: where the next one begins is known no more, only that it is later. */
  let gap = false;

  function differs(row: Row, digest: string): string | undefined {
    const content = String(row.content);
    if (sha256Hex(content) !== digest) return "contenu";
    const { detections, ...alert } = JSON.parse(content) as StoredAlert & { detections: unknown[] };
    if (alert.id !== row.id || eventKey(alert) !== row.event) return "identité";
    const first = Number(row.first_detection);
    const inOrder = gap ? first >= detection : first === detection;
    if (!inOrder || row.detections !== detections.length) return "ordre d'arrivée";
    detection = first + detections.length;
    return undefined;
  }

  function extraUntil(seq: number): void {
    for (; !next.done && Number(next.value.journal_seq) < seq; next = places.next()) {
      faults.add(fault(Number(next.value.journal_seq), "alert_extra", String(next.value.id)));
    }
  }

  function missing(seq: number, digests: string[], from: number, until: number): void {
    for (let position = from; position < until; position++) {
      gap = true;
      if (erased.alert(digests[position] as string)) gone += 1;
      else faults.add(fault(seq, "alert_missing", `la n° ${position + 1} de cette entrée`));
    }
  }

  return {
    /** The digests of an entry went with its content. */
    erased(): void {
      gap = true;
    },
    entry(seq: number, content: string): void {
      extraUntil(seq);
      const { digests } = JSON.parse(content) as { digests: string[] };
      let expected = 0;
      for (; !next.done && next.value.journal_seq === seq; next = places.next()) {
        const { id } = next.value;
        const position = Number(next.value.position);
        const digest = position >= expected ? digests[position] : undefined;
        if (digest === undefined) {
          faults.add(fault(seq, "alert_extra", String(id)));
          continue;
        }
        missing(seq, digests, expected, position);
        expected = position + 1;
        const because = differs(find.get(facility, String(id)) as Row, digest);
        if (because !== undefined) faults.add(fault(seq, "alert_differs", `${because}, alerte ${id}`));
      }
      missing(seq, digests, expected, digests.length);
    },
    end: () => extraUntil(Number.POSITIVE_INFINITY),
    gone: () => gone,
  };
}

function joinedCheck(prepare: Prepare, facility: string, faults: FaultList) {
  const find = prepare(
    `SELECT j.alert, j.position, j.occurred, j.journal_seq, a.first_detection,
       ${prepare.shown("alerts.content", "a")} FROM joined j
     LEFT JOIN alerts a ON a.facility = j.facility AND a.id = j.alert
     WHERE j.facility = ? AND j.incident = ? AND j.detection = ?`,
  );
  let matched = 0;

  function agrees(row: Row, said: { alert: string; position: number; seq: number }): boolean {
    if (row.alert !== said.alert || row.position !== said.position) return false;
    // The join stays when its alert is erased; an alert taken away is a fault of its own entry.
    if (row.content === null) return true;
    const { occurred } = JSON.parse(String(row.content)) as { occurred: number };
    return row.occurred === occurred && Number(row.first_detection) + said.position === said.seq;
  }

  return {
    entry(entry: JournalEntry, content: string): void {
      const { incident, detections } = JSON.parse(content) as {
        incident: string;
        detections: { alert: string; position: number; seq: number }[];
      };
      if (incident !== entry.incident) faults.add(fault(entry.seq, "joined_differs", incident));
      for (const said of detections) {
        const row = find.get(facility, incident, said.seq);
        const stands = Number(row?.journal_seq ?? -1);
        if (stands === entry.seq) matched += 1;
        // It may have left for another incident and come back: the later entry answers for the row.
        if (row === undefined || stands < entry.seq || !agrees(row, said)) {
          faults.add(fault(entry.seq, "joined_differs", canonicalJson(said)));
        }
      }
    },
    end(): void {
      const total = Number(
        prepare("SELECT COUNT(*) AS count FROM joined WHERE facility = ?").get(facility)?.count,
      );
      if (total === matched) return;
      const sql = `SELECT j.detection, j.incident, j.journal_seq, ${prepare.shown("journal_contents.content", "c")} FROM joined j
        LEFT JOIN journal_contents c ON c.facility = j.facility AND c.seq = j.journal_seq
        WHERE j.facility = ? ORDER BY j.journal_seq`;
      for (const { detection, incident, journal_seq, content } of prepare(sql).iterate(facility)) {
        const said = JSON.parse(String(content ?? "null"));
        const listed =
          said?.incident === incident && said.detections?.some((one: Row) => one.seq === detection);
        if (!listed) faults.add(fault(Number(journal_seq), "joined_extra", `dossier ${incident}`));
      }
    },
  };
}
