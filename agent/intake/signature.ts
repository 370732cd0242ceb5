import { createHmac, timingSafeEqual } from "node:crypto";
import type { SignatureScheme } from "../../config/signature.ts";
import { type Instant, instantFromIso, MICROSECONDS } from "../core/clock.ts";

/** What a source's signatures are checked with. */
export interface SignatureCheck {
  scheme: SignatureScheme;
  key: Uint8Array;
}

export type Headers = Readonly<Record<string, string | undefined>>;

export type SignatureOutcome =
  | { outcome: "valid" }
  | { outcome: "refused"; code: "bad_signature" | "stale_timestamp"; because: string };

/** Signatures looked at in one header: senders give two while they change their secret. */
const MOST_SIGNATURES = 8;

/** Checks the HMAC of a body as it was sent; headers in lower case. */
export function verifySignature(
  { scheme, key }: SignatureCheck,
  { headers, body, now }: { headers: Headers; body: Uint8Array; now: Instant },
): SignatureOutcome {
  const refused = (code: "bad_signature" | "stale_timestamp", because: string): SignatureOutcome => ({
    outcome: "refused",
    code,
    because,
  });
  const given = headers[scheme.header];
  if (given === undefined) return refused("bad_signature", `the header ${scheme.header} is missing`);
  const told: Record<string, string> = {};
  for (const [name, header] of [
    ["timestamp", scheme.timestamp_header],
    ["id", scheme.id_header],
  ] as const) {
    if (header === undefined) continue;
    const value = headers[header];
    if (value === undefined) return refused("bad_signature", `the header ${header} is missing`);
    told[name] = value;
  }
  if (told.timestamp !== undefined) {
    const at = instantOf(told.timestamp);
    const tolerance = scheme.tolerance_seconds * MICROSECONDS.second;
    if (at === undefined || Math.abs(now - at) > tolerance) {
      const because = `${scheme.timestamp_header} is not within ${scheme.tolerance_seconds} s of our clock`;
      return refused("stale_timestamp", because);
    }
  }
  const expected = Buffer.from(digestOf(scheme, key, told, body));
  const signatures =
    scheme.separator === undefined ? [given] : given.split(scheme.separator, MOST_SIGNATURES);
  const right = signatures.some((each) => {
    const signature = each.trim();
    if (!signature.startsWith(scheme.prefix)) return false;
    const written = signature.slice(scheme.prefix.length);
    const bytes = Buffer.from(scheme.encoding === "hex" ? written.toLowerCase() : written);
    return bytes.length === expected.length && timingSafeEqual(bytes, expected);
  });
  return right
    ? { outcome: "valid" }
    : refused("bad_signature", `no signature in ${scheme.header} is that of this body`);
}

/** The headers that sign a body as a sender of this scheme would. */
export function signatureHeaders(
  { scheme, key }: SignatureCheck,
  { body, id, now }: { body: Uint8Array; id: string; now: Instant },
): Record<string, string> {
  const timestamp = String(Math.floor(now / MICROSECONDS.second));
  return {
    ...(scheme.timestamp_header === undefined ? {} : { [scheme.timestamp_header]: timestamp }),
    ...(scheme.id_header === undefined ? {} : { [scheme.id_header]: id }),
    [scheme.header]: `${scheme.prefix}${digestOf(scheme, key, { timestamp, id }, body)}`,
  };
}

function digestOf(
  scheme: SignatureScheme,
  key: Uint8Array,
  told: Record<string, string>,
  body: Uint8Array,
): string {
  const hmac = createHmac(scheme.algorithm, key);
  for (const part of scheme.signed.split(/(\{(?:body|timestamp|id)\})/)) {
    if (part === "{body}") hmac.update(body);
    else hmac.update(part.startsWith("{") ? (told[part.slice(1, -1)] ?? part) : part);
  }
  return hmac.digest(scheme.encoding);
}

function instantOf(text: string): Instant | undefined {
  if (!/^\d{1,16}$/.test(text)) return /^\d{4}-/.test(text) ? instantFromIso(text) : undefined;
  const number = Number(text);
  // Seconds reach 100,000,000,000 in the year 5138: above it, they are milliseconds.
  return number < 1e11 ? number * MICROSECONDS.second : number * 1000;
}
