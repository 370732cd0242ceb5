import { systemClock } from "../../agent/core/clock.ts";
import { type SealedUnit, sealUnit } from "../../agent/store/seal.ts";
import { FACILITY } from "../support/daemon.ts";
import { samples } from "../support/store-samples.ts";

const make = samples(systemClock);
let event = 0;

/** Units of alerts that matched a rule, none like another, as listeners hand them in. */
export function sealedAlerts(units: number, alerts: number): SealedUnit[] {
  return Array.from({ length: units }, () =>
    sealUnit({
      facility: FACILITY,
      at: systemClock.now(),
      // Of other processes too.
      writes: Array.from({ length: alerts }, () => make.alert({ eventId: `${process.pid}-${++event}` })),
    }),
  );
}
