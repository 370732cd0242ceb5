import { type DutyContent, type DutyFile, dutyId, sealDuty } from "../../agent/core/duty-file.ts";
import { isDuty, loadRegime } from "../../rules/regimes/load-regime.ts";
import type { DutyRegime } from "../../rules/regimes/regime.ts";
import { MASKS } from "./masks.ts";

/** The pack of a duty beside the declaration, as it is shipped. */
export function dutyPack(id: string): DutyRegime {
  const regime = loadRegime(id);
  if (!isDuty(regime)) throw new Error(`${id} has no text of its own`);
  return regime;
}

/** The draft of a duty of an incident; with `hostile`, every text that comes from outside is this one. */
export function sceneDuty(
  incident: { id: string; reference: string },
  { at, hostile, regime = "rgpd-33" }: { at: number; hostile?: string | undefined; regime?: string },
): DutyFile {
  const pack = dutyPack(regime);
  const sections = pack.form.sections.map(({ id, title, fields }) => ({
    id,
    title,
    fields: fields.map((field) => ({
      id: field.id,
      label: field.label,
      basis: field.basis,
      value: field.choices?.[0] ?? hostile ?? null,
      unknown: field.choices === undefined && hostile === undefined,
      provenance:
        field.choices === undefined
          ? ({ by: "nobody" } as const)
          : ({ by: "person", name: hostile ?? "Inès Faure", at } as const),
    })),
  }));
  const content: DutyContent = {
    facility: { id: "chv", name: "Centre hospitalier du Val" },
    incident: incident.id,
    reference: incident.reference,
    file: dutyId(incident.id, regime),
    title: pack.title,
    recipients: pack.clocks.map(({ recipient }) => recipient),
    kind: "initial",
    version: 1,
    exercise: true,
    pack: { id: regime, version: pack.version },
    template: { id: pack.form.id, version: pack.form.version },
    criteria: [],
    sections,
    text: hostile ?? "VIOLATION DE DONNÉES PERSONNELLES (CNIL)",
  };
  return {
    id: content.file,
    incident: incident.id,
    regime,
    kind: "initial",
    version: 1,
    state: "draft",
    ...sealDuty(MASKS.every(content, { incident: incident.id })),
    updated: at,
    edited: [],
  };
}
