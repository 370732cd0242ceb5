import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { anchorsFileOf, readAnchors } from "../anchor/anchors-file.ts";
import { type Compared, compareAnchors } from "../anchor/compare-anchors.ts";
import { isoFromInstant } from "../core/clock.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import { stateFiles } from "../setup.ts";
import { fingerprintOf, loadPublicKey } from "../store/keys.ts";
import { installedStore } from "./config-option.ts";

interface AnchorsOptions {
  config?: string;
  database?: string;
  key?: string;
  authority?: string;
  json?: boolean;
}

const WORDS = {
  forged: "le journal a été refait : cette entrée n'est plus celle dont un tiers garde le point de contrôle",
  cut: "le journal a été coupé : un tiers garde le point de contrôle d'une entrée qui n'y est plus",
  foreign: "ce point de contrôle n'est pas signé par cette clé",
} as const;

/** Adds `anchors`: the journal compared with the signed heads that third parties hold. */
export function anchorsCommand(program: Command): void {
  program
    .command("anchors")
    .description("Compare le journal aux points de contrôle que des tiers ont reçus (FICHIER), hors ligne.")
    .argument("[file]", "ce qu'un tiers a reçu, un par ligne (par défaut : ce que Tocsin a noté avoir donné)")
    .option("--config <file>", "configuration dont le journal est comparé, là où il est")
    .option("--database <file>", "base à comparer")
    .option("--key <file>", "clé de l'établissement (PEM, publique ou privée)")
    .option("--authority <file>", "autorité d'horodatage (PEM), pour vérifier les jetons")
    .option("--json", "résultat en JSON")
    .action(async (file: string | undefined, { json, authority, ...given }: AnchorsOptions) => {
      try {
        const { database, shared, key } = installedStore({ ...given, bundle: undefined });
        const here = database ?? (shared && stateFiles(shared.folder).database);
        if (here === undefined || key === undefined)
          throw new TocsinError({
            code: "anchors_nothing",
            message: "rien à comparer",
            remedy: "donnez --database et --key",
          });
        const from = file ?? anchorsFileOf(here);
        const read = readAnchors(from);
        if (read === undefined)
          throw new TocsinError({ code: "anchors_missing", where: from, message: "fichier introuvable" });
        const publicKey = loadPublicKey(key);
        const compare = (held: string) =>
          compareAnchors(held, read.anchors, {
            publicKey,
            authority: authority === undefined ? undefined : readFileSync(authority, "utf8"),
          });
        const compared =
          shared === undefined
            ? await compare(here)
            : await (await import("../store/migrate/record-file.ts")).withRecordFile(
                { ...shared, signer: fingerprintOf(publicKey) },
                () => undefined,
                compare,
              );
        const wrong = compared.filter(isWrong).length + read.unreadable.length;
        const ok = wrong === 0 && compared.length > 0;
        const text = [
          verdictOf(ok, compared),
          ...compared.map(lineOf),
          ...read.unreadable.map(unreadLine),
        ].join("\n");
        const data = { ok, compared, unreadable: read.unreadable };
        process.stdout.write(json ? `${JSON.stringify(data, null, 2)}\n` : `${text}\n`);
        process.exitCode = ok ? 0 : 1;
      } catch (error) {
        process.stdout.write(`COMPARAISON IMPOSSIBLE : ${messageOf(error)}\n`);
        process.exitCode = 2;
      }
    });
}

const isWrong = (each: Compared) => each.outcome !== "same" || each.unproven !== null;

function verdictOf(ok: boolean, compared: readonly Compared[]): string {
  if (compared.length === 0) return "AUCUN point de contrôle à comparer : rien n'est prouvé.";
  const last = compared.at(-1);
  return ok
    ? `Le journal est celui que des tiers ont reçu, ${compared.length} fois, jusqu'au n° ${last?.seq}.`
    : "ALTÉRÉ : le journal n'est pas celui que des tiers ont reçu.";
}

function lineOf(each: Compared): string {
  const head = `${each.facility}, n° ${each.seq}, signé le ${isoFromInstant(each.at)}`;
  if (each.outcome !== "same") return `${head} : ${WORDS[each.outcome]}.`;
  if (each.unproven !== null)
    return `${head} : le même ; son horodatage ne se vérifie pas (${each.unproven}).`;
  return each.stamped === null
    ? `${head} : le même.`
    : `${head} : le même, horodaté par un tiers le ${isoFromInstant(each.stamped)}.`;
}

const unreadLine = (line: number) => `ligne ${line} : illisible.`;
