import { MICROSECONDS } from "../../core/clock.ts";
import type { Effect } from "../../core/effect.ts";
import { closeCandidate, isClosing, READ_OVER } from "../close-candidates.ts";
import { isDutyTurn } from "../duties/duty-steps.ts";
import { carryOutHunt, type HuntPayload, isHunting } from "../hunt/carry-out-hunt.ts";
import { isLinkExpiry } from "../links/link-effects.ts";
import { isMuteTurn } from "../mute/keep-mutes.ts";
import { turnMute } from "../mute/turn-mute.ts";
import type { Courier } from "./courier.ts";
import { expireLink } from "./question-link.ts";
import { turnDuty } from "./tell-duties.ts";

/** Time has passed: the incident is judged anew. */
export async function tick(courier: Courier, effect: Effect): Promise<void> {
  const { pipeline, setup } = courier;
  const { incident, due, payload } = effect;
  if (isMuteTurn(payload)) await turnMute(pipeline, setup, { ...payload, due });
  if (incident === null) return courier.settle(effect, "done", PASSED);
  if (isLinkExpiry(payload)) return expireLink(courier, effect, payload);
  if (isDutyTurn(payload)) return turnDuty(courier, effect, payload);
  if (isHunting(payload)) return hunt(courier, effect, { incident, payload });
  if (isClosing(payload)) return close(courier, effect, incident);
  await pipeline.act(await pipeline.standing(incident), () => undefined);
  await courier.settle(effect, "done", PASSED);
}

const PASSED = "délai écoulé";

async function hunt(
  { store, pipeline, setup, clock, settle }: Courier,
  effect: Effect,
  { incident, payload }: { incident: string; payload: HuntPayload },
): Promise<void> {
  const done = await carryOutHunt(incident, payload, { store, pipeline, setup });
  if (done.outcome === "early")
    return settle(effect, "planned", "alertes pas encore triées", clock.now() + MICROSECONDS.second);
  await settle(effect, "done", done.outcome === "refused" ? done.because : "recherche prise en compte");
}

async function close(
  { store, pipeline, setup, settle }: Courier,
  effect: Effect,
  incident: string,
): Promise<void> {
  // One more than is read over says that there are too many.
  const found = await store.reads.detectionsOf(setup.facility.id, incident, READ_OVER + 1);
  const rules = found.map(({ detection }) => detection.rule);
  const done = await pipeline.act(incident, (work, now) =>
    // A clock set back meanwhile does not undo that the time had come.
    closeCandidate(work, setup, { rules, now: Math.max(now, effect.due) }),
  );
  await settle(effect, "done", done?.outcome === "kept" ? done.because : PASSED);
}
