import type { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Instant } from "../agent/core/clock.ts";
import { readCertificates } from "../agent/core/read-certificates.ts";
import type { Advice } from "./advise.ts";
import { tlsOf } from "./check-surroundings.ts";
import type { LoadedConfig } from "./load.ts";

/** Settings of ways out that hold certificates: our own first of a chain, or each of somebody's. */
const HELD: readonly { setting: readonly string[]; each: boolean }[] = [
  { setting: ["sign", "certificate"], each: false },
  { setting: ["encrypt", "certificates"], each: true },
  { setting: ["client", "certificate"], each: false },
  { setting: ["tls", "certificate"], each: false },
];

/** Says which certificates are out of date: each closes its own way, and keeps nothing from starting. */
export function adviseCertificates(loaded: Pick<LoadedConfig, "config" | "secrets">, now: Instant): Advice[] {
  return [...ofListeners(loaded, now), ...ofWaysOut(loaded, now)];
}

/** Listeners take new files while they run; until then, whoever checks an old certificate turns away. */
function ofListeners({ config }: Pick<LoadedConfig, "config">, now: Instant): Advice[] {
  return tlsOf(config).flatMap(({ tls, path }) => {
    const own = certificatesOf(textOf(tls.certificate)).slice(0, 1);
    const signers = certificatesOf(tls.clients === undefined ? "" : textOf(tls.clients.authority));
    const say = (part: readonly string[], wrong: string | undefined, follows: string): Advice[] => {
      if (wrong === undefined) return [];
      const message = `${wrong}: ${follows}`;
      const remedy = "renew it: it is taken without a restart";
      return [{ code: "certificate_out_of_date", path: [...path, ...part], message, remedy }];
    };
    const [first] = signers;
    // One authority in force is enough.
    const none = first !== undefined && signers.every((each) => outOfDate(each, now) !== undefined);
    return [
      ...own.flatMap((each) =>
        say(["certificate"], outOfDate(each, now), "clients that check it do not connect"),
      ),
      ...(none ? say(["clients", "authority"], outOfDate(first, now), "no client is let in by it") : []),
    ];
  });
}

function ofWaysOut({ config, secrets }: Pick<LoadedConfig, "config" | "secrets">, now: Instant): Advice[] {
  return config.outbound.flatMap(({ id }, i) =>
    HELD.flatMap(({ setting, each }) => {
      const path = ["outbound", i, "settings", ...setting];
      const pem = secrets.get(path.join("."))?.reveal();
      const held = pem === undefined ? [] : certificatesOf(pem);
      return (each ? held : held.slice(0, 1)).flatMap((certificate) => {
        const wrong = outOfDate(certificate, now);
        if (wrong === undefined) return [];
        const message = `${wrong}: nothing can leave by "${id}" as it is`;
        return [{ code: "certificate_out_of_date", path, message, remedy: "renew it, then restart" }];
      });
    }),
  );
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function certificatesOf(pem: string): X509Certificate[] {
  try {
    return readCertificates(Buffer.from(pem));
  } catch {
    return [];
  }
}

function outOfDate({ validFromDate, validToDate }: X509Certificate, now: Instant): string | undefined {
  if (validToDate.getTime() * 1000 < now) return `the certificate expired on ${validToDate.toISOString()}`;
  if (validFromDate.getTime() * 1000 <= now) return undefined;
  return `the certificate is valid from ${validFromDate.toISOString()} only`;
}
