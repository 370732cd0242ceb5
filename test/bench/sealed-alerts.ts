import { systemClock } from "../../agent/core/clock.ts";
import { type SealedUnit, sealUnit } from "../../agent/store/seal.ts";
import { FACILITY } from "../support/daemon.ts";
import { samples } from "../support/store-samples.ts";

const make = samples(systemClock);
let event = 0;

/**
 * Units of alerts that matched a rule, none like another, as listeners hand them in; with `hosts`, of so many machines in
 * turn, by a rule that states a fact: each machine makes an incident.
 */
export function sealedAlerts(units: number, alerts: number, hosts?: number): SealedUnit[] {
  return Array.from({ length: units }, () =>
    sealUnit({
      facility: FACILITY,
      at: systemClock.now(),
      writes: Array.from({ length: alerts }, () => {
        // Of other processes too.
        const eventId = `${process.pid}-${++event}`;
        return hosts === undefined ? make.alert({ eventId }) : stating(eventId, `srv-${event % hosts}`);
      }),
    }),
  );
}

function stating(eventId: string, name: string) {
  const { alert, detections, ...write } = make.alert({ eventId });
  return {
    ...write,
    alert: { ...alert, alert: { ...alert.alert, host: { name } } },
    detections: detections.map((each) => ({
      ...each,
      rule: {
        ...each.rule,
        meaning: {
          title_fr: "Fichiers renommés en masse",
          reason_fr: "Des fichiers sont renommés en masse, comme par un rançongiciel.",
          // Of a cause that is one campaign, all machines would be one incident.
          facts: [{ fact: "data_altered" as const, confidence: "suspected" as const, ended_by: [] }],
        },
      },
    })),
  };
}
