import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { Instant } from "../agent/core/clock.ts";
import { messageOf } from "../agent/core/errors.ts";
import { readCertificates } from "../agent/core/read-certificates.ts";
import type { CertificateFault } from "../connectors/shared/mail/smime/certificate-fault.ts";
import { readRecipients, readSigner } from "../connectors/shared/mail/smime/read-keys.ts";
import type { Tell } from "./check-surroundings.ts";
import type { Config } from "./schema.ts";
import type { Secret } from "./secrets.ts";

/** Ways out that write to an authority by mail. */
const BY_MAIL = ["ars-mail", "fssi-mail"];
/** Largest blank annex: signed and encrypted, it still fits what is kept of a delivery. */
const ANNEX = 3 * 1024 * 1024;

/** Tells which files of a way out by mail do not serve: what would only show on the night when it is needed. */
export function checkMail(
  config: Config,
  parts: {
    absolute(path: string): string;
    /** By configuration path; null when secrets are left unread. */
    secrets: ReadonlyMap<string, Secret> | null;
    now: Instant;
    tell: Tell;
  },
): void {
  for (const [i, { connector, settings }] of config.outbound.entries())
    if (BY_MAIL.includes(connector)) checkOne(settings, { ...parts, path: ["outbound", i, "settings"] });
}

function checkOne(
  settings: Readonly<Record<string, unknown>>,
  parts: Parameters<typeof checkMail>[1] & { path: PropertyKey[] },
): void {
  const { absolute, secrets, path, tell } = parts;
  const secret = (name: string) => secrets?.get([...path, name].join("."))?.reveal();
  const { authority, annex, from } = settings;
  if (typeof authority === "string") {
    const remedy = "give the certificate, in PEM, of who signed the relay's";
    const part = [...path, "authority"];
    attempt(() => readCertificates(readFileSync(absolute(authority))), part, { remedy, tell });
  }
  if (typeof annex === "string") {
    const remedy = "give the blank annex as a PDF of 3 MB at most";
    attempt(() => checkAnnex(readFileSync(absolute(annex))), [...path, "annex"], { remedy, tell });
  }
  const [cert, key] = [secret("client.certificate"), secret("client.key")];
  if (cert !== undefined && key !== undefined) {
    const remedy = "give a certificate in PEM, and its own key, without a passphrase";
    attempt(() => createSecureContext({ cert, key }), [...path, "client"], { remedy, tell });
  }
  const now = new Date(parts.now / 1000);
  const unfit = (part: string[], fault: CertificateFault | undefined) => {
    const remedy = "give one for S/MIME that is in force, in PEM";
    // Out of date, it closes this way alone, which says so: `check` advises on it.
    if (fault !== undefined && !fault.outOfDate)
      tell([...path, ...part], "certificate_unfit", fault.message, remedy);
  };
  const [signs, with_] = [secret("sign.certificate"), secret("sign.key")];
  if (signs !== undefined && with_ !== undefined && typeof from === "string") {
    const read = readSigner({ certificate: signs, key: with_ }, { from, now });
    unfit(["sign", "certificate"], read.fault);
  }
  const readers = secret("encrypt.certificates");
  if (readers !== undefined) unfit(["encrypt", "certificates"], readRecipients(readers, now).fault);
}

function attempt(
  read: () => unknown,
  path: PropertyKey[],
  { remedy, tell }: { remedy: string; tell: Tell },
): void {
  try {
    read();
  } catch (error) {
    tell(path, "file_unfit", messageOf(error), remedy);
  }
}

function checkAnnex(bytes: Buffer): void {
  if (!bytes.subarray(0, 5).equals(Buffer.from("%PDF-"))) throw new Error("not a PDF");
  if (bytes.length > ANNEX) throw new Error(`${bytes.length} bytes`);
}
