import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { writeBundle } from "../store/bundle.ts";
import type { Store } from "../store/store.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";

/** Registers `bundle`: the sealed record of one incident as a file. */
export function bundleCommand(program: Command): void {
  program
    .command("bundle")
    .description("write the sealed record of an incident as one file, which `verify` checks offline")
    .argument("<reference>", "reference of the incident, such as 2026-0001")
    .argument("<file>", "file to write; it must not exist")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (reference: string, file: string, options: { config: string }) => {
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const facility = loaded.config.facility.id;
      const { store, key } = openInstalled(loaded);
      try {
        const incident = await incidentNamed(store, facility, reference);
        await store.checkpoint(facility);
        const exercise = loaded.config.mode === "exercise";
        const created = systemClock.now();
        const bytes = await writeBundle({ reads: store.reads, facility, incident, created, exercise, key });
        writeFileSync(file, bytes, { flag: "wx", mode: 0o600 });
        process.stderr.write(`${file}: ${bytes.length} octets, signés par la clé ${key.fingerprint}\n`);
      } finally {
        await store.close();
      }
    });
}

async function incidentNamed(store: Store, facility: string, reference: string): Promise<string> {
  for (let after: string | undefined; ; ) {
    const page = await store.reads.byState(facility, "incident", [], { limit: 500, after });
    const found = page.find(({ content }) => content.reference === reference || content.id === reference);
    if (found !== undefined) return found.content.id;
    after = page.at(-1)?.content.id;
    if (page.length < 500) break;
  }
  throw new TocsinError({
    code: "incident_unknown",
    where: reference,
    message: "no incident has this reference",
    remedy: "read it on the page of the incident",
  });
}
