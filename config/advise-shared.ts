import type { Advice } from "./advise.ts";
import { isNear } from "./bus.ts";
import type { Config } from "./schema.ts";

/** Says what of a bus is sound and may surprise. */
export function adviseShared({ store, bus }: Pick<Config, "store" | "bus">): Advice[] {
  if (bus === undefined) return [];
  const found: Advice[] = [];
  if (store === undefined)
    found.push({
      code: "bus_without_shared_record",
      path: ["bus"],
      message:
        "there is a bus and no store: right for a receiver, or for one correlator on one machine, which nobody takes over from",
      remedy: "give store: postgres://… where a second correlator or the pages run apart",
    });
  const known = bus.credentials ?? bus.nkey ?? bus.username ?? bus.tls?.certificate;
  if (known === undefined && !bus.servers.every(isNear))
    found.push({
      code: "bus_open",
      path: ["bus"],
      message: "nothing says who we are: such a bus lets anyone publish alerts, or read them",
      remedy: "give credentials, nkey, username with password, or tls.certificate with its key",
    });
  if (bus.replicas % 2 === 0)
    found.push({
      code: "bus_replicas_even",
      path: ["bus", "replicas"],
      message: `${bus.replicas} replicas outlive no more losses than ${bus.replicas - 1}: a majority decides`,
      remedy: "write 1, 3 or 5",
    });
  return found;
}
