import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../agent/core/clock.ts";
import { type StoreClient, storeClient } from "../../agent/store/client.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openReads, type RecordPlace } from "../../agent/store/record-place.ts";
import { type SealedUnit, sealUnit } from "../../agent/store/seal.ts";
import { startStoreThread } from "../../agent/store/thread.ts";
import { FACILITY } from "../support/daemon.ts";
import type { Peer } from "../support/peer.ts";
import { type PostgresServer, postgresPrograms, startPostgres } from "../support/postgres.ts";
import { samples } from "../support/store-samples.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";
import { sealedAlerts } from "./sealed-alerts.ts";
import { startWatch } from "./watch.ts";

export const postgres: Peer = {
  name: "PostgreSQL",
  command: "postgres",
  install: "apt-get install postgresql",
  present: postgresPrograms() !== undefined,
};

/** What a commit that waits for its disk may cost beside the one of SQLite, and rows a second in batches. */
const GOALS = { part: 0.35, rows: 50_000 };
const ROUNDS = { full: 11, tiny: 1 };

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
  { what: "one alert, one by one", atOnce: 1, writes: 1, write: "alert", commits: { full: 200, tiny: 3 } },
  { what: "one record, one by one", atOnce: 1, writes: 1, write: "record", commits: { full: 200, tiny: 3 } },
  {
    what: "one alert, 50 at once",
    atOnce: 50,
    writes: 1,
    write: "alert",
    commits: { full: 5000, tiny: 100 },
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
    commits: { full: 20, tiny: 1 },
  },
];

/** What of the server works for us: its workers of the moment come and go. */
const SERVING = `SELECT pid FROM pg_stat_activity WHERE application_name = 'tocsin writer'
  OR backend_type IN ('walwriter', 'checkpointer', 'background writer')`;

/** A record with the thread that writes it. */
export interface Engine {
  store: StoreClient;
  /** Whose time is what it costs. */
  pids(): Promise<number[]>;
  /** Asks its server. */
  ask(sql: string): Promise<Record<string, unknown>[]>;
}

/** Writes a second through the store thread, durable, of a record in PostgreSQL beside one in SQLite on the same disk. */
export function benchShared({ tiny, names }: BenchOptions): Promise<{ rates: Measure[]; sizes: Measure[] }> {
  return inScene(async (scene) => {
    const sqlite = await openEngine(scene, "sqlite", {
      engine: "sqlite",
      file: join(scene.folder("sqlite"), "t.sqlite"),
    });
    const shared = postgres.present ? await openShared(scene) : undefined;
    const measures: Measure[] = [];
    for (const kind of KINDS.filter(({ what }) => names.every((name) => what.includes(name)))) {
      const rounds: Round[] = [];
      // The first is not counted: statements are prepared in it. Then turn and turn about.
      for (let round = tiny ? 0 : -1; round < (tiny ? ROUNDS.tiny : ROUNDS.full); round++) {
        const peer = await rate(sqlite, kind, tiny);
        const own = shared && (await rate(shared, kind, tiny));
        if (round >= 0) rounds.push({ own, peer });
      }
      measures.push(measureOf(kind, rounds, tiny));
    }
    measures.push(syncs(scene.folder("syncs"), tiny ? 3 : 1000));
    return { rates: measures, sizes: shared === undefined ? [] : await sizesOf(shared, tiny) };
  });
}

/** Bytes of PostgreSQL's log and of its tables, for planning its disk. */
async function sizesOf({ store, ask }: Engine, tiny: boolean): Promise<Measure[]> {
  const [singles, batch] = tiny ? [2, 2] : [500, 1000];
  const bytes = async (): Promise<{ log: number; tables: number }> => {
    const [row] = await ask(`SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::text AS log,
      (SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace)::text
        AS tables`);
    return { log: Number(row?.log), tables: Number(row?.tables) };
  };
  const before = await bytes();
  for (const unit of sealedAlerts(singles, 1)) await store.commitSealed(unit);
  const between = await bytes();
  const units = sealedAlerts(10, batch);
  for (const unit of units) await store.commitSealed(unit);
  const after = await bytes();
  const content = units.flatMap(({ writes }) =>
    writes.map((write) => ("content" in write ? write.content : "")),
  );
  const text = content.reduce((all, each) => all + Buffer.byteLength(String(each)), 0) / content.length;
  const size = (what: string, value: number): Measure => ({
    ...{ what, own: { value } },
    ...{ against: "its text alone", peer: { value: text } },
  });
  return [
    size("one alert alone: log", (between.log - before.log) / singles),
    size(`one of ${batch} alerts: log`, (after.log - between.log) / (10 * batch)),
    size(`one of ${batch} alerts: tables and indexes`, (after.tables - between.tables) / (10 * batch)),
  ];
}

/** What the disk does alone: bytes at the end of a file, and a sync. */
function syncs(folder: string, many: number): Measure {
  const file = openSync(join(folder, "synced"), "w");
  const page = Buffer.alloc(8192);
  const began = performance.now();
  for (let n = 0; n < many; n++) {
    writeSync(file, page);
    fdatasyncSync(file);
  }
  const value = many / ((performance.now() - began) / 1000);
  closeSync(file);
  return { what: "8 kB written and synced, no record", own: { value }, against: "", peer: undefined };
}

/** What both did one after the other, as quick as the machine was then; without PostgreSQL there is no own. */
interface Round {
  own: Reading | undefined;
  peer: Reading;
}

/** The round whose ratio is in the middle: what else runs here slows both of a round alike. */
function measureOf(kind: Kind, rounds: readonly Round[], tiny: boolean): Measure {
  const ratio = ({ own, peer }: Round) => (own?.value ?? 0) / peer.value;
  const sorted = [...rounds].sort((a, b) => ratio(a) - ratio(b));
  const { own, peer } = sorted[Math.floor(sorted.length / 2)] as Round;
  const { what, writes, atOnce } = kind;
  if (own === undefined)
    return { what, own: peer, against: `PostgreSQL is missing: ${postgres.install}`, peer: undefined };
  const goal = atOnce === 1 ? peer.value * GOALS.part : writes === 1000 ? GOALS.rows : undefined;
  return { what, own, goal: tiny ? undefined : goal, against: "SQLite, its thread", peer };
}

/** Starts a PostgreSQL and a store thread that writes to it. */
export async function openShared(scene: Scene): Promise<Engine> {
  const server = await startPostgres({ max_wal_size: "4GB" });
  scene.after(() => server.stop());
  const checkpointsFile = join(scene.folder("postgres"), "checkpoints.jsonl");
  const place = await server.database();
  const engine = await openEngine(scene, "postgres", { engine: "postgres", place, checkpointsFile }, server);
  // Connected, and its statements prepared.
  for (const unit of sealedAlerts(1, 1)) await engine.store.commitSealed(unit);
  return engine;
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
    ask: async (sql) =>
      server !== undefined && record.engine === "postgres" ? server.ask(sql, record.place.database) : [],
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
let incident = 0;

function unitsOf({ write, writes }: Kind, commits: number): SealedUnit[] {
  if (write === "alert") return sealedAlerts(commits, writes);
  const one = () => make.incidentPut(make.incident({ reference: `2026-${++incident}` }));
  return Array.from({ length: commits }, () =>
    sealUnit({ facility: FACILITY, at: systemClock.now(), writes: Array.from({ length: writes }, one) }),
  );
}
