import { writeFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { LoadedConfig } from "../../config/load.ts";
import { systemClock } from "../core/clock.ts";
import type { Declaration } from "../core/declaration.ts";
import { TocsinError } from "../core/errors.ts";
import { underDefenceSecret } from "../core/fact.ts";
import { uuidv7 } from "../core/id.ts";
import { passingMasks, setupOf } from "../setup.ts";
import { exportDeclaration } from "../stages/documents/declaration-export.ts";
import { declarationMarkdown } from "../stages/documents/declaration-markdown.ts";
import { gatherIndicators } from "../stages/documents/gather-indicators.ts";
import { mispEvent } from "../stages/documents/misp-event.ts";
import { printDeclaration } from "../stages/documents/print-declaration.ts";
import { stixBundle } from "../stages/documents/stix-bundle.ts";
import { Tlp, USUAL_TLP } from "../stages/documents/tlp.ts";
import { loadWork, type Work } from "../stages/work.ts";
import type { Reads } from "../store/store.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";
import { incidentNamed } from "./incident-named.ts";

const FORMATS = ["json", "markdown", "pdf", "stix", "misp"] as const;

interface Options {
  format: (typeof FORMATS)[number];
  version?: number;
  tlp: Tlp;
  accounts?: boolean;
  output?: string;
  config: string;
}

/** Registers `export`: a version of a declaration, or the indicators of an incident, as a file for others. */
export function exportCommand(program: Command): void {
  program
    .command("export")
    .description(
      "write a version of a declaration (JSON, Markdown, PDF), or the indicators of an incident (STIX, MISP)",
    )
    .argument("<incident>", "reference of the incident, such as 2026-0001, or its id")
    .addOption(new Option("--format <format>", "how it is written").choices(FORMATS).default("json"))
    .option("--version <n>", "version of the declaration (Default: the last one)", versionOption)
    .addOption(
      new Option("--tlp <label>", "sharing that indicators allow (TLP 2.0)")
        .choices(Tlp.options)
        .default(USUAL_TLP),
    )
    .option("--accounts", "with the indicators, the facility's own accounts that suspicious alerts name")
    .option("--output <file>", "write there instead of standard output; it must not exist")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (reference: string, options: Options) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const facility = loaded.config.facility.id;
      const { store } = await openInstalled(loaded);
      try {
        const { id: incident } = await incidentNamed(store.reads, facility, reference);
        const work = await loadWork(store.reads, facility, incident);
        if (work === undefined) throw new Error(`incident ${incident} went away`);
        if (underDefenceSecret(work.facts))
          throw new TocsinError({
            code: "withheld",
            where: reference,
            message: "under the secret of national defence nothing of it is written",
          });
        const written = await write(work, { loaded, reads: store.reads, options });
        // What leaves is in the record before it does.
        const content = { format: options.format, ...(isIndicators(options) && { tlp: options.tlp }) };
        const note = { write: "note", what: "exported", incident, content } as const;
        await store.commit({ facility, at: systemClock.now(), writes: [note] });
        if (options.output === undefined) process.stdout.write(written);
        else writeFileSync(options.output, written, { flag: "wx", mode: 0o600 });
      } finally {
        await store.close();
      }
    });
}

async function write(
  work: Work,
  { loaded, reads, options }: { loaded: LoadedConfig; reads: Reads; options: Options },
): Promise<string | Uint8Array> {
  const { config } = loaded;
  const { facility } = config;
  if (isIndicators(options)) {
    const { locate, masks } = setupOf(loaded, uuidv7(systemClock), passingMasks(loaded));
    const { found, masked, cut } = await gatherIndicators(
      { reads, locate, masks },
      { facility: facility.id, incident: work.incident.id, accounts: options.accounts === true },
    );
    if (masked > 0)
      process.stderr.write(`${masked} valeur(s) écartée(s) : elles peuvent nommer un patient.\n`);
    if (cut)
      process.stderr.write(
        "L'incident a plus d'alertes ou de valeurs qu'il n'en est lu : la liste est coupée.\n",
      );
    const exercise = config.mode === "exercise";
    const sharing = { facility, incident: work.incident, tlp: options.tlp, exercise, cut };
    return jsonText(options.format === "stix" ? stixBundle(found, sharing) : mispEvent(found, sharing));
  }
  const declaration = versionOf(work, options.version);
  if (options.format === "json") return jsonText(exportDeclaration(declaration, work));
  if (options.format === "markdown") return declarationMarkdown(declaration, work, facility.time_zone);
  const { address, port, public_url } = config.listeners.people;
  const base = public_url?.replace(/\/$/, "") ?? `http://${address}:${port}`;
  return printDeclaration(declaration, work, {
    facility: { id: facility.id, timeZone: facility.time_zone },
    clock: systemClock,
    page: (path) => `${base}/${facility.id}/${path}`,
  });
}

function versionOf({ declarations, incident }: Work, version: number | undefined): Declaration {
  const declaration =
    version === undefined ? declarations.at(-1) : declarations.findLast((each) => each.version === version);
  if (declaration !== undefined) return declaration;
  throw new TocsinError({
    code: "declaration_unknown",
    where: incident.reference,
    message:
      version === undefined ? "no text was drafted of it" : `its declaration has no version ${version}`,
    remedy: "read the versions on the page of the incident",
  });
}

function isIndicators({ format }: Options): boolean {
  return format === "stix" || format === "misp";
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function versionOption(text: string): number {
  const version = Number(text);
  if (!Number.isInteger(version) || version < 1) throw new InvalidArgumentError("write a number from 1 on.");
  return version;
}
