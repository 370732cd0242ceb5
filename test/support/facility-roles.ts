import type { PostgresPlace } from "../../agent/store/postgres/connection.ts";
import { migratePostgres } from "../../agent/store/postgres/schema.ts";
import type { PostgresServer } from "./postgres.ts";

/** Which facilities a role may read, and which of them it may write. */
export type Rights = Readonly<Record<string, Readonly<Record<string, "reads" | "writes">>>>;

/** A database in which each facility has a role of its own, and none of them owns the tables. */
export interface SecuredDatabase {
  name: string;
  /** Where it is, for a role. */
  as(role: string): PostgresPlace;
}

/** Makes such a database, as docs/row-security.md says; `owner` is the role that owns the tables. */
export async function securedDatabase(
  server: Pick<PostgresServer, "database" | "ask">,
  rights: Rights,
): Promise<SecuredDatabase> {
  const place = await server.database();
  const name = place.database;
  const as = (role: string): PostgresPlace => ({ ...place, user: role });
  const known = new Set((await server.ask("SELECT rolname FROM pg_roles")).map(({ rolname }) => rolname));
  for (const role of ["owner", ...Object.keys(rights)])
    if (!known.has(role)) await server.ask(`CREATE ROLE "${role}" LOGIN`);
  await server.ask(`ALTER DATABASE ${name} OWNER TO owner`);
  await migratePostgres(as("owner"));
  const rows = Object.entries(rights).flatMap(([role, of]) =>
    Object.entries(of).map(([facility, how]) => `('${role}', '${facility}', ${how === "writes"})`),
  );
  await server.ask(
    `SET ROLE owner; INSERT INTO facility_roles VALUES ${rows.join(", ")}; SELECT protect_facilities()`,
    name,
  );
  return { name, as };
}
