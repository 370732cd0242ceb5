import type { X509Certificate } from "node:crypto";

/** Why a certificate does not serve, in the words of the configuration's errors and in those of a page. */
export interface CertificateFault {
  message: string;
  french: string;
  /** True when only the time is wrong: the certificate was one that serves, or will be. */
  outOfDate?: boolean | undefined;
}

const CURVES: readonly (string | undefined)[] = ["prime256v1", "secp384r1", "secp521r1"];
/** Extended key usages under which mail may be signed and encrypted (RFC 8550, section 4.4.4). */
const MAIL_USES = ["1.3.6.1.5.5.7.3.4", "2.5.29.37.0"];

/** Says why a certificate serves no mail at an instant; undefined when it does. */
export function certificateFault(certificate: X509Certificate, now: Date): CertificateFault | undefined {
  const { validFromDate: from, validToDate: until } = certificate;
  const name = commonNameOf(certificate);
  if (until < now)
    return {
      message: `the certificate of ${name} expired on ${until.toISOString()}`,
      french: `le certificat de ${name} a expiré le ${dayOf(until)}`,
      outOfDate: true,
    };
  if (from > now)
    return {
      message: `the certificate of ${name} is valid from ${from.toISOString()} only`,
      french: `le certificat de ${name} n'est valable qu'à partir du ${dayOf(from)}`,
      outOfDate: true,
    };
  if (!isUsableKey(certificate))
    return {
      message: `the key of ${name} is neither RSA of 2048 bits or more nor EC on P-256, P-384 or P-521`,
      french: `la clé de ${name} n'est ni RSA d'au moins 2048 bits ni EC sur P-256, P-384 ou P-521`,
    };
  const uses: readonly string[] | undefined = certificate.keyUsage;
  if (uses !== undefined && !uses.some((use) => MAIL_USES.includes(use)))
    return {
      message: `the certificate of ${name} is not for mail (its extended key usage has no emailProtection)`,
      french: `le certificat de ${name} n'est pas prévu pour la messagerie`,
    };
  return undefined;
}

function isUsableKey({ publicKey }: X509Certificate): boolean {
  const { modulusLength = 0, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  if (publicKey.asymmetricKeyType === "rsa") return modulusLength >= 2048;
  return publicKey.asymmetricKeyType === "ec" && CURVES.includes(namedCurve);
}

/** The common name of a certificate's holder, on one line and short. */
export function commonNameOf({ subject = "" }: X509Certificate): string {
  const line = subject.split("\n").find((each) => each.startsWith("CN="));
  return (line?.slice(3) ?? subject.replaceAll("\n", ", ")).slice(0, 80);
}

/** A day as a person reads it, UTC. */
export function dayOf(date: Date): string {
  const [year, month, day] = date.toISOString().slice(0, 10).split("-");
  return `${day}/${month}/${year}`;
}
