import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { messageOf } from "../agent/core/errors.ts";
import { readCertificates } from "../agent/core/read-certificates.ts";
import type { Tell } from "./check-surroundings.ts";
import type { Poll } from "./poll.ts";
import type { Secret } from "./secrets.ts";

/** What of an index to be asked only shows beside its files and its secrets; these are null when left unread. */
export function checkPoll(
  { tls }: Poll,
  parts: { path: PropertyKey[]; base: string; secrets: ReadonlyMap<string, Secret> | null; tell: Tell },
): void {
  const { path, base, secrets, tell } = parts;
  const read = (part: "authority" | "certificate" | "key"): Buffer | undefined => {
    const file = tls?.[part];
    if (file === undefined) return undefined;
    try {
      return readFileSync(resolve(base, file));
    } catch (error) {
      const remedy = "give a PEM file that the service may read";
      tell([...path, "tls", part], "tls_unreadable", messageOf(error), remedy);
      return undefined;
    }
  };
  const authority = read("authority");
  try {
    if (authority !== undefined) readCertificates(authority);
  } catch (error) {
    const remedy = "give the certificate, in PEM, of who signs that of the index";
    tell([...path, "tls", "authority"], "tls_invalid", messageOf(error), remedy);
  }
  const cert = read("certificate");
  const key = secrets === null ? undefined : read("key");
  try {
    if (cert !== undefined && key !== undefined) createSecureContext({ cert, key });
  } catch (error) {
    const remedy = "give a certificate in PEM, and its own key, without a passphrase";
    tell([...path, "tls"], "tls_invalid", messageOf(error), remedy);
  }
  for (const name of ["api_key", "token"]) {
    const secret = secrets?.get([...path, name].join("."))?.reveal();
    if (secret === undefined || /^[\x21-\x7e]+$/.test(secret)) continue;
    const message = "it holds a space or a character that a header cannot carry";
    tell([...path, name], "secret_not_header", message, "give it on one line, as the index showed it");
  }
}
