import { createHash, randomBytes, webcrypto, X509Certificate } from "node:crypto";
import type { Instant } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import { readCertificates } from "../core/read-certificates.ts";

const SHA256 = "2.16.840.1.101.3.4.2.1";
const SIGNED_DATA = "1.2.840.113549.1.7.2";
const TST_INFO = "1.2.840.113549.1.9.16.1.4";
/** id-kp-timeStamping (RFC 3161 §2.3): the certificate may sign time-stamps, and nothing else. */
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

/** What a time-stamping authority attests. */
export type Stamped =
  | { outcome: "stamped"; token: Buffer; at: Instant }
  | { outcome: "refused"; because: string };

/** A question to a time-stamping authority (RFC 3161 §2.4.1), and what reads its answer. */
export async function askForTimestamp(bytes: Uint8Array): Promise<{
  /** DER, `application/timestamp-query`. */
  query: Buffer;
  /** Reads `application/timestamp-reply`; `authority` is the PEM that its certificate must lead to. */
  read(reply: Uint8Array, authority: string): Promise<Stamped>;
}> {
  const { pki, asn1 } = await libraries();
  const nonce = randomBytes(8);
  // A positive INTEGER in its one DER form.
  nonce[0] = ((nonce[0] ?? 0) & 0x7f) | 0x40;
  const query = new pki.TimeStampReq({
    version: 1,
    messageImprint: new pki.MessageImprint({
      hashAlgorithm: new pki.AlgorithmIdentifier({ algorithmId: SHA256 }),
      hashedMessage: new asn1.OctetString({ valueHex: digestOf(bytes) }),
    }),
    nonce: new asn1.Integer({ valueHex: bufferOf(nonce) }),
    certReq: true,
  });
  return {
    query: Buffer.from(query.toSchema().toBER()),
    async read(reply, authority) {
      let token: Buffer;
      try {
        const answer = pki.TimeStampResp.fromBER(bufferOf(reply));
        const { status } = answer.status;
        // 0 granted, 1 granted with modifications.
        if ((status !== 0 && status !== 1) || answer.timeStampToken === undefined)
          return { outcome: "refused", because: `the authority did not grant it (status ${status})` };
        token = Buffer.from(answer.timeStampToken.toSchema().toBER());
      } catch (error) {
        return { outcome: "refused", because: `no time-stamp: ${messageOf(error)}` };
      }
      const checked = await checkTimestamp(token, bytes, authority);
      if ("because" in checked) return { outcome: "refused", because: checked.because };
      if (!checked.nonce?.equals(nonce))
        return { outcome: "refused", because: "the answer is that to another question" };
      return { outcome: "stamped", token, at: checked.at };
    },
  };
}

/** Checks offline that a token attests these bytes, signed by who leads to the authority; with when it says they were there. */
export async function checkTimestamp(
  token: Uint8Array,
  bytes: Uint8Array,
  authority: string,
): Promise<{ at: Instant; nonce: Buffer | undefined } | { because: string }> {
  try {
    const { pki, crypto } = await libraries();
    const content = pki.ContentInfo.fromBER(bufferOf(token));
    if (content.contentType !== SIGNED_DATA) return { because: "no signed data" };
    const signed = new pki.SignedData({ schema: content.content });
    const inner = signed.encapContentInfo;
    if (inner.eContentType !== TST_INFO || inner.eContent === undefined) return { because: "no time-stamp" };
    const info = pki.TSTInfo.fromBER(inner.eContent.getValue());
    const { hashAlgorithm, hashedMessage } = info.messageImprint;
    const wanted = Buffer.from(digestOf(bytes));
    if (
      hashAlgorithm.algorithmId !== SHA256 ||
      !wanted.equals(Buffer.from(hashedMessage.valueBlock.valueHexView))
    )
      return { because: "it is of something else" };
    if (signed.signerInfos.length !== 1) return { because: "not one signer" };
    const roots = readCertificates(Buffer.from(authority));
    const verdict = await signed.verify(
      {
        signer: 0,
        data: bufferOf(bytes),
        trustedCerts: roots.map(({ raw }) => pki.Certificate.fromBER(bufferOf(raw))),
        checkChain: true,
        // It was in force when it signed: it need not be today.
        checkDate: info.genTime,
        extendedMode: true,
      },
      crypto,
    );
    if (!verdict.signatureVerified || !verdict.signerCertificate)
      return { because: "its signature is wrong" };
    const signer = new X509Certificate(Buffer.from(verdict.signerCertificate.toSchema().toBER()));
    const uses = signer.keyUsage ?? [];
    if (uses.length !== 1 || uses[0] !== TIME_STAMPING)
      return { because: "its signer's certificate is not for time-stamps" };
    const nonce = info.nonce && Buffer.from(info.nonce.valueBlock.valueHexView);
    return { at: info.genTime.getTime() * 1000, nonce };
  } catch (error) {
    return { because: messageOf(error) };
  }
}

/** Loaded when first needed: most facilities ask nobody for the time. */
async function libraries() {
  const [pki, asn1] = await Promise.all([import("pkijs"), import("asn1js")]);
  return { pki, asn1, crypto: new pki.CryptoEngine({ name: "node", crypto: webcrypto }) };
}

const digestOf = (bytes: Uint8Array) => bufferOf(createHash("sha256").update(bytes).digest());
const bufferOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer;
