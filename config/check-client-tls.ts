import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { messageOf } from "../agent/core/errors.ts";
import { readCertificates } from "../agent/core/read-certificates.ts";
import type { Tell } from "./check-surroundings.ts";

/** Checks that the files of TLS towards a server of others are there, and are what they should be. */
export function checkClientTls(
  tls: Partial<Record<"authority" | "certificate" | "key", string | undefined>> | undefined,
  parts: {
    /** Of what holds `tls`. */
    path: readonly PropertyKey[];
    /** Where relative paths start from. */
    base: string;
    /** False leaves the private key unread. */
    keys: boolean;
    /** The server, in words. */
    server: string;
    tell: Tell;
  },
): void {
  const { path, base, keys, server, tell } = parts;
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
    const remedy = `give the certificate, in PEM, of who signs that of ${server}`;
    tell([...path, "tls", "authority"], "tls_invalid", messageOf(error), remedy);
  }
  const cert = read("certificate");
  const key = keys ? read("key") : undefined;
  try {
    if (cert !== undefined && key !== undefined) createSecureContext({ cert, key });
  } catch (error) {
    const remedy = "give a certificate in PEM, and its own key, without a passphrase";
    tell([...path, "tls"], "tls_invalid", messageOf(error), remedy);
  }
}
