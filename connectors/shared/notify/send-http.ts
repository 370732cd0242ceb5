import type { Attempt } from "../../contract.ts";
import { callOut } from "../egress/call-out.ts";
import { ANYWHERE } from "../egress/policy.ts";
import { sayStatus } from "../say-status.ts";

export interface HttpCall {
  method: "GET" | "POST" | "PUT" | "PATCH";
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string | undefined;
  timeoutSeconds: number;
  signal: AbortSignal;
}

/** What came back: the answer, or what is known of an attempt without one. */
export type HttpAnswer =
  | { status: number; body: string; headers: Readonly<Record<string, unknown>>; failed?: undefined }
  | { failed: Attempt };

/** Longest answer read, bytes. */
const LONGEST_ANSWER = 64 * 1024;

/** Errors after which nothing can have been received. */
const NEVER_ARRIVED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ERR_INVALID_URL",
  // The certificate is looked at before anything is sent.
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Makes one HTTP call to a configured place: no redirect, no proxy, a bounded answer; never rejects. */
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
  const { code = "", because = "" } = failure ?? {};
  return { failed: { outcome: NEVER_ARRIVED.has(code) ? "unreachable" : "uncertain", because } };
}

/** What a status says by itself: 2xx arrived, 408, 429 and 5xx may be tried again, the rest is refused. */
export function outcomeOf(status: number): Attempt {
  const because = `le service ${sayStatus(status)}`;
  if (status >= 200 && status < 300) return { outcome: "delivered", because };
  if (status === 408 || status === 429 || status >= 500) return { outcome: "unreachable", because };
  return { outcome: "refused", because };
}
