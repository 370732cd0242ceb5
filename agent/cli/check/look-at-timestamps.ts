import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Anchors } from "../../../config/anchors.ts";
import { requestTimestamp } from "../../anchor/request-timestamp.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { readCertificates } from "../../core/read-certificates.ts";
import type { Finding, Looked } from "./finding.ts";

const WHERE = "anchors.timestamp";
/** Before its end a certificate is told for so long. */
const AHEAD = 30 * MICROSECONDS.day;

/** Asks a time-stamping authority for the time of a random number, and verifies its token as those of anchors are. */
export async function lookAtTimestamps(
  timestamp: NonNullable<Anchors["timestamp"]>,
  { now, signal }: { now: Instant; signal: AbortSignal },
): Promise<Looked> {
  const problem = (code: string, message: string, remedy: string, where = WHERE): Looked => ({
    findings: [{ level: "problem", code, where, message, remedy }],
  });
  let authority: string;
  let ending: Finding[];
  try {
    authority = readFileSync(timestamp.authority, "utf8");
    ending = endingIn(authority, now);
  } catch (error) {
    const remedy = "give the certificate (PEM) of the authority, as it publishes it";
    return problem("timestamp_authority", messageOf(error), remedy, `${WHERE}.authority`);
  }
  const asked = await requestTimestamp(randomBytes(32), { url: timestamp.url, authority, signal });
  if (asked.outcome === "unreachable")
    return problem(
      "not_reachable",
      asked.because,
      "correct it, or see what is between; `check --offline` leaves this out",
    );
  if (asked.outcome === "refused")
    return problem(
      "timestamp_refused",
      asked.because,
      "compare anchors.timestamp.authority with what the authority publishes",
    );
  return { findings: ending, ahead: (now - asked.at) / 1000 };
}

/** The authorities that end within a month: what they have signed stays good, what comes after is refused. */
function endingIn(authority: string, now: Instant): Finding[] {
  return readCertificates(Buffer.from(authority)).flatMap((certificate): Finding[] => {
    const ends = certificate.validToDate.getTime() * 1000;
    if (ends > now + AHEAD) return [];
    return [
      {
        level: "advice",
        code: "certificate_ends_soon",
        where: `${WHERE}.authority`,
        message: `the certificate of the authority ends on ${certificate.validToDate.toISOString().slice(0, 10)}`,
        remedy: "take the one that follows it beside it, in the same file",
      },
    ];
  });
}
