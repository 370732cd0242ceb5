import type { Command } from "commander";
import { checkCommand } from "./check.ts";
import { installCommand } from "./install.ts";
import { listCommand } from "./list.ts";
import { signCommand } from "./sign.ts";

/** Registers the commands that show, check, sign and install law packs. */
export function packsCommand(program: Command): void {
  const packs = program.command("packs").description("show, check, sign and install law packs");
  listCommand(packs);
  checkCommand(packs);
  signCommand(packs);
  installCommand(packs);
}
