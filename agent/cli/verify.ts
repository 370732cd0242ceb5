import type { KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { isoFromInstant } from "../core/clock.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import { keyBytes } from "../core/key-bytes.ts";
import type { Fence } from "../store/backup/fence.ts";
import { type BundleVerdict, verifyBundle } from "../store/bundle.ts";
import { checkpointsFileOf } from "../store/checkpoints.ts";
import type { KeyRing } from "../store/cipher/key-ring.ts";
import { type Break, breaksOf, type Comparison, compareChains } from "../store/compare-chains.ts";
import { fingerprintOf, loadPublicKey } from "../store/keys.ts";
import type { SharedRecord } from "../store/migrate/record-file.ts";
import type { Fault, Limit } from "../store/proof.ts";
import { type FacilityReport, type VerifyReport, verifyDatabase } from "../store/verify.ts";
import { showProgress } from "./show-progress.ts";

/** What to verify, paths resolved. */
export interface VerifyInput {
  /** A bundle. */
  bundle?: string | undefined;
  /** A database; its checkpoints file stands beside it. */
  database?: string | undefined;
  /** A record in PostgreSQL, and where it is written down to be verified. */
  shared?: Omit<SharedRecord, "signer"> | undefined;
  /** PEM of the facility's key, public or private; needed for a database. */
  key?: string | undefined;
  /** Another database of the same facility, to be compared with. */
  against?: string | undefined;
  /** The outer keys of an encrypted database; without them only its chain is proven. */
  ring?: KeyRing | undefined;
}

/** 0 intact, 1 altered, 2 unusable input. */
export interface VerifyOutcome {
  exitCode: 0 | 1 | 2;
  /** French, verdict first. */
  text: string;
  data: unknown;
}

interface VerifyOptions {
  key?: string;
  database?: string;
  against?: string;
  encryptionKey?: string;
  config?: string;
  json?: boolean;
}

/** Adds `verify` to the program; `defaults` completes the paths that the command line leaves out. */
export function verifyCommand(
  program: Command,
  defaults: (given: VerifyInput & { config?: string | undefined }) => VerifyInput = (given) => given,
): void {
  program
    .command("verify")
    .description("Vérifie un dossier scellé (FICHIER) ou le journal d'une base, hors ligne.")
    .argument("[file]", "dossier scellé à vérifier")
    .option("--key <file>", "clé de l'établissement (PEM, publique ou privée)")
    .option("--database <file>", "base à vérifier")
    .option("--against <file>", "autre base du même établissement : dit où les deux journaux se séparent")
    .option("--encryption-key <file>", "clé qui ouvre une base chiffrée (32 octets en base64)")
    .option("--config <file>", "configuration dont le dossier est vérifié, là où il est")
    .option("--json", "résultat en JSON")
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const { database, key, config } = options;
      const outcome = await runVerify(() => ({
        ...defaults({ bundle: file, database, key, config }),
        against: options.against,
        ...(options.encryptionKey !== undefined && { ring: ringOfFile(options.encryptionKey) }),
      }));
      process.stdout.write(options.json ? `${JSON.stringify(outcome.data, null, 2)}\n` : `${outcome.text}\n`);
      process.exitCode = outcome.exitCode;
    });
}

/** Verifies what the paths name and says it; never throws for an input that cannot be used. */
export async function runVerify(input: () => VerifyInput): Promise<VerifyOutcome> {
  try {
    const { bundle, database, shared, key, against, ring } = input();
    if (bundle !== undefined) return bundleOutcome(bundle, key);
    if (database !== undefined) {
      const checkpointsFile = checkpointsFileOf(database);
      return databaseOutcome({ database, checkpointsFile }, givenKey(key), { against, ring });
    }
    if (shared !== undefined) return await sharedOutcome(shared, givenKey(key), against);
    throw new TocsinError({
      code: "verify_nothing",
      message: "rien à vérifier",
      remedy: "donnez un dossier scellé, ou --database et --key",
    });
  } catch (error) {
    const code = error instanceof TocsinError ? error.code : "unexpected";
    return {
      exitCode: 2,
      text: `VÉRIFICATION IMPOSSIBLE : ${messageOf(error)}`,
      data: { ok: null, code, message: messageOf(error) },
    };
  }
}

function bundleOutcome(file: string, key: string | undefined): VerifyOutcome {
  const publicKey = key === undefined ? undefined : loadPublicKey(key);
  const verdict = verifyBundle(readBundleFile(file), publicKey === undefined ? {} : { publicKey });
  if ("unreadable" in verdict) {
    const notOurs = verdict.unreadable === "bundle_unknown";
    const text = notOurs ? `VÉRIFICATION IMPOSSIBLE : ${verdict.because}` : `ALTÉRÉ : ${verdict.because}`;
    return { exitCode: notOurs ? 2 : 1, text, data: verdict };
  }
  return { exitCode: verdict.ok ? 0 : 1, text: bundleText(verdict), data: verdict };
}

function readBundleFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new TocsinError(
      {
        code: "bundle_missing",
        where: file,
        message: "fichier introuvable ou illisible",
        remedy: "vérifiez le chemin",
      },
      { cause: error },
    );
  }
}

function givenKey(file: string | undefined): KeyObject {
  if (file !== undefined) return loadPublicKey(file);
  throw new TocsinError({
    code: "verify_key",
    message: "la clé de l'établissement manque",
    remedy: "donnez --key : sans elle les points de contrôle signés ne prouvent rien",
  });
}

/** Verifies what PostgreSQL held at one instant as a database would be. */
async function sharedOutcome(
  shared: NonNullable<VerifyInput["shared"]>,
  publicKey: KeyObject,
  against: string | undefined,
): Promise<VerifyOutcome> {
  const { withRecordFile } = await import("../store/migrate/record-file.ts");
  const bar = showProgress("lignes", process.stderr);
  try {
    const record = { ...shared, signer: fingerprintOf(publicKey) };
    return await withRecordFile(record, bar.progress, (database, checkpointsFile) => {
      bar.stop();
      return databaseOutcome({ database, checkpointsFile }, publicKey, { against });
    });
  } finally {
    bar.stop();
  }
}

function databaseOutcome(
  { database, checkpointsFile }: { database: string; checkpointsFile: string },
  publicKey: KeyObject,
  { against, ring }: Pick<VerifyInput, "against" | "ring">,
): VerifyOutcome {
  const report = verifyDatabase(database, publicKey, checkpointsFile, ring);
  const { breaks, fences } = breaksOf(database, publicKey, ring);
  const compared = against === undefined ? [] : compareChains(database, against);
  const lines = [...breaks.map(breakLine), ...fences.map(fenceLine), ...compared.map(comparisonLine)];
  const forked = compared.some(({ common, here, there }) => common < here && common < there);
  return {
    exitCode: report.ok && !forked ? 0 : 1,
    text: databaseText(report, lines),
    data: { ...report, breaks, fences, ...(against === undefined ? {} : { compared }) },
  };
}

/** One key by hand, whatever its id. */
function ringOfFile(file: string): KeyRing {
  const key = keyBytes(readFileSync(file, "utf8"));
  if (key !== undefined) return { current: "", keys: [{ id: "", key }] };
  throw new TocsinError({
    code: "key_invalid",
    where: file,
    message: "ce n'est pas une clé de 32 octets en base64",
    remedy: "donnez le fichier que nomme encryption.keys",
  });
}

function bundleText(report: Exclude<BundleVerdict, { unreadable: string }>): string {
  const {
    ok,
    facility,
    incident,
    created,
    exercise,
    entries,
    shown,
    alerts,
    attachments,
    key,
    keyKnown,
    firstBroken,
  } = report;
  const signer = keyKnown
    ? `clé ${key}, celle de l'établissement`
    : `clé ${key}, à comparer avec celle de l'établissement`;
  return [
    ok
      ? `Dossier intact${exercise ? " (EXERCICE)" : ""} : signé par la ${signer}.`
      : brokenSentence(firstBroken),
    `Établissement ${facility}, dossier ${incident}, établi le ${isoFromInstant(created)}.`,
    `${entries} entrée(s) du journal vérifiées, dont ${shown} lisibles ; ${alerts} alerte(s) et ${attachments} pièce(s) jointe(s).`,
    ...limitLines(report.cannotProve),
  ].join("\n");
}

function breakLine({ facility, seq, at, how, by, host, from }: Break): string {
  const done = how === "resumed" ? "repris de la valise de crise" : "restauré d'une sauvegarde";
  return `Reprise : ${facility}, n° ${seq}, ${done} le ${isoFromInstant(at)} sur ${host} par ${by}, depuis le n° ${from} ; ce que l'autre machine a pu écrire après ce numéro n'est pas ici.`;
}

function fenceLine({ facility, at, by, host, from, epoch }: Fence): string {
  return `CLÔTURÉ : ${facility} a été repris le ${isoFromInstant(at)} sur ${host} par ${by}, depuis le n° ${from.seq} (époque ${epoch}) ; le journal continue là-bas, et ce qui suit ce numéro ici n'y est pas.`;
}

function comparisonLine({ facility, common, here, there }: Comparison): string {
  if (here === there && common === here)
    return `Comparé : ${facility}, les deux journaux sont le même jusqu'au n° ${here}.`;
  if (common === Math.min(here, there))
    return `Comparé : ${facility}, ${here > there ? "celui-ci va plus loin" : "l'autre va plus loin"} (n° ${common + 1} à ${Math.max(here, there)}) ; jusqu'au n° ${common} ils sont le même.`;
  return `FOURCHE : ${facility}, les deux journaux se séparent après le n° ${common} : ici les n° ${common + 1} à ${here}, là-bas les n° ${common + 1} à ${there}. Un seul peut continuer.`;
}

function databaseText(
  { ok, facilities, faults, cannotProve, key }: VerifyReport,
  told: readonly string[],
): string {
  const count = facilities.reduce((sum, { entries }) => sum + entries, 0);
  const broken = facilities.find(({ firstBroken }) => firstBroken !== undefined);
  const head = ok
    ? `Journal intact : ${count} entrée(s), ${facilities.length} établissement(s).`
    : broken === undefined
      ? `ALTÉRÉ : ${faults[0]?.because}.`
      : brokenSentence(broken.firstBroken);
  return [
    head,
    ...(broken === undefined ? [] : faults.map(({ because }) => `Aussi : ${because}.`)),
    ...facilities.map(facilityLine),
    ...told,
    `Points de contrôle comparés à la clé ${key}.`,
    ...limitLines(cannotProve),
  ].join("\n");
}

function facilityLine({ facility, entries, head, checkpoint, firstBroken, faults }: FacilityReport): string {
  const until = checkpoint === null ? "aucun point de contrôle signé" : `signé jusqu'au n° ${checkpoint.seq}`;
  const verdict =
    firstBroken === undefined ? "intact" : `${brokenSentence(firstBroken)} ${faults} anomalie(s)`;
  return `- ${facility} : ${verdict} ; ${entries} entrée(s), ${until}, tête ${head ?? "aucune"}`;
}

function brokenSentence(first: Fault | undefined): string {
  if (first === undefined) return "ALTÉRÉ.";
  const { seq, through, because } = first;
  const where = through === undefined ? `n° ${seq}` : `entre le n° ${seq} et le n° ${through}`;
  return `ALTÉRÉ : première entrée rompue ${where} : ${because}.`;
}

function limitLines(limits: readonly Limit[]): string[] {
  return ["Cette vérification ne prouve pas :", ...limits.map(({ because }) => `- ${because}`)];
}
