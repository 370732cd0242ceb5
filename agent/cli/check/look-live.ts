import type { LoadedConfig } from "../../../config/load.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { openFilesLimit } from "../../intake/open-files.ts";
import type { Role } from "../../roles.ts";
import { lookAtBus } from "./check-bus.ts";
import { checkCopies } from "./check-copies.ts";
import { checkExpiry } from "./check-expiry.ts";
import { checkDisk, checkOwners } from "./check-files.ts";
import { checkOpenFiles } from "./check-open-files.ts";
import { checkPorts } from "./check-ports.ts";
import { checkRoster } from "./check-roster.ts";
import { checkStore } from "./check-store.ts";
import { type ClockHints, checkTime } from "./check-time.ts";
import type { Finding, Looked } from "./finding.ts";
import { placesToReach } from "./places-to-reach.ts";

/** Longest that one check takes, ms; they run beside each other. */
const PATIENCE = 5000;

/** What was looked at beside the configuration itself. */
export interface Live {
  findings: Finding[];
  /** Each check by its name, with why it could not be looked at if so. */
  looked: { check: string; unknown?: string | undefined }[];
}

/** Looks at what surrounds an installation, now: every check beside the others, five seconds at most each. */
export async function lookLive(
  loaded: LoadedConfig,
  {
    clock,
    role = "all",
    hints,
    patience = PATIENCE,
    limitOf,
  }: { clock: Clock; role?: Role; hints?: ClockHints; patience?: number; limitOf?: typeof openFilesLimit },
): Promise<Live> {
  const places = placesToReach(loaded);
  const checks: { check: string; look: (signal: AbortSignal) => Promise<Looked> | Looked }[] = [
    { check: "ports", look: (signal) => checkPorts(loaded, signal) },
    { check: "certificates", look: () => checkExpiry(loaded, clock.now()) },
    { check: "roster", look: () => checkRoster(loaded, clock.now()) },
    { check: "disk", look: () => checkDisk(loaded) },
    { check: "owners", look: () => checkOwners(loaded) },
    { check: "open files", look: () => checkOpenFiles(loaded, limitOf) },
    ...(["backup", "crisis"] as const)
      .filter((kind) => loaded.config[kind] !== undefined)
      .map((kind) => ({ check: `${kind}.folder`, look: () => checkCopies(loaded, kind) })),
    ...(loaded.config.store === undefined || role === "receiver"
      ? []
      : [{ check: "store", look: () => checkStore(loaded, clock.now) }]),
    ...(loaded.config.bus === undefined || role === "web"
      ? []
      : [{ check: "bus", look: () => lookAtBus(loaded, role) }]),
    ...places.map(({ where, look }) => ({
      check: where,
      look: (signal: AbortSignal) => look({ now: clock.now(), signal }),
    })),
  ];
  const done = await Promise.all(
    checks.map(async ({ check, look }) => ({ check, ...(await bounded(check, { look, patience })) })),
  );
  const ahead = done.flatMap((each) => each.ahead ?? []);
  const time = { check: "clock", ...(await checkTime(ahead, hints)) };
  const all = [...done, time];
  return {
    findings: all.flatMap(({ findings }) => findings),
    looked: all.map(({ check, unknown }) => (unknown === undefined ? { check } : { check, unknown })),
  };
}

/** A check that fails or takes too long says so, and holds up no other. */
async function bounded(
  check: string,
  { look, patience }: { look: (signal: AbortSignal) => Promise<Looked> | Looked; patience: number },
): Promise<Looked> {
  const stop = new AbortController();
  const late = Promise.withResolvers<Looked>();
  const timer = setTimeout(() => {
    stop.abort();
    const message = `no answer within ${patience / 1000} s`;
    late.resolve({ findings: [{ level: "problem", code: "no_answer", where: check, message }] });
  }, patience);
  try {
    return await Promise.race([Promise.resolve(look(stop.signal)), late.promise]);
  } catch (error) {
    return { findings: [], unknown: messageOf(error) };
  } finally {
    clearTimeout(timer);
  }
}
