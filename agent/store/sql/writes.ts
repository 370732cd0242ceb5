import { canonicalJson } from "../../core/canonical-json.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { EffectState } from "../../core/effect.ts";
import { EFFECT_TRANSITIONS } from "../../core/effect-transitions.ts";
import { mayMove } from "../../core/transitions.ts";
import { recordEntry, type SealedAlert, type SealedRecord, type SealedWrite } from "../seal.ts";
import { attachmentWrites } from "./attachment-writes.ts";
import { type Ahead, type Bulk, type HeldDetection, recordKey } from "./bulk.ts";
import { erasureWrite } from "./erasure-write.ts";
import { peopleWrites } from "./people-writes.ts";
import type { Conflict, Of, Place } from "./place.ts";
import { type Asking, type Sql, together } from "./sql.ts";

/** How each kind of write is carried out, inside a transaction that the writer holds. */
export interface Writes {
  /** Alerts never conflict: a second one of the same event is a duplicate. */
  alerts: Bulk["alerts"];
  /** Looks up what the writes of a unit will ask, where that is of use. */
  ahead(facility: string, writes: readonly SealedWrite[]): Asking<Ahead | undefined>;
  /** Carries any other write out; returns why it could not stand. */
  apply(place: Place, write: Exclude<SealedWrite, SealedAlert>, ahead?: Ahead): Asking<Conflict>;
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
export function prepareWrites(sql: Sql, bulk: Bulk): Writes {
  const record = recordWrite(sql);
  const join = joinWrite(sql, bulk);
  const effects = effectWrites(sql);
  const people = peopleWrites(sql);
  const cursor = cursorWrite(sql);
  const bookmark = sql(
    `INSERT INTO bookmarks (facility, name, content) VALUES (?, ?, ?)
     ON CONFLICT (facility, name) DO UPDATE SET content = excluded.content`,
  );
  const quarantine = quarantineWrite(sql);
  const quarantineEnd = quarantineEndWrite(sql);
  const unsent = unsentWrite(sql);
  const attachments = attachmentWrites(sql);
  const erasure = erasureWrite(sql);

  function* apply(place: Place, write: Exclude<SealedWrite, SealedAlert>, ahead?: Ahead): Asking<Conflict> {
    switch (write.write) {
      case "record":
        return yield* record(place, write, ahead);
      case "join":
        return yield* join(place, write, ahead);
      case "cursor":
        return yield* cursor(place, write, ahead);
      case "bookmark":
        bookmark.put(place.facility, write.name, write.content);
        return undefined;
      case "plan":
        return effects.plan(place, write);
      case "claim":
        return yield* effects.claim(place, write);
      case "settle":
        return yield* effects.settle(place, write);
      case "note":
        place.chain.append({
          type: `note.${write.what}`,
          at: place.at,
          incident: write.incident,
          content: write.content,
        });
        return undefined;
      case "quarantine":
        return yield* quarantine(place, write);
      case "unsent":
        return unsent(place, write);
      case "attachment_piece":
        return yield* attachments.piece(place, write);
      case "attachment":
        return yield* attachments.keep(place, write);
      case "attachment_erasure":
        return yield* attachments.erase(place, write);
      case "erasure":
        return yield* erasure(place, write);
      case "quarantine_end":
        return quarantineEnd(place, write);
      case "credentials":
        return yield* people.credentials(place, write);
      case "totp":
        return yield* people.totp(place, write);
      case "session":
        return people.session(place, write);
      case "session_end":
        return people.sessionEnd(place, write);
      case "sessions_end":
        return people.sessionsEnd(place, write);
      case "factors":
        return yield* people.factors(place, write);
      case "ticket":
        return yield* people.ticket(place, write);
      case "ticket_use":
        return yield* people.ticketUse(place, write);
    }
  }

  return {
    alerts: bulk.alerts,
    *ahead(facility, all) {
      return bulk.ahead === undefined ? undefined : yield* bulk.ahead(facility, all);
    },
    apply,
  };
}

function recordWrite(sql: Sql) {
  const find = sql("SELECT revision FROM records WHERE facility = ? AND kind = ? AND id = ?");
  const findName = sql("SELECT id FROM records WHERE facility = ? AND kind = ? AND name = ?");
  const insert = sql(
    `INSERT INTO records (content, incident, state, name, journal_seq, updated, revision, facility, kind, id, created)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const replace = sql(
    `UPDATE records SET content = ?, incident = ?, state = ?, name = ?, journal_seq = ?, updated = ?, revision = ?
     WHERE facility = ? AND kind = ? AND id = ?`,
  );
  function* standing(facility: string, { kind, id, name }: SealedRecord, ahead: Ahead | undefined) {
    if (ahead !== undefined)
      return {
        stands: ahead.revisions.get(recordKey(kind, id)) ?? 0,
        holder: name === null ? undefined : ahead.names.get(recordKey(kind, name)),
      };
    const [known, holder] = yield* together([
      find.get(facility, kind, id),
      ...(name === null ? [] : [findName.get(facility, kind, name)]),
    ]);
    return { stands: Number(known?.revision ?? 0), holder: holder && String(holder.id) };
  }

  return function* (
    { facility, at, chain }: Place,
    write: SealedRecord,
    ahead: Ahead | undefined,
  ): Asking<Conflict> {
    const { kind, id, revision, incident, state, name, content } = write;
    const { stands, holder } = yield* standing(facility, write, ahead);
    if (stands !== revision - 1)
      return `${kind} ${id} stands at revision ${stands}, so ${revision} cannot follow`;
    if (holder !== undefined && holder !== id) return `${kind} ${holder} already has the name ${name}`;
    if (ahead !== undefined) note(ahead, write);
    const seq = chain.append({ type: `${kind}.put`, at, incident, content: recordEntry(write) });
    const stored = sql.seal("records.content", [facility, kind, id, revision], content);
    const values = [stored, incident, state, name, seq, at, revision, facility, kind, id] as const;
    if (revision === 1) insert.put(...values, seq);
    else replace.put(...values);
    return undefined;
  };
}

/** What comes later in the unit finds the record as it is then. */
function note({ revisions, names }: Ahead, { kind, id, revision, name }: SealedRecord): void {
  revisions.set(recordKey(kind, id), revision);
  for (const [key, holder] of names) if (holder === id) names.delete(key);
  if (name !== null) names.set(recordKey(kind, name), id);
}

function joinWrite(sql: Sql, bulk: Bulk) {
  const holder = sql(
    "SELECT incident FROM joined WHERE facility = ? AND detection = ? ORDER BY journal_seq DESC LIMIT 1",
  );
  const again = sql(
    "UPDATE joined SET journal_seq = ? WHERE facility = ? AND incident = ? AND detection = ?",
  );
  const all = sql(`SELECT detection FROM joined j WHERE facility = ? AND incident = ? AND ${LAST_JOINED}`);
  return function* (
    { facility, at, chain }: Place,
    { incident, detections, of }: Of<"join">,
    ahead: Ahead | undefined,
  ): Asking<Conflict> {
    const others = of === undefined ? [] : yield* all.all(facility, of);
    const asked = [...new Set([...others.map((row) => Number(row.detection)), ...detections])];
    const undo = chain.mark();
    const entry = { type: "joined", at, incident, content: "" };
    const seq = chain.append(entry);
    const found = ahead ? asked.map((each) => ahead.held.get(each)) : yield* bulk.held(facility, asked);
    const unknown = found.indexOf(undefined);
    if (unknown !== -1) return `detection ${asked[unknown]} is unknown`;
    const held = found as readonly HeldDetection[];
    const there = ahead?.joined.get(incident);
    const isNew = held.every(({ detection }) => there?.has(detection) !== true);
    let fresh: readonly boolean[] | undefined;
    if (ahead !== undefined && isNew && bulk.joinFresh !== undefined)
      bulk.joinFresh(facility, { incident, entry: seq, detections: held });
    else fresh = yield* bulk.join(facility, { incident, entry: seq, detections: held });
    ahead?.joined.set(incident, new Set([...(there ?? []), ...asked]));
    const joined: { alert: string; position: number; seq: number }[] = [];
    for (const [index, { alert, position, detection }] of held.entries()) {
      if (fresh?.[index] === false) {
        if ((yield* holder.get(facility, detection))?.incident === incident) continue;
        // It had left for another incident, and comes back.
        again.put(seq, facility, incident, detection);
      }
      joined.push({ alert, position, seq: detection });
    }
    // Everything was joined already: nothing happened, so the journal says nothing.
    if (joined.length === 0) undo();
    else entry.content = canonicalJson({ detections: joined, incident });
    return undefined;
  };
}

function cursorWrite(sql: Sql) {
  const find = sql("SELECT position FROM cursors WHERE facility = ? AND name = ?");
  const put = sql(
    `INSERT INTO cursors (facility, name, position) VALUES (?, ?, ?)
     ON CONFLICT (facility, name) DO UPDATE SET position = excluded.position`,
  );
  return function* (
    { facility }: Place,
    { name, from, to }: Of<"cursor">,
    ahead: Ahead | undefined,
  ): Asking<Conflict> {
    const stands = ahead
      ? (ahead.cursors.get(name) ?? 0)
      : Number((yield* find.get(facility, name))?.position ?? 0);
    if (stands !== from) return `cursor ${name} stands at ${stands}, not ${from}`;
    ahead?.cursors.set(name, to);
    put.put(facility, name, to);
    return undefined;
  };
}

function effectWrites(sql: Sql) {
  const insert = sql(
    `INSERT INTO effects (facility, effect_key, kind, incident, due, state, attempt, owner, fence, payload, because)
     VALUES (?, ?, ?, ?, ?, 'planned', 0, NULL, 0, ?, NULL) ON CONFLICT (facility, effect_key) DO NOTHING`,
  );
  const find = sql("SELECT state, fence FROM effects WHERE facility = ? AND effect_key = ?");
  const take = sql(
    `UPDATE effects SET state = 'claimed', owner = ?, attempt = attempt + 1, fence = fence + 1
     WHERE facility = ? AND effect_key = ?`,
  );
  const end = sql(
    `UPDATE effects SET state = ?, because = ?, due = COALESCE(?, due),
       owner = CASE WHEN ? = 'planned' THEN NULL ELSE owner END
     WHERE facility = ? AND effect_key = ?`,
  );

  function* standing(
    facility: string,
    key: string,
    fence: number,
  ): Asking<{ state: EffectState } | { conflict: string }> {
    const row = yield* find.get(facility, key);
    if (row === undefined) return { conflict: `effect ${key} is unknown` };
    if (row.fence !== fence) return { conflict: `effect ${key} has fence ${row.fence}, not ${fence}` };
    return { state: row.state as EffectState };
  }

  return {
    plan({ facility }: Place, { key, kind, incident, due, payload }: Of<"plan">): Conflict {
      const stored = sql.seal("effects.payload", [facility, key], payload);
      insert.put(facility, key, kind, incident, due, stored);
      return undefined;
    },
    *claim({ facility }: Place, { key, fence, owner }: Of<"claim">): Asking<Conflict> {
      const found = yield* standing(facility, key, fence);
      if ("conflict" in found) return found.conflict;
      if (found.state !== "planned") return `effect ${key} is ${found.state}, not planned`;
      take.put(owner, facility, key);
      return undefined;
    },
    *settle({ facility }: Place, { key, fence, state, due, because }: Of<"settle">): Asking<Conflict> {
      const found = yield* standing(facility, key, fence);
      if ("conflict" in found) return found.conflict;
      // Only a claim takes an effect: it alone moves the fence.
      if (state === "claimed" || !mayMove(EFFECT_TRANSITIONS, found.state, state)) {
        return `effect ${key} cannot go from ${found.state} to ${state}`;
      }
      const told = sql.seal("effects.because", [facility, key], because);
      end.put(state, told, due ?? null, state, facility, key);
      return undefined;
    },
  };
}

function unsentWrite(sql: Sql) {
  const put = sql(
    `INSERT INTO unsent (facility, account, incident, field, at, content) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (facility, account, incident, field) DO UPDATE SET at = excluded.at, content = excluded.content`,
  );
  const drop = sql("DELETE FROM unsent WHERE facility = ? AND account = ? AND incident = ? AND field = ?");
  const dropOld = sql("DELETE FROM unsent WHERE facility = ? AND at < ?");
  return ({ facility, at }: Place, { account, incident, field, content }: Of<"unsent">): Conflict => {
    dropOld.put(facility, at - UNSENT_KEPT);
    if (content === null) drop.put(facility, account, incident, field);
    else {
      const stored = sql.seal("unsent.content", [facility, account, incident, field], content);
      put.put(facility, account, incident, field, at, stored);
    }
    return undefined;
  };
}

function quarantineWrite(sql: Sql) {
  const last = sql("SELECT COALESCE(MAX(seq), 0) AS seq FROM quarantine WHERE facility = ? AND source = ?");
  const insert = sql(
    "INSERT INTO quarantine (facility, source, seq, received, content) VALUES (?, ?, ?, ?, ?)",
  );
  const trim = sql("DELETE FROM quarantine WHERE facility = ? AND source = ? AND seq <= ?");
  return function* ({ facility }: Place, { source, received, content }: Of<"quarantine">): Asking<Conflict> {
    const seq = Number((yield* last.get(facility, source))?.seq) + 1;
    insert.put(
      facility,
      source,
      seq,
      received,
      sql.seal("quarantine.content", [facility, source, seq], content),
    );
    trim.put(facility, source, seq - QUARANTINE_KEPT);
    return undefined;
  };
}

function quarantineEndWrite(sql: Sql) {
  const drop = sql(
    `DELETE FROM quarantine WHERE facility = ? AND (source, seq) IN (
       SELECT source, seq FROM quarantine WHERE facility = ? AND received < ? ORDER BY received LIMIT ?)`,
  );
  return ({ facility }: Place, { before }: Of<"quarantine_end">): Conflict => {
    drop.put(facility, facility, before, QUARANTINE_ENDED);
    return undefined;
  };
}
