import type { KeyObject } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { messageOf } from "../core/errors.ts";
import { type Checkpoint, GENESIS, type JournalEntry } from "../core/journal.ts";
import type { KeyRing } from "./cipher/key-ring.ts";
import { ERASED } from "./declare-erasure.ts";
import { declaredErased, type Erased } from "./erasure.ts";
import { fingerprintOf } from "./keys.ts";
import {
  ALWAYS_UNPROVEN,
  entryFault,
  type Fault,
  type FaultList,
  fault,
  faultList,
  type Limit,
} from "./proof.ts";
import { type CheckpointsFile, checkpointHolds, readCheckpointsFile } from "./read-checkpoints.ts";
import { checkpointOf, entryOf, entrySql } from "./sql/reads.ts";
import { openReading } from "./sqlite/connection.ts";
import { prepareToVerify } from "./sqlite/open-cipher.ts";
import type { Prepare } from "./sqlite/prepare.ts";
import { sealedFaults } from "./verify-sealed.ts";
import { compareTables } from "./verify-tables.ts";

export interface FacilityReport {
  facility: string;
  entries: number;
  /** Hash of the last entry; null when there is none. */
  head: string | null;
  /** The last valid signed head. */
  checkpoint: { seq: number; at: number } | null;
  firstBroken?: Fault;
  faults: number;
  /** Entries whose content is declared erased, and alerts and attachments of which only the digest is left. */
  erased: number;
  alertsGone: number;
  attachmentsGone: number;
}

export interface VerifyReport {
  ok: boolean;
  facilities: FacilityReport[];
  /** Faults that concern no facility's journal: the file itself. */
  faults: Fault[];
  cannotProve: Limit[];
  /** Fingerprint of the key that the checkpoints were compared with. */
  key: string;
}

/**
 * Recomputes every chain of a database and compares every record, alert and join with it.
 *
 * Reads one consistent view, entry by entry; throws `store_missing` or `store_unreadable` when there is none. Of an
 * encrypted database without its key only the chain and its signatures are proven, and the limits say so.
 */
export function verifyDatabase(
  file: string,
  publicKey: KeyObject,
  checkpointsFile: string,
  ring?: KeyRing,
): VerifyReport {
  // Before the view: a checkpoint signed meanwhile would look like a tail cut off.
  const kept = readCheckpointsFile(checkpointsFile);
  const database = openReading(file);
  try {
    database.exec("BEGIN");
    return verifyView({ database, file, ring }, publicKey, kept);
  } finally {
    database.close();
  }
}

function verifyView(
  { database, file, ring }: { database: DatabaseSync; file: string; ring: KeyRing | undefined },
  publicKey: KeyObject,
  kept: CheckpointsFile | undefined,
): VerifyReport {
  const { prepare, locked } = prepareToVerify(database, file, ring);
  const faults = [...fileFaults(database, kept), ...(locked ? [] : sealedFaults(prepare))];
  const facilities = facilitiesOf(prepare, kept).map((facility) =>
    verifyFacility({
      prepare,
      facility,
      locked,
      publicKey,
      kept: kept?.checkpoints.filter((line) => line.facility === facility),
    }),
  );
  return {
    ok: faults.length === 0 && facilities.every((report) => report.faults === 0),
    facilities,
    faults,
    cannotProve: [
      ...facilities.flatMap(limitsOf),
      ...fileLimits(kept),
      ...(locked ? [LOCKED] : []),
      ...ALWAYS_UNPROVEN,
    ],
    key: fingerprintOf(publicKey),
  };
}

function verifyFacility(input: {
  prepare: Prepare;
  facility: string;
  /** The contents are encrypted and there is no key: they are passed over. */
  locked: boolean;
  publicKey: KeyObject;
  kept: Checkpoint[] | undefined;
}): FacilityReport {
  const { prepare, facility, locked } = input;
  const faults = faultList();
  const signed = validCheckpoints(input, faults);
  const last = Math.max(0, ...signed.keys());
  const allowed = erasedUntil(prepare, facility, last);
  const tables = compareTables({ prepare, facility, erased: allowed, faults });
  let [seq, head, erased, proven, broken] = [0, GENESIS, 0, 0, 0];

  function proves({ seq }: JournalEntry): void {
    for (const checkpoint of signed.get(seq) ?? []) {
      if (checkpoint.hash === head) proven = seq;
      // Entries found broken since the last one explain it better.
      else if (broken <= proven)
        faults.add(fault(proven + 1, "chain_forged", `point de contrôle n° ${seq}`, seq));
    }
  }

  function entry(row: JournalEntry): void {
    if (row.seq !== seq + 1) faults.add(fault(seq + 1, "entry_missing", undefined, row.seq - 1));
    const wrong = entryFault(row, row.seq === seq + 1 ? head : row.previous);
    if (wrong !== undefined) faults.add(fault(row.seq, wrong));
    if (wrong !== undefined || row.seq !== seq + 1) broken = row.seq;
    [seq, head] = [row.seq, row.hash];
    if (locked) {
      proves(row);
      return;
    }
    if (row.content === null && allowed.entry(row)) erased += 1;
    else if (row.content === null) faults.add(fault(seq, "content_removed"));
    proves(row);
    // What was altered says nothing about the tables.
    if (wrong === "entry_content" || wrong === "entry_unreadable") return;
    try {
      tables.entry(row);
    } catch (error) {
      faults.add(fault(seq, "entry_unreadable", messageOf(error)));
    }
  }

  try {
    const rows = prepare(`${entrySql(prepare)} WHERE j.facility = ? ORDER BY j.seq`).iterate(facility);
    for (const row of rows) entry(entryOf(row));
    if (!locked) tables.end();
  } catch (error) {
    faults.add(fault(seq + 1, "entry_unreadable", messageOf(error)));
  }
  if (last > seq) faults.add(fault(seq + 1, "tail_cut", undefined, last));

  const first = faults.first();
  const [checkpoint] = signed.get(proven) ?? [];
  return {
    facility,
    entries: seq,
    head: seq === 0 ? null : head,
    checkpoint: checkpoint === undefined ? null : { seq: proven, at: checkpoint.at },
    ...(first === undefined ? {} : { firstBroken: first }),
    faults: faults.count(),
    erased,
    alertsGone: tables.alertsGone(),
    attachmentsGone: tables.attachmentsGone(),
  };
}

/**
 * What is declared erased up to a signed entry: a declaration that nobody signed would cost only a hash.
 *
 * Its place in the chain is checked with all the others; here, that its content is the one hashed.
 */
function erasedUntil(prepare: Prepare, facility: string, signed: number): Erased {
  try {
    const rows = prepare(
      `${entrySql(prepare)} WHERE j.facility = ? AND j.type = ? AND j.seq <= ? ORDER BY j.seq`,
    );
    const notes = rows.all(facility, ERASED, signed).map(entryOf);
    return declaredErased(notes.filter((note) => entryFault(note, note.previous) === undefined));
  } catch {
    // A damaged table: the reading in order says where.
    return declaredErased(new Set());
  }
}

/** The checkpoints, by seq, whose signature holds; from the table and from the file beside it. */
function validCheckpoints(
  { prepare, facility, publicKey, kept }: Parameters<typeof verifyFacility>[0],
  faults: FaultList,
): Map<number, Checkpoint[]> {
  const key = fingerprintOf(publicKey);
  const valid = new Map<number, Checkpoint[]>();
  const sql =
    "SELECT facility, seq, hash, at, signer, signature FROM checkpoints WHERE facility = ? ORDER BY seq";
  const rows = prepare(sql).all(facility).map(checkpointOf);
  const inTable = new Set(rows.map(({ signature }) => signature));
  for (const checkpoint of [...rows, ...(kept ?? [])]) {
    const { seq } = checkpoint;
    if (checkpoint.key !== key) faults.add(fault(seq, "checkpoint_key", checkpoint.key));
    else if (!holds(checkpoint, publicKey)) faults.add(fault(seq, "checkpoint_signature"));
    else {
      if (!inTable.has(checkpoint.signature)) faults.add(fault(seq, "checkpoint_removed"));
      valid.set(seq, [...(valid.get(seq) ?? []), checkpoint]);
    }
  }
  return valid;
}

function holds(checkpoint: Checkpoint, publicKey: KeyObject): boolean {
  let held = false;
  try {
    held = checkpointHolds(checkpoint, publicKey);
  } catch {
    // What cannot be read is signed by nobody.
  }
  return held;
}

function fileFaults(database: DatabaseSync, kept: CheckpointsFile | undefined): Fault[] {
  const answer = database.prepare("PRAGMA integrity_check(1)").get()?.integrity_check;
  const damaged = answer === "ok" ? [] : [fault(0, "database_damaged", String(answer))];
  return [
    ...damaged,
    ...(kept?.unreadable ?? []).map((line) => fault(0, "checkpoint_line", `ligne ${line}`)),
  ];
}

/** What an encrypted database without its key leaves open. */
const LOCKED: Limit = {
  code: "sealed",
  because:
    "ce que disent les entrées, les fiches, les alertes et les pièces jointes : la base est chiffrée et sa clé n'est pas donnée ; sont vérifiés l'ordre, les dates, les types, l'enchaînement des empreintes et les signatures",
};

function facilitiesOf(prepare: Prepare, kept: CheckpointsFile | undefined): string[] {
  const tables = ["journal", "records", "alerts", "joined", "checkpoints", "journal_contents", "attachments"];
  const rows = prepare(tables.map((table) => `SELECT facility FROM ${table}`).join(" UNION ")).all();
  return [...new Set([...rows, ...(kept?.checkpoints ?? [])].map(({ facility }) => String(facility)))].sort();
}

function limitsOf(report: FacilityReport): Limit[] {
  const { facility, entries, checkpoint, erased, alertsGone, attachmentsGone } = report;
  const limits: Limit[] = [];
  const proven = checkpoint?.seq ?? 0;
  if (entries > proven) {
    const range =
      entries === proven + 1 ? `l'entrée n° ${entries}` : `les entrées n° ${proven + 1} à ${entries}`;
    limits.push({
      code: "after_checkpoint",
      because: `${facility} : que rien n'a été retiré ou refait après le dernier point de contrôle signé (${range})`,
    });
  }
  if (erased > 0) {
    limits.push({
      code: "erased",
      because: `${facility} : ce que disaient ${erased} entrée(s) dont le journal déclare le contenu effacé (conservation limitée)`,
    });
  }
  if (alertsGone > 0) {
    limits.push({
      code: "alerts_gone",
      because: `${facility} : ce que contenaient ${alertsGone} alerte(s) que le journal déclare effacées (conservation limitée)`,
    });
  }
  if (attachmentsGone > 0) {
    limits.push({
      code: "attachments_gone",
      because: `${facility} : ce que contenaient ${attachmentsGone} pièce(s) jointe(s) que le journal déclare effacées, avec qui l'a fait et pourquoi`,
    });
  }
  return limits;
}

function fileLimits(kept: CheckpointsFile | undefined): Limit[] {
  const limits: Limit[] = [
    {
      code: "working_tables",
      because:
        "ce qui n'est pas au journal : envois et rappels en attente, sessions, mots de passe, messages refusés à l'entrée, repères de lecture des sources, saisies et pièces en cours d'envoi",
    },
    {
      code: "older_copy",
      because: "que la base et ses points de contrôle ne sont pas, ensemble, une copie plus ancienne",
    },
  ];
  if (kept === undefined) {
    limits.push({
      code: "no_checkpoints_file",
      because:
        "que la base n'a pas été coupée avec ses points de contrôle : le fichier qui les double est absent",
    });
  }
  if (kept?.torn) {
    limits.push({
      code: "torn_line",
      because:
        "la dernière ligne du fichier des points de contrôle, coupée (arrêt brutal pendant l'écriture)",
    });
  }
  return limits;
}
