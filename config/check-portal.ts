import { createSecureContext } from "node:tls";
import { messageOf } from "../agent/core/errors.ts";
import { readCertificates } from "../agent/core/read-certificates.ts";
import type { Tell } from "./check-surroundings.ts";
import type { Config } from "./schema.ts";
import type { Secret } from "./secrets.ts";

/** Secrets of a portal that travel in a header. */
const IN_HEADERS = ["authentication.key", "authentication.token"];

/** Tells what of a portal with an interface only shows beside its secrets; nothing while these are left unread. */
export function checkPortal(
  { outbound }: Config,
  secrets: ReadonlyMap<string, Secret> | null,
  tell: Tell,
): void {
  for (const [i, { connector }] of outbound.entries()) {
    if (connector !== "portal-http") continue;
    const path = ["outbound", i, "settings"];
    const secret = (name: string) => secrets?.get([...path, name].join("."))?.reveal();
    const authority = secret("tls.authority");
    try {
      if (authority !== undefined) readCertificates(Buffer.from(authority));
    } catch (error) {
      const remedy = "give the certificate, in PEM, of who signs that of the portal";
      tell([...path, "tls", "authority"], "tls_invalid", messageOf(error), remedy);
    }
    const [cert, key] = [secret("tls.certificate"), secret("tls.key")];
    try {
      if (cert !== undefined && key !== undefined) createSecureContext({ cert, key });
    } catch (error) {
      const remedy = "give a certificate in PEM, and its own key, without a passphrase";
      tell([...path, "tls"], "tls_invalid", messageOf(error), remedy);
    }
    for (const name of IN_HEADERS) {
      const value = secret(name);
      if (value === undefined || /^[\x21-\x7e]+$/.test(value)) continue;
      const message = "it holds a space or a character that a header cannot carry";
      tell(
        [...path, ...name.split(".")],
        "secret_not_header",
        message,
        "give it on one line, as it was given",
      );
    }
  }
}
