import { existsSync, readFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { messageOf } from "../agent/core/errors.ts";
import { readCertificates } from "../agent/core/read-certificates.ts";
import type { Config } from "./schema.ts";
import type { Secret } from "./secrets.ts";
import type { ServerTls } from "./source.ts";

/** Tells one problem, at the place that the path names. */
export type Tell = (path: readonly PropertyKey[], code: string, message: string, remedy?: string) => void;

/** What of a configuration only shows beside its files, its secrets and its other addresses. */
export function checkSurroundings(input: {
  config: Config;
  /** Where relative paths start from. */
  base: string;
  /** By configuration path; null when secrets are left unread, and so are private keys. */
  secrets: ReadonlyMap<string, Secret> | null;
  tell: Tell;
}): void {
  const { config, base, secrets, tell } = input;
  for (const [i, { path, meanings }] of config.rules.entries()) {
    const missing = [path, ...meanings].map((each) => resolve(base, each)).find((each) => !existsSync(each));
    if (missing !== undefined)
      tell(["rules", i], "rules_missing", `${missing} does not exist`, "correct or remove it");
  }
  for (const { tls, path } of tlsOf(config)) checkTls(tls, { path, base, keys: secrets !== null, tell });
  const client = config.canary === "off" ? undefined : config.canary.client;
  if (client !== undefined)
    checkTls(client, { path: ["canary", "client"], base, keys: secrets !== null, tell });
  checkAddresses(config, tell);
  if (secrets === null) return;
  checkTokens(config, secrets, tell);
  for (const i of config.tools.keys()) checkWebhookSecret(["tools", i, "secret"], secrets, tell);
  for (const [i, { connector }] of config.notify.entries())
    if (connector === "webhook") checkWebhookSecret(["notify", i, "settings", "secret"], secrets, tell);
  for (const [i, { signature }] of config.sources.entries()) {
    if (signature?.scheme === "standard-webhooks")
      checkWebhookSecret(["sources", i, "signature", "secret"], secrets, tell);
  }
}

/** Every TLS of a configuration, with its place. */
export function tlsOf({ listeners, sources }: Config): { tls: ServerTls; path: PropertyKey[] }[] {
  const found: { tls: ServerTls | undefined; path: PropertyKey[] }[] = [
    ...Object.entries(listeners).map(([name, { tls }]) => ({ tls, path: ["listeners", name, "tls"] })),
    ...sources.flatMap(({ listen }, i) =>
      listen.map((where, j) => ({
        tls: "tls" in where ? where.tls : undefined,
        path: ["sources", i, "listen", j, "tls"],
      })),
    ),
  ];
  return found.flatMap(({ tls, path }) => (tls === undefined ? [] : [{ tls, path }]));
}

function checkTls(
  tls: Pick<ServerTls, "certificate" | "key" | "clients">,
  parts: { path: PropertyKey[]; base: string; keys: boolean; tell: Tell },
): void {
  const { path, base, keys, tell } = parts;
  const read = (file: string, part: PropertyKey[]): Buffer | undefined => {
    try {
      return readFileSync(resolve(base, file));
    } catch (error) {
      const remedy = "give a PEM file that the service may read";
      tell([...path, ...part], "tls_unreadable", messageOf(error), remedy);
      return undefined;
    }
  };
  const cert = read(tls.certificate, ["certificate"]);
  const key = keys ? read(tls.key, ["key"]) : undefined;
  if (cert !== undefined && key !== undefined) {
    try {
      createSecureContext({ cert, key });
    } catch (error) {
      const remedy = "give a certificate in PEM, and its own key, without a passphrase";
      tell(path, "tls_invalid", messageOf(error), remedy);
    }
  }
  const part = ["clients", "authority"];
  const authority = tls.clients && read(tls.clients.authority, part);
  if (authority === undefined) return;
  try {
    readCertificates(authority);
  } catch (error) {
    const remedy = "give the certificate, in PEM, of who signs those of the clients";
    tell([...path, ...part], "tls_invalid", messageOf(error), remedy);
  }
}

/** Two listeners cannot have one address: HTTP is TCP too, and UDP is apart. */
function checkAddresses({ listeners, sources }: Config, tell: Tell): void {
  const places = [
    ...Object.entries(listeners).map(([name, { address, port }]) => {
      return { path: ["listeners", name] as PropertyKey[], transport: "tcp", address, port };
    }),
    ...sources.flatMap(({ listen }, i) =>
      listen.map(({ transport, address, port }, j) => ({
        path: ["sources", i, "listen", j] as PropertyKey[],
        transport: transport === "udp" ? transport : "tcp",
        address,
        port,
      })),
    ),
  ];
  for (const [index, { path, transport, address, port }] of places.entries()) {
    const other = places
      .slice(0, index)
      .find((each) => each.transport === transport && each.port === port && overlap(each.address, address));
    if (port === 0 || other === undefined) continue;
    tell(
      path,
      "address_taken",
      `${transport} port ${port} of ${address} is taken by ${other.path.join(".")}`,
      "give each its own port",
    );
  }
}

/** True when a port of one address is also one of the other: `::` takes IPv4 with it. */
function overlap(one: string, other: string): boolean {
  const [a, b] = [one, other].map((address) => (address === "localhost" ? "127.0.0.1" : address)) as [
    string,
    string,
  ];
  const covers = (any: string, each: string) => any === "::" || (any === "0.0.0.0" && isIPv4(each));
  return a === b || covers(a, b) || covers(b, a);
}

/** A token says which source speaks, so two cannot share one. */
function checkTokens(config: Config, secrets: ReadonlyMap<string, Secret>, tell: Tell): void {
  const owners = new Map<string, string>();
  for (const [i, { id }] of config.sources.entries()) {
    const token = secrets.get(`sources.${i}.token`)?.reveal();
    if (token === undefined) continue;
    const owner = owners.get(token);
    if (owner === undefined) owners.set(token, id);
    else
      tell(
        ["sources", i, "token"],
        "token_repeated",
        `the token is also that of the source "${owner}"`,
        "give each source its own (openssl rand -base64 32)",
      );
  }
}

function checkWebhookSecret(
  path: readonly PropertyKey[],
  secrets: ReadonlyMap<string, Secret>,
  tell: Tell,
): void {
  const secret = secrets.get(path.join("."))?.reveal();
  if (secret === undefined || isWebhookSecret(secret)) return;
  tell(
    path,
    "secret_not_webhook",
    "this is not a Standard Webhooks secret: base64 of at least 16 bytes, after an optional whsec_",
    "make one with: openssl rand -base64 32",
  );
}

function isWebhookSecret(text: string): boolean {
  const base64 = text.replace(/^whsec_/, "");
  const spelt = base64.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(base64);
  return spelt && Buffer.from(base64, "base64").length >= 16;
}
