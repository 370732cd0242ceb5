import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { storeContract } from "../../test/contract/store.contract.ts";
import { type PostgresServer, postgresPrograms, startPostgres } from "../../test/support/postgres.ts";
import { steppingClock } from "../../test/support/store-samples.ts";
import { makeSigningKey } from "./keys.ts";
import { openPostgres } from "./postgres.ts";

describe.skipIf(postgresPrograms() === undefined)("a real server (needs PostgreSQL)", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  storeContract("PostgreSQL", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tocsin-store-"));
    const store = await openPostgres({
      place: await server.database(),
      signingKey: makeSigningKey(join(folder, "key.pem")),
      clock: steppingClock(),
      checkpointsFile: join(folder, "checkpoints.jsonl"),
    });
    return {
      store,
      async dispose() {
        await store.close();
        rmSync(folder, { recursive: true });
      },
    };
  });
});
