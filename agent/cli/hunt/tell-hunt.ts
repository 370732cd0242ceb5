import { isoFromInstant } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import { type HuntResult, LEFT_OUT, type LeftOut } from "../../core/hunt.ts";
import { CRITERION_VALUES, type CriterionValue } from "../../core/qualification.ts";
import type { Arrival } from "../../stages/grouping/read-traits.ts";
import { describeFact } from "../../stages/qualify.ts";
import type { Setup } from "../../stages/work.ts";

/** Detections listed in words; all of them are in the JSON. */
const LISTED = 50;

export function listDetections(arrivals: readonly Arrival[]): NonNullable<HuntResult["detections"]> {
  return arrivals.map(({ detection, alert }) => ({
    at: isoFromInstant(alert.occurred),
    host: alert.alert.host?.name ?? null,
    rule: detection.rule.id,
    title: detection.rule.title,
  }));
}

export function listFacts(
  facts: readonly { before: Fact | undefined; after: Fact }[],
  { systems }: Setup,
): NonNullable<HuntResult["facts"]> {
  return facts.map(({ before, after }) => ({
    change: before === undefined ? "new" : "changed",
    fact: after.kind,
    since: isoFromInstant(after.since),
    until: after.until === null ? null : isoFromInstant(after.until),
    because: describeFact(after, systems),
  }));
}

/** Says it in words. */
export function tellHunt(result: HuntResult): string {
  const { counts, dry_run, detections = [], facts = [], beginning, criteria } = result;
  const left = Object.entries(counts.left_out) as [LeftOut, number][];
  const lines = [
    `${result.incident}: ${result.what}`,
    `${counts.read} records read, ${counts.matched} matches, ${counts.kept} kept, ${counts.known} known already`,
    ...left.map(([why, count]) => `  left out: ${count} ${LEFT_OUT[why]}`),
    ...detections.slice(0, LISTED).map(({ at, host, title }) => `  + ${at} ${host ?? "?"}: ${title}`),
    ...(detections.length > LISTED ? [`  … and ${detections.length - LISTED} more (--json lists all)`] : []),
    ...facts.map(({ change, since, until, because }) => {
      const sign = change === "new" ? "+" : "~";
      return `  ${sign} fact ${since}${until === null ? "" : ` → ${until}`} ${because}`;
    }),
    ...(beginning === null ? [] : [`  beginning: ${beginning.before} → ${beginning.after}`]),
    ...criteria.map(({ regime, id, label, before, after }) => {
      const [was, is] = [before, after].map((value) => CRITERION_VALUES[value as CriterionValue] ?? value);
      return `  ${regime} ${id} ${label}: ${was} → ${is}`;
    }),
  ];
  if (result.state === "unchanged") lines.push("nothing new: the incident is as it was");
  if (result.state === "waiting") lines.push("kept; the daemon takes it in by itself, look at the page");
  if (dry_run) lines.push("dry run: nothing was changed");
  return lines.join("\n");
}
