import type { Instant } from "../../core/clock.ts";
import { AVAILABILITY, type Fact } from "../../core/fact.ts";
import { whenOpen } from "../law/when-open.ts";
import type { Setup, Work } from "../work.ts";
import { type Main, metOf } from "./outages.ts";
import { outweighs } from "./weigh.ts";

type Judged = Pick<Work, "incident" | "facts">;

/** The incidents in which a system is down that an outage of this one stands on, those told of first. */
export function mainsOf(
  work: Judged,
  fact: Fact,
  setup: Setup,
  now: Instant,
): { main: Main; system: string }[] {
  const { kind, holds, withdrawn } = fact;
  if (!AVAILABILITY.has(kind) || !holds || withdrawn !== null) return [];
  const found = setup.outages.above(fact, work.incident.id, now);
  return found.length === 0 || outweighs(work) !== undefined ? [] : found;
}

/**
 * The incident that people are told of in place of this one: each of the facts stands on what is down there, and all
 * that they meet, `with` others, is met there too; undefined when there is none, or when nothing is met.
 */
export function toldInPlace(
  work: Judged,
  setup: Setup,
  facts: { behind: readonly Fact[]; with: readonly Fact[] },
  now: Instant,
): Main | undefined {
  const mains = facts.behind.map((fact) => mainsOf(work, fact, setup, now).filter(({ main }) => main.told));
  const first = mains[0]?.[0]?.main;
  if (first === undefined || mains.some((each) => each.length === 0)) return undefined;
  const met = new Set(mains.flat().flatMap(({ main }) => [...main.met]));
  const own = metOf(whenOpen(work, setup, facts.with, now)?.criteria ?? []);
  return own.length > 0 && own.every((each) => met.has(each)) ? first : undefined;
}
