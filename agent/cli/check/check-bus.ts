import type { LoadedConfig } from "../../../config/load.ts";
import { checkBus } from "../../bus/check-bus.ts";
import { busOf } from "../../bus-settings.ts";
import type { Role } from "../../roles.ts";
import type { Finding, Looked } from "./finding.ts";

const SECONDS = 4;

/** Says whether the bus is there, lets this process in, and keeps what it acknowledges as the configuration states. */
export async function lookAtBus(loaded: LoadedConfig, role: Role): Promise<Looked> {
  const settings = busOf(loaded);
  if (settings === undefined) return { findings: [] };
  const party = {
    role: role === "receiver" ? role : "correlator",
    facility: loaded.config.facility.id,
  } as const;
  const findings = (await checkBus(settings, party, SECONDS)).map((problem): Finding => {
    // The correlator makes it at its start.
    const level = problem.code === "bus_stream_missing" ? "advice" : "problem";
    return { ...problem, level, where: problem.where ?? "bus" };
  });
  if (settings.durability === "sync_always")
    findings.push({
      level: "advice",
      code: "bus_sync_unseen",
      where: "bus.durability",
      message: "whether NATS syncs before it acknowledges cannot be seen from here",
      remedy:
        "see that its configuration has sync_interval: always (docs/bus.md); without it, write durability: spool",
    });
  return { findings };
}
