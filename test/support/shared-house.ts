import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { PostgresPlace } from "../../agent/store/postgres/connection.ts";
import { openPostgresReads, type PostgresReads } from "../../agent/store/postgres/reads.ts";
import { type House, makeHouse } from "./daemon.ts";
import type { PostgresServer } from "./postgres.ts";

/** A facility whose record several processes share, each with a state directory of its own. */
export interface SharedHouse {
  house: House;
  place: PostgresPlace;
  /** The same facility for one more process. */
  another(): House;
  reads: PostgresReads;
  remove(): Promise<void>;
}

export async function makeSharedHouse(
  server: Pick<PostgresServer, "database">,
  options: Omit<Parameters<typeof makeHouse>[0], "record"> = {},
): Promise<SharedHouse> {
  const place = await server.database();
  const house = await makeHouse({ ...options, record: place });
  const reads = await openPostgresReads(place);
  const copies: string[] = [];
  return {
    house,
    place,
    reads,
    another() {
      const directory = `${house.directory}-${copies.length + 2}`;
      cpSync(house.directory, directory, { recursive: true });
      copies.push(directory);
      return { ...house, directory, config: join(directory, "tocsin.yml") };
    },
    async remove() {
      await reads.close();
      for (const copy of copies) rmSync(copy, { recursive: true, force: true });
      house.remove();
    },
  };
}
