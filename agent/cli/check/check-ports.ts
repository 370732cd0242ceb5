import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { LoadedConfig } from "../../../config/load.ts";
import type { Config } from "../../../config/schema.ts";
import type { Finding, Looked } from "./finding.ts";

interface Place {
  where: string;
  transport: "udp" | "tcp";
  address: string;
  port: number;
}

/** Says of each port whether the daemon can have it: it is free, or our own daemon has it now. */
export async function checkPorts(
  { config }: Pick<LoadedConfig, "config">,
  signal: AbortSignal,
): Promise<Looked> {
  const places = placesOf(config).filter(({ port }) => port !== 0);
  const [refused, running] = await Promise.all([
    Promise.all(places.map(async (place) => ({ place, code: await refusalOf(place) }))),
    isRunning(config, signal),
  ]);
  const found = refused.flatMap(({ place, code }): Finding[] => {
    if (code === undefined) return [...unprivileged(place)];
    // Which program holds a port is not told to who is not root; ours answers on its own.
    if (code === "EADDRINUSE" && running) return [];
    return [{ level: "problem", ...sayRefused(place, code) }];
  });
  return { findings: found };
}

function placesOf({ listeners, sources }: Config): Place[] {
  return [
    ...Object.entries(listeners).map(([name, { address, port }]) => {
      return { where: `listeners.${name}`, transport: "tcp" as const, address, port };
    }),
    ...sources.flatMap(({ listen }, i) =>
      listen.map(({ transport, address, port }, j) => ({
        where: `sources.${i}.listen.${j}`,
        transport: transport === "udp" ? transport : ("tcp" as const),
        address,
        port,
      })),
    ),
  ];
}

/** Why a port cannot be had, by Node's code; undefined when it can. It is let go at once. */
function refusalOf({ transport, address, port }: Place): Promise<string | undefined> {
  return new Promise((resolve) => {
    const refused = (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message);
    if (transport === "udp") {
      const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
      socket.once("error", refused);
      socket.bind({ port, address, exclusive: true }, () => socket.close(() => resolve(undefined)));
      return;
    }
    const server = createServer();
    server.once("error", refused);
    server.listen({ port, host: address, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

function sayRefused({ where, transport, address, port }: Place, code: string) {
  const place = `${transport} port ${port} of ${address}`;
  if (code === "EADDRINUSE")
    return {
      code: "port_taken",
      where,
      message: `${place} is taken by another program`,
      remedy: `stop it (ss -lp 'sport = ${port}' names it), or give another port`,
    };
  if (code === "EACCES")
    return {
      code: "port_privileged",
      where,
      message: `${place} is not for an ordinary user`,
      remedy: "give a port from 1024 on, or CAP_NET_BIND_SERVICE (see the head of tocsin.service)",
    };
  if (code === "EADDRNOTAVAIL")
    return {
      code: "address_not_ours",
      where,
      message: `this machine has no address ${address}`,
      remedy: "give one of its own (ip address), or 0.0.0.0 for all",
    };
  return {
    code: "port_unusable",
    where,
    message: `${place}: ${code}`,
    remedy: "give another address or port",
  };
}

/** Root may have any port; the service, which is not root, may not. */
function unprivileged({ where, port }: Place): Finding[] {
  if (process.getuid?.() !== 0 || port >= firstOrdinaryPort()) return [];
  const message = `port ${port} is for root, and the service does not run as root`;
  const remedy = "give the unit CAP_NET_BIND_SERVICE (see the head of tocsin.service), or another port";
  return [{ level: "advice", code: "port_privileged", where, message, remedy }];
}

function firstOrdinaryPort(): number {
  try {
    return Number(readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8"));
  } catch {
    return 1024;
  }
}

/** True when a daemon of ours answers where this configuration has its operations. */
async function isRunning({ listeners }: Config, signal: AbortSignal): Promise<boolean> {
  const { address, port, tls } = listeners.operations;
  if (port === 0 || tls !== undefined) return false;
  const host = address === "0.0.0.0" ? "127.0.0.1" : address === "::" ? "[::1]" : address;
  try {
    const answer = await fetch(
      `http://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}/healthz`,
      { signal },
    );
    return (await answer.text()).slice(0, 1000) === '{"status":"ok"}';
  } catch {
    return false;
  }
}
