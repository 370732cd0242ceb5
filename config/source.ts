import { isIP } from "node:net";
import { z } from "zod";
import { SecretSource } from "../connectors/contract.ts";
import { Poll } from "./poll.ts";
import { Signature } from "./signature.ts";

export const Port = z.int().min(0).max(65535);
export const Id = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and hyphens, 63 at most");

/** SHA-256 of a certificate in DER, as `openssl x509 -fingerprint -sha256` prints it; colons may be left out. */
const Fingerprint = z
  .string()
  .regex(/^(?:[0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}$/, "64 hexadecimal digits, colons allowed");

/** Which clients are let in: those named, by a DNS name or the common name, or by fingerprint; with neither, all. */
const Clients = {
  /** A leading `*.` stands for one label. */
  names: z.array(z.string().min(1)).default([]),
  fingerprints: z.array(Fingerprint).default([]),
};

/** Certificate and key, PEM files; read again when they change. */
export const ServerTls = z.strictObject({
  certificate: z.string(),
  key: z.string(),
  /** Lowest version spoken. (Default: 1.2.) */
  minimum: z.enum(["1.2", "1.3"]).default("1.2"),
  /** Asks clients for a certificate of this authority (PEM file). */
  clients: z.strictObject({ authority: z.string(), ...Clients }).optional(),
});
export type ServerTls = z.infer<typeof ServerTls>;

/** Where to listen: names are not resolved, so that an address never changes by itself. */
export const Address = z
  .string()
  .refine((text) => isIP(text) !== 0 || text === "localhost", {
    error: "write an IP address of this machine: 127.0.0.1 for itself only, 0.0.0.0 for all of its IPv4",
  })
  .default("127.0.0.1");

const where = { address: Address, port: Port };

/** A socket that carries records of text. */
export const Listen = z.discriminatedUnion("transport", [
  z.strictObject({
    transport: z.literal("udp"),
    ...where,
    /** Asked of the kernel for datagrams that wait. (Default: 8 MiB.) */
    receive_buffer_bytes: z
      .int()
      .min(4096)
      .max(1024 * 1024 * 1024)
      .default(8 * 1024 * 1024),
  }),
  z.strictObject({ transport: z.literal("tcp"), ...where }),
  z.strictObject({ transport: z.literal("tls"), ...where, tls: ServerTls }),
  z.strictObject({ transport: z.literal("relp"), ...where, tls: ServerTls.optional() }),
]);
export type Listen = z.infer<typeof Listen>;

const MINUTES = { error: "write a number of minutes above 0, such as 15; leave it out for no alarm" };

/** One source of alerts: what it speaks, how it arrives, and how it is known. */
export const Source = z.strictObject({
  id: Id,
  /** A format, a mapping, or `auto`: recognised record by record. */
  connector: z.string(),
  /** Sockets that carry records of text. */
  listen: z.array(Listen).default([]),
  /** Token of what is posted, as a bearer or as the password of Basic; it also says which source speaks. */
  token: SecretSource.optional(),
  /** How what is posted is signed. */
  signature: Signature.optional(),
  /** Which certificates may post for it; `listeners.intake.tls.clients` asks for them. */
  client: z.strictObject(Clients).optional(),
  /** Silence after which the source itself is told as an alert, minutes. (Default: never.) */
  silent_after_minutes: z.number(MINUTES).positive(MINUTES).max(527_040).optional(),
  /** An index that is asked for its new documents. */
  poll: Poll.optional(),
  /** IANA zone of dates that state none. (Default: the facility's.) */
  zone: z.string().optional(),
});
export type Source = z.infer<typeof Source>;
