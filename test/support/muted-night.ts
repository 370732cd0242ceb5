import { type Instant, MICROSECONDS } from "../../agent/core/clock.ts";
import type { Dossier, MaintenanceDraft, SilenceDraft } from "../../agent/stages/desk/desk.ts";
import type { Actor } from "../../agent/stages/person-act.ts";
import { NIGHT } from "./incident.ts";
import type { Line, Stages } from "./pipeline.ts";

export const RSSI: Actor = { id: "acc-4", name: "Rémi Roy", role: "rssi", active: true };
export const OPERATOR: Actor = { id: "acc-3", name: "Ève Petit", role: "operator", active: true };
export const REASON = "Changement du stockage du PACS.";
/** Who is told of an incident that meets a criterion, in order. */
export const TOLD = ["incident_opened", "decision_needed"];

/** A minute of the night. */
export const at = (minute: number): Instant => NIGHT + minute * MICROSECONDS.minute;
export const up = (host: string, minute: number): Line => ({
  host,
  minute,
  message: `Resolved: Service "${host}" is running on ${host}`,
});

/** Silences a system until 05:00 unless said otherwise; its id. */
export async function silence(stages: Stages, over: Partial<SilenceDraft> = {}): Promise<string> {
  const form = stages.desk.newForm();
  const draft = { form, covers: { system: "pacs" }, until: at(180), reason: REASON, ...over };
  return made(stages, form, await stages.desk.silence(draft, RSSI));
}

/** Plans works on a system until 05:00 unless said otherwise; their id. */
export async function works(stages: Stages, over: Partial<MaintenanceDraft> = {}): Promise<string> {
  const form = stages.desk.newForm();
  const draft = { form, systems: ["pacs"], dependents: false, until: at(180), reason: REASON, ...over };
  return made(stages, form, await stages.desk.planWorks(draft, RSSI));
}

async function made(stages: Stages, form: string, done: { outcome: string }): Promise<string> {
  if (done.outcome !== "muted") throw new Error(JSON.stringify(done));
  await settle(stages);
  return form;
}

/** Carries out all that is due. */
export async function settle(stages: Stages): Promise<void> {
  while ((await stages.sweeper.sweep()) > 0);
}

/** Waits until a minute of the night, a minute at a time as the schedule would; who was told so far. */
export async function until(stages: Stages, minute: number): Promise<string[]> {
  while (stages.clock.now() < at(minute)) {
    stages.clock.pass(1);
    await settle(stages);
  }
  return stages.messages.map(({ event }) => event);
}

/** The one incident there is. */
export async function only(stages: Stages) {
  const [found, ...others] = await stages.desk.incidents({ limit: 10 });
  if (found === undefined || others.length > 0) throw new Error(`${others.length} others`);
  return found;
}

export async function dossierOf(stages: Stages, id: string): Promise<Dossier> {
  const found = await stages.desk.dossier(id);
  if (found === undefined) throw new Error("no such incident");
  return found;
}
