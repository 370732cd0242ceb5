import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { type Document, parseDocument } from "yaml";
import { loadEncryption } from "../../config/load.ts";
import type { Clock, Instant } from "../core/clock.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import { stampOf } from "../core/stamp-of.ts";
import { keyRingOf } from "../key-ring.ts";
import type { Opener } from "../store/backup/age-header.ts";
import { isSealed, openSealed } from "../store/backup/age-stream.ts";
import { describeDatabase } from "../store/backup/copy-database.ts";
import { durableFile, syncFolder } from "../store/backup/durable-file.ts";
import { epochFileOf, epochText } from "../store/backup/epoch.ts";
import type { Manifest } from "../store/backup/manifest.ts";
import { readBackup } from "../store/backup/read-backup.ts";
import { refuseFull } from "../store/backup/refuse-full.ts";
import { checkpointsFileOf } from "../store/checkpoints.ts";
import type { KeyRing } from "../store/cipher/key-ring.ts";
import { loadSigningKey, type SigningKey } from "../store/keys.ts";
import { lockState } from "../store/lock.ts";
import { SCHEMA_VERSION } from "../store/migrations.ts";
import { openWriting } from "../store/sqlite/connection.ts";
import { openSqlite } from "../store/sqlite.ts";
import { type VerifyReport, verifyDatabase } from "../store/verify.ts";
import { doubtEffects } from "./doubt-effects.ts";

/** What to bring back, and where. */
export interface Placing {
  archive: string;
  /** What opens it when it is encrypted. */
  opener: Opener | undefined;
  /** Holds `config/` and `state/` afterwards. */
  to: string;
  /** Whether what stands there is renamed, with the date; else it is refused. */
  setAside: boolean;
  /** Whether a journal that does not verify is put in place all the same. */
  acceptAltered: boolean;
  /** Who does it, for the journal. */
  by: string;
  host: string;
  clock: Clock;
  /** Given when it is taken over from a machine that may come back. */
  takeOver?: TakeOver | undefined;
  /** Changes the configuration before it is put in place. */
  adapt?: ((config: Document) => void) | undefined;
}

/** How one machine takes over from another. */
export interface TakeOver {
  /** The epoch that begins; throws when another machine has taken over already. */
  epoch(manifest: Manifest, key: SigningKey): number;
  /** Has the other machine stand still, just before anything is put in place. */
  fence(manifest: Manifest, key: SigningKey): void;
}

/** What was put in place. */
export interface Placed {
  manifest: Manifest;
  config: string;
  stateDirectory: string;
  report: VerifyReport;
  key: SigningKey;
  /** What stood there, under its new name. */
  asideAs: string[];
  /** Entries of the journal that stood there which the archive has not: first and last, when it is the same chain. */
  lost: { from: number; to: number } | undefined;
  /** Messages and filings that may have left after the copy. */
  doubtful: number;
}

/** Brings an installation back from an archive: everything is checked aside before anything is put in place. */
export async function placeBackup(placing: Placing): Promise<Placed> {
  const { archive, to, clock } = placing;
  const root = resolve(to);
  mkdirSync(root, { recursive: true, mode: 0o700 });
  // Encrypted, it is unpacked twice; migrated, the database is there twice.
  refuseFull(root, (statSync(archive, { throwIfNoEntry: false })?.size ?? 0) * 3);
  const aside = join(root, `.reprise-${process.pid}`);
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { mode: 0o700 });
  try {
    const manifest = unpack(placing, aside);
    refuseNewer(manifest, archive);
    const unpacked = join(aside, "parts");
    const targets = targetsOf(manifest);
    const standing = targets.filter((path) => existsSync(join(root, path)));
    if (standing.length > 0 && !placing.setAside) throw stands(root, standing);
    // A daemon that runs would go on writing what is renamed.
    if (standing.includes("state")) lockState(join(root, "state")).release();
    rewriteConfig(placing, manifest, join(unpacked, "config", manifest.configuration));
    const config = join(unpacked, "config", manifest.configuration);
    const ring = keyRingOf(loadEncryption(config, [dirname(config), join(root, "config")]));
    const proven = await proveJournal(placing, manifest, { state: join(unpacked, "state"), ring });
    const lost = lostFrom(join(root, "state", databaseOf(manifest)), manifest);
    placing.takeOver?.fence(manifest, proven.key);
    const asideAs = putInPlace({ root, unpacked, targets, standing, at: clock.now() });
    return {
      ...{ manifest, asideAs, lost, ...proven },
      config: join(root, "config", manifest.configuration),
      stateDirectory: join(root, "state"),
    };
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function unpack({ archive, opener }: Placing, aside: string): Manifest {
  const into = join(aside, "parts");
  mkdirSync(into, { mode: 0o700 });
  if (!isSealed(archive)) return readBackup(archive, into);
  if (opener === undefined) {
    const remedy = "give --identity FILE, the key made by `tocsin backup key`";
    const message = "it is encrypted";
    throw new TocsinError({ code: "sealed_for_another", where: archive, message, remedy });
  }
  const plain = join(aside, "archive");
  const output = durableFile(plain);
  try {
    openSealed(archive, opener, output);
    output.keep();
  } catch (error) {
    output.discard();
    throw error;
  }
  const manifest = readBackup(plain, into);
  rmSync(plain);
  return manifest;
}

function refuseNewer({ schema, version }: Manifest, archive: string): void {
  if (schema <= SCHEMA_VERSION) return;
  throw new TocsinError({
    code: "store_newer",
    where: archive,
    message: `made by Tocsin ${version}, whose database has schema ${schema}; this program knows ${SCHEMA_VERSION}`,
    remedy: `install Tocsin ${version} or newer, and restore with it`,
  });
}

/** What is put in place, each renamed as a whole: the state, and each thing of the configuration. */
function targetsOf({ parts }: Manifest): string[] {
  const targets = parts.map(({ path }) =>
    path
      .split("/")
      .slice(0, path.startsWith("config/") ? 2 : 1)
      .join("/"),
  );
  return [...new Set(targets)];
}

function rewriteConfig({ adapt, archive }: Placing, { moved }: Manifest, file: string): void {
  if (!existsSync(file)) {
    const message = "it holds no configuration";
    throw new TocsinError({ code: "backup_altered", where: archive, message, remedy: "take another copy" });
  }
  const text = readFileSync(file, "utf8");
  const config = parseDocument(text);
  const before = config.getIn(["state_directory"]);
  if (before !== undefined && before !== "../state") config.setIn(["state_directory"], "../state");
  for (const { setting, to, environment } of moved) config.setIn(setting, environment ? { file: to } : to);
  adapt?.(config);
  const after = moved.length > 0 || adapt !== undefined || before !== config.getIn(["state_directory"]);
  if (after) writeFileSync(file, config.toString({ lineWidth: 0 }), { mode: 0o600 });
}

async function proveJournal(
  placing: Placing,
  manifest: Manifest,
  { state, ring }: { state: string; ring: KeyRing | undefined },
): Promise<Pick<Placed, "report" | "key" | "doubtful">> {
  const { archive, clock, by, host, takeOver, acceptAltered } = placing;
  const file = join(state, databaseOf(manifest));
  const key = loadSigningKey(join(state, "signing-key.pem"));
  // Brought to this program's schema first: only then can it be read.
  openWriting(file).close();
  const report = verifyDatabase(file, key.publicKey, checkpointsFileOf(file), ring);
  if (!report.ok && !acceptAltered) {
    const first = report.facilities.find(({ firstBroken }) => firstBroken)?.firstBroken ?? report.faults[0];
    throw new TocsinError({
      code: "journal_altered",
      where: archive,
      message: `its journal does not verify (entry ${first?.seq}: ${first?.because}); nothing was put in place`,
      remedy:
        "take an earlier archive, or --accept-altered to go on with what is left, the journal saying so",
    });
  }
  const facility = manifest.facility.id;
  const epoch = takeOver?.epoch(manifest, key);
  if (epoch !== undefined) writeFileSync(epochFileOf(state), epochText(epoch), { mode: 0o600 });
  const store = openSqlite({ file, signingKey: key, clock, ring });
  try {
    const doubtful = await doubtEffects(store, facility, clock);
    const at = manifest.journal.find((each) => each.facility === facility);
    const from = { seq: at?.seq ?? 0, hash: at?.hash ?? null, made: manifest.made };
    const content = {
      from,
      by,
      host,
      intact: report.ok,
      doubtful,
      ...(epoch === undefined ? {} : { epoch }),
    };
    const what = epoch === undefined ? "restored" : "resumed";
    const writes = [{ write: "note" as const, what: what as "restored", incident: null, content }];
    await store.commit({ facility, at: clock.now(), writes });
    await store.checkpoint(facility);
    return { report, key, doubtful };
  } finally {
    await store.close();
  }
}

/** What the journal that stands has beyond the archive, when it can be read and holds the archive's last entry. */
function lostFrom(file: string, manifest: Manifest): Placed["lost"] {
  try {
    const standing = describeDatabase(file).journal.find(({ facility }) => facility === manifest.facility.id);
    const copied = manifest.journal.find(({ facility }) => facility === manifest.facility.id);
    if (standing === undefined || standing.seq <= (copied?.seq ?? 0)) return undefined;
    return { from: (copied?.seq ?? 0) + 1, to: standing.seq };
  } catch {
    return undefined;
  }
}

function databaseOf({ parts }: Manifest): string {
  return basename(parts.find(({ path }) => /^state\/[^/]+\.sqlite$/.test(path))?.path ?? "tocsin.sqlite");
}

function putInPlace(given: {
  root: string;
  unpacked: string;
  targets: readonly string[];
  standing: readonly string[];
  at: Instant;
}): string[] {
  const { root, unpacked, targets, standing, at } = given;
  const named = standing.map((path) => ({
    from: join(root, path),
    to: join(root, `${path}.avant-${stampOf(at)}`),
  }));
  const done: { from: string; to: string }[] = [];
  const move = (from: string, to: string) => {
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    renameSync(from, to);
    done.push({ from, to });
  };
  try {
    for (const { from, to } of named) move(from, to);
    for (const path of targets) move(join(unpacked, path), join(root, path));
  } catch (error) {
    // Back to what stood there: half of each would be neither.
    for (const { from, to } of done.reverse()) renameSync(to, from);
    const remedy = "check that this account may rename there; what stood is as it was";
    throw new TocsinError(
      { code: "restore_failed", where: root, message: messageOf(error), remedy },
      { cause: error },
    );
  }
  syncFolder(root);
  return named.map(({ to }) => to);
}

function stands(root: string, paths: readonly string[]): TocsinError {
  return new TocsinError({
    code: "state_stands",
    where: root,
    message: `${paths.join(", ")} there already: nothing was changed`,
    remedy: "stop the daemon and give --set-aside, which renames it with the date, or another --to",
  });
}
