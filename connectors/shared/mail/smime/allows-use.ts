import type { X509Certificate } from "node:crypto";

/** Bits of the key usage, of which one is enough (RFC 5280, section 4.2.1.3; RFC 8550, section 4.4.2). */
const BITS = {
  /** digitalSignature or nonRepudiation. */
  sign: 0b1100_0000,
  /** keyEncipherment, as RSA needs, or keyAgreement, as EC does. */
  encrypt: 0b0010_1000,
} as const;
const KEY_USAGE = "2.5.29.15";

/** Says whether a certificate is for signing or for encrypting: health cards have one for each. */
export async function allowsUse({ raw }: X509Certificate, use: keyof typeof BITS): Promise<boolean> {
  const [pki, asn1] = await Promise.all([import("pkijs"), import("asn1js")]);
  const { extensions = [] } = pki.Certificate.fromBER(Uint8Array.from(raw));
  const usage = extensions.find(({ extnID }) => extnID === KEY_USAGE)?.parsedValue;
  if (!(usage instanceof asn1.BitString)) return true;
  const [first = 0] = usage.valueBlock.valueHexView;
  return (first & BITS[use]) !== 0;
}
