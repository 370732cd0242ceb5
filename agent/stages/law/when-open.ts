import type { Instant } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { Qualification } from "../../core/qualification.ts";
import { qualify } from "../qualify.ts";
import type { Setup, Work } from "../work.ts";
import type { Situation } from "./evaluate.ts";
import { regimesOf } from "./regimes-of.ts";

/** How the leading duty evaluates these facts, were the incident open; undefined when they meet no criterion that leads on. */
export function whenOpen(
  { incident }: Pick<Work, "incident">,
  setup: Setup,
  facts: readonly Fact[],
  now: Instant,
): Qualification | undefined {
  if (facts.length === 0) return undefined;
  const { leading } = regimesOf(setup, incident);
  const situation: Situation = { facts, systems: setup.systems, now, facility: setup.facility };
  const found = qualify({ ...incident, state: "open" }, leading, situation);
  return found.verdict === "declare" || found.verdict === "advised" ? found : undefined;
}
