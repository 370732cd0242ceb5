import { lookup } from "node:dns";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import type { AxiosError } from "axios";
import { type CallTls, guardedAgent, type Progress } from "./guarded-agent.ts";
import { mayReach } from "./may-reach.ts";
import { ANYWHERE, type CallLimits, type EgressPolicy, type OutgoingProxy } from "./policy.ts";
import { refusesOurCertificate, sayFailure } from "./say-failure.ts";
import { openTunnel, refusalOf } from "./tunnel.ts";

/** One HTTP call to a place of the configuration. */
export interface OutgoingCall {
  method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH";
  url: string;
  headers: Readonly<Record<string, string>>;
  /** These bytes leave, no other. */
  body?: Uint8Array | undefined;
  tls?: CallTls | undefined;
  /** (Default: none; the environment is not looked at.) */
  proxy?: OutgoingProxy | undefined;
  limits: CallLimits;
  signal: AbortSignal;
}

/** What came back: an answer, whole unless it has a flaw, or what is known of a call without one. */
export type Answer =
  | {
      status: number;
      headers: Readonly<Record<string, unknown>>;
      /** As far as it was read. */
      body: Buffer;
      flaw?: Failure | undefined;
      failed?: undefined;
    }
  | { failed: Failure };

export interface Failure {
  /**
   * Node's own code, or `EGRESS_ORIGIN`, `EGRESS_ADDRESS`, `PROXY_CREDENTIALS`, `PROXY_REFUSED`, `PROXY_FAILED`, `TOO_SLOW`,
   * `TOO_LARGE`, `STOPPED`.
   */
  code: string;
  /** False when nothing of the request can have left. */
  left: boolean;
  /** In French. */
  because: string;
}

const FORBIDDEN = new Set(["EGRESS_ORIGIN", "EGRESS_ADDRESS", "PROXY_CREDENTIALS", "PROXY_REFUSED"]);

/** True for a failure that only the configuration can mend: the policy, or the proxy, does not let this call out. */
export function isForbidden(code: string): boolean {
  return FORBIDDEN.has(code);
}

/**
 * Makes one HTTP call where the policy allows: no redirect, no proxy but the one it names, certificates always verified,
 * answer and time bounded; never rejects.
 */
export async function callOut(
  call: OutgoingCall,
  policy: EgressPolicy,
  resolve: typeof lookup = lookup,
): Promise<Answer> {
  const progress: Progress = { connected: false };
  const fail = (code: string, said?: string): Failure => ({
    code,
    left: progress.connected && !refusesOurCertificate(code),
    because: sayFailure({ code, said, call, progress }),
  });
  const limits = watch(call, progress);
  let way: Way | undefined;
  try {
    const url = new URL(call.url);
    if (policy.origins !== "any" && !policy.origins.has(url.origin)) return { failed: fail("EGRESS_ORIGIN") };
    if (call.proxy !== undefined && policy.networks !== "any") {
      const literal = literalOf(url);
      progress.refused = literal === undefined || mayReach(literal, policy.networks) ? undefined : literal;
      if (progress.refused !== undefined) return { failed: fail("EGRESS_ADDRESS") };
    }
    way = wayTo(url, { call, policy, progress, resolve, signal: limits.signal });
    // Loaded when first needed: the threads that only read the registry do without it.
    const { default: axios } = await import("axios");
    const { status, headers, data } = await axios.request<Readable>({
      method: call.method,
      url: call.url,
      headers: { "user-agent": "tocsin", ...call.headers, ...way.headers },
      data: call.body === undefined ? undefined : Buffer.from(call.body),
      httpAgent: way.agent,
      httpsAgent: way.agent,
      signal: limits.signal,
      // A redirect would carry what is sent to a place nobody configured.
      maxRedirects: 0,
      proxy: way.asked ?? false,
      responseType: "stream",
      validateStatus: () => true,
    });
    if (way.asked !== undefined && status === 407) {
      data.destroy();
      // Only a proxy answers so, and it hands nothing on.
      progress.connected = false;
      const refused = refusalOf({ statusCode: status, headers: headers as IncomingHttpHeaders });
      return { failed: fail("PROXY_CREDENTIALS", refused?.message) };
    }
    progress.atProxy = undefined;
    const { body, code } = await read(data, call.limits.answerBytes);
    return { status, headers, body, flaw: code === undefined ? undefined : fail(limits.over() ?? code) };
  } catch (error) {
    const { code, message, cause } = error as AxiosError;
    const said = (cause as Error | undefined)?.message ?? message;
    return {
      failed: fail(limits.over() ?? (progress.refused ? "EGRESS_ADDRESS" : (code ?? message)), said),
    };
  } finally {
    limits.end();
    way?.end();
  }
}

/** How a call reaches its place. */
interface Way {
  agent: ReturnType<typeof guardedAgent>;
  headers: Readonly<Record<string, string>>;
  /** The proxy that is asked for the place by its whole address, as plain HTTP is (RFC 9112 §3.2.2). */
  asked?: { protocol: string; host: string; port: number } | undefined;
  end(): void;
}

function wayTo(
  url: URL,
  parts: {
    call: OutgoingCall;
    policy: EgressPolicy;
    progress: Progress;
    resolve: typeof lookup;
    signal: AbortSignal;
  },
): Way {
  const { call, policy, progress, resolve, signal } = parts;
  const secure = url.protocol === "https:";
  if (call.proxy === undefined) {
    const agent = guardedAgent({ secure, tls: call.tls, policy, progress, resolve });
    return { agent, headers: {}, end: () => agent.destroy() };
  }
  const { protocol, hostname, port, host } = new URL(call.proxy.url);
  progress.atProxy = host;
  const standard = protocol === "https:" ? 443 : 80;
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? standard : Number(port) };
  const reaching: Progress = secure ? { connected: false } : progress;
  const toProxy = guardedAgent({
    secure: protocol === "https:",
    tls: { authority: call.proxy.authority },
    // Where the proxy stands was chosen by who configures it, most often inside.
    policy: ANYWHERE,
    progress: reaching,
    resolve,
  });
  if (!secure) {
    const { authorization } = call.proxy;
    return {
      agent: toProxy,
      headers: authorization === undefined ? {} : { "proxy-authorization": authorization },
      asked: { protocol, ...place },
      end: () => toProxy.destroy(),
    };
  }
  const ask = openTunnel(call.proxy, { agent: toProxy, ...place, protocol }, signal);
  const tunnel: typeof ask = async (to) => {
    const socket = await ask(to);
    progress.atProxy = undefined;
    return socket;
  };
  const agent = guardedAgent({ secure, tls: call.tls, policy, progress, resolve, tunnel });
  return {
    agent,
    headers: {},
    end() {
      agent.destroy();
      toProxy.destroy();
    },
  };
}

/** The address that a URL names without any DNS; a proxy would take it as it stands. */
function literalOf({ hostname }: URL): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  // RFC 6761 §6.3: for a proxy, its own loopback.
  if (bare === "localhost" || bare.endsWith(".localhost")) return "127.0.0.1";
  return isIP(bare) === 0 ? undefined : bare;
}

/** Ends a call that takes too long, or whose caller stops; `over` says which, by its code. */
function watch({ limits, signal }: OutgoingCall, progress: Progress) {
  const controller = new AbortController();
  let over: string | undefined;
  const abort = (code: string) => {
    over ??= code;
    controller.abort();
  };
  const stop = () => abort("STOPPED");
  const connecting = setTimeout(() => {
    if (!progress.connected) abort("TOO_SLOW");
  }, limits.connectSeconds * 1000);
  const whole = setTimeout(() => abort("TOO_SLOW"), limits.answerSeconds * 1000);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  return {
    signal: controller.signal,
    over: () => over,
    end() {
      clearTimeout(connecting);
      clearTimeout(whole);
      signal.removeEventListener("abort", stop);
    },
  };
}

/** Reads an answer to its end or to its bound; the code says why it is not whole. */
async function read(stream: Readable, longest: number): Promise<{ body: Buffer; code?: string }> {
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part);
      length += part.length;
      if (length > longest) return { body: Buffer.concat(parts, longest), code: "TOO_LARGE" };
    }
    return { body: Buffer.concat(parts) };
  } catch (error) {
    return { body: Buffer.concat(parts), code: (error as NodeJS.ErrnoException).code ?? "ERR_BAD_RESPONSE" };
  }
}
