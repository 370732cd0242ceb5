import { setImmediate } from "node:timers/promises";
import type { Alert } from "../../core/alert.ts";
import { type DetectionRule, standsAlone } from "../../core/detection.ts";
import type { Reads } from "../../store/store.ts";
import { DEFAULT_ABOUT } from "../locate.ts";
import type { Arrival } from "./read-traits.ts";

/** Detections read in one turn: between two, the event loop has its own. */
const PAGE = 100;

/** What grouping and facts read of an alert, beside what a rule names by itself. */
const READ = [
  ...DEFAULT_ABOUT,
  "user.name",
  "file.hash.sha256",
  "file.hash.sha1",
  "file.hash.md5",
  "process.entity_id",
  "process.parent.entity_id",
];

/**
 * All detections of incidents, with what each correlation counted; undefined when there are more than `most`. Of each
 * alert only what ties it and what facts are about is kept, so that a hundred thousand fit in memory.
 */
export async function arrivalsOf(
  reads: Pick<Reads, "detectionsOf">,
  facility: string,
  incidents: readonly string[],
  most: number,
): Promise<Arrival[] | undefined> {
  const found = new Map<number, Arrival>();
  const rules = new Map<string, DetectionRule>();
  for (const incident of incidents) {
    for (let after: { occurred: number; seq: number } | undefined; ; ) {
      const page = await reads.detectionsOf(facility, incident, PAGE, after);
      for (const arrival of page) found.set(arrival.detection.seq, lightly(arrival, rules));
      if (found.size > most) return undefined;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = { occurred: last.detection.occurred, seq: last.detection.seq };
      await setImmediate();
    }
  }
  return [...found.values()]
    .filter(({ detection }) => standsAlone(detection.rule))
    .map((each) => ({
      ...each,
      base: (each.detection.based_on ?? []).flatMap((seq) => {
        const part = found.get(seq);
        return part === undefined || standsAlone(part.detection.rule) ? [] : [part];
      }),
    }));
}

/** The same detection, its rule shared with the others of it, its alert without what nobody reads again. */
function lightly({ detection, alert: stored }: Arrival, rules: Map<string, DetectionRule>): Arrival {
  const key = JSON.stringify(detection.rule);
  const rule = rules.get(key) ?? detection.rule;
  rules.set(key, rule);
  const { alert } = stored;
  const fields: NonNullable<Alert["fields"]> = {};
  for (const path of [...READ, ...(rule.meaning?.facts.flatMap(({ about }) => about ?? []) ?? [])]) {
    const value = alert.fields?.[path] ?? at(alert, path);
    if (typeof value === "string" || Array.isArray(value)) fields[path] = value;
  }
  const module = alert.event?.module;
  return {
    detection: { ...detection, rule, because: [] },
    alert: { ...stored, alert: { fields, ...(module !== undefined && { event: { module } }) } },
  };
}

function at(alert: Alert, path: string): unknown {
  let value: unknown = alert;
  for (const step of path.split(".")) value = (value as Record<string, unknown> | undefined | null)?.[step];
  return value;
}
