import { z } from "zod";
import type { Instant } from "../../core/clock.ts";
import { FACT_SOURCES, FACTS, FactKind, FactSource } from "../../core/fact.ts";
import type { Desk, Statement } from "../../stages/desk/desk.ts";
import { WRITING } from "../../stages/person-act.ts";

import { Line } from "../form.ts";
import type { FrenchTime } from "../french-time.ts";
import { typedInstant } from "../typed-instant.ts";

/** What a person can state, as they would look for it. */
const GROUPS: readonly { title: string; kinds: readonly FactKind[] }[] = [
  {
    title: "Un système ou une application",
    kinds: ["system_unavailable", "data_inaccessible", "care_software_fault"],
  },
  {
    title: "Les soins",
    kinds: ["degraded_mode", "care_interrupted", "care_diverted", "patient_harmed", "device_harm"],
  },
  {
    title: "Un acte malveillant, ou son soupçon",
    kinds: [
      "malicious_action_suspected",
      "account_compromised",
      "malware_present",
      "recovery_destroyed",
      "site_defaced",
    ],
  },
  {
    title: "Les données",
    kinds: ["data_disclosed", "data_altered", "data_lost", "health_data_affected", "personal_data_affected"],
  },
  { title: "Au-delà", kinds: ["others_affected", "exceptional_situation"] },
];

/** Longest text read at all: what is too long is given back to its writer, not thrown away. */
const READ = 100_000;
export const Several = z.preprocess(
  (value) => (value === undefined ? [] : [value].flat()),
  z.array(z.string().max(200)),
);

export const SourceFields = { who: FactSource.default("self"), name: Line(READ).default("") };
export const InstantFields = { date: z.string().max(10).default(""), time: z.string().max(8).default("") };
export const StatementForm = z.object({
  form: z.string().max(100),
  kinds: Several.pipe(z.array(FactKind)),
  systems: Several,
  text: z.string().trim().max(READ).default(""),
  call: z.literal("oui").optional(),
  ...InstantFields,
  ...SourceFields,
});
export type StatementForm = z.infer<typeof StatementForm>;

/** A form nobody has typed in yet. */
export function blankStatement(desk: Pick<Desk, "newForm">, today: string): StatementForm {
  return {
    form: desk.newForm(),
    kinds: [],
    systems: [],
    text: "",
    date: today,
    time: "",
    who: "self",
    name: "",
  };
}

/** What was typed, as the desk takes it; a French sentence when its date cannot be. */
export function statementOf(form: StatementForm, time: FrenchTime, now: Instant): Statement | string {
  const since = typedInstant(form, time, now);
  if (typeof since === "string") return since;
  const { kinds, systems, text, who, name } = form;
  const callDelegate = form.call === "oui";
  return { form: form.form, kinds, systems, since, source: { who, name }, text, callDelegate };
}

/** What the form shows besides what was typed. */
export function statementChoices(desk: Pick<Desk, "systems">) {
  return {
    groups: GROUPS.map(({ title, kinds }) => ({
      title,
      kinds: kinds.map((id) => ({ id, label: FACTS[id].label, system: FACTS[id].about === "system" })),
    })),
    systems: desk.systems,
    sources: Object.entries(FACT_SOURCES).map(([id, label]) => ({
      id,
      label: id === "self" ? "moi, je l’ai constaté" : id === "other" ? "autre (à préciser)" : label,
    })),
    limits: WRITING,
  };
}

/** Kinds that the form offers. */
export const OFFERED: readonly FactKind[] = GROUPS.flatMap(({ kinds }) => kinds);
