import type { Progress } from "./guarded-agent.ts";
import type { CallLimits } from "./policy.ts";

/** What is wrong with a certificate, by Node's code, after « le certificat de HOST ». */
const CERTIFICATE = new Map([
  ["CERT_HAS_EXPIRED", "a expiré"],
  ["CERT_NOT_YET_VALID", "n'est pas encore valable"],
  ["CERT_REVOKED", "est révoqué"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "est celui d'un autre serveur"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "n'est signé par aucune autorité connue"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "n'est signé par aucune autorité connue"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "n'est signé par aucune autorité connue"],
  ["UNABLE_TO_GET_ISSUER_CERT", "n'est signé par aucune autorité connue"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "n'est signé par aucune autorité connue"],
]);

const NETWORK = new Map([
  ["ENOTFOUND", "ce nom n'existe pas dans le DNS"],
  ["EAI_AGAIN", "le DNS ne répond pas"],
  ["ECONNREFUSED", "la connexion est refusée"],
  ["EHOSTUNREACH", "aucune route n'y mène"],
  ["ENETUNREACH", "aucune route n'y mène"],
  ["ECONNRESET", "la connexion a été coupée"],
  ["ECONNABORTED", "la connexion a été coupée"],
  ["EPIPE", "la connexion a été coupée"],
  ["ETIMEDOUT", "pas de réponse du réseau"],
]);

/** Codes of an alert by which the other side turns our own certificate away, after a handshake that seemed over. */
const OURS_REFUSED =
  /^ERR_SSL_.*ALERT_(?:NO_CERTIFICATE|CERTIFICATE_REQUIRED|(?:BAD|UNSUPPORTED|UNKNOWN)_CERTIFICATE|CERTIFICATE_(?:EXPIRED|REVOKED|UNKNOWN)|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR|HANDSHAKE_FAILURE)$/;

/** True when the other side turned our certificate away: what was written to it was never read. */
export function refusesOurCertificate(code: string): boolean {
  return OURS_REFUSED.test(code);
}

/** Says in French why a call came to nothing, naming the host. */
export function sayFailure(parts: {
  code: string;
  /** What a proxy answered, where the code is its own. */
  said?: string | undefined;
  call: { url: string; limits: CallLimits };
  progress: Progress;
}): string {
  const { code, said = code, progress } = parts;
  const { connectSeconds, answerSeconds, answerBytes } = parts.call.limits;
  const place = URL.canParse(parts.call.url) ? new URL(parts.call.url).host : "cette adresse";
  const host = progress.atProxy === undefined ? place : `${progress.atProxy} (mandataire)`;
  if (code === "EGRESS_ORIGIN") return `${place} n'est pas une destination autorisée`;
  if (code === "EGRESS_ADDRESS")
    return `${place} mène à une adresse qui n'est pas publique (${progress.refused}) et que private_networks n'ouvre pas`;
  if (code === "PROXY_CREDENTIALS") return `${host} refuse nos identifiants (${said})`;
  if (code === "PROXY_REFUSED") return `${host} refuse de mener à ${place} (${said})`;
  if (code === "PROXY_FAILED") return `${host} n'a pas pu mener à ${place} (${said})`;
  if (code === "TOO_SLOW")
    return progress.connected
      ? `${host} : pas de réponse entière en ${answerSeconds} s`
      : `${host} : pas de connexion en ${Math.min(connectSeconds, answerSeconds)} s`;
  if (code === "TOO_LARGE") return `${host} : réponse de plus de ${answerBytes} octets`;
  if (code === "STOPPED") return `${host} : envoi interrompu par l'arrêt du programme`;
  if (refusesOurCertificate(code)) return `${host} refuse notre certificat (${code})`;
  const wrong = CERTIFICATE.get(code);
  if (wrong !== undefined) return `le certificat de ${host} ${wrong} (${code})`;
  if (/^(?:CERT_|ERR_TLS_CERT|UNABLE_TO_)/.test(code))
    return `le certificat de ${host} n'est pas valable (${code})`;
  if (/^(?:EPROTO$|ERR_SSL_|ERR_TLS_)/.test(code)) return `${host} : pas de connexion TLS possible (${code})`;
  if (/^(?:ERR_OSSL_|ERR_CRYPTO_)/.test(code)) return `notre certificat ou sa clé est illisible (${code})`;
  if (/^(?:Z_|ERR_BUFFER|ERR__ERROR)/.test(code))
    return `${host} : réponse illisible, mal compressée (${code})`;
  if (code.startsWith("HPE_")) return `${host} : réponse qui n'est pas du HTTP (${code})`;
  const known = NETWORK.get(code);
  return known === undefined ? `${host} : ${code}` : `${host} : ${known} (${code})`;
}
