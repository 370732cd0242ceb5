import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { masksOf, ownSecret, stateFiles } from "../setup.ts";
import { gatherSubject, LEAST } from "../stages/subject/gather-subject.ts";
import { tellSubject } from "../stages/subject/tell-subject.ts";
import { configOrExplain, DEFAULT_CONFIG, openInstalled } from "./config-option.ts";

interface Options {
  config: string;
  by: string;
  why: string;
  json?: boolean;
  output?: string;
}

/** Longest words that are sought, and most of them. */
const SOUGHT = { characters: 200, words: 10 } as const;

/** Registers `subject`: what is held on one person, for their right of access (RGPD, article 15). */
export function subjectCommand(program: Command): void {
  program
    .command("subject")
    .description("what is held on one person: accounts, acts, mentions in texts and alerts")
    .argument("<who...>", "name, login, e-mail or identifier; several are sought together")
    .requiredOption("--by <name>", "who makes this extract")
    .requiredOption("--why <text>", "why, such as the reference of the request; without the person's name")
    .option("--json", "print as JSON instead of French text")
    .option("--output <file>", "write there instead of standard output; it must not exist")
    .option("--config <file>", "configuration", DEFAULT_CONFIG)
    .action(async (who: string[], options: Options) => {
      const sought = who.map((each) => each.trim().slice(0, SOUGHT.characters));
      const short = sought.find(({ length }) => length < LEAST);
      if (short !== undefined || sought.length > SOUGHT.words)
        throw new TocsinError({
          code: "bad_option",
          where: "who",
          message: `words of ${LEAST} characters at least, ${SOUGHT.words} at most`,
          remedy: "give the whole name, the login, the e-mail or the identifier",
        });
      const loaded = configOrExplain(options.config);
      if (loaded === undefined) return;
      const { config, stateDirectory } = loaded;
      const { id: facility, name, time_zone: zone } = config.facility;
      const { store } = await openInstalled(loaded);
      try {
        const now = systemClock.now();
        const masks = masksOf(config, ownSecret(stateFiles(stateDirectory).maskSecret));
        const subject = await gatherSubject(store.reads, { facility, sought, masks, now });
        // Who asked for it and why, never about whom: the journal would hold what is asked to be forgotten.
        const content = { by: options.by.slice(0, 200), because: options.why.slice(0, 500) };
        const note = { write: "note", what: "subject_exported", incident: null, content } as const;
        await store.commit({ facility, at: now, writes: [note] });
        await store.checkpoint(facility);
        const text = options.json
          ? `${JSON.stringify(subject, null, 2)}\n`
          : tellSubject(subject, { facility: name, zone, at: now });
        if (options.output === undefined) process.stdout.write(text);
        else writeFileSync(options.output, text, { flag: "wx", mode: 0o600 });
      } finally {
        await store.close();
      }
    });
}
