import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_RULES } from "../../agent/setup.ts";
import { requirementsBeside } from "../../rules/engine/literals.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { eventually } from "../support/daemon.ts";
import { peer } from "../support/peer.ts";
import { type Sink, startRsyslog, startSyslogNg, writtenTo } from "./peers.ts";
import type { Plan } from "./records.ts";
import type { Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";
import { startWatch } from "./watch.ts";

/** It reads ten thousand records a second. */
const PATIENCE_SECONDS = 60;

export const sec = peer("SEC", "sec", "apt-get install sec");

/** The texts of which a record must hold one for a rule of the default pack to match: what a relay would filter by. */
export function filteredTexts(): string[] {
  const { rules } = loadRules([DEFAULT_RULES]);
  const texts = rules.flatMap((rule) => requirementsBeside()(rule).detection ?? []);
  return [...new Set(texts)].sort();
}

/** Starts rsyslog with a filter of the texts before its file. */
export function startFilteringRsyslog(scene: Scene, texts: readonly string[]): Promise<Sink> {
  const list = texts.map((text) => JSON.stringify(text)).join(", ");
  return startRsyslog(scene, "imtcp", { filter: `if ($rawmsg contains_i [${list}]) then ` });
}

/** Starts syslog-ng with a filter of the texts before its file. */
export function startFilteringSyslogNg(scene: Scene, texts: readonly string[]): Promise<Sink> {
  const tests = texts.map(
    (text) => `match(${JSON.stringify(text)} value("RAWMSG") type("string") flags(substring ignore-case))`,
  );
  return startSyslogNg(scene, { define: `filter f_any { ${tests.join(" or ")}; };`, use: "filter(f_any);" });
}

/** Lets SEC read a file of records, with a rule for each text; it has no socket of its own. */
export function rateOfSec({ records, amount, matching }: Plan, texts: readonly string[]): Promise<Reading> {
  return inScene(async (scene) => {
    const folder = scene.folder("sec");
    const [input, rules, written] = ["input", "rules", "written"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(input, records);
    const rule = (text: string) =>
      `type=Single\nptype=RegExp\npattern=(?i)${text.replaceAll(/\W/g, "\\$&")}\ndesc=met\naction=write ${written} $0\n`;
    writeFileSync(rules, texts.map(rule).join("\n"));
    const { pid } = scene.start("sec", [`--conf=${rules}`, `--input=${input}`, "--fromstart"]);
    const watch = startWatch(pid ?? 0);
    const read = () => (writtenTo(written) >= matching ? watch.read(amount) : undefined);
    return eventually("SEC to have read all", read, PATIENCE_SECONDS);
  });
}
