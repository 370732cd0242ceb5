import type { Incident } from "../../core/incident.ts";
import type { StoredAlert } from "../../store/store.ts";
import type { Setup } from "../work.ts";
import { eventTime } from "./read-traits.ts";

/** An incident that an alert opens; the alert itself is still to be taken in. */
export function openIncident(
  alert: StoredAlert,
  setup: Pick<Setup, "newId" | "facility">,
  reference: string,
): Incident {
  const at = eventTime(alert);
  return {
    id: setup.newId(),
    facility: setup.facility.id,
    reference,
    state: "candidate",
    occurred: at,
    first_alert: alert.received,
    found: null,
    last_alert: at,
    alerts: 0,
    entities: [],
    systems: [],
    causes: [],
    malicious: null,
    declarant: null,
    opened_by: "machine",
    because: "Première alerte reçue.",
  };
}
