import { z } from "zod";
import { type Attempt, type Reveal, SecretSource } from "../../contract.ts";
import { callOut, isForbidden, type OutgoingCall } from "../egress/call-out.ts";
import { ANYWHERE, ProxySettings, proxyOf } from "../egress/policy.ts";
import { sayStatus } from "../say-status.ts";

/** What every notifier by HTTP may be told of the way out, after how long it may take in seconds. */
export const httpWay = (seconds: number) => ({
  timeout_seconds: z.number().min(1).max(60).default(seconds),
  /** The proxy that it leaves by. (Default: none; the environment is not looked at.) */
  proxy: ProxySettings.optional(),
  /** PEM: the authority of the receiver's certificate. (Default: those of the system.) */
  authority: SecretSource.optional(),
});

/** The part of each call that settings with `httpWay` say. */
export type HttpWay = Pick<OutgoingCall, "proxy" | "tls"> & { timeoutSeconds: number };

/** Opens the way out of settings with `httpWay`. */
export function openHttpWay(
  settings: {
    timeout_seconds: number;
    proxy?: ProxySettings | undefined;
    authority?: SecretSource | undefined;
  },
  reveal: Reveal,
): HttpWay {
  return {
    timeoutSeconds: settings.timeout_seconds,
    proxy: proxyOf(settings.proxy, reveal),
    tls: settings.authority && { authority: reveal("authority") },
  };
}

export interface HttpCall extends HttpWay {
  method: "GET" | "POST" | "PUT" | "PATCH";
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  signal: AbortSignal;
}

/** What came back: the answer, or what is known of an attempt without one. */
export type HttpAnswer =
  | { status: number; body: string; headers: Readonly<Record<string, unknown>>; failed?: undefined }
  | { failed: Attempt };

/** Longest answer read, bytes. */
const LONGEST_ANSWER = 64 * 1024;

/** Makes one HTTP call to a configured place: no redirect, no proxy but its own, a bounded answer; never rejects. */
export async function sendHttp(call: HttpCall): Promise<HttpAnswer> {
  const { timeoutSeconds, body, ...rest } = call;
  const answer = await callOut(
    {
      ...rest,
      body: body === undefined ? undefined : Buffer.from(body, "utf8"),
      limits: {
        connectSeconds: timeoutSeconds,
        answerSeconds: timeoutSeconds,
        answerBytes: LONGEST_ANSWER,
      },
    },
    ANYWHERE,
  );
  const failure = answer.failed ?? answer.flaw;
  if (answer.failed === undefined && failure === undefined)
    return { status: answer.status, body: new TextDecoder().decode(answer.body), headers: answer.headers };
  const { code = "", left = true, because = "" } = failure ?? {};
  if (isForbidden(code)) return { failed: { outcome: "refused", because } };
  return { failed: { outcome: left ? "uncertain" : "unreachable", because } };
}

/** The same of a call that only looked: whatever went wrong, nothing was made of it. */
export function unmade(failed: Attempt): Attempt {
  return failed.outcome === "refused" ? failed : { outcome: "unreachable", because: failed.because };
}

/** What a status says by itself: 2xx arrived, 408, 429 and 5xx may be tried again, the rest is refused. */
export function outcomeOf(status: number): Attempt {
  const because = `le service ${sayStatus(status)}`;
  if (status >= 200 && status < 300) return { outcome: "delivered", because };
  if (status === 408 || status === 429 || status >= 500) return { outcome: "unreachable", because };
  return { outcome: "refused", because };
}
