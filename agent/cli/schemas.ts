import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Command } from "commander";
import { publishedSchemas } from "../web/published-schemas.ts";

/** Registers `schemas`: what other programs check our files and interfaces against. */
export function schemasCommand(program: Command): void {
  program
    .command("schemas")
    .description("write the JSON Schemas of exported files and the OpenAPI document of the HTTP interfaces")
    .argument("<folder>", "folder to write into; files of the same names are replaced")
    .action((folder: string) => {
      for (const [name, content] of publishedSchemas()) {
        const file = join(folder, name);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
        process.stdout.write(`${file}\n`);
      }
    });
}
