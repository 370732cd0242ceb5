import type { Masked, Masks } from "../core/masked.ts";
import type { Dossier } from "./desk/desk.ts";

/** What people said and machines found, without patients; texts that are sealed were masked when they were written. */
export function maskDossier(dossier: Dossier, masks: Masks): Masked<Dossier> {
  const { declarations, duties, current, filing, deliveries, evidence, systems, ...told } = dossier;
  const masked = masks.every(told, { incident: told.incident.id });
  return {
    ...masked,
    ...{ declarations, current, filing, deliveries, evidence, systems },
    duties: duties.map((file) => {
      const { decision, notified } = masks.every(
        { decision: file.decision, notified: file.notified },
        { incident: told.incident.id },
      );
      return { ...file, ...(decision && { decision }), ...(notified && { notified }) };
    }),
  };
}
