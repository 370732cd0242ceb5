import type { AxiosError } from "axios";
import type { Attempt } from "../../contract.ts";

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
  // Loaded when first needed: the threads that only read the registry do without it.
  const { default: axios } = await import("axios");
  const limit = AbortSignal.timeout(call.timeoutSeconds * 1000);
  try {
    const response = await axios.request<string>({
      method: call.method,
      url: call.url,
      headers: { "user-agent": "tocsin", ...call.headers },
      data: call.body,
      // The one bounds each silence, the other the whole: an answer that drips has an end too.
      timeout: call.timeoutSeconds * 1000,
      signal: AbortSignal.any([call.signal, limit]),
      // A redirect would carry the message to a place nobody configured.
      maxRedirects: 0,
      maxContentLength: LONGEST_ANSWER,
      proxy: false,
      responseType: "text",
      transformResponse: (body: string) => body,
      validateStatus: () => true,
    });
    return { status: response.status, body: String(response.data ?? ""), headers: response.headers };
  } catch (error) {
    const { code, message } = error as AxiosError;
    if (code !== undefined && NEVER_ARRIVED.has(code))
      return { failed: { outcome: "unreachable", because: code } };
    const because = limit.aborted ? `pas de réponse en ${call.timeoutSeconds} s` : (code ?? message);
    return { failed: { outcome: "uncertain", because } };
  }
}

/** What a status says by itself: 2xx arrived, 408, 429 and 5xx may be tried again, the rest is refused. */
export function outcomeOf(status: number): Attempt {
  const because = `HTTP ${status}`;
  if (status >= 200 && status < 300) return { outcome: "delivered", because };
  if (status === 408 || status === 429 || status >= 500) return { outcome: "unreachable", because };
  return { outcome: "refused", because };
}
