import { inEnglish } from "./comments-in-english.ts";
import { inUrl, isLoopback, type Listening, listenersText, syslogText } from "./listening-text.ts";
import { type Profile, systemsText } from "./profiles.ts";

/** What a new configuration is written from. */
export interface NewConfig {
  facilityId: string;
  facilityName: string;
  kind: string;
  mode: string;
  state: string;
  profile?: Profile | undefined;
  /** (Default: the loopback.) */
  listening?: Listening | undefined;
  /** Language of the comments. (Default: fr.) */
  comments?: "fr" | "en" | undefined;
  /** What is typed before a command. (Default: npm run tocsin --.) */
  call?: string | undefined;
  /** Where editors find the schema: a path from the file, or a whole one. */
  schema?: string | undefined;
}

/** Writes the commented configuration of a new installation, in the operators' language or in English. */
export function configText(given: NewConfig): string {
  const { comments = "fr", call = "npm run tocsin --" } = given;
  const text = frenchText(given).replaceAll("npm run tocsin --", call);
  return comments === "fr" ? text : inEnglish(text);
}

function frenchText(given: NewConfig): string {
  const quoted = JSON.stringify;
  const systems = given.profile === undefined ? SYSTEMS : systemsText(given.profile);
  const schema = given.schema === undefined ? "" : `# yaml-language-server: $schema=${given.schema}\n`;
  const listening = given.listening ?? { address: "127.0.0.1", name: "127.0.0.1" };
  const scheme = isLoopback(listening.address) ? "http" : "https";
  return `${schema}# Configuration de Tocsin. Chaque clé : docs/fr/configuration.md. Pour prendre une ligne en commentaire, ôtez « # ».
# Après chaque changement : npm run tocsin -- check, puis redémarrer (les certificats, eux, sont relus seuls).
# Les chemins partent du dossier de ce fichier. Un secret ne s'écrit jamais ici : { file: … } ou { env: … }.

facility:
  id: ${given.facilityId} # figure dans les adresses : ne le changez plus
  name: ${quoted(given.facilityName)}
  kind: ${given.kind}
  # Numéros FINESS : géographique (ET) et juridique (EJ).
  # finess_site: "010000024"
  # finess_legal: "010780195"
  address: ""
  # Région de l'ARS compétente : un réglage, jamais déduite du FINESS.
  ars: ""
  time_zone: Europe/Paris

# observe : personne n'est prévenu · exercise : tout est marqué EXERCICE, aucune autorité n'est jointe · live : réel
mode: ${given.mode}

# Base, clé de signature, secret des sessions. À sauvegarder.
state_directory: ${quoted(given.state)}
# Au-delà d'une machine : docs/deployment-ght.md. Sans ces lignes, la base est un fichier du dossier ci-dessus.
# store: { url: "postgres://tocsin@base.exemple/tocsin", password: { file: secrets/base.password } }
# bus: { servers: ["nats://bus.exemple:4222"], nkey: { file: secrets/bus.nkey } }
# Plusieurs établissements dans la même base, et qui d'ici voit leurs incidents en cours : docs/fr/ght.md.
# group: { name: GHT, facilities: [{ id: ch-x, name: CH X }, { id: ch-y, name: CH Y }], members: [rania.martin] }

${listenersText(listening)}
# Ce qui arrive. Une source : un nom (id), ce qu'elle parle (connector), et par où elle vient.
# connector: un format (syslog, wazuh, alertmanager, windows, generic…), un produit (fortinet-fortigate…), ou auto.
sources:
${syslogText(listening)}${sources(`${scheme}://${inUrl(listening.name)}`)}
# Règles Sigma de l'établissement, en plus de celles qui sont fournies.
rules: []

# Les correspondances de l'établissement se posent dans mappings/, à côté de ce fichier.

# Les systèmes de l'établissement : sans eux, une alerte dit quelle machine, pas quel service de soins.
# hosts, services ou cidrs disent ses machines ; un nom exact l'emporte sur un motif, un réseau plus petit sur un plus
# grand. Ce qui n'est pas écrit (soins, données de santé, délais) vient du type.
${systems}
regimes: [sante-2022, sante-2016, rgpd-33]

# Qui est prévenu : on_call à l'ouverture d'un incident, delegate quand une décision est attendue.
# En mode live, sans personne ici, personne n'est prévenu.
notify: []
  # - id: astreinte
  #   connector: webhook
  #   for: [on_call]
  #   settings: { url: "https://outil.exemple/crochet", secret: { file: secrets/astreinte.secret } }

# Comment part une déclaration validée. Le portail n'a pas d'interface publiée : une personne y dépose.
outbound:
  - id: portail
    connector: portal-assisted

# Copies : docs/fr/sauvegarde.md et docs/fr/crise.md. La clé se fait par : tocsin backup key FICHIER
# backup: { folder: /srv/copies, every_hours: 24, keep: 14 } # recipients: [age1…]
# crisis: { folder: /mnt/valise, every_minutes: 5, recipients: [age1…] }
# Chiffrement au repos, clé par : openssl rand -base64 32 ; docs/fr/rgpd.md dit ce qu'il protège et ne protège pas.
# encryption: { keys: [{ id: coffre-2026, key: { file: /chemin/ailleurs/coffre.key } }] }
# Traces OpenTelemetry vers un collecteur : docs/fr/exploitation.md.
# traces: { url: "http://127.0.0.1:4318/v1/traces" }
# Canari : l'alerte d'essai que Tocsin s'envoie par chaque voie d'entrée ; off le coupe.
# canary: { every_minutes: 5 }

# Conservation, en jours : docs/fr/rgpd.md dit d'où vient chaque durée. Sans cette section, rien n'est effacé.
retention:
  # false seulement si vos dossiers ne sont pas des archives publiques : sinon rien d'un dossier n'est détruit sans visa.
  public_archives: true
  # unmatched_days: 180
  # candidates_days: 365
  # evidence_days: 1095
  # attachments_days: 1095
  # dossiers_days: 1825
  # accounts_days: 365
  # access_days: 365
  # quarantine_days: 30
  # reports_days: 365
  # archive: /srv/archives

# Outils dont une décision signée est acceptée sur POST /api/v1/decisions.
tools: []
  # - { id: soc, secret: { file: secrets/soc.secret } }
`;
}

/** The sources that work at once, then every other way in, each as lines whose `# ` is taken away to have it. */
const sources = (
  address: string,
) => `  # En HTTP : POST ${address}:8471/api/v1/alerts/ suivi de l'id. Le jeton dit aussi qui parle.
  - id: alertmanager
    connector: alertmanager
    token: { file: secrets/alertmanager.token }
  - id: wazuh
    connector: wazuh
    token: { file: secrets/wazuh.token }
  - id: autre
    connector: generic
    token: { file: secrets/generic.token }

  # Une signature HMAC au lieu d'un jeton : standard-webhooks, grafana, github, pagerduty, sentry, slack, custom…
  # - id: grafana
  #   connector: alertmanager
  #   signature: { scheme: grafana, secret: { file: secrets/grafana.secret } }

  # Un index lu toutes les quinze secondes, quand rien ne peut être envoyé ici.
  # - id: siem
  #   connector: wazuh
  #   poll:
  #     url: https://indexeur.exemple:9200
  #     index: "wazuh-alerts-*"
  #     query: "rule.level:>=7"
  #     username: tocsin
  #     password: { file: secrets/indexeur.password }
  #     tls: { authority: tls/indexeur-ca.pem }
`;

/** The systems of who chose no profile: a sample of one. */
const SYSTEMS = `# Ôtez [] en décrivant le premier.
systems: []
  # - id: pacs
  #   name: PACS (imagerie)
  #   kind: imaging
  #   hosts: ["pacs-*"]
  #   services: ["pacs*"]
  #   cidrs: ["10.20.4.0/24"]
  #   health_data: true
  #   care_critical: true
  #   shared: false
  #   trusted_by_others: false
  #   degraded_after_minutes: 30
  #   restore_within_minutes: 240
  #   depends_on: []
`;
