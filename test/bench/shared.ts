import { join } from "node:path";
import { systemClock } from "../../agent/core/clock.ts";
import { type StoreClient, storeClient } from "../../agent/store/client.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openReads, type RecordPlace } from "../../agent/store/record-place.ts";
import { type SealedUnit, sealUnit } from "../../agent/store/seal.ts";
import type { Write } from "../../agent/store/store.ts";
import { startStoreThread } from "../../agent/store/thread.ts";
import { FACILITY } from "../support/daemon.ts";
import type { Peer } from "../support/peer.ts";
import { type PostgresServer, postgresPrograms, startPostgres } from "../support/postgres.ts";
import { samples } from "../support/store-samples.ts";
import { median } from "./median.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";
import { startWatch } from "./watch.ts";

export const postgres: Peer = {
  name: "PostgreSQL",
  command: "postgres",
  install: "apt-get install postgresql",
  present: postgresPrograms() !== undefined,
};

/** What a commit that waits for its disk may cost beside the one of SQLite, and rows a second in batches. */
const GOALS = { part: 0.35, rows: 50_000 };
const ROUNDS = { full: 5, tiny: 1 };

interface Kind {
  what: string;
  /** Commits under way at once. */
  atOnce: number;
  /** Writes of each. */
  writes: number;
  write: "alert" | "record";
  /** Commits of a round. */
  commits: { full: number; tiny: number };
}

const KINDS: readonly Kind[] = [
  { what: "one alert, one by one", atOnce: 1, writes: 1, write: "alert", commits: { full: 1000, tiny: 3 } },
  { what: "one record, one by one", atOnce: 1, writes: 1, write: "record", commits: { full: 1000, tiny: 3 } },
  {
    what: "one alert, 50 at once",
    atOnce: 50,
    writes: 1,
    write: "alert",
    commits: { full: 10_000, tiny: 100 },
  },
  {
    what: "one record, 50 at once",
    atOnce: 50,
    writes: 1,
    write: "record",
    commits: { full: 5000, tiny: 100 },
  },
  {
    what: "1,000 alerts, 4 at once",
    atOnce: 4,
    writes: 1000,
    write: "alert",
    commits: { full: 60, tiny: 1 },
  },
];

/** What of the server works for us: its workers of the moment come and go. */
const SERVING = `SELECT pid FROM pg_stat_activity WHERE application_name = 'tocsin writer'
  OR backend_type IN ('walwriter', 'checkpointer', 'background writer')`;

/** A record with the thread that writes it. */
interface Engine {
  store: StoreClient;
  /** Whose time is what it costs. */
  pids(): Promise<number[]>;
}

/** Writes a second through the store thread, durable, of a record in PostgreSQL beside one in SQLite on the same disk. */
export function benchShared({ tiny, names }: BenchOptions): Promise<Measure[]> {
  return inScene(async (scene) => {
    const sqlite = await openEngine(scene, "sqlite", {
      engine: "sqlite",
      file: join(scene.folder("sqlite"), "t.sqlite"),
    });
    const shared = postgres.present ? await openShared(scene) : undefined;
    const measures: Measure[] = [];
    for (const kind of KINDS.filter(({ what }) => names.every((name) => what.includes(name)))) {
      const rounds: { own: Reading[]; peer: Reading[] } = { own: [], peer: [] };
      // The first is not counted: statements are prepared in it. Then turn and turn about.
      for (let round = tiny ? 0 : -1; round < (tiny ? ROUNDS.tiny : ROUNDS.full); round++) {
        const peer = await rate(sqlite, kind, tiny);
        const own = shared && (await rate(shared, kind, tiny));
        if (round < 0) continue;
        rounds.peer.push(peer);
        if (own !== undefined) rounds.own.push(own);
      }
      measures.push(measureOf(kind, rounds, tiny));
    }
    return measures;
  });
}

function measureOf(kind: Kind, rounds: { own: Reading[]; peer: Reading[] }, tiny: boolean): Measure {
  const peer = middle(rounds.peer);
  const { what, writes, atOnce } = kind;
  if (rounds.own.length === 0)
    return { what, own: peer, against: `PostgreSQL is missing: ${postgres.install}`, peer: undefined };
  const goal = atOnce === 1 ? peer.value * GOALS.part : writes === 1000 ? GOALS.rows : undefined;
  return {
    what,
    own: middle(rounds.own),
    goal: tiny ? undefined : goal,
    against: "SQLite, its thread",
    peer,
  };
}

const middle = (readings: readonly Reading[]): Reading => ({
  value: median(readings.map(({ value }) => value)),
  cores: median(readings.map(({ cores = 0 }) => cores)),
});

async function openShared(scene: Scene): Promise<Engine> {
  const server = await startPostgres({ max_wal_size: "4GB" });
  scene.after(() => server.stop());
  const checkpointsFile = join(scene.folder("postgres"), "checkpoints.jsonl");
  return openEngine(
    scene,
    "postgres-keys",
    { engine: "postgres", place: await server.database(), checkpointsFile },
    server,
  );
}

async function openEngine(
  scene: Scene,
  name: string,
  record: RecordPlace,
  server?: PostgresServer,
): Promise<Engine> {
  const keyFile = join(scene.folder(`${name}-key`), "key.pem");
  makeSigningKey(keyFile);
  const thread = await startStoreThread({ record, keyFile });
  scene.after(() => thread.stop());
  const store = storeClient(thread.connect(), await openReads(record));
  scene.after(() => store.close());
  return {
    store,
    async pids() {
      const backends = await server?.ask(SERVING);
      return [process.pid, ...(backends ?? []).map(({ pid }) => Number(pid))];
    },
  };
}

async function rate({ store, pids }: Engine, kind: Kind, tiny: boolean): Promise<Reading> {
  // Sealed before: whoever hands them in does that, on a thread of its own.
  const units = unitsOf(kind, tiny ? kind.commits.tiny : kind.commits.full);
  const watches = (await pids()).map(startWatch);
  let next = 0;
  await Promise.all(
    Array.from({ length: kind.atOnce }, async () => {
      for (let unit = units[next++]; unit !== undefined; unit = units[next++]) {
        const receipt = await store.commitSealed(unit);
        if (receipt.outcome !== "committed") throw new Error(`not committed: ${receipt.because}`);
      }
    }),
  );
  const readings = watches.map((watch) => watch.read(units.length * kind.writes));
  return { value: readings[0]?.value ?? 0, cores: readings.reduce((sum, { cores }) => sum + cores, 0) };
}

const make = samples(systemClock);
let event = 0;

function unitsOf({ write, writes }: Kind, commits: number): SealedUnit[] {
  const one = (): Write =>
    write === "alert"
      ? make.alert({ eventId: String(++event) })
      : make.incidentPut(make.incident({ reference: `2026-${++event}` }));
  return Array.from({ length: commits }, () =>
    sealUnit({ facility: FACILITY, at: systemClock.now(), writes: Array.from({ length: writes }, one) }),
  );
}
