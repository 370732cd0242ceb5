import { canonicalJson } from "../../core/canonical-json.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { EffectState } from "../../core/effect.ts";
import { EFFECT_TRANSITIONS } from "../../core/effect-transitions.ts";
import { mayMove } from "../../core/transitions.ts";
import { recordEntry, type SealedAlert, type SealedRecord, type SealedWrite } from "../seal.ts";
import { attachmentWrites } from "./attachment-writes.ts";
import { erasureWrite } from "./erasure-write.ts";
import { peopleWrites } from "./people-writes.ts";
import type { Conflict, Of, Place } from "./place.ts";
import type { Prepare } from "./prepare.ts";

/** How each kind of write is carried out, inside a transaction that the writer holds. */
export interface Writes {
  /** An alert never conflicts: a second one of the same event is a duplicate. */
  alert(place: Place, write: SealedAlert): "stored" | "duplicate";
  /** Carries any other write out; returns why it could not stand. */
  apply(place: Place, write: Exclude<SealedWrite, SealedAlert>): Conflict;
}

/** True of a row `j` when no other incident joined its detection since. */
export const LAST_JOINED = `NOT EXISTS (SELECT 1 FROM joined k WHERE k.facility = j.facility
  AND k.detection = j.detection AND k.journal_seq > j.journal_seq)`;
/** Refused records kept for each source. */
const QUARANTINE_KEPT = 200;
/** Refused records forgotten at once. */
const QUARANTINE_ENDED = 500;
/** What nobody sends is forgotten after a week. */
const UNSENT_KEPT = 7 * MICROSECONDS.day;

/** Prepares the statements of every kind of write. */
export function prepareWrites(prepare: Prepare): Writes {
  const record = recordWrite(prepare);
  const join = joinWrite(prepare);
  const effects = effectWrites(prepare);
  const people = peopleWrites(prepare);
  const cursor = cursorWrite(prepare);
  const bookmark = prepare(
    `INSERT INTO bookmarks (facility, name, content) VALUES (?, ?, ?)
     ON CONFLICT (facility, name) DO UPDATE SET content = excluded.content`,
  );
  const quarantine = quarantineWrite(prepare);
  const quarantineEnd = quarantineEndWrite(prepare);
  const unsent = unsentWrite(prepare);
  const attachments = attachmentWrites(prepare);
  const erasure = erasureWrite(prepare);

  function apply(place: Place, write: Exclude<SealedWrite, SealedAlert>): Conflict {
    switch (write.write) {
      case "record":
        return record(place, write);
      case "join":
        return join(place, write);
      case "cursor":
        return cursor(place, write);
      case "bookmark":
        bookmark.run(place.facility, write.name, write.content);
        return undefined;
      case "plan":
        return effects.plan(place, write);
      case "claim":
        return effects.claim(place, write);
      case "settle":
        return effects.settle(place, write);
      case "note":
        place.chain.append({
          type: `note.${write.what}`,
          at: place.at,
          incident: write.incident,
          content: write.content,
        });
        return undefined;
      case "quarantine":
        return quarantine(place, write);
      case "unsent":
        return unsent(place, write);
      case "attachment_piece":
        return attachments.piece(place, write);
      case "attachment":
        return attachments.keep(place, write);
      case "attachment_erasure":
        return attachments.erase(place, write);
      case "erasure":
        return erasure(place, write);
      case "quarantine_end":
        return quarantineEnd(place, write);
      case "credentials":
        return people.credentials(place, write);
      case "totp":
        return people.totp(place, write);
      case "session":
        return people.session(place, write);
      case "session_end":
        return people.sessionEnd(place, write);
      case "sessions_end":
        return people.sessionsEnd(place, write);
      case "factors":
        return people.factors(place, write);
      case "ticket":
        return people.ticket(place, write);
      case "ticket_use":
        return people.ticketUse(place, write);
    }
  }

  return { alert: alertWrite(prepare), apply };
}

function alertWrite(prepare: Prepare): Writes["alert"] {
  const insert = prepare(
    `INSERT INTO alerts (facility, id, event, first_detection, detections, journal_seq, position, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  return ({ facility, at, chain }, { id, event, detections, digest, content }) => {
    const undo = chain.mark();
    const { seq, position } = chain.digest(digest, at);
    const first = chain.detections(detections);
    const stored = prepare.seal("alerts.content", [facility, id], content);
    const done = insert.run(facility, id, event, first, detections, seq, position, stored);
    if (done.changes === 0) {
      undo();
      return "duplicate";
    }
    return "stored";
  };
}

function recordWrite(prepare: Prepare) {
  const find = prepare("SELECT revision FROM records WHERE facility = ? AND kind = ? AND id = ?");
  const findName = prepare("SELECT id FROM records WHERE facility = ? AND kind = ? AND name = ?");
  const insert = prepare(
    `INSERT INTO records (content, incident, state, name, journal_seq, updated, revision, facility, kind, id, created)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const replace = prepare(
    `UPDATE records SET content = ?, incident = ?, state = ?, name = ?, journal_seq = ?, updated = ?, revision = ?
     WHERE facility = ? AND kind = ? AND id = ?`,
  );
  return ({ facility, at, chain }: Place, write: SealedRecord): Conflict => {
    const { kind, id, revision, incident, state, name, content } = write;
    const stands = Number(find.get(facility, kind, id)?.revision ?? 0);
    if (stands !== revision - 1)
      return `${kind} ${id} stands at revision ${stands}, so ${revision} cannot follow`;
    if (name !== null) {
      const holder = findName.get(facility, kind, name)?.id;
      if (holder !== undefined && holder !== id)
        return `${kind} ${String(holder)} already has the name ${name}`;
    }
    const seq = chain.append({ type: `${kind}.put`, at, incident, content: recordEntry(write) });
    const stored = prepare.seal("records.content", [facility, kind, id, revision], content);
    const values = [stored, incident, state, name, seq, at, revision, facility, kind, id] as const;
    if (revision === 1) insert.run(...values, seq);
    else replace.run(...values);
    return undefined;
  };
}

function joinWrite(prepare: Prepare) {
  const find = prepare(
    `SELECT id, first_detection, detections, ${prepare.shown("alerts.content")} FROM alerts
     WHERE facility = ? AND first_detection <= ? AND detections > 0 ORDER BY first_detection DESC LIMIT 1`,
  );
  const insert = prepare(
    `INSERT INTO joined (facility, incident, detection, alert, position, occurred, journal_seq)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const holder = prepare(
    "SELECT incident FROM joined WHERE facility = ? AND detection = ? ORDER BY journal_seq DESC LIMIT 1",
  );
  const again = prepare(
    "UPDATE joined SET journal_seq = ? WHERE facility = ? AND incident = ? AND detection = ?",
  );
  const all = prepare(
    `SELECT detection FROM joined j WHERE facility = ? AND incident = ? AND ${LAST_JOINED}`,
  );
  return ({ facility, at, chain }: Place, { incident, detections, of }: Of<"join">): Conflict => {
    const others = of === undefined ? [] : all.all(facility, of).map((row) => Number(row.detection));
    const undo = chain.mark();
    const entry = { type: "joined", at, incident, content: "" };
    const seq = chain.append(entry);
    const joined: { alert: string; position: number; seq: number }[] = [];
    for (const detection of [...others, ...detections]) {
      const row = find.get(facility, detection);
      const position = detection - Number(row?.first_detection);
      if (row === undefined || position >= Number(row.detections)) return `detection ${detection} is unknown`;
      const alert = String(row.id);
      const occurred = occurredOf(String(row.content));
      if (insert.run(facility, incident, detection, alert, position, occurred, seq).changes === 0) {
        if (holder.get(facility, detection)?.incident === incident) continue;
        // It had left for another incident, and comes back.
        again.run(seq, facility, incident, detection);
      }
      joined.push({ alert, position, seq: detection });
    }
    // Everything was joined already: nothing happened, so the journal says nothing.
    if (joined.length === 0) undo();
    else entry.content = canonicalJson({ detections: joined, incident });
    return undefined;
  };
}

/** Reads one member of a stored alert unparsed: of the canonical ones after it none can hold its name. */
function occurredOf(content: string): Instant {
  const from = content.lastIndexOf(',"occurred":') + 12;
  return Number(content.slice(from, content.indexOf(",", from)));
}

function cursorWrite(prepare: Prepare) {
  const find = prepare("SELECT position FROM cursors WHERE facility = ? AND name = ?");
  const put = prepare(
    `INSERT INTO cursors (facility, name, position) VALUES (?, ?, ?)
     ON CONFLICT (facility, name) DO UPDATE SET position = excluded.position`,
  );
  return ({ facility }: Place, { name, from, to }: Of<"cursor">): Conflict => {
    const stands = Number(find.get(facility, name)?.position ?? 0);
    if (stands !== from) return `cursor ${name} stands at ${stands}, not ${from}`;
    put.run(facility, name, to);
    return undefined;
  };
}

function effectWrites(prepare: Prepare) {
  const insert = prepare(
    `INSERT INTO effects (facility, effect_key, kind, incident, due, state, attempt, owner, fence, payload, because)
     VALUES (?, ?, ?, ?, ?, 'planned', 0, NULL, 0, ?, NULL) ON CONFLICT (facility, effect_key) DO NOTHING`,
  );
  const find = prepare("SELECT state, fence FROM effects WHERE facility = ? AND effect_key = ?");
  const take = prepare(
    `UPDATE effects SET state = 'claimed', owner = ?, attempt = attempt + 1, fence = fence + 1
     WHERE facility = ? AND effect_key = ?`,
  );
  const end = prepare(
    `UPDATE effects SET state = ?, because = ?, due = COALESCE(?, due),
       owner = CASE WHEN ? = 'planned' THEN NULL ELSE owner END
     WHERE facility = ? AND effect_key = ?`,
  );

  function standing(
    facility: string,
    key: string,
    fence: number,
  ): { state: EffectState } | { conflict: string } {
    const row = find.get(facility, key);
    if (row === undefined) return { conflict: `effect ${key} is unknown` };
    if (row.fence !== fence) return { conflict: `effect ${key} has fence ${row.fence}, not ${fence}` };
    return { state: row.state as EffectState };
  }

  return {
    plan({ facility }: Place, { key, kind, incident, due, payload }: Of<"plan">): Conflict {
      const stored = prepare.seal("effects.payload", [facility, key], payload);
      insert.run(facility, key, kind, incident, due, stored);
      return undefined;
    },
    claim({ facility }: Place, { key, fence, owner }: Of<"claim">): Conflict {
      const found = standing(facility, key, fence);
      if ("conflict" in found) return found.conflict;
      if (found.state !== "planned") return `effect ${key} is ${found.state}, not planned`;
      take.run(owner, facility, key);
      return undefined;
    },
    settle({ facility }: Place, { key, fence, state, due, because }: Of<"settle">): Conflict {
      const found = standing(facility, key, fence);
      if ("conflict" in found) return found.conflict;
      // Only a claim takes an effect: it alone moves the fence.
      if (state === "claimed" || !mayMove(EFFECT_TRANSITIONS, found.state, state)) {
        return `effect ${key} cannot go from ${found.state} to ${state}`;
      }
      const told = prepare.seal("effects.because", [facility, key], because);
      end.run(state, told, due ?? null, state, facility, key);
      return undefined;
    },
  };
}

function unsentWrite(prepare: Prepare) {
  const put = prepare(
    `INSERT INTO unsent (facility, account, incident, field, at, content) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (facility, account, incident, field) DO UPDATE SET at = excluded.at, content = excluded.content`,
  );
  const drop = prepare(
    "DELETE FROM unsent WHERE facility = ? AND account = ? AND incident = ? AND field = ?",
  );
  const dropOld = prepare("DELETE FROM unsent WHERE facility = ? AND at < ?");
  return ({ facility, at }: Place, { account, incident, field, content }: Of<"unsent">): Conflict => {
    dropOld.run(facility, at - UNSENT_KEPT);
    if (content === null) drop.run(facility, account, incident, field);
    else {
      const stored = prepare.seal("unsent.content", [facility, account, incident, field], content);
      put.run(facility, account, incident, field, at, stored);
    }
    return undefined;
  };
}

function quarantineWrite(prepare: Prepare) {
  const last = prepare(
    "SELECT COALESCE(MAX(seq), 0) AS seq FROM quarantine WHERE facility = ? AND source = ?",
  );
  const insert = prepare(
    "INSERT INTO quarantine (facility, source, seq, received, content) VALUES (?, ?, ?, ?, ?)",
  );
  const trim = prepare("DELETE FROM quarantine WHERE facility = ? AND source = ? AND seq <= ?");
  return ({ facility }: Place, { source, received, content }: Of<"quarantine">): Conflict => {
    const seq = Number(last.get(facility, source)?.seq) + 1;
    insert.run(
      facility,
      source,
      seq,
      received,
      prepare.seal("quarantine.content", [facility, source, seq], content),
    );
    trim.run(facility, source, seq - QUARANTINE_KEPT);
    return undefined;
  };
}

function quarantineEndWrite(prepare: Prepare) {
  const drop = prepare(
    `DELETE FROM quarantine WHERE facility = ? AND (source, seq) IN (
       SELECT source, seq FROM quarantine WHERE facility = ? AND received < ? ORDER BY received LIMIT ?)`,
  );
  return ({ facility }: Place, { before }: Of<"quarantine_end">): Conflict => {
    drop.run(facility, facility, before, QUARANTINE_ENDED);
    return undefined;
  };
}
