import { checkClientTls } from "./check-client-tls.ts";
import type { Tell } from "./check-surroundings.ts";
import type { Config } from "./schema.ts";
import type { Secret } from "./secrets.ts";

/** Checks what a shared record and a bus cannot go with, their files and their secrets; these are null when left unread. */
export function checkShared(
  config: Config,
  parts: { base: string; secrets: ReadonlyMap<string, Secret> | null; tell: Tell },
): void {
  const { base, secrets, tell } = parts;
  const { store, bus, group, facility } = config;
  const files = { base, keys: secrets !== null, tell };
  if (store !== undefined) {
    for (const { section, message, remedy } of WITH_SQLITE)
      if (config[section] !== undefined) tell([section], "store_not_sqlite", message, remedy);
    checkClientTls(store.tls, { ...files, path: ["store"], server: "the database" });
  }
  if (group !== undefined) {
    if (store === undefined)
      tell(
        ["group"],
        "group_without_shared_record",
        "a group is seen in the record that its facilities share, and there is no store",
        "give store: postgres://…, or leave group out",
      );
    if (!group.facilities.some(({ id }) => id === facility.id))
      tell(
        ["group", "facilities"],
        "group_without_us",
        `${facility.id} is not in its own group`,
        "name this facility too: the same list stands in every configuration of the group",
      );
  }
  if (bus !== undefined) {
    checkClientTls(bus.tls, { ...files, path: ["bus"], server: "the bus" });
    const credentials = secrets?.get("bus.credentials")?.reveal();
    if (credentials !== undefined && !CREDENTIALS.every((part) => credentials.includes(part)))
      tell(
        ["bus", "credentials"],
        "credentials_invalid",
        "this is no file of credentials: it lacks its JWT or its seed",
        "give the file that `nsc generate creds` prints",
      );
    const seed = secrets?.get("bus.nkey")?.reveal();
    if (seed !== undefined && !/^SU[A-Z2-7]{56}$/.test(seed))
      tell(
        ["bus", "nkey"],
        "nkey_invalid",
        "this is no seed of a user: SU and 56 more characters",
        "give the line that begins with SU, as `nk -gen user` prints it",
      );
  }
}

/** What stands around both parts of a file of credentials. */
const CREDENTIALS = ["-----BEGIN NATS USER JWT-----", "-----BEGIN USER NKEY SEED-----"];

/** Sections that work on the SQLite file itself. */
const WITH_SQLITE = [
  {
    section: "encryption",
    message: "values are sealed inside the SQLite file, and store is PostgreSQL",
    remedy: "leave it out, and encrypt the disk of the database server",
  },
  {
    section: "backup",
    message: "it copies the SQLite file, and store is PostgreSQL",
    remedy:
      "leave it out, and have PostgreSQL copied by its own means: pg_basebackup with its WAL, or pg_dump",
  },
  {
    section: "crisis",
    message: "the valise de crise is a copy of the SQLite file, and store is PostgreSQL",
    remedy: "leave it out, and keep a copy by pg_dump in a second place",
  },
] as const;
