import { Secret, TOTP } from "otpauth";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import type { Store } from "../store/store.ts";

const PERIOD = 30;
/** Checked when there is no account, so that the answer takes the same work. */
const NOBODY = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/** The time step a code belongs to, one step early or late included; undefined when it is wrong (RFC 6238, SHA-1, 6 digits, 30 s). */
function stepOfCode(secret: string, code: string, now: Instant): number | undefined {
  const token = code.replace(/\s/g, "");
  if (!/^\d{6}$/.test(token)) return undefined;
  const totp = new TOTP({ secret: Secret.fromBase32(secret), algorithm: "SHA1", digits: 6, period: PERIOD });
  const delta = totp.validate({ token, timestamp: Math.floor(now / 1000), window: 1 });
  return delta === null ? undefined : Math.floor(now / (PERIOD * MICROSECONDS.second)) + delta;
}

/** Steps by which the last code that served may lie ahead of the clock: two of tolerance, whoever's clock runs ahead. */
const AHEAD = 2;

/**
 * Checks a person's one-time code and uses its time step up, durably: `used` when it, or a later one, served before, `ahead`
 * when that was at a time that is still to come. Its time is not forgotten even then: who sets a clock back could show
 * an old code again.
 */
export async function spendCode(
  store: Store,
  use: { facility: string; account: string | undefined; code: string; at: Instant },
): Promise<"spent" | "wrong" | "used" | "ahead"> {
  const { facility, account, code, at } = use;
  const credentials = account === undefined ? undefined : await store.reads.credentials(facility, account);
  const step = stepOfCode(credentials?.totp || NOBODY, code, at);
  if (account === undefined || !credentials?.totp || step === undefined) return "wrong";
  const receipt = await store.commit({ facility, at, writes: [{ write: "totp", account, step }] });
  if (receipt.outcome === "committed") return "spent";
  return credentials.totpStep > step + AHEAD ? "ahead" : "used";
}
