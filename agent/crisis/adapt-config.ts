import type { Document } from "yaml";

/** Ports below are for root only. */
const FREE_FROM = 1024;
const MOVED_BY = 20_000;

/**
 * Makes a configuration start on another machine: every address becomes the loopback, ports for root move up by 20,000,
 * and what is written to places that are not here (copies) is left out.
 */
export function adaptConfig(config: Document): void {
  for (const name of ["people", "intake", "operations"]) {
    if (!config.hasIn(["listeners", name])) continue;
    config.setIn(["listeners", name, "address"], "127.0.0.1");
    freePort(config, ["listeners", name, "port"]);
  }
  // The name of its certificate and its address are those of the other machine.
  for (const name of ["tls", "public_url", "proxies"]) config.deleteIn(["listeners", "people", name]);
  const { sources } = config.toJS({ maxAliasCount: 100 }) as { sources?: { listen?: unknown[] }[] };
  for (const [i, { listen = [] }] of (sources ?? []).entries()) {
    for (const j of listen.keys()) {
      config.setIn(["sources", i, "listen", j, "address"], "127.0.0.1");
      freePort(config, ["sources", i, "listen", j, "port"]);
    }
  }
  for (const name of ["backup", "crisis"]) config.delete(name);
}

function freePort(config: Document, path: (string | number)[]): void {
  const port = config.getIn(path);
  if (typeof port === "number" && port > 0 && port < FREE_FROM) config.setIn(path, port + MOVED_BY);
}
