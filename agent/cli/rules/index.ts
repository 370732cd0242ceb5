import type { Command } from "commander";
import { checkCommand } from "./check.ts";
import { coverageCommand } from "./coverage.ts";
import { explainCommand } from "./explain.ts";
import { matchCommand } from "./match.ts";
import { testCommand } from "./test.ts";

/** Registers the commands that try, check and test rules. */
export function rulesCommand(program: Command): void {
  const rules = program.command("rules").description("try, check and test detection rules");
  matchCommand(rules);
  checkCommand(rules);
  testCommand(rules);
  explainCommand(rules);
  coverageCommand(rules);
}
