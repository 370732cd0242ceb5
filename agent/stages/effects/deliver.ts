import type { Attempt } from "../../../connectors/contract.ts";
import { DELIVERY_TRANSITIONS } from "../../core/delivery.ts";
import type { Effect } from "../../core/effect.ts";
import { move } from "../../core/transitions.ts";
import { type DeliverPayload, filingOf, settleDelivery } from "../transmit.ts";
import { absent, type Courier, NO_LONGER, safely } from "./courier.ts";

/** Sends a decided text by its way out, and keeps what came back. */
export async function deliver(courier: Courier, effect: Effect): Promise<void> {
  const { pipeline, setup, clock, outbounds } = courier;
  const { delivery: id } = effect.payload as DeliverPayload;
  if (effect.incident === null) return;
  // The intent and the claim are one unit: a crash after it leaves a delivery that is visibly "sending".
  const filing = await pipeline.act(
    effect.incident,
    (work) => {
      const delivery = work.deliveries.find((each) => each.id === id);
      const declaration = work.declarations.find(
        (each) => each.id === delivery?.declaration && each.version === delivery.version,
      );
      if (delivery === undefined || declaration === undefined || delivery.state !== "planned")
        return undefined;
      const sending = { ...delivery, state: move(DELIVERY_TRANSITIONS, delivery.state, "sending") };
      work.deliveries = work.deliveries.map((each) => (each.id === id ? sending : each));
      work.beside.push({ write: "claim", key: effect.key, fence: effect.fence, owner: courier.owner });
      const { channel } = delivery;
      return { filing: filingOf(effect.key, sending, declaration, setup.facility.id), channel };
    },
    (result) => result !== undefined,
  );
  if (filing === undefined) {
    if (await courier.claim(effect)) await courier.settle(effect, "done", NO_LONGER);
    return;
  }
  const open = outbounds.get(filing.channel);
  const attempt: Attempt =
    open === undefined
      ? { outcome: "refused", because: absent(filing.channel) }
      : await safely(() => open.send(filing.filing, { now: clock.now(), signal: courier.signal }));
  const { state, due } = courier.after(effect, attempt, open?.repeatable ?? false);
  const { because } = attempt;
  await pipeline.act(effect.incident, (work, now) => {
    const came: Attempt = state === "planned" ? { outcome: "unreachable", because } : attempt;
    settleDelivery(work, id, came, now);
    const settlement = { key: effect.key, fence: effect.fence + 1, state, because };
    work.beside.push({ write: "settle", ...settlement, ...(due === undefined ? {} : { due }) });
  });
  courier.events?.settled?.(effect, state, because);
}
