import type { X509Certificate } from "node:crypto";
import { readCertificates } from "../../../agent/core/read-certificates.ts";
import type { Reveal } from "../../contract.ts";
import type { FilingMail } from "./filing-mail-settings.ts";
import { allowsUse } from "./smime/allows-use.ts";
import { certificateFault, commonNameOf, dayOf } from "./smime/certificate-fault.ts";
import type { Protection } from "./smime/protect-mail.ts";
import { readRecipients, readSigner } from "./smime/read-keys.ts";

/** How mail is protected now, with what is soon to be renewed; or why it cannot be, in French. */
export type ReadProtection =
  | { protection: Protection; soon: string | undefined; because?: undefined }
  | { because: string };

/** Expiries that are told beforehand, milliseconds. */
const SOON = 30 * 24 * 3600 * 1000;

/** Reads the certificates and keys that settings name, as they stand at an instant. */
export async function readProtection(
  { sign, encrypt, client, from }: Pick<FilingMail, "sign" | "encrypt" | "client" | "from">,
  reveal: Reveal,
  now: Date,
): Promise<ReadProtection> {
  const protection: Protection = { now };
  const used: X509Certificate[] = [];
  if (sign !== undefined) {
    const pem = { certificate: reveal("sign.certificate"), key: reveal("sign.key") };
    const { read, fault } = readSigner(pem, { from, now });
    if (fault !== undefined) return { because: `Signature impossible : ${fault.french}.` };
    const [own] = read.certificates;
    if (own !== undefined && !(await allowsUse(own, "sign")))
      return {
        because: `Signature impossible : le certificat de ${commonNameOf(own)} ne sert pas à signer.`,
      };
    if (own !== undefined) used.push(own);
    protection.signer = read;
  }
  if (encrypt !== undefined) {
    const { read, fault } = readRecipients(reveal("encrypt.certificates"), now);
    if (fault !== undefined) return { because: `Chiffrement impossible : ${fault.french}.` };
    for (const each of read)
      if (!(await allowsUse(each, "encrypt")))
        return {
          because: `Chiffrement impossible : le certificat de ${commonNameOf(each)} ne sert pas à chiffrer.`,
        };
    used.push(...read);
    protection.recipients = read;
  }
  if (client !== undefined) {
    const wrong = clientFault(reveal("client.certificate"), now);
    if (wrong !== undefined) return { because: `Connexion au relais impossible : ${wrong}.` };
  }
  const soon = used.find(({ validToDate }) => validToDate.getTime() - now.getTime() < SOON);
  return {
    protection,
    soon: soon && `Le certificat de ${commonNameOf(soon)} expire le ${dayOf(soon.validToDate)}.`,
  };
}

/** Says that the certificate that a relay knows us by has expired; undefined when it has not, or is none. */
function clientFault(pem: string, now: Date): string | undefined {
  try {
    const [own] = readCertificates(Buffer.from(pem));
    return own && own.validToDate < now ? certificateFault(own, now)?.french : undefined;
  } catch {
    return undefined;
  }
}
