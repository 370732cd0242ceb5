import { join } from "node:path";
import { stateFiles } from "../../../agent/setup.ts";
import { checkpointsFileOf } from "../../../agent/store/checkpoints.ts";
import { fingerprintOf, loadPublicKey } from "../../../agent/store/keys.ts";
import { withRecordFile } from "../../../agent/store/migrate/record-file.ts";
import { verifyDatabase } from "../../../agent/store/verify.ts";
import { eventually, FACILITY } from "../../support/daemon.ts";
import { inspectRecord, type Findings as RecordFindings } from "../invariants.ts";
import type { Sent } from "./clients.ts";
import type { Cluster } from "./cluster.ts";

export { faultsOf } from "../invariants.ts";

/** What a cluster came to once all was healed. */
export interface Findings extends RecordFindings {
  stored: number;
  /** Repetitions of a message under its own key, which its receiver recognises. */
  repeated: number;
}

const EVENT = "substring(content from '[(](s[0-9]+-[a-z0-9]+-[0-9]+)[)]')";

/** The events of the record, each as often as it stands there. */
export async function storedEvents({ postgres, shared }: Cluster): Promise<string[]> {
  const rows = await postgres.ask(
    `SELECT ${EVENT} AS event FROM alerts WHERE ${EVENT} IS NOT NULL`,
    shared.place.database,
  );
  return rows.map(({ event }) => String(event));
}

/** Resolves once all that was acknowledged is in the record and sorted into incidents. */
export async function allSorted(cluster: Cluster, sent: Sent, seconds = 60): Promise<void> {
  await eventually(
    "all that was acknowledged to be in the record",
    async () => {
      const stored = new Set(await storedEvents(cluster).catch(() => []));
      return [...sent.acknowledged].every((event) => stored.has(event)) || undefined;
    },
    seconds,
  ).catch(async (error: Error) => {
    const stored = new Set(await storedEvents(cluster).catch(() => []));
    const missing = [...sent.acknowledged].filter((event) => !stored.has(event));
    throw new Error(
      `${error.message}: ${missing.length} of ${sent.acknowledged.size}, ${missing.slice(0, 5)}`,
    );
  });
  const unsorted = `SELECT count(*)::int AS n FROM alerts a
    WHERE NOT EXISTS (SELECT 1 FROM joined j WHERE j.facility = a.facility AND j.alert = a.id)`;
  await eventually(
    "all of the record to be sorted",
    async () => {
      const [row] = await cluster.postgres.ask(unsorted, cluster.shared.place.database);
      return row?.n === 0 || undefined;
    },
    seconds,
  );
}

/** Compares what stands in the record with what was sent. */
export async function inspect(cluster: Cluster, sent: Sent): Promise<Findings> {
  const stored = await storedEvents(cluster);
  const { reads } = cluster.shared;
  const found = await inspectRecord({
    ...{ reads, facility: FACILITY, stored, sent, called: cluster.called },
    identified: (event) => /-h\w*-/.test(event),
  });
  return {
    ...found,
    chain: await chainFaults(cluster),
    stored: stored.length,
    repeated: cluster.called.length - new Set(cluster.called.map(({ key }) => key)).size,
  };
}

/** Has the record verified as `tocsin verify` does, against the heads that each correlator signed. */
export async function chainFaults(cluster: Cluster): Promise<string[]> {
  const faults: string[] = [];
  for (const name of ["c1", "c2"] as const) {
    const folder = cluster.stateOf(name);
    const files = stateFiles(folder);
    const key = loadPublicKey(files.signingKey);
    const record = {
      ...{ place: cluster.shared.place, facility: FACILITY, signer: fingerprintOf(key) },
      ...{ checkpointsFile: checkpointsFileOf(files.database), folder: join(folder) },
    };
    const report = await withRecordFile(
      record,
      () => undefined,
      (file, checkpointsFile) => verifyDatabase(file, key, checkpointsFile),
    );
    if (!report.ok)
      faults.push(
        `${name}: ${JSON.stringify(report.facilities.map((each) => each.firstBroken))} ${JSON.stringify(report.faults)}`,
      );
  }
  return faults;
}
