import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { CORE_SCHEMA, load } from "js-yaml";
import { z } from "zod";
import { messageOf, TocsinError } from "../../core/errors.ts";

const texts = z.union([z.string(), z.number().transform(String)]);

/** A file of `--placeholders`: values by the name of the placeholder, as `placeholders:` of the configuration has them. */
const PlaceholderFile = z.record(z.string(), z.union([texts.transform((value) => [value]), z.array(texts)]));

/** Adds the option that gives placeholders (`|expand`) their values. */
export function addPlaceholders(command: Command): Command {
  return command.option("--placeholders <file>", "values of the placeholders in rules: a YAML map of lists");
}

/** Reads the file of `--placeholders`. Throws TocsinError `unreadable_file` when it is not such a file. */
export function readPlaceholders(file: string | undefined): Record<string, string[]> {
  if (file === undefined) return {};
  try {
    return PlaceholderFile.parse(load(readFileSync(file, "utf8"), { schema: CORE_SCHEMA }));
  } catch (thrown) {
    const message = thrown instanceof z.ZodError ? z.prettifyError(thrown) : messageOf(thrown);
    throw new TocsinError({ code: "unreadable_file", message: `--placeholders ${file}: ${message}` });
  }
}
