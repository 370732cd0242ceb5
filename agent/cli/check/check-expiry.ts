import type { X509Certificate } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { dirname, join, resolve } from "node:path";
import { tlsOf } from "../../../config/check-surroundings.ts";
import type { LoadedConfig } from "../../../config/load.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { readCertificates } from "../../core/read-certificates.ts";
import { TLS_FILES } from "../init/make-tls.ts";
import type { Finding, Looked } from "./finding.ts";

/** Before its end a certificate is told for so long. */
const AHEAD_DAYS = 30;

/** Says which certificates of ours end within a month, and whether people's is one for the name they use. */
export function checkExpiry(loaded: LoadedConfig, now: Instant): Looked {
  const { config, file } = loaded;
  const findings: Finding[] = [];
  const say = (code: string, where: string, message: string, remedy: string) =>
    findings.push({ level: "advice", code, where, message, remedy });
  for (const { where, certificate } of heldBy(loaded)) {
    const left = certificate.validToDate.getTime() * 1000 - now;
    // Those that have ended already are told by what is checked without looking around.
    if (left < 0 || left > AHEAD_DAYS * MICROSECONDS.day) continue;
    const days = Math.floor(left / MICROSECONDS.day);
    const day = certificate.validToDate.toISOString().slice(0, 10);
    say("certificate_ends_soon", where, `the certificate ends on ${day}, in ${days} day(s)`, "renew it");
  }
  const { public_url, tls } = config.listeners.people;
  const [own] = tls === undefined ? [] : certificatesOf(tls.certificate);
  if (own !== undefined && public_url !== undefined) {
    const host = new URL(public_url).hostname.replace(/^\[|\]$/g, "");
    const known = isIP(host) === 0 ? own.checkHost(host) : own.checkIP(host);
    if (known === undefined)
      say(
        "certificate_of_another_name",
        "listeners.people.public_url",
        `the certificate is not for ${host}: ${own.subjectAltName ?? "it has no names"}`,
        "have a certificate for this name, or write public_url by one that it has",
      );
  }
  const key = join(dirname(resolve(file)), "tls", TLS_FILES.authorityKey);
  if (existsSync(key))
    say(
      "authority_key_here",
      key,
      "who has this key makes certificates that your machines and phones trust, for the names of this server",
      "keep it elsewhere; `certificate` needs it only to renew",
    );
  return { findings };
}

/** Every certificate that is ours to renew, with where it is named. */
function heldBy({ config, secrets }: LoadedConfig): { where: string; certificate: X509Certificate }[] {
  const first = (where: string, found: readonly X509Certificate[]) =>
    found.slice(0, 1).map((certificate) => ({ where, certificate }));
  return [
    ...tlsOf(config).flatMap(({ tls, path }) =>
      first(`${path.join(".")}.certificate`, certificatesOf(tls.certificate)),
    ),
    ...config.sources.flatMap(({ poll }, i) =>
      first(`sources.${i}.poll.tls.certificate`, certificatesOf(poll?.tls?.certificate)),
    ),
    ...[...secrets].flatMap(([where, secret]) =>
      /\.certificate$/.test(where) ? first(where, parsed(Buffer.from(secret.reveal()))) : [],
    ),
  ];
}

function certificatesOf(file: string | undefined): X509Certificate[] {
  if (file === undefined) return [];
  try {
    return parsed(readFileSync(file));
  } catch {
    return [];
  }
}

function parsed(pem: Buffer): X509Certificate[] {
  try {
    return readCertificates(pem);
  } catch {
    return [];
  }
}
