import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { writeBundle } from "../store/bundle.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";
import { incidentNamed } from "./incident-named.ts";

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
      const { store, key } = await openInstalled(loaded);
      try {
        const { id: incident } = await incidentNamed(store.reads, facility, reference, { erased: true });
        // Originals leave with it, patients included: the journal says that they did.
        const note = { write: "note", what: "bundled", incident, content: { originals: true } } as const;
        await store.commit({ facility, at: systemClock.now(), writes: [note] });
        await store.checkpoint(facility);
        const exercise = loaded.config.mode === "exercise";
        const created = systemClock.now();
        const bytes = await writeBundle({ reads: store.reads, facility, incident, created, exercise, key });
        writeFileSync(file, bytes, { flag: "wx", mode: 0o600 });
        process.stderr.write(`${file}: ${bytes.length} octets, signés par la clé ${key.fingerprint}\n`);
        process.stderr.write(
          "Il contient les alertes d'origine, qui peuvent nommer des patients : protégez-le.\n",
        );
      } finally {
        await store.close();
      }
    });
}
