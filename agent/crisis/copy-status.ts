import { readdirSync } from "node:fs";
import type { LoadedConfig } from "../../config/load.ts";
import { type Clock, type Instant, instantFromIso, MICROSECONDS } from "../core/clock.ts";
import type { CopyView } from "../core/house-view.ts";
import { isArchiveName, prefixOf } from "./backup-order.ts";

/** What a daemon's regular copies are to be, and what became of the last one. */
export interface CopyPlan {
  kind: CopyView["kind"];
  folder: string;
  /** µs. */
  every: number;
  keep: number;
  recipients: readonly string[];
  /** Bytes. */
  limit: number | undefined;
}

/** How the regular copies stand, told by who makes them, asked by pages and metrics. */
export interface CopyStatus {
  plans(): CopyPlan[];
  told(kind: CopyView["kind"], outcome: { bytes: number } | { problem: string }): void;
  views(): CopyView[];
}

/** Opens the state of the copies that the configuration in force asks for. */
export function openCopyStatus(loaded: () => Pick<LoadedConfig, "config">, clock: Clock): CopyStatus {
  const started = clock.now();
  const bytes = new Map<string, number>();
  const problems = new Map<string, string>();
  const plans = () => plansOf(loaded());
  return {
    plans,
    told(kind, outcome) {
      if ("problem" in outcome) problems.set(kind, outcome.problem);
      else {
        problems.delete(kind);
        bytes.set(kind, outcome.bytes);
      }
    },
    views: () =>
      plans().map(({ kind, folder, every }) => {
        const last = lastCopy(folder, prefixOf(kind, loaded().config.facility.id));
        return {
          ...{ kind, folder, every, last },
          bytes: bytes.get(kind) ?? null,
          problem: problems.get(kind) ?? null,
          late: clock.now() - Math.max(last ?? 0, started) > 2 * every,
        };
      }),
  };
}

function plansOf({ config: { backup, crisis } }: Pick<LoadedConfig, "config">): CopyPlan[] {
  const plans: CopyPlan[] = [];
  if (backup !== undefined)
    plans.push({
      ...backup,
      kind: "backup",
      every: backup.every_hours * MICROSECONDS.hour,
      limit: undefined,
    });
  if (crisis !== undefined) {
    const every = crisis.every_minutes * MICROSECONDS.minute;
    plans.push({ ...crisis, kind: "crisis", every, limit: crisis.largest_mb * 1_000_000 });
  }
  return plans;
}

/** The archives of one beginning in a folder, the oldest first; none when it cannot be read. */
export function copiesIn(folder: string, prefix: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => isArchiveName(name, prefix))
      .sort();
  } catch {
    return [];
  }
}

/** When the last archive there was made, by its name. */
export function lastCopy(folder: string, prefix: string): Instant | null {
  const stamp =
    copiesIn(folder, prefix)
      .at(-1)
      ?.slice(prefix.length, prefix.length + 16) ?? "";
  const iso = stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z");
  return instantFromIso(iso) ?? null;
}
