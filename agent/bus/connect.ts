import { isIP } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import {
  type Authenticator,
  AuthorizationError,
  type ConnectionOptions,
  connect,
  credsAuthenticator,
  errors,
  type NatsConnection,
  nkeyAuthenticator,
  type Status,
  UserAuthenticationExpiredError,
  usernamePasswordAuthenticator,
} from "@nats-io/transport-node";
import { isNear } from "../../config/bus.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { messageOf, type Problem, TocsinError } from "../core/errors.ts";
import {
  type BusAuthentication,
  type BusParty,
  type BusSettings,
  type BusStatus,
  inboxPrefix,
} from "./bus.ts";

/** Waiting before another try, ms: a quarter of the time it has lasted within these bounds, half of it by chance. */
const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;
const HANDSHAKE_MS = 5000;
/** A server that says nothing for twice as long is given up. */
const PING_MS = 5000;
const ENDING: ReadonlySet<string> = new Set(["bus_slow_consumer", "bus_lame_duck", "bus_refused"]);

/** A connection that is made anew for ever. */
export interface BusLink {
  /** The connection while it stands; nothing may be published otherwise, since it would pile up in memory. */
  nats(): NatsConnection | undefined;
  status(): BusStatus;
  /** Calls back at every change of the status, until the returned function is called. */
  watch(listener: (status: BusStatus) => void): () => void;
  /** Says what is wrong while connected; undefined when nothing is any more. */
  blame(problem: Problem | undefined): void;
  close(): Promise<void>;
}

/** Starts to connect, and returns at once; throws what no server could ever accept, such as an unreadable key. */
export function connectBus(settings: BusSettings, party: BusParty, clock: Clock = systemClock): BusLink {
  const listeners = new Set<(status: BusStatus) => void>();
  const ended = new AbortController();
  let status: BusStatus = { connected: false, since: clock.now() };
  let connection: NatsConnection | undefined;

  // By the time and not by the tries: the library asks more often than it tries.
  const nextWait = () => {
    const lasted = status.connected ? 0 : (clock.now() - status.since) / 1000;
    const longest = Math.min(LONGEST_WAIT, Math.max(FIRST_WAIT, lasted / 4));
    return Math.round(longest / 2 + (Math.random() * longest) / 2);
  };
  const options: ConnectionOptions = {
    servers: settings.servers,
    ...authenticationOf(settings.authentication),
    ...(mustEncrypt(settings) ? { tls: { ...present(settings.tls ?? {}), ...identityOf(settings) } } : {}),
    name: `tocsin ${party.role} ${party.facility}`,
    inboxPrefix: inboxPrefix(party),
    timeout: HANDSHAKE_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    maxReconnectAttempts: -1,
    // A key may be put right on the server: a refusal today is none tomorrow.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    reconnectDelayHandler: nextWait,
  };

  function say(next: Omit<BusStatus, "since">): void {
    const since = next.connected === status.connected ? status.since : clock.now();
    status = { ...next, since };
    for (const listener of listeners) listener(status);
  }

  function stands(nats: NatsConnection): void {
    say({ connected: true, server: nats.getServer(), version: nats.info?.version });
  }

  async function follow(nats: NatsConnection): Promise<void> {
    for await (const event of nats.status()) heed(nats, event);
  }

  function heed(nats: NatsConnection, event: Status): void {
    switch (event.type) {
      case "reconnect":
        stands(nats);
        break;
      case "disconnect":
        say({ connected: false, problem: because(status.problem) ?? awayProblem(event.server) });
        break;
      case "error":
        say({ ...status, problem: problemOfBus(event.error) });
        break;
      case "ldm":
        say({ ...status, problem: lameDuck(event.server) });
        break;
      case "slowConsumer":
        say({ ...status, problem: slowProblem(event.pending) });
        break;
    }
  }

  async function begin(): Promise<void> {
    while (!ended.signal.aborted) {
      try {
        const nats = await connect(options);
        if (ended.signal.aborted) return await nats.close();
        connection = nats;
        void follow(nats);
        stands(nats);
        const because = await nats.closed();
        connection = undefined;
        if (!ended.signal.aborted) {
          say({ connected: false, problem: problemOfBus(because ?? new Error("the connection was closed")) });
        }
      } catch (error) {
        say({ connected: false, problem: problemOfBus(error) });
      }
      await waited(nextWait(), ended.signal);
    }
  }
  const begun = begin();

  return {
    nats: () => (status.connected ? connection : undefined),
    status: () => status,
    watch(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    blame: (problem) => say({ ...status, problem }),
    async close() {
      ended.abort();
      await connection?.close();
      await begun;
    },
  };
}

/** Resolves after a time, or at once when the signal comes; never rejects. */
export function waited(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    signal.addEventListener("abort", over);
  });
}

function authenticationOf(by: BusAuthentication | undefined): { authenticator?: Authenticator } {
  if (by === undefined) return {};
  if ("user" in by) return { authenticator: usernamePasswordAuthenticator(by.user, by.password) };
  const text = new TextEncoder();
  const made =
    "seed" in by
      ? nkeyAuthenticator(text.encode(by.seed.trim()))
      : credsAuthenticator(text.encode(by.credentials));
  try {
    made("challenge");
  } catch {
    // What the library says could quote the key.
    throw new TocsinError({
      code: "bus_key_unreadable",
      where: "bus",
      message: "seed" in by ? "this is no NKEY seed" : "this is no .creds file",
      remedy: "seed" in by ? "give the whole line that begins with SU" : "give the file as nsc wrote it",
    });
  }
  return { authenticator: made };
}

/** The library would take a server's word for it that there is no TLS. */
function mustEncrypt({ servers, tls }: BusSettings): boolean {
  return tls !== undefined || servers.some((server) => server.startsWith("tls:") || !isNear(server));
}

/** Of a server that is named by its address, Node is told no name and compares the certificate with `localhost`. */
function identityOf({ servers }: BusSettings): object {
  const hosts = servers.map((server) => new URL(server).hostname.replace(/^\[(.+)\]$/, "$1"));
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  if (addresses.length === 0 || hosts.includes("localhost")) return {};
  return {
    checkServerIdentity(host: string, certificate: PeerCertificate): Error | undefined {
      if (host !== "localhost") return checkServerIdentity(host, certificate);
      const wrong = addresses.map((address) => checkServerIdentity(address, certificate));
      return wrong.includes(undefined) ? undefined : wrong[0];
    },
  };
}

function present<T extends object>(of: T): { [K in keyof T]: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as never;
}

/** What an error of the connection means to an operator; of what a server or the library says only a bounded sentence. */
export function problemOfBus(error: unknown): Problem {
  const message = messageOf(error).slice(0, 300);
  if (error instanceof AuthorizationError || error instanceof UserAuthenticationExpiredError) {
    return {
      code: "bus_refused",
      message: `NATS refuses this client: ${message.toLowerCase()}`,
      remedy: "check the key or password of this role, and the user in the server's configuration",
    };
  }
  if (error instanceof errors.PermissionViolationError) {
    return {
      code: "bus_not_permitted",
      message: `NATS does not permit ${error.operation} on ${error.subject}`,
      remedy: "give this user the permissions of docs/bus.md",
    };
  }
  if (/certificate|self.signed|tls|ssl|altname/i.test(message)) {
    return {
      code: "bus_tls",
      message: `no TLS with NATS: ${message}`,
      remedy: "check tls.ca, tls.cert and tls.key, and the names in the server's certificate",
    };
  }
  if (/slow consumer/i.test(message)) return slowProblem();
  if (error instanceof errors.TimeoutError || /^timeout$/i.test(message)) {
    return {
      code: "bus_away",
      message: "NATS does not answer in time",
      remedy:
        "check the way to it; a server that asks for client certificates is silent too when tls.cert is missing",
    };
  }
  return { code: "bus_away", message: `NATS cannot be reached: ${message}` };
}

/** What was said before and explains why the connection ended. */
function because(problem: Problem | undefined): Problem | undefined {
  return problem !== undefined && ENDING.has(problem.code) ? problem : undefined;
}

function awayProblem(server: string): Problem {
  return { code: "bus_away", message: `the connection to NATS (${server}) is lost` };
}

function lameDuck(server: string): Problem {
  return {
    code: "bus_lame_duck",
    message: `${server} is about to shut down (lame duck mode)`,
    remedy: "another server of the cluster takes over when there is one; the spool does otherwise",
  };
}

function slowProblem(pending?: number): Problem {
  const many = pending === undefined ? "" : ` (${pending} messages wait)`;
  return { code: "bus_slow_consumer", message: `this process reads slower than NATS sends${many}` };
}
