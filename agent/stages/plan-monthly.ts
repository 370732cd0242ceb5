import { readWholeDate } from "../../connectors/shared/read-date.ts";
import type { Write } from "../store/store.ts";
import type { Setup } from "./work.ts";

/** Plans a reminder for the first of a month, `2026-11`, one a channel of the RSSI; an observation reminds nobody. */
export function planMonthly(
  month: string,
  setup: Pick<Setup, "mode" | "facility" | "notify">,
  { name, payload }: { name: string; payload: object },
): Write[] {
  if (setup.mode === "observe") return [];
  const { id: facility, time_zone: zone } = setup.facility;
  // 09:00 in the facility's zone: nobody is woken by a list.
  const due = readWholeDate(`${month}-01T09:00:00`, { received: 0, zone });
  if (due === undefined) return [];
  return setup.notify
    .filter((channel) => channel.for.includes("rssi"))
    .map(({ id: channel }) => {
      const key = `${name}:${facility}:${channel}:${month}`;
      const effect = {
        key,
        kind: "reminder" as const,
        incident: null,
        due,
        payload: { channel, ...payload },
      };
      return { write: "plan", effect };
    });
}
