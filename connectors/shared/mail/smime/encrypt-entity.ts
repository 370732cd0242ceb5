import { constants, publicEncrypt, webcrypto, type X509Certificate } from "node:crypto";
import { base64Lines } from "./entity.ts";

const OID = {
  envelopedData: "1.2.840.113549.1.7.3",
  rsaEncryption: "1.2.840.113549.1.1.1",
};
const CONTENT = { name: "AES-CBC", length: 256 } as const;

/** Wraps a MIME entity so that only the holders of these certificates read it (RFC 8551, section 3.3). */
export async function encryptEntity(entity: Buffer, recipients: readonly X509Certificate[]): Promise<Buffer> {
  const head = [
    'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
    "Content-Transfer-Encoding: base64",
    'Content-Disposition: attachment; filename="smime.p7m"',
    "",
    "",
  ].join("\r\n");
  return Buffer.from(head + base64Lines(await envelopeOf(entity, recipients)), "latin1");
}

/**
 * The CMS EnvelopedData of an entity (RFC 5652, section 6), DER: AES-256 in CBC, its key by RSAES-PKCS1-v1_5 or by ECDH with
 * SHA-256 and AES key wrap, which every reader of mail since RFC 5751 opens.
 */
async function envelopeOf(entity: Buffer, recipients: readonly X509Certificate[]): Promise<Uint8Array> {
  // Loaded when first needed: most facilities encrypt nothing.
  const [pki, asn1] = await Promise.all([import("pkijs"), import("asn1js")]);
  let contentKey: webcrypto.CryptoKey | undefined;
  /** Keeps the key of the content: WebCrypto has no RSAES-PKCS1-v1_5 to hand it over by. */
  class Engine extends pki.CryptoEngine {
    // biome-ignore lint/suspicious/noExplicitAny: the library's own signature, which has overloads
    override async generateKey(...parts: [any, boolean, any]): Promise<any> {
      const made = await super.generateKey(...parts);
      if (parts[0] === CONTENT) contentKey = made as webcrypto.CryptoKey;
      return made;
    }
  }
  const engine = new Engine({ name: "node", crypto: webcrypto });
  const read = ({ raw }: X509Certificate) => pki.Certificate.fromBER(Uint8Array.from(raw));
  const isRsa = ({ publicKey }: X509Certificate) => publicKey.asymmetricKeyType === "rsa";
  const enveloped = new pki.EnvelopedData({ disableSplit: true });
  const agreement = { kdfAlgorithm: "SHA-256", kekEncryptionLength: 256 };
  for (const each of recipients.filter((recipient) => !isRsa(recipient)))
    enveloped.addRecipientByCertificate(read(each), agreement, undefined, engine);
  await enveloped.encrypt(CONTENT, Uint8Array.from(entity).buffer, engine);
  if (contentKey === undefined) throw new Error("no key was made");
  const key = Buffer.from(await webcrypto.subtle.exportKey("raw", contentKey));
  for (const each of recipients.filter(isRsa)) {
    const { issuer, serialNumber } = read(each);
    const padding = constants.RSA_PKCS1_PADDING;
    const value = new pki.KeyTransRecipientInfo({
      version: 0,
      rid: new pki.IssuerAndSerialNumber({ issuer, serialNumber }),
      keyEncryptionAlgorithm: new pki.AlgorithmIdentifier({
        algorithmId: OID.rsaEncryption,
        algorithmParams: new asn1.Null(),
      }),
      encryptedKey: new asn1.OctetString({
        valueHex: Uint8Array.from(publicEncrypt({ key: each.publicKey, padding }, key)).buffer,
      }),
    });
    enveloped.recipientInfos.push(new pki.RecipientInfo({ variant: 1, value }));
  }
  // RFC 5652, section 6.1: 0 while every key is handed over by RSA.
  if (recipients.every(isRsa)) enveloped.version = 0;
  const content = enveloped.toSchema();
  return new Uint8Array(new pki.ContentInfo({ contentType: OID.envelopedData, content }).toSchema().toBER());
}
