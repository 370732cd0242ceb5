import { setImmediate } from "node:timers/promises";
import { type Clock, type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { CriterionResult, Qualification, Verdict } from "../../core/qualification.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Work } from "../work.ts";

/** How long dossiers are evaluated before others have their turn: what is committed of them takes as long again. */
const SLICE = (5 * MICROSECONDS.second) / 1000;
/** And how many at most, whatever the clock says. */
const MOST = 50;

/** What an evaluation under other packs made of one dossier. */
export interface Requalified {
  incident: string;
  reference: string;
  /** By pack: verdicts, and the criteria whose value or degree differ. */
  regimes: {
    regime: string;
    version: { before: string | null; after: string | null };
    verdict: { before: Verdict | null; after: Verdict | null };
    criteria: { id: string; before: string | null; after: string | null }[];
  }[];
}

/** Evaluates every dossier that may still change anew, a little at a time; says which came out otherwise. */
export async function requalify(
  pipeline: Pipeline,
  clock: Clock,
  told: { progress?(done: number, total: number): void; signal?: AbortSignal | undefined } = {},
): Promise<{ total: number; differing: Requalified[]; stopped: boolean }> {
  const incidents = pipeline.incidents();
  const total = incidents.length;
  const differing: Requalified[] = [];
  for (let done = 0; done < total; ) {
    if (told.signal?.aborted === true) return { total, differing, stopped: true };
    const { taken, revised } = await pipeline.revise(incidents.slice(done, done + MOST), slice(clock));
    for (const { before, after } of revised) differing.push(...differenceOf(before, after));
    done += taken;
    told.progress?.(done, total);
    await setImmediate();
  }
  return { total, differing, stopped: false };
}

/** How two evaluations of one dossier differ; nothing when they do not. */
export function differenceOf(before: Work, after: Work): Requalified[] {
  const [was, is] = [byRegime(before), byRegime(after)];
  const regimes = [...new Set([...was.keys(), ...is.keys()])].flatMap((regime) => {
    const [old, fresh] = [was.get(regime), is.get(regime)];
    const criteria = differentCriteria(old?.criteria ?? [], fresh?.criteria ?? []);
    if (old?.verdict === fresh?.verdict && criteria.length === 0) return [];
    return [
      {
        regime,
        version: { before: old?.regime_version ?? null, after: fresh?.regime_version ?? null },
        verdict: { before: old?.verdict ?? null, after: fresh?.verdict ?? null },
        criteria,
      },
    ];
  });
  const { id, reference } = after.incident;
  return regimes.length === 0 ? [] : [{ incident: id, reference, regimes }];
}

function byRegime({ qualification, others }: Work): Map<string, Qualification> {
  return new Map([...(qualification ? [qualification] : []), ...others].map((each) => [each.regime, each]));
}

function differentCriteria(before: readonly CriterionResult[], after: readonly CriterionResult[]) {
  const [was, is] = [before, after].map(
    (criteria) => new Map(criteria.map((each) => [each.id, shownValue(each)])),
  ) as [Map<string, string>, Map<string, string>];
  return [...new Set([...was.keys(), ...is.keys()])]
    .filter((id) => was.get(id) !== is.get(id))
    .map((id) => ({ id, before: was.get(id) ?? null, after: is.get(id) ?? null }));
}

function shownValue({ value, degree }: CriterionResult): string {
  return degree === null ? value : `${value}/${degree}`;
}

function slice(clock: Clock): () => boolean {
  const from: Instant = clock.now();
  return () => clock.now() - from >= SLICE;
}
