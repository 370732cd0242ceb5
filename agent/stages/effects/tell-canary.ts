import type { Effect } from "../../core/effect.ts";
import type { Write } from "../../store/store.ts";
import { type CanaryPayload, canaryMessage, canaryRole } from "../canary-alarm.ts";
import { hasContact } from "../roster/people-to-call.ts";
import { absent, type Courier, NO_LONGER, noteOf } from "./courier.ts";

/** Tells that ways in fail, or work again: by a line of the house's own, to each RSSI, or to who is on call. */
export async function tellCanary(courier: Courier, effect: Effect, payload: CanaryPayload): Promise<void> {
  const { store, setup, channels, commit, claim, settle, after } = courier;
  const facility = setup.facility.id;
  if (!(await claim(effect))) return;
  const { channel, canary, to: whom } = payload;
  const open = channels.get(channel);
  if (open === undefined) return settle(effect, "failed", absent(channel));
  const reaches = setup.notify.find(({ id }) => id === channel)?.reaches;
  const personal = reaches !== undefined && canaryRole(setup) === "rssi";
  if (personal && whom === undefined) {
    const found = await store.reads.byState(facility, "account", ["rssi"], { limit: 200 });
    const each = found
      .map(({ content }) => content)
      .filter((account) => account.active && hasContact(account, reaches))
      .map(({ id: to }): Write => {
        const told: CanaryPayload = { channel, canary, to };
        const key = `${effect.key}:${to}`;
        return {
          write: "plan",
          effect: { key, kind: "notify", incident: null, due: canary.at, payload: told },
        };
      });
    await commit(each);
    return settle(effect, each.length > 0 ? "done" : "failed", `à prévenir : ${each.length}`);
  }
  const message = canaryMessage(canary, { key: effect.key, setup, link: courier.page("sante") });
  if (message === undefined) return settle(effect, "done", NO_LONGER);
  // Who is on call is found as for the opening of an incident.
  const event = personal ? message.event : "incident_opened";
  const way = await courier.reach.wayOf(channel, { event, to: whom, always: true, anyRole: true });
  const attempt =
    way.way === "open"
      ? await courier.send(open, message, way.to)
      : { outcome: "refused" as const, because: way.because };
  const { state, due } = after(effect, attempt, open.repeatable);
  await commit([noteOf(message, channel, attempt)]);
  await settle(effect, state, attempt.because, due);
}
