import { readFileSync } from "node:fs";
import type { LoadedConfig } from "../../../config/load.ts";
import type { Config } from "../../../config/schema.ts";
import type { Scenario } from "../../stages/exercise/scenario.ts";
import type { LineTarget, PostTarget } from "./open-sender.ts";

/** How records of a format reach the daemon. */
export type Route =
  | { way: "lines"; source: string; target: LineTarget }
  | { way: "post"; source: string; target: PostTarget; connector: string; token: string };

type Source = Config["sources"][number];

/** Connectors that take records of any format. */
const ANY = ["auto", "syslog"];
const NOISE = "syslog";

/** The key of what a step sends: its way and its format. */
export function routeKey(step: { source?: string | undefined; records?: unknown }): string {
  return `${step.records === undefined ? "lines" : "post"} ${step.source ?? NOISE}`;
}

/**
 * Finds for all that a scenario sends a source of the configuration that takes it; `missing` says in French what
 * nothing takes.
 */
export function planRoutes(
  { steps }: Pick<Scenario, "steps">,
  loaded: LoadedConfig,
): { routes: Map<string, Route>; missing: string[] } {
  const routes = new Map<string, Route>();
  const missing: string[] = [];
  for (const step of steps) {
    if (step.inject !== undefined) continue;
    const key = routeKey(step);
    if (routes.has(key)) continue;
    const format = step.source ?? NOISE;
    const route = step.records === undefined ? lineRoute(format, loaded) : postRoute(format, loaded);
    if (route !== undefined) routes.set(key, route);
    else {
      const way = step.records === undefined ? "une écoute UDP, TCP ou TLS" : "un jeton (token), en HTTP";
      const words = `aucune source ne prend « ${format} » avec ${way}`;
      if (!missing.includes(words)) missing.push(words);
    }
  }
  return { routes, missing };
}

/** The address to connect to for one that is listened on. */
export function reachable(address: string): string {
  if (address === "0.0.0.0") return "127.0.0.1";
  return address === "::" ? "::1" : address;
}

function lineRoute(format: string, { config }: LoadedConfig): Route | undefined {
  for (const name of [format, ...ANY]) {
    for (const { id, connector, listen } of config.sources) {
      if (connector !== name) continue;
      const sockets = ["tcp", "tls", "udp"].flatMap((wanted) =>
        listen.filter(({ transport, port }) => transport === wanted && port !== 0),
      );
      for (const socket of sockets) {
        const { transport, address, port } = socket;
        if (transport === "relp") continue;
        const tls = socket.transport === "tls" ? socket.tls : undefined;
        // Who asks for a certificate of ours gets none.
        if (tls?.clients !== undefined) continue;
        const certificate = tls && readFileSync(tls.certificate, "utf8");
        return {
          way: "lines",
          source: id,
          target: { transport, address: reachable(address), port, certificate },
        };
      }
    }
  }
  return undefined;
}

function postRoute(format: string, { config, secrets }: LoadedConfig): Route | undefined {
  const { address, port, tls } = config.listeners.intake;
  const takes = (source: Source, name: string) => source.connector === name && source.token !== undefined;
  for (const name of [format, "auto"]) {
    const index = config.sources.findIndex((source) => takes(source, name));
    const source = config.sources[index];
    const token = secrets.get(`sources.${index}.token`);
    if (source === undefined || token === undefined || port === 0) continue;
    const host = reachable(address);
    const url = `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}/api/v1/alerts`;
    const certificate = tls && readFileSync(tls.certificate, "utf8");
    return {
      way: "post",
      source: source.id,
      target: { url, certificate },
      connector: source.connector,
      token: token.reveal(),
    };
  }
  return undefined;
}
