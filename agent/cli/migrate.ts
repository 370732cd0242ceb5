import { type Command, Option } from "commander";
import { INSTALLATION } from "../../config/installation.ts";
import type { LoadedConfig } from "../../config/load.ts";
import { systemClock } from "../core/clock.ts";
import { TocsinError } from "../core/errors.ts";
import { refuseFenced } from "../crisis/keep-copies.ts";
import { recordOf } from "../record.ts";
import { stateFiles } from "../setup.ts";
import { loadSigningKey } from "../store/keys.ts";
import { lockState } from "../store/lock.ts";
import type { Moved } from "../store/migrate/move-record.ts";
import { SCHEMA_VERSION } from "../store/migrations.ts";
import type { PostgresPlace } from "../store/postgres/connection.ts";
import { configOrExplain, DEFAULT_CONFIG } from "./config-option.ts";
import { holdLease } from "./hold-record.ts";
import { showProgress } from "./show-progress.ts";

const ENGINES = ["sqlite", "postgres"] as const;
type Engine = (typeof ENGINES)[number];

interface Options {
  from?: Engine;
  to?: Engine;
  tables?: boolean;
  config: string;
}

/** Registers `migrate`: the record moved from one engine to the other. */
export function migrateCommand(program: Command): void {
  program
    .command("migrate")
    .description(
      "move the record from SQLite to PostgreSQL, or back, verified before and after; every daemon must be stopped",
    )
    .addOption(new Option("--from <engine>", "where it is").choices(ENGINES))
    .addOption(new Option("--to <engine>", "where it goes").choices(ENGINES))
    .option("--tables", "move nothing: make the tables in PostgreSQL, or bring them up to date")
    .option("--config <file>", "configuration; its `store` says where PostgreSQL is", DEFAULT_CONFIG)
    .action(async ({ from, to, tables, config }: Options, command: Command) => {
      const wrong = tables === true ? from !== undefined || to !== undefined : !from || !to || from === to;
      if (wrong) command.error("migrate: give --from sqlite --to postgres, the other way round, or --tables");
      const loaded = configOrExplain(config);
      if (loaded === undefined) return;
      const lines = to === undefined ? await makeTables(loaded) : await migrate(loaded, to);
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}

async function makeTables(loaded: LoadedConfig): Promise<string[]> {
  const [place, { migratePostgres }] = [placeOf(loaded), await import("../store/postgres/schema.ts")];
  await migratePostgres(place);
  return [`The tables are those of schema ${SCHEMA_VERSION}.`];
}

async function migrate(loaded: LoadedConfig, to: Engine): Promise<string[]> {
  const place = placeOf(loaded);
  const { database: file, signingKey } = stateFiles(loaded.stateDirectory);
  const facility = loaded.config.facility.id;
  const key = loadSigningKey(signingKey);
  refuseFenced(loaded);
  const [{ moveToPostgres, moveToSqlite }, { checkSchema, migratePostgres }] = await Promise.all([
    import("../store/migrate/move-record.ts"),
    import("../store/postgres/schema.ts"),
  ]);
  const lock = lockState(loaded.stateDirectory);
  let showing: ReturnType<typeof showProgress> | undefined;
  const step = (words: string) => {
    showing?.stop();
    showing = showProgress(words, process.stderr);
    return showing.progress;
  };
  try {
    await (to === "postgres" ? migratePostgres : checkSchema)(place);
    const lease = await holdLease(place, facility);
    try {
      const move = { file, place, facility, key, now: systemClock.now(), step };
      const moved = await (to === "postgres" ? moveToPostgres : moveToSqlite)(move);
      showing?.stop();
      return told(moved, to, file);
    } finally {
      await lease.release();
    }
  } finally {
    showing?.stop();
    lock.release();
  }
}

function placeOf(loaded: LoadedConfig): PostgresPlace {
  const record = recordOf(loaded);
  if (record.engine === "postgres") return record.place;
  throw new TocsinError({
    code: "store_missing",
    where: loaded.file,
    message: "the configuration does not say where PostgreSQL is",
    remedy: "write store: postgres://ROLE@HOST/DATABASE (docs/postgresql.md)",
  });
}

function told({ digests, report, aside }: Moved, to: Engine, file: string): string[] {
  const rows = digests.reduce((sum, each) => sum + each.rows, 0);
  const heads = report.facilities.map(({ facility, entries }) => `${facility} up to no. ${entries}`);
  return [
    `${rows} rows moved, the same on both sides by count and digest; the journal verifies: ${heads.join(", ") || "empty"}.`,
    ...(aside === undefined
      ? []
      : [
          `The database is of no more use and was renamed: ${aside}`,
          `Start the daemon: ${INSTALLATION.start}`,
        ]),
    ...(to === "postgres"
      ? []
      : [
          `The record is in ${file}. Take \`store\` out of the configuration before the daemon starts.`,
          "What PostgreSQL holds is left as it was, and of no more use: drop the database, so that no daemon goes on with it.",
        ]),
  ];
}
