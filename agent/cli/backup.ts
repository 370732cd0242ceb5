import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { extname } from "node:path";
import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { backupOrder } from "../crisis/backup-order.ts";
import type { BackupDone } from "../store/backup/write-backup.ts";
import { writeBackup } from "../store/backup/write-backup.ts";
import { askPassphrase } from "./ask-passphrase.ts";
import { makeBackupKey } from "./backup-key.ts";
import { configOrExplain, DEFAULT_CONFIG, refuseShared } from "./config-option.ts";
import { repeated } from "./repeated.ts";

const { version: VERSION } = createRequire(import.meta.url)("../../package.json") as { version: string };

interface BackupOptions {
  config: string;
  to: string;
  withSecrets?: boolean;
  recipient: string[];
}

/** Registers `backup`: all that it takes to come back, as one file, beside a daemon that may be running. */
export function backupCommand(program: Command): void {
  const backup = program
    .command("backup")
    .description("copy record, configuration and keys into one file, beside a daemon that may be running")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .option("--to <path>", "folder, where it is named with the date, or a file that does not exist")
    .option(
      "--with-secrets",
      "with the secrets of the configuration, in clear: keep the file as you keep them",
    )
    .option("--recipient <age1…>", "encrypt it to this key, secrets included; repeat it", repeated, [])
    .action((options: Partial<BackupOptions>, command: Command) => {
      if (options.to === undefined) command.error("backup: give --to, a folder or a file");
      process.exitCode = makeBackup(options as BackupOptions);
    });
  backup
    .command("key")
    .description("make the key that opens encrypted copies; keep it off this machine")
    .argument("<file>", "file to write; it must not exist")
    .option("--passphrase-file <file>", "file whose first line is the passphrase (default: asked)")
    .option("--no-passphrase", "without one: whoever has the file opens the copies")
    .action(async (file: string, options: { passphraseFile?: string; passphrase: boolean }) => {
      const passphrase = options.passphrase
        ? await askPassphrase({ file: options.passphraseFile, fresh: true })
        : undefined;
      const recipient = makeBackupKey(file, passphrase);
      process.stdout.write(`${recipient}\n`);
      process.stderr.write(
        `${file}: la clé privée. Gardez-la hors de cette machine, en deux endroits ; sans elle, aucune copie ne s'ouvre.\nDans la configuration : recipients: [${recipient}]\n`,
      );
    });
}

function makeBackup(options: BackupOptions): number {
  const loaded = configOrExplain(options.config);
  if (loaded === undefined) return 2;
  refuseShared(
    loaded,
    "this copies the SQLite file, and the record is in PostgreSQL",
    "have it copied by PostgreSQL's own means, pg_basebackup with its WAL or pg_dump, with the three keys of the state directory (docs/postgresql.md)",
  );
  const withSecrets = options.withSecrets === true || options.recipient.length > 0;
  const folder = statSync(options.to, { throwIfNoEntry: false })?.isDirectory() === true;
  // A share that is not mounted would otherwise be stood in for by a file of its name.
  if (!folder && extname(options.to) === "") {
    process.stderr.write(
      `--to ${options.to}: there is no such folder; make it, or name a file with an ending, such as ${options.to}.tocsin\n`,
    );
    return 2;
  }
  const { order, without } = backupOrder(loaded, {
    ...{ kind: "backup", now: systemClock.now(), version: VERSION, withSecrets },
    to: folder ? { folder: options.to } : { file: options.to },
    recipients: options.recipient,
  });
  tell(writeBackup(order), without, options.recipient.length > 0);
  return 0;
}

function tell({ file, bytes, manifest }: BackupDone, without: readonly string[], sealed: boolean): void {
  process.stdout.write(`${file}\n`);
  const heads = manifest.journal.map(({ facility, seq }) => `${facility} jusqu'au n° ${seq}`).join(", ");
  const lines = [
    `${manifest.parts.length} fichiers, ${bytes} octets ; journal : ${heads || "vide"} ; schéma ${manifest.schema}.`,
    ...(without.length === 0
      ? []
      : [`Sans les secrets de : ${without.join(", ")}. Gardez-les ailleurs, ou donnez --recipient.`]),
    ...(sealed
      ? []
      : [
          "En clair : il contient la clé qui signe le journal, les comptes et les alertes d'origine. Protégez-le.",
        ]),
  ];
  process.stderr.write(`${lines.join("\n")}\n`);
}
