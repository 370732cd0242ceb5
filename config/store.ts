import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";
import { ClientTls } from "./poll.ts";

/** Addresses of this machine, as they stand in addresses of servers. */
export const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;

/** TLS towards the server of the record or of the bus: the name in its certificate is always checked. */
export const SharedTls = ClientTls.omit({ server_name: true }).refine(
  ({ certificate, key }) => (certificate === undefined) === (key === undefined),
  { error: "give certificate and key together" },
);

const EXAMPLE = "give the address of the database, such as postgres://tocsin@db.example.org:5432/tocsin";

/** What an address of PostgreSQL says. */
export interface Database {
  /** A name, an address, or the folder of a socket when it begins with `/`. */
  host: string;
  port: number;
  user: string;
  database: string;
  /** True when the connection is encrypted and the server's certificate checked. */
  encrypted: boolean;
}

const StoreUrl = z.string().superRefine((text, { addIssue }) => {
  const problem = (message: string) => addIssue({ code: "custom", message });
  // Before it is read: a list of hosts with ports is no URL.
  if (/^postgres(?:ql)?:\/\/[^/?#]*,/.test(text))
    return problem(
      "one host only; give the address that follows the primary (virtual address, proxy, service)",
    );
  if (!/^postgres(?:ql)?:\/\//.test(text) || !URL.canParse(text)) return problem(EXAMPLE);
  const { password, search, hash } = new URL(text);
  if (password !== "")
    problem("a secret is never written in the configuration; take the password out and give store.password");
  if (search !== "" || hash !== "") problem("leave out what follows ? or #; TLS is set by store.tls");
  const { host, user, database } = partsOf(text) ?? {};
  if (user === undefined || user === "")
    problem("it names no role; write it before the host: postgres://tocsin@db.example.org/tocsin");
  if (host === undefined || host === "" || database === undefined || database === "") problem(EXAMPLE);
});

/** The record in PostgreSQL; absent, it is a SQLite file of the state directory. */
export const Store = z
  .union(
    [
      StoreUrl,
      z.strictObject({
        /** `postgres://ROLE@HOST:PORT/DATABASE`; a socket is a host too: `postgres://tocsin@%2Frun%2Fpostgresql/tocsin`. */
        url: StoreUrl,
        password: SecretSource.optional(),
        /** (Default: TLS by the authorities of the system, and none towards this machine.) */
        tls: SharedTls.optional(),
      }),
    ],
    { error: "write postgres://ROLE@HOST/DATABASE, or { url, password, tls }" },
  )
  .transform((given): { url: string; password?: Password; tls?: Tls } =>
    typeof given === "string" ? { url: given } : given,
  )
  .superRefine(({ url, tls }, { addIssue }) => {
    if (tls !== undefined && partsOf(url)?.host.startsWith("/"))
      addIssue({ code: "custom", path: ["tls"], message: "a socket carries no TLS; leave it out" });
  });
type Password = SecretSource | undefined;
type Tls = z.infer<typeof SharedTls> | undefined;
export type Store = z.infer<typeof Store>;

/** Says what the address of a store that was read and checked means. */
export function databaseOf({ url, tls }: Store): Database {
  const parts = partsOf(url) as Omit<Database, "encrypted">;
  const near = parts.host.startsWith("/") || LOOPBACK.test(parts.host);
  return { ...parts, encrypted: tls !== undefined || !near };
}

function partsOf(text: string): Omit<Database, "encrypted"> | undefined {
  const { hostname, port, username, pathname } = new URL(text);
  try {
    return {
      host: decodeURIComponent(hostname).replace(/^\[(.+)\]$/, "$1"),
      port: port === "" ? 5432 : Number(port),
      user: decodeURIComponent(username),
      database: decodeURIComponent(pathname.slice(1)),
    };
  } catch {
    // A % that begins no byte.
    return undefined;
  }
}
