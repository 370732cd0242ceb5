import { createHash, type KeyObject, webcrypto, type X509Certificate } from "node:crypto";
import { base64Lines } from "./entity.ts";

/** Who signs: its own certificate first, then those that lead to an authority. */
export interface Signer {
  certificates: readonly X509Certificate[];
  key: KeyObject;
}

const OID = {
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
};
const HASH = "SHA-256";

/** Wraps a MIME entity with a detached signature: multipart/signed, SHA-256 (RFC 8551, section 3.5.3). */
export async function signEntity(entity: Buffer, signer: Signer, now: Date): Promise<Buffer> {
  const signature = await signatureOf(entity, signer, now);
  const boundary = `=_signed_${createHash("sha256").update(entity).digest("hex").slice(0, 40)}`;
  const head = [
    'Content-Type: multipart/signed; protocol="application/pkcs7-signature";',
    ` micalg=sha-256; boundary="${boundary}"`,
    "",
    `--${boundary}`,
    "",
  ].join("\r\n");
  const tail = [
    "",
    `--${boundary}`,
    'Content-Type: application/pkcs7-signature; name="smime.p7s"',
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: attachment; filename="smime.p7s"',
    "",
    `${base64Lines(signature)}--${boundary}--`,
    "",
  ].join("\r\n");
  return Buffer.concat([Buffer.from(head, "latin1"), entity, Buffer.from(tail, "latin1")]);
}

/** The CMS SignedData of an entity that is not within it (RFC 5652, section 5), DER. */
async function signatureOf(entity: Buffer, signer: Signer, now: Date): Promise<Uint8Array> {
  // Loaded when first needed: most facilities sign nothing.
  const [pki, asn1] = await Promise.all([import("pkijs"), import("asn1js")]);
  const [own] = signer.certificates;
  if (own === undefined) throw new Error("no certificate to sign with");
  const engine = new pki.CryptoEngine({ name: "node", crypto: webcrypto });
  const certificates = signer.certificates.map(({ raw }) => pki.Certificate.fromBER(Uint8Array.from(raw)));
  const [certificate] = certificates as [InstanceType<typeof pki.Certificate>];
  const digest = createHash("sha256").update(entity).digest();
  const attributes = [
    { type: OID.contentType, values: [new asn1.ObjectIdentifier({ value: OID.data })] },
    { type: OID.signingTime, values: [new asn1.UTCTime({ valueDate: now })] },
    { type: OID.messageDigest, values: [new asn1.OctetString({ valueHex: Uint8Array.from(digest).buffer })] },
  ].map((each) => new pki.Attribute(each));
  const info = new pki.SignerInfo({
    version: 1,
    sid: new pki.IssuerAndSerialNumber({
      issuer: certificate.issuer,
      serialNumber: certificate.serialNumber,
    }),
    signedAttrs: new pki.SignedAndUnsignedAttributes({ type: 0, attributes: inOrder(attributes) }),
  });
  const signed = new pki.SignedData({
    version: 1,
    encapContentInfo: new pki.EncapsulatedContentInfo({ eContentType: OID.data }),
    certificates,
    signerInfos: [info],
  });
  const key = await signingKey(signer.key);
  await signed.sign(key, 0, HASH, undefined, engine);
  // RFC 5754, section 3.2: the parameters of RSA are NULL, not absent.
  if (key.algorithm.name !== "ECDSA") info.signatureAlgorithm.algorithmParams = new asn1.Null();
  const content = signed.toSchema(true);
  return new Uint8Array(new pki.ContentInfo({ contentType: OID.signedData, content }).toSchema().toBER());
}

/** A SET OF is signed as DER writes it: in the order of its members' bytes (X.690, section 11.6). */
function inOrder<T extends { toSchema(): { toBER(): ArrayBuffer } }>(attributes: readonly T[]): T[] {
  const bytes = (each: T) => Buffer.from(each.toSchema().toBER());
  return attributes.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b)));
}

function signingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  const curve = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" }[namedCurve ?? ""];
  const algorithm =
    curve === undefined ? { name: "RSASSA-PKCS1-v1_5", hash: HASH } : { name: "ECDSA", namedCurve: curve };
  const pkcs8 = key.export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", pkcs8, algorithm, false, ["sign"]);
}
