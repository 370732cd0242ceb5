import type { Deadline } from "../../agent/core/deadline.ts";
import type { FormField } from "../../agent/core/declaration.ts";
import { type DutyFile, dutyContentOf } from "../../agent/core/duty-file.ts";
import type { Role } from "../../agent/core/person.ts";
import type { Desk, Dossier } from "../../agent/stages/desk/desk.ts";
import type { DutyNotification } from "../../agent/stages/duties/duty-acts.ts";
import type { Actor } from "../../agent/stages/person-act.ts";
import { PROOF } from "./night.ts";
import { DELETED, openStages, type Stages, type StagesOptions } from "./pipeline.ts";

const PACKS = ["sante-2022", "rgpd-33", "assurance-plainte", "eigs", "ose-nis1", "materiovigilance"];

/** A person of a role, who is nobody's account. */
export const person = (role: Role): Actor => ({
  id: `acc-${role}`,
  name: `Personne ${role}`,
  role,
  active: true,
});
export const [DPO, DIRECTOR, RSSI, OPERATOR] = [
  person("dpo"),
  person("director"),
  person("rssi"),
  person("operator"),
];
export const REASON = "Certitude à la lecture du constat.";

/** What a text says in one field. */
export const valueIn = (file: DutyFile, id: string): FormField | undefined =>
  dutyContentOf(file)
    .sections.flatMap(({ fields }) => fields)
    .find((field) => field.id === id);

/** An incident with other duties, and what people do with them. */
export interface DutyScene {
  stages: Stages;
  incident: string;
  dossier(): Promise<Dossier>;
  /** Every version of one duty's text, the first one first. */
  filesOf(regime: string): Promise<DutyFile[]>;
  /** The version that stands. */
  fileOf(regime: string): Promise<DutyFile>;
  clockOf(regime: string): Promise<Deadline | undefined>;
  seen(regime: string): Promise<{ incident: string; regime: string; version: number; sha256: string }>;
  answer(question: string, given: string): ReturnType<Desk["answer"]>;
  /** A patient was harmed: duties of other kinds may follow. */
  harm(): Promise<void>;
  write(regime: string, fields: Record<string, string>, actor?: Actor): ReturnType<Desk["amendDuty"]>;
  /** Settles from when the clock of the CNIL counts. */
  settle(): Promise<void>;
  approve(regime: string, actor?: Actor): ReturnType<Desk["approveDuty"]>;
  notify(regime: string, over?: Partial<DutyNotification>, actor?: Actor): ReturnType<Desk["notifyDuty"]>;
}

/** Plays an encryption that carries other duties, and its taking up ten minutes later. */
export async function openDutyScene(options: StagesOptions = {}): Promise<DutyScene> {
  const stages = await openStages({
    regimes: PACKS,
    ...options,
    facility: { cyber_insurance: true, designations: ["ose"], ...options.facility },
  });
  await stages.take(DELETED, { host: "pacs-1", message: "1200 files were renamed to .dcm.locked in 60 s" });
  const incident = (await stages.desk.incidents({ limit: 1 }))[0]?.incident.id ?? "";
  stages.clock.pass(10);
  await stages.desk.takeUp(incident, stages.delegate);
  return dutyScene(stages, incident);
}

/** What people do with the other duties of an incident that stands. */
export function dutyScene(stages: Stages, incident: string): DutyScene {
  const scene: DutyScene = {
    stages,
    incident,
    async dossier() {
      const found = await scene.stages.desk.dossier(incident);
      if (found === undefined) throw new Error("no dossier");
      return found;
    },
    filesOf: async (regime) => (await scene.dossier()).duties.filter((each) => each.regime === regime),
    async fileOf(regime) {
      const file = (await scene.filesOf(regime)).at(-1);
      if (file === undefined) throw new Error(`no file of ${regime}`);
      return file;
    },
    clockOf: async (regime) =>
      (await scene.dossier()).deadlines.find((each) => each.regime === regime && each.void !== true),
    async seen(regime) {
      const { version, sha256 } = await scene.fileOf(regime);
      return { incident, regime, version, sha256 };
    },
    answer: (question, given) =>
      scene.stages.desk.answer({ incident, question, answer: given }, stages.delegate),
    async harm() {
      const { desk } = scene.stages;
      const source = { who: "care" as const, name: "" };
      const statement = { form: desk.newForm(), kinds: ["patient_harmed" as const], systems: [], text: "" };
      await desk.stateFacts(incident, { ...statement, source }, stages.delegate);
    },
    write: async (regime, fields, actor = DPO) =>
      scene.stages.desk.amendDuty(
        {
          text: await scene.seen(regime),
          fields: Object.entries(fields).map(([id, value]) => ({ id, value, unknown: false })),
        },
        actor,
      ),
    async settle() {
      const clock = await scene.clockOf("rgpd-33");
      const settlement = { incident, deadline: clock?.id ?? "", from: "awareness" as const };
      const done = await scene.stages.desk.settleClock({ ...settlement, reason: REASON, source: "DPO" }, DPO);
      if (done.outcome === "refused") throw new Error(done.because);
    },
    approve: async (regime, actor = DPO) =>
      scene.stages.desk.approveDuty(await scene.seen(regime), PROOF, actor),
    async notify(regime, over = {}, actor = DPO) {
      const { version } = await scene.fileOf(regime);
      const told = {
        where: "CNIL, télé-service",
        reference: "N-2026-1",
        by: "DPO",
        late: "",
        at: scene.stages.clock.now(),
      };
      return scene.stages.desk.notifyDuty({ incident, regime, version, ...told, ...over }, undefined, actor);
    },
  };
  return scene;
}
