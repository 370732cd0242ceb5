import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";
import { LOOPBACK, SharedTls } from "./store.ts";

const EXAMPLE = "give the address of a server, such as nats://nats.example.org:4222";

const Server = z.string().superRefine((text, { addIssue }) => {
  const problem = (message: string) => addIssue({ code: "custom", message });
  if (/^nats:\/\/[^/?#]*,|^tls:\/\/[^/?#]*,/.test(text))
    return problem("one server an address; write the others in bus.servers: [nats://…, nats://…]");
  if (!/^(?:nats|tls):\/\//.test(text) || !URL.canParse(text)) return problem(EXAMPLE);
  const { hostname, username, password, pathname, search, hash } = new URL(text);
  if (username !== "" || password !== "")
    problem(
      "a secret is never written in the configuration; give credentials, nkey, or username with password beside it",
    );
  if (hostname === "") problem(EXAMPLE);
  if (!/^\/?$/.test(pathname) || search !== "" || hash !== "") problem("leave out what follows the port");
});

const KINDS = ["replicas", "sync_always", "spool"] as const;

const Whole = z.strictObject({
  /** Any of one cluster; the others are learnt from it. */
  servers: z.array(Server).min(1).max(20),
  /** A file of credentials (JWT and seed), as `nsc` makes it. */
  credentials: SecretSource.optional(),
  /** The seed of a user, which begins with SU. */
  nkey: SecretSource.optional(),
  username: z.string().min(1).max(200).optional(),
  password: SecretSource.optional(),
  /** (Default: TLS by the authorities of the system, and none towards this machine.) */
  tls: SharedTls.optional(),
  /**
   * Why what JetStream has acknowledged outlives a cut of power: three replicas or more, `sync_interval: always`, or
   * neither, and each receiver writes to its own disk first. (Default: spool.)
   */
  durability: z.enum(KINDS).default("spool"),
  /** Copies of the stream, each on a server of its own. (Default: 3 with `durability: replicas`, else 1.) */
  replicas: z.int().min(1).max(5).optional(),
  /** What a receiver keeps on its own disk while JetStream is away. */
  spool: z
    .strictObject({
      /** (Default: `spool` in the state directory.) */
      folder: z.string().min(1).optional(),
      /** Once it is full, clients are no longer answered. (Default: 1,024.) */
      megabytes: z.int().min(16).max(1_000_000).default(1024),
    })
    .prefault({}),
});

/** The stream between receivers and the correlator; absent, one process does it all. */
export const Bus = z
  .union([Server.transform((server) => Whole.parse({ servers: [server] })), Whole], {
    error: "write nats://HOST:PORT, or { servers: [nats://HOST:PORT], … }",
  })
  .superRefine((bus, { addIssue }) => {
    const problem = (path: PropertyKey[], message: string) => addIssue({ code: "custom", path, message });
    if ((bus.username === undefined) !== (bus.password === undefined))
      problem([bus.username === undefined ? "password" : "username"], "give username and password together");
    const ways = [bus.credentials, bus.nkey, bus.username ?? bus.password];
    if (ways.filter((way) => way !== undefined).length > 1)
      problem([], "give one of credentials, nkey, or username with password");
    if (bus.durability === "replicas" && (bus.replicas ?? 3) < 3)
      problem(
        ["replicas"],
        "durability: replicas needs three at least; write 3 or 5, or durability: sync_always or spool",
      );
  })
  .transform((bus) => ({ ...bus, replicas: bus.replicas ?? (bus.durability === "replicas" ? 3 : 1) }));
export type Bus = z.infer<typeof Bus>;

/** True when every connection to the bus is encrypted and the server's certificate checked. */
export function busEncrypted({ servers, tls }: Pick<Bus, "servers" | "tls">): boolean {
  return tls !== undefined || servers.some((server) => server.startsWith("tls:") || !isNear(server));
}

/** True when a server of the bus is on this machine. */
export function isNear(server: string): boolean {
  return LOOPBACK.test(new URL(server).hostname.replace(/^\[(.+)\]$/, "$1"));
}
