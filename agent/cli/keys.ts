import { existsSync, rmSync } from "node:fs";
import type { Command } from "commander";
import { currentKey } from "../../config/encryption.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { isoFromInstant, systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { refuseFenced } from "../crisis/keep-copies.ts";
import { keyRingOf } from "../key-ring.ts";
import { stateFiles } from "../setup.ts";
import { checkpointsFileOf } from "../store/checkpoints.ts";
import { SEALED_MOST } from "../store/cipher/cipher.ts";
import { type DataKey, dataKeysOf } from "../store/cipher/data-keys.ts";
import type { KeyRing } from "../store/cipher/key-ring.ts";
import { loadPublicKey } from "../store/keys.ts";
import { lockState } from "../store/lock.ts";
import { openReading } from "../store/sqlite/connection.ts";
import { copiesOf } from "../store/sqlite/copy-before-upgrade.ts";
import { reencrypt, rotate } from "../store/sqlite/reencrypt.ts";
import { verifyDatabase } from "../store/verify.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled, refuseShared } from "./config-option.ts";
import { accountName } from "./restore.ts";

interface Options {
  config: string;
  removeCopies?: boolean;
}

/** Registers `keys`: the keys under which the record is encrypted. */
export function keysCommand(program: Command): void {
  const keys = program
    .command("keys")
    .description("encryption of the record at rest: its keys, and changing them");
  const common = (command: Command) => command.option("--config <file>", "configuration", DEFAULT_CONFIG);
  const anew = (command: Command) =>
    common(command).option(
      "--remove-copies",
      "then remove the copies of before that lie beside the database",
    );

  common(keys.command("list"))
    .description("tell which keys protect the record, and whether anything of it is in clear")
    .action((options: Options) => withConfig(options, list));
  common(keys.command("rotate"))
    .description("put the data key under the current outer key; the daemon may be running")
    .action((options: Options) => withConfig(options, rewrapped));
  anew(keys.command("reencrypt"))
    .description("encrypt everything with a new data key, what was in clear too; the daemon must be stopped")
    .action((options: Options) => withConfig(options, (loaded) => writtenAnew(loaded, "sealed", options)));
  anew(keys.command("decrypt"))
    .description("write everything in clear again; the daemon must be stopped")
    .action((options: Options) => withConfig(options, (loaded) => writtenAnew(loaded, "clear", options)));
}

async function withConfig(options: Options, work: (loaded: LoadedConfig) => unknown): Promise<void> {
  const loaded = configOrExplain(options.config);
  if (loaded === undefined) return;
  refuseShared(
    loaded,
    "values are sealed inside the SQLite file alone, and the record is in PostgreSQL",
    "encrypt the disk of the database server, and of its copies (docs/postgresql.md)",
  );
  await work(loaded);
}

function list(loaded: LoadedConfig): void {
  const { encryption } = loaded.config;
  const known = keysIn(stateFiles(loaded.stateDirectory).database);
  const configured = encryption?.keys.map(({ id }) =>
    id === currentKey(encryption) ? `${id} (current)` : id,
  );
  say([
    `Configuration: ${configured?.join(", ") ?? "no encryption"}`,
    ...(known.length === 0 ? ["The record is in clear."] : known.map(lineOf)),
    ...(known.length > 0 && !known.at(-1)?.whole
      ? [
          "Part of the record is in clear or under a former data key: stop the daemon, then `tocsin keys reencrypt`.",
        ]
      : []),
  ]);
}

function lineOf({ number, made, wrappedBy, whole, sealed }: DataKey): string {
  const much = sealed > SEALED_MOST ? "; time for another: `tocsin keys reencrypt`" : "";
  const all = whole ? "everything" : "not everything";
  return `Data key ${number}, made ${isoFromInstant(made)}, under "${wrappedBy}": ${all} is sealed with it; ${sealed} values so far${much}`;
}

async function rewrapped(loaded: LoadedConfig): Promise<void> {
  const ring = ringOf(loaded);
  const { database } = stateFiles(loaded.stateDirectory);
  refuseFenced(loaded);
  if (keysIn(database).length === 0) throw inClear(database);
  const from = rotate(database, ring);
  if (from.length === 0) return say([`The data key is under "${ring.current}" already.`]);
  await note(loaded, { done: "rotated", from, to: ring.current });
  say([
    `The data key is under "${ring.current}" now. Copies made before still need: ${from.join(", ")}. Keep it as long as they.`,
  ]);
}

async function writtenAnew(loaded: LoadedConfig, to: "sealed" | "clear", options: Options): Promise<void> {
  const ring = ringOf(loaded);
  const { database, signingKey } = stateFiles(loaded.stateDirectory);
  refuseFenced(loaded);
  const lock = lockState(loaded.stateDirectory);
  try {
    const from = [...new Set(keysIn(database).map(({ wrappedBy }) => wrappedBy))];
    if (to === "clear" && from.length === 0) throw inClear(database);
    const clear = to === "clear";
    // Before: afterwards it would make a key anew.
    if (clear) await note(loaded, { done: "decrypted", from, to: null });
    const { copy, rows } = reencrypt({ file: database, ring, clock: systemClock, to });
    if (!clear) await note(loaded, { done: "reencrypted", from, to: ring.current });
    const publicKey = loadPublicKey(signingKey);
    const report = verifyDatabase(database, publicKey, checkpointsFileOf(database), clear ? undefined : ring);
    say([
      `${rows} rows written ${clear ? "in clear" : "with a new data key"}; the journal ${report.ok ? "verifies" : "DOES NOT VERIFY: run `tocsin verify`"}.`,
      ...(copy === null ? [] : [`Copy of before: ${copy}`]),
      ...(clear ? ["Take the section `encryption` out of the configuration before the daemon starts."] : []),
    ]);
    if (!report.ok) process.exitCode = 1;
    else if (options.removeCopies === true) say(removeCopies(database));
    else say(copiesLeft(database));
  } finally {
    lock.release();
  }
}

function removeCopies(database: string): string[] {
  return copiesOf(database).map((copy) => {
    rmSync(copy, { force: true });
    rmSync(checkpointsFileOf(copy), { force: true });
    return `Removed: ${copy}`;
  });
}

function copiesLeft(database: string): string[] {
  const copies = copiesOf(database);
  if (copies.length === 0) return [];
  return [
    "These copies are as the record was, in clear if it was in clear. Put them away or remove them (--remove-copies):",
    ...copies.map((copy) => `  ${copy}`),
    "The same goes for backups made before. Flash memory keeps erased blocks: a disk that held it in clear is not clean.",
  ];
}

async function note(
  loaded: LoadedConfig,
  told: { done: "rotated" | "reencrypted" | "decrypted"; from: readonly string[]; to: string | null },
): Promise<void> {
  const { store } = await openInstalled(loaded);
  const facility = loaded.config.facility.id;
  try {
    const content = { ...told, by: accountName() };
    await store.commit({
      facility,
      at: systemClock.now(),
      writes: [{ write: "note", what: "encryption", incident: null, content }],
    });
    await store.checkpoint(facility);
  } finally {
    await store.close();
  }
}

function keysIn(database: string): DataKey[] {
  const connection = openReading(database);
  try {
    return dataKeysOf(connection);
  } finally {
    connection.close();
  }
}

function ringOf(loaded: LoadedConfig): KeyRing {
  const ring = keyRingOf(loaded);
  if (ring !== undefined) return ring;
  throw new TocsinError({
    code: "key_missing",
    where: loaded.file,
    message: "the configuration has no encryption.keys",
    remedy: "make a key (openssl rand -base64 32 > FILE; chmod 600 FILE) and name it in encryption.keys",
  });
}

function inClear(database: string): TocsinError {
  return new TocsinError({
    code: "store_in_clear",
    where: database,
    message: "the record is in clear",
    remedy: existsSync(database)
      ? "to encrypt it: stop the daemon, then `tocsin keys reencrypt`"
      : "run: tocsin init",
  });
}

function say(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}
