import type { SealedAlert, SealedUnit } from "../seal.ts";
import type { Receipt } from "../store.ts";
import type { Chain } from "./chain.ts";
import type { Asking } from "./sql.ts";
import type { Writes } from "./writes.ts";

/** Carries the writes of a unit out in their order, inside a transaction; after a conflict, what it wrote is to be undone. */
export function* applyUnit(writes: Writes, unit: SealedUnit, chain: Chain): Asking<Receipt> {
  const place = { facility: unit.facility, at: unit.at, chain };
  const alerts: ("stored" | "duplicate")[] = [];
  const ahead = yield* writes.ahead(unit.facility, unit.writes);
  for (let index = 0; index < unit.writes.length; ) {
    const run = alertsFrom(unit, index);
    if (run.length > 0) alerts.push(...(yield* writes.alerts(place, run)));
    index += run.length;
    const write = unit.writes[index];
    if (write === undefined || write.write === "alert") continue;
    const because = yield* writes.apply(place, write, ahead);
    if (because !== undefined) return { outcome: "conflict", write: index, because };
    index += 1;
  }
  return { outcome: "committed", alerts };
}

/** The alerts that follow each other from a write on. */
function alertsFrom({ writes }: SealedUnit, index: number): SealedAlert[] {
  const run: SealedAlert[] = [];
  for (let next = writes[index]; next?.write === "alert"; next = writes[index + run.length]) run.push(next);
  return run;
}
