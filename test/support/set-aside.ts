import type { Proof } from "../../agent/stages/desk/desk.ts";
import type { Actor, TextSeen } from "../../agent/stages/person-act.ts";
import type { Stages } from "./pipeline.ts";

const PROOF: Proof = { channel: "web", second_factor: "totp" };

/** A second person who may decide. */
export const SECOND: Actor = { id: "acc-2", name: "Paul Durand", role: "director", active: true };

/** Decides not to declare: the delegate, and a second person where a criterion is met. */
export async function setAsideByTwo({ desk, delegate }: Stages, text: TextSeen, reason: string) {
  const begun = await desk.setAside(text, reason, PROOF, delegate);
  return begun.outcome === "second_awaited" ? desk.confirmSetAside(text, PROOF, SECOND) : begun;
}
