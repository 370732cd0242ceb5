import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { messageOf } from "../../../../agent/core/errors.ts";
import { readCertificates } from "../../../../agent/core/read-certificates.ts";
import { mailAddress } from "../../notify/words.ts";
import { type CertificateFault, certificateFault, commonNameOf } from "./certificate-fault.ts";
import type { Signer } from "./sign-entity.ts";

/** What was read of PEM texts, or why it does not serve. */
export type Read<T> = { read: T; fault?: undefined } | { fault: CertificateFault; read?: undefined };

/** Reads who signs: the certificate (then those that lead to an authority) and its key, as mail `from` an address needs. */
export function readSigner(
  pem: { certificate: string; key: string },
  { from, now }: { from: string; now: Date },
): Read<Signer> {
  const listed = certificatesOf(pem.certificate, now);
  if (listed.fault !== undefined) return listed;
  const [own] = listed.read as [X509Certificate];
  const key = keyOf(pem.key);
  if (key === undefined || !own.checkPrivateKey(key))
    return fault(
      `the key is not that of ${commonNameOf(own)}, or is no PEM without a passphrase`,
      `la clé n'est pas celle de ${commonNameOf(own)}, ou n'est pas en PEM sans phrase de passe`,
    );
  const names = addressesOf(own);
  if (names.length > 0 && !names.includes(from.toLowerCase()))
    return fault(
      `the certificate is that of ${names.join(", ")}, and mail is from ${from}: readers would reject the signature`,
      `le certificat est celui de ${names.join(", ")}, et l'expéditeur est ${from}`,
    );
  return { read: { certificates: listed.read, key } };
}

/** Reads for whom a message is encrypted: every certificate of the text. */
export function readRecipients(pem: string, now: Date): Read<readonly X509Certificate[]> {
  const listed = certificatesOf(pem, now, true);
  return listed;
}

/** The certificates of a PEM text; the first must serve mail, and so must all when each is somebody's own. */
function certificatesOf(pem: string, now: Date, all = false): Read<readonly X509Certificate[]> {
  try {
    const read = readCertificates(Buffer.from(pem));
    for (const each of all ? read : read.slice(0, 1)) {
      const wrong = certificateFault(each, now);
      if (wrong !== undefined) return { fault: wrong };
    }
    return { read };
  } catch (error) {
    return fault(messageOf(error), `certificat illisible (${messageOf(error)})`);
  }
}

function keyOf(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** The mail addresses that a certificate names, in lower case. */
function addressesOf({ subjectAltName = "", subject = "" }: X509Certificate): string[] {
  const named = [
    ...subjectAltName.split(", ").map((each) => (each.startsWith("email:") ? each.slice(6) : "")),
    ...subject.split("\n").map((each) => (each.startsWith("emailAddress=") ? each.slice(13) : "")),
  ];
  return named.flatMap((each) => mailAddress(each)?.toLowerCase() ?? []);
}

const fault = (message: string, french: string): { fault: CertificateFault } => ({
  fault: { message, french },
});
