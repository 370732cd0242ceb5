import { X509Certificate } from "node:crypto";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Reads every certificate of a PEM file; throws when there is none, or when one is not whole. */
export function readCertificates(pem: Buffer): X509Certificate[] {
  const text = pem.toString("latin1");
  const whole = text.match(CERTIFICATE) ?? [];
  if (whole.length === 0) throw new Error("no certificate in PEM");
  if (text.split("-----BEGIN CERTIFICATE-----").length - 1 !== whole.length)
    throw new Error("a certificate that is not whole");
  return whole.map((each) => new X509Certificate(each));
}
