import type { Command } from "commander";
import { MICROSECONDS } from "../core/clock.ts";
import { problemSentence } from "../core/errors.ts";
import { lengthOf } from "../stages/exercise/scenario.ts";
import { findScenario, scenarioNames, unknownTo } from "./exercise/find-scenario.ts";
import { houseCommand } from "./exercise/house.ts";
import { playCommand } from "./exercise/play.ts";

/** Every law pack whose criteria and questions a scenario may name, where no configuration says which are in force. */
const PACKS = ["sante-2022", "sante-2016", "rgpd-33"];

/** Registers `exercise`: scenarios played to a daemon in exercise mode, for real people. */
export function exerciseCommand(program: Command): void {
  const exercise = program
    .command("exercise")
    .description(
      "play a scenario to a daemon in exercise mode, for real people; the debrief is a page of it",
    );

  exercise
    .command("list")
    .description("the scenarios that come with the program")
    .action(() => {
      for (const name of scenarioNames()) {
        const { scenario } = findScenario(name);
        if (scenario === undefined) continue;
        const minutes = Math.round(lengthOf(scenario) / MICROSECONDS.minute);
        process.stdout.write(`${name.padEnd(26)} ${String(minutes).padStart(4)} min  ${scenario.title}\n`);
      }
    });

  exercise
    .command("check")
    .description("read a scenario and tell all that is wrong with it")
    .argument("<file>", "a YAML file, or the name of a scenario that comes with the program")
    .action((file: string) => {
      const { scenario, problems } = findScenario(file);
      const told =
        scenario === undefined
          ? problems.map(problemSentence)
          : unknownTo(PACKS, scenario).map((words) => `${file}: ${words}`);
      for (const line of told) process.stderr.write(`${line}\n`);
      if (scenario === undefined || told.length > 0) {
        process.exitCode = 1;
        return;
      }
      const { title, steps, expectations } = scenario;
      process.stdout.write(
        `${file}: ${title}; ${steps.length} steps, ${expectations.length} expectations, no problem found\n`,
      );
    });

  playCommand(exercise);
  houseCommand(exercise);
}
