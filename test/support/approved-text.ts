import { expect } from "vitest";
import type { Attempt } from "../../connectors/contract.ts";
import { DELETED, NOTE, openStages, type Stages, type StagesOptions } from "./pipeline.ts";

/** Approves the text of an incident as it stands. */
export async function approve({ desk, delegate }: Stages, incident: string): Promise<void> {
  const found = await desk.dossier(incident);
  const { id, version, sha256 } = found?.current?.declaration ?? { id: "", version: 0, sha256: "" };
  const text = { incident, declaration: id, version, sha256 };
  const done = await desk.approve(text, { channel: "web", second_factor: "totp" }, delegate);
  expect(done.outcome).toBe("approved");
}

/** Stages with a text that was approved, everybody told of it, and what its first way answers; nothing was sent yet. */
export async function approvedText(
  options: StagesOptions,
  ...answers: Attempt[]
): Promise<{ stages: Stages; incident: string }> {
  const stages = await openStages({ mode: "live", repeatable: false, ...options });
  await stages.take(DELETED, NOTE);
  await stages.sweeper.sweep();
  const [first] = await stages.desk.incidents({ limit: 1 });
  const incident = first?.incident.id ?? "";
  stages.answers.push(...answers);
  await approve(stages, incident);
  return { stages, incident };
}

export async function dossierOf({ desk }: Stages, incident: string) {
  const found = await desk.dossier(incident);
  if (found === undefined) throw new Error("no dossier");
  return found;
}

/** The state of each delivery of an incident, by its way. */
export async function deliveryStates(stages: Stages, incident: string): Promise<Record<string, string>> {
  const { deliveries } = await dossierOf(stages, incident);
  return Object.fromEntries(deliveries.map(({ channel, state }) => [channel, state]));
}

export async function deliveryBy(stages: Stages, incident: string, way: string): Promise<string> {
  const { deliveries } = await dossierOf(stages, incident);
  return deliveries.find(({ channel }) => channel === way)?.id ?? "";
}
