/** Each comment of a new configuration, and the same in English; a line that is longer goes over two. */
const ENGLISH: readonly (readonly [string, string])[] = [
  [
    "Configuration de Tocsin. Chaque clé : docs/fr/configuration.md. Pour prendre une ligne en commentaire, ôtez « # ».",
    "Configuration of Tocsin. Every key: docs/fr/configuration.md. To take a line that is a comment, remove its “# ”.",
  ],
  [
    ", puis redémarrer (les certificats, eux, sont relus seuls).",
    ", then restart (certificates are read anew by themselves).",
  ],
  ["# Après chaque changement : ", "# After each change: "],
  [
    "Les chemins partent du dossier de ce fichier. Un secret ne s'écrit jamais ici : { file: … } ou { env: … }.",
    "Paths start from the folder of this file. A secret is never written here: { file: … } or { env: … }.",
  ],
  ["figure dans les adresses : ne le changez plus", "stands in the addresses of pages: never change it"],
  [
    "Numéros FINESS : géographique (ET) et juridique (EJ).",
    "FINESS numbers: of the place (ET) and of the legal entity (EJ).",
  ],
  [
    "Région de l'ARS compétente : un réglage, jamais déduite du FINESS.",
    "Region of the competent ARS: a setting, never derived from the FINESS.",
  ],
  [
    "observe : personne n'est prévenu · exercise : tout est marqué EXERCICE, aucune autorité n'est jointe · live : réel",
    "observe: nobody is told · exercise: everything is marked EXERCICE, no authority is reached · live: for real",
  ],
  [
    "Base, clé de signature, secret des sessions. À sauvegarder.",
    "Database, signing key, secret of the sessions. To be backed up.",
  ],
  [
    "Trois adresses séparées. Le HTTP sans TLS n'est admis que sur la boucle locale",
    "Three separate addresses. HTTP without TLS is for the loopback only",
  ],
  [
    "ailleurs : { address: 0.0.0.0, port: 8471, tls: { certificate: chemin.pem, key: chemin.pem } }",
    "elsewhere: { address: 0.0.0.0, port: 8471, tls: { certificate: path.pem, key: path.pem } }",
  ],
  [
    "Les pages ; public_url est l'adresse que portent les messages.",
    "The pages; public_url is the address that messages carry.",
  ],
  ["Les alertes en HTTP.", "Alerts by HTTP."],
  ["les pages", "the pages"],
  ["les alertes en HTTP", "alerts by HTTP"],
  ["santé et mesures, sans authentification", "health and metrics, without authentication"],
  [
    "Ce qui arrive. Une source : un nom (id), ce qu'elle parle (connector), et par où elle vient.",
    "What arrives. A source: a name (id), what it speaks (connector), and how it comes.",
  ],
  [
    "connector: un format (syslog, wazuh, alertmanager, windows, generic…), un produit (fortinet-fortigate…), ou auto.",
    "connector: a format (syslog, wazuh, alertmanager, windows, generic…), a product (fortinet-fortigate…), or auto.",
  ],
  [
    "Machines et équipements, en syslog. 127.0.0.1 n'entend que cette machine : pour les autres, 0.0.0.0.",
    "Machines and equipment, by syslog. 127.0.0.1 hears this machine only: 0.0.0.0 for the others.",
  ],
  [
    "Chiffré, avec un certificat demandé à chaque client ; sans clients, tout client est entendu.",
    "Encrypted, with a certificate asked of each client; without clients, any client is heard.",
  ],
  [
    "Chiffré ; la ligne clients demande un certificat à chaque client, sans elle tout client est entendu.",
    "Encrypted; the line clients asks each client for a certificate, without it any client is heard.",
  ],
  ["suivi de ses intermédiaires", "followed by its intermediates"],
  [
    "Avec accusé de réception (rsyslog, omrelp) ; la même partie tls le chiffre.",
    "With acknowledgements (rsyslog, omrelp); the same part tls encrypts it.",
  ],
  [
    "Un silence de 15 minutes est lui-même une alerte. À écrire pour toute source qui parle toujours.",
    "A silence of 15 minutes is an alert by itself. To be written for each source that always speaks.",
  ],
  ["# En HTTP : POST ", "# By HTTP: POST "],
  [" suivi de l'id. Le jeton dit aussi qui parle.", " followed by the id. The token also says who speaks."],
  [
    "Une signature HMAC au lieu d'un jeton : standard-webhooks, grafana, github, pagerduty, sentry, slack, custom…",
    "An HMAC signature instead of a token: standard-webhooks, grafana, github, pagerduty, sentry, slack, custom…",
  ],
  [
    "Un index lu toutes les quinze secondes, quand rien ne peut être envoyé ici.",
    "An index that is read every fifteen seconds, when nothing can be sent here.",
  ],
  [
    "Règles Sigma de l'établissement, en plus de celles qui sont fournies.",
    "Sigma rules of the facility, beside those that come with the program.",
  ],
  [
    "Les correspondances de l'établissement se posent dans mappings/, à côté de ce fichier.",
    "Mappings of the facility are put in mappings/, beside this file.",
  ],
  [
    "Les systèmes de l'établissement : sans eux, une alerte dit quelle machine, pas quel service de soins.",
    "The systems of the facility: without them an alert tells which machine, not which care.",
  ],
  [
    "hosts, services ou cidrs disent ses machines ; un nom exact l'emporte sur un motif, un réseau plus petit sur un plus",
    "hosts, services or cidrs tell its machines; an exact name wins over a pattern, a smaller network over a larger",
  ],
  [
    "grand. Ce qui n'est pas écrit (soins, données de santé, délais) vient du type.",
    "one. What is not written (care, health data, delays) comes from the kind.",
  ],
  ["# Profil : ", "# Profile: "],
  [
    ". À relire : retirez ce que vous n'avez pas, ôtez « # » devant hosts en écrivant vos noms.",
    ". To be read: remove what you do not have, take the “#” from before hosts as you write your names.",
  ],
  [
    "Ce que le type (kind) donne par défaut, soins, données de santé, délais : ",
    "What the kind gives by default, care, health data, delays: ",
  ],
  ["Ôtez [] en décrivant le premier.", "Remove [] as you describe the first one."],
  [
    "Qui est prévenu : on_call à l'ouverture d'un incident, delegate quand une décision est attendue.",
    "Who is told: on_call when an incident opens, delegate when a decision is due.",
  ],
  [
    "Au-delà d'une machine : docs/deployment-ght.md. Sans ces lignes, la base est un fichier du dossier ci-dessus.",
    "Beyond one machine: docs/deployment-ght.md. Without these lines, the record is a file of the folder above.",
  ],
  [
    "Plusieurs établissements dans la même base, et qui d'ici voit leurs incidents en cours : docs/fr/ght.md.",
    "Several facilities in the same database, and who of this one sees their open incidents: docs/fr/ght.md.",
  ],
  [
    "En mode live, sans personne ici, personne n'est prévenu.",
    "In the mode live, with nobody here, nobody is told.",
  ],
  [
    "Comment part une déclaration validée. Le portail n'a pas d'interface publiée : une personne y dépose.",
    "How an approved declaration leaves. The portal has no published interface: a person files there.",
  ],
  [
    "Conservation, en jours : docs/fr/rgpd.md dit d'où vient chaque durée. Sans cette section, rien n'est effacé.",
    "Retention, in days: docs/fr/rgpd.md (in French) says where each comes from. Without this section, nothing is erased.",
  ],
  [
    "false seulement si vos dossiers ne sont pas des archives publiques : sinon rien d'un dossier n'est détruit sans visa.",
    "false only if your dossiers are no public archives: else nothing of a dossier is destroyed without a visa.",
  ],
  [
    "Chiffrement au repos, clé par : openssl rand -base64 32 ; docs/fr/rgpd.md dit ce qu'il protège et ne protège pas.",
    "Encryption at rest, a key by: openssl rand -base64 32; docs/fr/rgpd.md says what it protects and what not.",
  ],
  ["file: /chemin/ailleurs/coffre.key", "file: /path/elsewhere/coffre.key"],
  [
    "Copies : docs/fr/sauvegarde.md et docs/fr/crise.md. La clé se fait par : tocsin backup key FICHIER",
    "Copies: docs/fr/sauvegarde.md and docs/fr/crise.md. The key is made by: tocsin backup key FILE",
  ],
  [
    "Traces OpenTelemetry vers un collecteur : docs/fr/exploitation.md.",
    "OpenTelemetry traces, to a collector: docs/fr/exploitation.md.",
  ],
  [
    "Canari : l'alerte d'essai que Tocsin s'envoie par chaque voie d'entrée ; off le coupe.",
    "Canary: the synthetic alert that Tocsin sends itself through every way in; off turns it off.",
  ],
  [
    "Outils dont une décision signée est acceptée sur POST /api/v1/decisions.",
    "Tools whose signed decision is accepted on POST /api/v1/decisions.",
  ],
];

/** The text of a new configuration with its comments in English; what they are not is left as it is. */
export function inEnglish(text: string): string {
  return text
    .split("\n")
    .map((line) => {
      const at = line.indexOf("# ");
      if (at < 0) return line;
      let comment = line.slice(at);
      for (const [french, english] of ENGLISH) comment = comment.replace(french, () => english);
      return line.slice(0, at) + comment;
    })
    .join("\n");
}
