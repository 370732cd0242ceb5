import type { lookup } from "node:dns";
import type { Agent as HttpAgent } from "node:http";
import type { Agent as HttpsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { http, https } from "../../../agent/core/node-http.ts";
import { mayReach } from "./may-reach.ts";
import type { EgressPolicy } from "./policy.ts";
import type { Tunnel } from "./tunnel.ts";

/** Certificates of a call, in PEM. */
export interface CallTls {
  /** The only authorities trusted. (Default: those of the system.) */
  authority?: string | undefined;
  /** Our own, for who asks for one. */
  certificate?: string | undefined;
  key?: string | undefined;
}

/** What is seen of one call's connection. */
export interface Progress {
  /** True once the request may have begun to leave: connected, and the other side's certificate accepted. */
  connected: boolean;
  /** The address, or addresses, that the policy refused. */
  refused?: string | undefined;
  /** The proxy, host and port, while nothing beyond it was reached. */
  atProxy?: string | undefined;
}

/** How long one address of several is tried before the next, ms: Node's own 250 is short of half the globe. */
const NEXT_ADDRESS_AFTER = 2000;

/**
 * An agent for one call that connects only where the policy allows: the addresses that it judges are those to which it
 * connects, so that no name can answer otherwise in between.
 */
export function guardedAgent(parts: {
  secure: boolean;
  tls: CallTls | undefined;
  policy: EgressPolicy;
  progress: Progress;
  resolve: typeof lookup;
  /** Makes the connection by a proxy, which resolves names itself. */
  tunnel?: Tunnel | undefined;
}): HttpAgent | HttpsAgent {
  const { secure, tls = {}, policy, progress, resolve, tunnel } = parts;
  const { networks } = policy;
  const open = (address: string) => networks === "any" || mayReach(address, networks);

  const lookupOpen: LookupFunction = (hostname, options, callback) =>
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, "");
      const [first, ...others] = addresses.filter(({ address }) => open(address));
      if (first === undefined)
        return callback(refuse(progress, addresses.map(({ address }) => address).join(", ")), "");
      if (options.all === true) callback(null, [first, ...others]);
      else callback(null, first.address, first.family);
    });

  const common = {
    keepAlive: false,
    lookup: lookupOpen,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_AFTER,
  };
  const agent = secure
    ? new https.Agent({
        ...common,
        // Said, so that no environment variable says otherwise.
        rejectUnauthorized: true,
        minVersion: "TLSv1.2",
        ca: tls.authority,
        cert: tls.certificate,
        key: tls.key,
      })
    : new http.Agent(common);
  const connect = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const host = options.host ?? "";
    // An address in place of a name is never looked up.
    if (isIP(host) !== 0 && !open(host)) {
      callback?.(refuse(progress, host), undefined as unknown as Duplex);
      return undefined;
    }
    const watched = (socket: ReturnType<typeof connect>) =>
      socket?.once(secure ? "secureConnect" : "connect", () => {
        progress.connected = true;
      });
    if (tunnel === undefined) return watched(connect(options, callback));
    tunnel({ host, port: Number(options.port) }).then(
      (socket) => callback?.(null, watched(connect({ ...options, socket } as typeof options)) as Duplex),
      (error: Error) => callback?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  };
  return agent;
}

function refuse(progress: Progress, refused: string): NodeJS.ErrnoException {
  progress.refused = refused;
  return Object.assign(new Error(`address refused: ${refused}`), { code: "EGRESS_ADDRESS" });
}
