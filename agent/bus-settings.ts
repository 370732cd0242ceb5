import { readFileSync } from "node:fs";
import type { LoadedConfig } from "../config/load.ts";
import type { BusAuthentication, BusSettings } from "./bus/bus.ts";

const MEGABYTE = 1024 * 1024;

/** The bus of a configuration, with what lets in; undefined when one process does all. */
export function busOf({
  config: { bus },
  secrets,
}: Pick<LoadedConfig, "config" | "secrets">): BusSettings | undefined {
  if (bus === undefined) return undefined;
  const secret = (name: string) => secrets.get(`bus.${name}`)?.reveal();
  const text = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, "utf8"));
  const { tls, durability, replicas, servers, spool } = bus;
  return {
    ...{ servers, durability, replicas },
    authentication: authenticationOf(bus.username, secret),
    tls: tls && { ca: text(tls.authority), cert: text(tls.certificate), key: text(tls.key) },
    // Absolute once the configuration is loaded.
    spool: { folder: spool.folder ?? "spool", bytes: spool.megabytes * MEGABYTE },
  };
}

function authenticationOf(
  user: string | undefined,
  secret: (name: string) => string | undefined,
): BusAuthentication | undefined {
  const [credentials, seed] = [secret("credentials"), secret("nkey")];
  if (credentials !== undefined) return { credentials };
  if (seed !== undefined) return { seed: seed.trim() };
  return user === undefined ? undefined : { user, password: secret("password") ?? "" };
}
