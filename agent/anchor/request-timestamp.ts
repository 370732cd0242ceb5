import { callOut } from "../../connectors/shared/egress/call-out.ts";
import { ANYWHERE } from "../../connectors/shared/egress/policy.ts";
import { askForTimestamp, type Stamped } from "./timestamp.ts";

const LIMITS = { connectSeconds: 10, answerSeconds: 30, answerBytes: 64 * 1024 };

/** Asks a time-stamping authority over HTTP (RFC 3161 §3.4) to attest bytes, and verifies what it answers. */
export async function requestTimestamp(
  bytes: Uint8Array,
  given: {
    url: string;
    /** The PEM that its certificate must lead to. */
    authority: string;
    signal: AbortSignal;
  },
): Promise<Stamped | { outcome: "unreachable"; because: string }> {
  const { query, read } = await askForTimestamp(bytes);
  const headers = { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" };
  const { url, authority, signal } = given;
  const call = { method: "POST", url, headers, body: query, limits: LIMITS, signal } as const;
  const answer = await callOut(call, ANYWHERE);
  if (answer.failed !== undefined) return { outcome: "unreachable", because: answer.failed.because };
  if (answer.status !== 200) return { outcome: "unreachable", because: `HTTP ${answer.status}` };
  return read(answer.body, authority);
}
