import { hostname, userInfo } from "node:os";
import type { Command } from "commander";
import { isoFromInstant, systemClock } from "../core/clock.ts";
import { type Placed, placeBackup } from "../crisis/place-backup.ts";
import { readBackupKey } from "./backup-key.ts";

interface RestoreOptions {
  to: string;
  setAside?: boolean;
  acceptAltered?: boolean;
  identity?: string;
  passphraseFile?: string;
  by?: string;
}

/** Registers `restore`: an installation brought back from an archive, once all of it was checked. */
export function restoreCommand(program: Command): void {
  program
    .command("restore")
    .description("bring an installation back from an archive, checked whole before anything is put in place")
    .argument("<archive>", "what `tocsin backup` wrote")
    .requiredOption("--to <folder>", "gets config/ and state/")
    .option("--set-aside", "rename what stands there, with the date, instead of refusing")
    .option(
      "--accept-altered",
      "go on although the journal of the archive does not verify; the journal says so",
    )
    .option("--identity <file>", "key that opens it when it is encrypted")
    .option("--passphrase-file <file>", "file whose first line is that key's passphrase (default: asked)")
    .option("--by <name>", "who restores, for the journal (default: this account)")
    .action(async (archive: string, options: RestoreOptions) => {
      const placed = await placeBackup({
        archive,
        opener: await readBackupKey(options),
        to: options.to,
        setAside: options.setAside === true,
        acceptAltered: options.acceptAltered === true,
        by: options.by ?? accountName(),
        host: hostname(),
        clock: systemClock,
      });
      process.stdout.write(`${told(placed, options.to).join("\n")}\n`);
    });
}

/** Who runs this command, as the machine calls them. */
export function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? "?"}`;
  }
}

function told(placed: Placed, to: string): string[] {
  const { manifest, config, lost, asideAs } = placed;
  return [
    `Restauré dans ${to} : ${manifest.facility.name}, copie du ${isoFromInstant(manifest.made)} (Tocsin ${manifest.version}).`,
    ...positionLines(placed),
    lost === undefined
      ? "Ce qui a été écrit après cette copie n'y est pas : décisions, réponses et dépôts de ce temps sont à reporter à la main (registre papier, messages envoyés, numéros du portail)."
      : `PERDU : les entrées n° ${lost.from} à ${lost.to} du journal qui était là. Il est gardé sous son nouveau nom : comparez avec « tocsin verify --database … --against … », puis reportez à la main.`,
    ...asideAs.map((path) => `Mis de côté : ${path}`),
    "",
    `Vérifier : node agent/main.ts check --config ${config}`,
    `Démarrer : node agent/main.ts run --config ${config}`,
  ];
}

/** Where the journal stands, what may have left, and which secrets are missing. */
export function positionLines({ manifest, report, doubtful }: Placed): string[] {
  const at = manifest.journal.find(({ facility }) => facility === manifest.facility.id);
  return [
    `Journal ${report.ok ? "intact" : "ALTÉRÉ"} jusqu'au n° ${at?.seq ?? 0}, clé ${manifest.key} ; la reprise y est notée.`,
    ...(doubtful === 0
      ? []
      : [
          `${doubtful} message(s) ou dépôt(s) ont pu partir après la copie : ce qui ne se répète pas sans risque est marqué « sans confirmation, à vérifier ».`,
        ]),
    ...(manifest.secrets
      ? []
      : [
          "Les secrets de la configuration ne sont pas dans cette archive : remettez-les dans config/secrets.",
        ]),
  ];
}
