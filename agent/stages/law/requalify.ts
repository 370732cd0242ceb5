import { setImmediate } from "node:timers/promises";
import type { CriterionResult, Qualification, Verdict } from "../../core/qualification.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Work } from "../work.ts";

/** Dossiers committed together: others have their turn in between. */
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

/**
 * Evaluates every dossier that may still change anew, a few at a time, then writes the texts that wait for a decision
 * anew; says which came out otherwise.
 */
export async function requalify(
  pipeline: Pipeline,
  told: {
    progress?(done: number, total: number): void;
    /** The same of texts, which come after. */
    written?(done: number, total: number): void;
    signal?: AbortSignal | undefined;
  } = {},
): Promise<{ total: number; differing: Requalified[]; stopped: boolean }> {
  const incidents = pipeline.incidents();
  const total = incidents.length;
  const differing: Requalified[] = [];
  const inTurn = async (
    step: (some: string[]) => Promise<void>,
    progress?: (done: number, total: number) => void,
  ) => {
    for (let from = 0; from < total && told.signal?.aborted !== true; from += MOST) {
      await step(incidents.slice(from, from + MOST));
      progress?.(Math.min(from + MOST, total), total);
      await setImmediate();
    }
  };
  await inTurn(async (some) => {
    for (const { before, after } of await pipeline.revise(some))
      differing.push(...differenceOf(before, after));
  }, told.progress);
  await inTurn(pipeline.rewrite, told.written);
  return { total, differing, stopped: told.signal?.aborted === true };
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
