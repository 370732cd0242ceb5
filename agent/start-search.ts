import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { LoadedConfig } from "../config/load.ts";
import { isoFromInstant } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import type { HuntResult } from "./core/hunt.ts";
import { giveWay } from "./give-way.ts";
import type { SearchAsked, StartSearch } from "./stages/hunt/searches.ts";

const MAIN = join(import.meta.dirname, "main.ts");
/** Most that is heard of a search: what it shows is bounded, so more is a fault. */
const LONGEST = 4_000_000;

const Told = z.object({ done: z.number(), total: z.number() });
const Answer = z.union([
  z.object({ problem: z.object({ code: z.string(), message: z.string() }) }),
  z.object({ incident: z.string() }).loose(),
]);

/**
 * Carries searches out by the command `hunt`, in a process of its own with less priority: rules are compiled and
 * records matched there, so that no page waits, and what a recording does to memory ends with it.
 */
export function searchStarter({ file, config }: Pick<LoadedConfig, "file" | "config">): StartSearch {
  return ({ incident, login, dryRun, recording, asked }, progress) => {
    const given = recording === undefined ? stretchOf(asked) : [recording];
    const options = [
      "--json",
      "--told",
      "--by",
      login,
      "--config",
      file,
      "--zone",
      config.facility.time_zone,
    ];
    if (dryRun) options.push("--dry-run");
    if (asked.all) options.push("--all");
    if (asked.host !== "") options.push(`--host=${asked.host}`);
    const command = [
      ...process.execArgv,
      MAIN,
      "hunt",
      ...options,
      ...given.filter((each) => each.startsWith("--")),
    ];
    const names = [incident, ...given.filter((each) => !each.startsWith("--"))];
    const child = spawn(process.execPath, [...command, "--", ...names], { stdio: "pipe" });
    if (child.pid !== undefined) giveWay("search", child.pid);
    let said = "";
    let last = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.length > LONGEST) child.kill("SIGKILL");
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      const told = Told.safeParse(jsonOf(line));
      if (told.success) progress(told.data);
      else last = line.slice(0, 1000);
    });
    const ended = new Promise<Awaited<ReturnType<StartSearch>["ended"]>>((resolve) => {
      child.once("error", (error) =>
        resolve({ problem: { code: "not_started", message: messageOf(error) } }),
      );
      child.once("close", () => {
        const answer = Answer.safeParse(jsonOf(said));
        if (!answer.success) resolve({ problem: { code: "ended", message: last } });
        else if ("problem" in answer.data)
          resolve({ problem: answer.data.problem as { code: string; message: string } });
        else resolve({ result: answer.data as unknown as HuntResult });
      });
    });
    return { ended, stop: () => void child.kill("SIGTERM") };
  };
}

function stretchOf({ what }: SearchAsked): string[] {
  if (what.from !== "source") return [];
  return [
    `--from=${what.source}`,
    `--since=${isoFromInstant(what.since)}`,
    `--until=${isoFromInstant(what.until)}`,
  ];
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
