import type { Command } from "commander";
import { importCommand } from "./assets/import.ts";
import { listCommand } from "./assets/list.ts";
import { unknownCommand } from "./assets/unknown.ts";

/** Registers `assets`: what the facility is made of, and what alerts speak of that nobody described. */
export function assetsCommand(program: Command): void {
  const assets = program
    .command("assets")
    .description("the facility's systems and machines: describe, import, find what is missing");
  importCommand(assets);
  listCommand(assets);
  unknownCommand(assets);
}
