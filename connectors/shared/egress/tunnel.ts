import type { Agent, IncomingMessage } from "node:http";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import { http, https } from "../../../agent/core/node-http.ts";
import type { OutgoingProxy } from "./policy.ts";

/** Asks a proxy for a way to a place: what goes through it is not the proxy's to read. */
export type Tunnel = (place: { host: string; port: number }) => Promise<Duplex>;

/** Statuses by which a proxy does not say no for good. */
const PASSING = new Set([408, 425, 429]);

/**
 * Opens tunnels through a proxy (CONNECT, RFC 9110 §9.3.6). Rejects with Node's own code, or with `PROXY_CREDENTIALS`,
 * `PROXY_REFUSED` or `PROXY_FAILED`, and what the proxy answered.
 */
export function openTunnel(
  { authorization }: OutgoingProxy,
  toProxy: { agent: Agent; protocol: string; host: string; port: number },
  signal: AbortSignal,
): Tunnel {
  return ({ host, port }) => {
    const opened = Promise.withResolvers<Duplex>();
    const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
    const headers = {
      host: place,
      "user-agent": "tocsin",
      ...(authorization !== undefined && { "proxy-authorization": authorization }),
    };
    const { request } = toProxy.protocol === "https:" ? https : http;
    const asking = request({ ...toProxy, method: "CONNECT", path: place, headers, signal });
    asking.once("connect", (answer, socket, head) => {
      const refused = refusalOf(answer);
      if (refused === undefined) {
        if (head.length > 0) socket.unshift(head);
        return opened.resolve(socket);
      }
      socket.destroy();
      opened.reject(refused);
    });
    asking.once("error", opened.reject);
    asking.end();
    return opened.promise;
  };
}

/** What a proxy's answer means when it is no; undefined when the way is open. */
export function refusalOf({
  statusCode = 0,
  headers,
}: Pick<IncomingMessage, "statusCode" | "headers">): NodeJS.ErrnoException | undefined {
  if (statusCode >= 200 && statusCode < 300) return undefined;
  const code =
    statusCode === 407
      ? "PROXY_CREDENTIALS"
      : statusCode >= 400 && statusCode < 500 && !PASSING.has(statusCode)
        ? "PROXY_REFUSED"
        : "PROXY_FAILED";
  const asked = /^[A-Za-z0-9-]{1,20}/.exec(String(headers["proxy-authenticate"] ?? ""))?.[0];
  const message = `HTTP ${statusCode}${code === "PROXY_CREDENTIALS" && asked !== undefined ? `, ${asked}` : ""}`;
  return Object.assign(new Error(message), { code });
}
