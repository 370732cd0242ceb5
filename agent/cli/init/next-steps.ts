import { join, resolve } from "node:path";
import { INSTALLATION } from "../../../config/installation.ts";
import { inUrl, isLoopback, type Listening } from "./listening-text.ts";
import { TLS_FILES } from "./make-tls.ts";

/** What a person is told once everything is made. */
export interface Made {
  facility: string;
  mode: string;
  config: string;
  /** Folders beside the configuration, whole paths. */
  secrets: string;
  tls: string;
  login: string;
  /** Null when the person chose it. */
  password: string | null;
  otpauth: string;
  fingerprint: string;
  listening: Listening;
}

/** An alert that the rules which come with the program recognise. */
const TRIAL = "vssadmin delete shadows /all";

/** Says what was made, what to do next, what to paste elsewhere, and how to send a first alert and see it. */
export function nextSteps(made: Made): string {
  const { listening, secrets } = made;
  const alone = isLoopback(listening.address);
  const host = alone ? listening.address : listening.name;
  const scheme = alone ? "http" : "https";
  const url = `${scheme}://${inUrl(host)}`;
  return `${[
    `Configuration : ${made.config} (les secrets sont dans le dossier secrets/ à côté)`,
    `Premier compte : ${made.login}${made.password === null ? "" : `, mot de passe (affiché une seule fois) : ${made.password}`}`,
    "Code à usage unique, à enregistrer dans une application d'authentification (affiché une seule fois) :",
    `  ${made.otpauth}`,
    `Clé de signature du journal : empreinte ${made.fingerprint}, à noter hors de cette machine`,
    ...(alone ? [] : tlsLines(made)),
    "",
    ...(resolve(made.config) === resolve(INSTALLATION.config)
      ? [`Vérifier : ${INSTALLATION.call} check`, `Démarrer : ${INSTALLATION.start}`]
      : [
          `Vérifier : ${INSTALLATION.call} check --config ${made.config}`,
          `Démarrer : ${INSTALLATION.call} run --config ${made.config}`,
        ]),
    "",
    ...(alone ? [] : authorityLines(made)),
    ...trialLines(made, { host, url }),
    "",
    "À coller ailleurs",
    ...(alone ? plainSyslog(host) : tlsSyslog(host)),
    `Alertmanager${alone ? " de cette machine" : ""} ; donnez-lui une copie du jeton ${join(secrets, "alertmanager.token")}, que son utilisateur puisse lire :`,
    "  webhook_configs:",
    `    - url: ${url}:8471/api/v1/alerts/alertmanager`,
    "      http_config:",
    "        authorization: { credentials_file: /etc/prometheus/tocsin.token }",
    ...(alone ? [] : ["        tls_config: { ca_file: /etc/prometheus/tocsin-ca.pem }"]),
    `Wazuh 4, dans /var/ossec/etc/ossec.conf (script et fichiers : deploy/integrations/wazuh-4 ; jeton : ${join(secrets, "wazuh.token")}) :`,
    "  <integration>",
    "    <name>custom-tocsin</name>",
    `    <hook_url>${url}:8471/api/v1/alerts/wazuh</hook_url>`,
    "    <level>5</level>",
    "    <alert_format>json</alert_format>",
    "  </integration>",
    "Autres produits, RELP, un index à lire, une signature : docs/fr/sources.md ; les lignes sont dans la configuration, en",
    "  commentaire.",
  ].join("\n")}\n`;
}

function tlsLines({ tls }: Made): string[] {
  return [
    `TLS : certificat de ce serveur dans ${tls}, signé par une autorité faite ici, qui ne peut signer que pour ces noms`,
    `  ${join(tls, TLS_FILES.authority)} : à installer sur les postes, les téléphones et les machines qui envoient`,
    `  ${join(tls, TLS_FILES.authorityKey)} : à garder hors de cette machine ; elle ne sert qu'à renouveler le certificat`,
    `  Renouveler, sans redémarrage : ${INSTALLATION.call} certificate`,
  ];
}

/** Where the file of the authority is named below, it stands under this name in the folder where one types. */
function authorityLines({ tls }: Made): string[] {
  return [
    "Le certificat de l'autorité, dans le dossier où vous êtes :",
    `  ${INSTALLATION.show} ${join(tls, TLS_FILES.authority)} > tocsin-ca.pem`,
    "",
  ];
}

function trialLines(made: Made, { host, url }: { host: string; url: string }): string[] {
  const { secrets, facility, listening } = made;
  const token = `"$(${INSTALLATION.show} ${join(secrets, "generic.token")})"`;
  const authority = isLoopback(listening.address) ? "" : "--cacert tocsin-ca.pem ";
  const body = JSON.stringify({ host: "essai", message: TRIAL });
  return [
    `Une première alerte, une fois démarré, par syslog ou par HTTP${made.mode === "live" ? " (mode live : elle prévient pour de vrai)" : ""} :`,
    `  logger --server ${host} --port 5514 --tcp --octet-count --rfc5424 --tag essai "${TRIAL}"`,
    // A pipe keeps the token out of what \`ps\` shows: printf is of the shell itself.
    `  printf 'header = "Authorization: Bearer %s"\\n' ${token} | curl -sS --fail-with-body --config - ${authority}-H 'Content-Type: application/json' -d '${body}' ${url}:8471/api/v1/alerts/autre`,
    `Elle est, dans la minute, sur ${url}:8470/${facility}/incidents ; sinon : docs/fr/sources.md, « Rien ne paraît »`,
  ];
}

function plainSyslog(host: string): string[] {
  return [
    "rsyslog de cette machine, dans /etc/rsyslog.d/60-tocsin.conf :",
    `  *.* action(type="omfwd" target="${host}" port="5514" protocol="tcp" TCP_Framing="octet-counted"`,
    `             queue.type="linkedList" action.resumeRetryCount="-1")`,
    "syslog-ng de cette machine, dans /etc/syslog-ng/conf.d/tocsin.conf :",
    `  destination d_tocsin { syslog("${host}" transport("tcp") port(5514)); };`,
    "  log { source(s_src); destination(d_tocsin); };",
  ];
}

function tlsSyslog(host: string): string[] {
  return [
    "rsyslog (paquet rsyslog-gnutls), dans /etc/rsyslog.d/60-tocsin.conf :",
    `  global(defaultNetstreamDriverCAFile="/etc/ssl/tocsin-ca.pem")`,
    `  *.* action(type="omfwd" target="${host}" port="6514" protocol="tcp" TCP_Framing="octet-counted"`,
    `             StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="x509/name"`,
    `             StreamDriverPermittedPeers="${host}" queue.type="linkedList" action.resumeRetryCount="-1")`,
    "syslog-ng, dans /etc/syslog-ng/conf.d/tocsin.conf :",
    `  destination d_tocsin { syslog("${host}" transport("tls") port(6514) tls(ca-file("/etc/ssl/tocsin-ca.pem"))); };`,
    "  log { source(s_src); destination(d_tocsin); };",
  ];
}
