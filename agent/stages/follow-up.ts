import type { Deadline } from "../core/deadline.ts";
import type { Setup, Work } from "./work.ts";

/** Starts the clock of an incident that must be declared: "sans délai" has no number of hours, so it counts up. */
export function followUp(work: Work, setup: Setup): void {
  if (work.qualification?.verdict !== "declare" || work.deadlines.length > 0) return;
  const { incident } = work;
  const deadline: Deadline = {
    id: `${incident.id}/${setup.regime.id}`,
    incident: incident.id,
    regime: setup.regime.id,
    // D.1111-16-3: "sans délai".
    label: "Déclarer sans délai",
    from: incident.found === null ? "first_alert" : "found",
    started: incident.found ?? incident.first_alert,
    due: null,
    met: null,
  };
  work.deadlines.push(deadline);
}
