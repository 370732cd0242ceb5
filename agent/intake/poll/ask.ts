import { readFileSync } from "node:fs";
import type { AxiosError, AxiosResponse } from "axios";
import type { Poll } from "../../../config/poll.ts";
import { at, isObject, textValue } from "../../../connectors/shared/json.ts";
import { http, https } from "../../core/node-http.ts";
import { type FaultKind, PollFault } from "./poll-fault.ts";

/** One question to an index. */
export interface Question {
  method: "GET" | "POST" | "DELETE";
  /** With its query, after the address of the index. */
  path: string;
  body?: unknown;
}

/** Asks an index and reads the JSON of its answer; rejects with a PollFault, or with the signal's reason. */
export type Ask = (question: Question, signal: AbortSignal) => Promise<{ value: unknown; bytes: number }>;

/** Characters kept of an index's own explanation. */
const LONGEST_REASON = 300;

/** Opens the way to an index; `close` ends its kept connections. */
export function openAsk(poll: Poll, authorization: string | undefined): { ask: Ask; close(): void } {
  const base = poll.url.replace(/\/+$/, "");
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file));
  const { authority, certificate, key, server_name } = poll.tls ?? {};
  const agent = poll.url.startsWith("https:")
    ? new https.Agent({
        keepAlive: true,
        ca: read(authority),
        cert: read(certificate),
        key: read(key),
        ...(server_name === undefined ? {} : { servername: server_name }),
      })
    : new http.Agent({ keepAlive: true });
  const headers = {
    accept: "application/json",
    "content-type": "application/json",
    "user-agent": "tocsin",
    ...(authorization === undefined ? {} : { authorization }),
  };

  async function ask({ method, path, body }: Question, signal: AbortSignal) {
    // Loaded when first needed: an intake that polls nothing does without it.
    const { default: axios } = await import("axios");
    let response: AxiosResponse<Buffer>;
    try {
      response = await axios.request<Buffer>({
        method,
        url: `${base}${path}`,
        headers,
        ...(body === undefined ? {} : { data: JSON.stringify(body) }),
        httpAgent: agent,
        httpsAgent: agent,
        // axios starts its own anew at every byte: a slow answer would never end.
        signal: AbortSignal.any([signal, AbortSignal.timeout(poll.timeout_seconds * 1000)]),
        // A redirect would carry the secret to a place nobody configured.
        maxRedirects: 0,
        maxContentLength: poll.response_bytes,
        proxy: false,
        responseType: "arraybuffer",
        validateStatus: () => true,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw faultOfError(error as AxiosError);
    }
    const value = readValue(response.data);
    if (response.status !== 200) throw faultOfStatus(response, value);
    if (value === undefined) throw new PollFault("malformed", "the answer is not JSON");
    return { value, bytes: response.data.length };
  }
  return { ask, close: () => agent.destroy() };
}

/** Errors of a server's certificate, as Node names them. */
const UNTRUSTED = /^(?:ERR_TLS_CERT|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

function faultOfError(error: AxiosError): PollFault {
  const code = error.code ?? "";
  const kind: FaultKind = error.message.startsWith("maxContentLength")
    ? "too_large"
    : ["ERR_CANCELED", "ECONNABORTED", "ETIMEDOUT"].includes(code)
      ? "timeout"
      : UNTRUSTED.test(code)
        ? "untrusted"
        : /^(?:Z_|HPE_)/.test(code)
          ? "malformed"
          : "unavailable";
  return new PollFault(
    kind,
    kind === "timeout" ? "no whole answer in time" : `${code} ${error.message}`.trim(),
  );
}

function faultOfStatus({ status, headers }: AxiosResponse, value: unknown): PollFault {
  const error = at(value, "error");
  const causes = at(error, "root_cause");
  const cause = Array.isArray(causes) ? causes[0] : undefined;
  const reason = textValue(at(cause, "reason")) ?? textValue(at(error, "reason")) ?? textValue(error);
  const said = reason === undefined ? "" : `: ${reason.slice(0, LONGEST_REASON)}`;
  const retryAfter = Number(headers["retry-after"]);
  return new PollFault(
    kindOfStatus(status),
    `HTTP ${status}${said}`,
    Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : undefined,
  );
}

function kindOfStatus(status: number): FaultKind {
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "index_missing";
  if (status === 408 || status === 504) return "timeout";
  if (status === 429) return "throttled";
  if (status >= 500) return "unavailable";
  return status >= 300 && status < 400 ? "redirected" : "refused";
}

function readValue(data: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(data.toString("utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
