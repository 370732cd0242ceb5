import type { BusSettings } from "../../../agent/bus/bus.ts";
import { type BusLink, connectBus } from "../../../agent/bus/connect.ts";
import { eventually, FACILITY } from "../../support/daemon.ts";
import type { Cluster } from "./cluster.ts";

/** Works with a connection of its own to the NATS of a cluster. */
export async function withBus(cluster: Cluster, work: (link: BusLink) => Promise<void>): Promise<void> {
  const settings: BusSettings = {
    servers: [`tls://${cluster.network.address("nats")}:4222`],
    ...{ tls: { ca: cluster.authority }, durability: "spool", replicas: 1 },
    spool: { folder: cluster.house.directory, bytes: 0 },
  };
  const link = connectBus(settings, { role: "correlator", facility: FACILITY });
  try {
    await eventually("NATS", () => link.nats());
    await work(link);
  } finally {
    await link.close();
  }
}
