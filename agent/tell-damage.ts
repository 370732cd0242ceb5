import type { DamagedRow } from "./core/damaged-row.ts";
import type { Log } from "./telemetry/log.ts";

/** Rows that are told one by one: a disk that loses thousands has said it by then. */
const TOLD = 100;

/** Logs the rows of the record that cannot be read. */
export function tellDamage(log: Pick<Log, "error">): (row: DamagedRow) => void {
  let told = 0;
  return (row) => {
    told += 1;
    const remedy =
      "run `tocsin verify`, which tells all that is damaged; restore the last copy that verifies";
    if (told <= TOLD)
      log.error("a row of the record cannot be read: what it belongs to is set apart", { ...row, remedy });
    else if (told === TOLD + 1) log.error("more rows of the record cannot be read than are told", { remedy });
  };
}
