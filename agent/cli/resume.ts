import { readdirSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { loadConfig } from "../../config/load.ts";
import { isoFromInstant, systemClock } from "../core/clock.ts";
import { messageOf, problemSentence, TocsinError } from "../core/errors.ts";
import { adaptConfig } from "../crisis/adapt-config.ts";
import { type Placed, placeBackup } from "../crisis/place-backup.ts";
import { fenceFileOf, raiseFence, readFence } from "../store/backup/fence.ts";
import { readBackupKey } from "./backup-key.ts";
import { accountName, positionLines } from "./restore.ts";

interface ResumeOptions {
  to: string;
  identity?: string;
  passphraseFile?: string;
  by?: string;
  fence?: string;
  withoutFence?: boolean;
  again?: boolean;
}

/** Registers `resume`: the record goes on here, from the valise de crise, and the other machine stands still. */
export function resumeCommand(program: Command): void {
  program
    .command("resume")
    .description("go on with the record on this machine, from the encrypted copy of the second place")
    .argument("<bundle>", "the copy, or the folder: its last one is taken")
    .requiredOption("--to <folder>", "gets config/, state/ and kit/")
    .option("--identity <file>", "key that opens it")
    .option("--passphrase-file <file>", "file whose first line is that key's passphrase (default: asked)")
    .option("--by <name>", "who takes over, for the journal (default: this account)")
    .option(
      "--fence <folder>",
      "where the other machine finds that it must stand still (default: beside the copy)",
    )
    .option("--without-fence", "when nothing can be written there: then make sure yourself that it stays off")
    .option("--again", "although another machine has taken over already: that one must stand still then")
    .action(async (bundle: string, options: ResumeOptions) => {
      const file = bundleIn(bundle);
      const placed = await resume(file, options);
      process.stdout.write(`${told(placed, options, file).join("\n")}\n`);
      const { problems } = loadConfig(placed.config);
      for (const problem of problems ?? []) process.stderr.write(`${problemSentence(problem)}\n`);
      if (problems !== undefined) process.exitCode = 1;
    });
}

/** The last copy of a folder, when it is one. */
function bundleIn(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return path;
  const stamp = (name: string) => /\d{8}T\d{6}Z\.tocsin\.age$/.exec(name)?.[0] ?? "";
  const found = readdirSync(path).filter((name) => name.startsWith("valise-") && stamp(name) !== "");
  const houses = new Set(found.map((name) => name.slice(0, -stamp(name).length)));
  const last = found.toSorted((a, b) => stamp(a).localeCompare(stamp(b))).at(-1);
  if (last !== undefined && houses.size === 1) return join(path, last);
  const message = last === undefined ? "there is no copy there" : "there are copies of several facilities";
  throw new TocsinError({ code: "bundle_unknown", where: path, message, remedy: "give the file itself" });
}

async function resume(bundle: string, options: ResumeOptions): Promise<Placed & { epoch: number }> {
  const by = options.by ?? accountName();
  const folder = resolve(options.fence ?? dirname(bundle));
  let epoch = 0;
  const placed = await placeBackup({
    archive: bundle,
    opener: await readBackupKey(options),
    to: options.to,
    setAside: false,
    acceptAltered: false,
    by,
    host: hostname(),
    clock: systemClock,
    adapt: adaptConfig,
    takeOver: {
      epoch({ facility, epoch: before }, { publicKey }) {
        const standing = readFence(folder, facility.id, publicKey);
        if (standing !== undefined && standing.epoch > before && options.again !== true) {
          throw new TocsinError({
            code: "taken_over",
            where: fenceFileOf(folder, facility.id),
            message: `already taken over on ${standing.host} by ${standing.by} at ${isoFromInstant(standing.at)} (epoch ${standing.epoch})`,
            remedy: "go on there; or, when that machine is lost too, give --again",
          });
        }
        epoch = Math.max(before, standing?.epoch ?? 1) + 1;
        return epoch;
      },
      fence({ facility, journal }, key) {
        if (options.withoutFence === true) return;
        const at = journal.find((each) => each.facility === facility.id);
        const from = { seq: at?.seq ?? 0, hash: at?.hash ?? "" };
        const fence = { facility: facility.id, epoch, from, at: systemClock.now(), by, host: hostname() };
        try {
          raiseFence(folder, fence, key);
        } catch (error) {
          throw new TocsinError(
            {
              code: "fence_unwritable",
              where: folder,
              message: `the other machine could not be told to stand still: ${messageOf(error)}; nothing was put in place`,
              remedy:
                "give --fence, a folder that it reads; or --without-fence, and make sure that it stays off",
            },
            { cause: error },
          );
        }
      },
    },
  });
  return { ...placed, epoch };
}

function told(placed: Placed & { epoch: number }, options: ResumeOptions, bundle: string): string[] {
  const { manifest, config, stateDirectory, epoch } = placed;
  const main = join(import.meta.dirname, "../main.ts");
  return [
    `Repris dans ${options.to} : ${manifest.facility.name}, copie du ${isoFromInstant(manifest.made)}, époque ${epoch}.`,
    ...positionLines(placed),
    "Ce qui a été écrit après cette copie n'est que sur l'autre machine : notez sur papier ce dont vous vous souvenez, puis reportez-le.",
    options.withoutFence === true
      ? `ATTENTION : rien n'interdit à l'autre machine de repartir. Gardez-la éteinte, ou copiez-y la clôture : tocsin resume … --fence DOSSIER.`
      : `L'autre machine ne repartira pas tant qu'elle voit ${fenceFileOf(resolve(options.fence ?? dirname(bundle)), manifest.facility.id)}.`,
    `À imprimer : ${join(dirname(stateDirectory), "kit")}`,
    "",
    "Démarrer :",
    `  ${process.execPath} ${main} run --config ${config}`,
  ];
}
