/** Writes the commented configuration of a new installation. */
export function configText(given: {
  facilityId: string;
  facilityName: string;
  kind: string;
  mode: string;
  state: string;
}): string {
  const quoted = JSON.stringify;
  return `# Configuration de Tocsin. Vérifier : npm run tocsin -- check
# Configuration of Tocsin; every key is described in docs/fr/configuration.md.

facility:
  id: ${given.facilityId}
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

# Trois adresses séparées. Le HTTP sans TLS n'est admis que sur la boucle locale ;
# ailleurs : tls: { certificate: chemin.pem, key: chemin.pem }
listeners:
  people: { address: 127.0.0.1, port: 8470 }
  intake: { address: 127.0.0.1, port: 8471 }
  operations: { address: 127.0.0.1, port: 8472 }

# Ce qui arrive. Le jeton d'une source HTTP dit aussi qui parle.
sources:
  - id: journaux
    connector: syslog
    listen:
      - { transport: udp, address: 127.0.0.1, port: 5514 }
      - { transport: tcp, address: 127.0.0.1, port: 5514 }
  - id: alertmanager
    connector: alertmanager
    token: { file: secrets/alertmanager.token }
  - id: wazuh
    connector: wazuh
    token: { file: secrets/wazuh.token }
  - id: autre
    connector: generic
    token: { file: secrets/generic.token }

# Règles Sigma de l'établissement, en plus de celles qui sont fournies.
rules: []

# Les systèmes de l'établissement : sans eux, une alerte dit quelle machine, pas quel service de soins.
systems: []
#  - id: pacs
#    name: PACS (imagerie)
#    kind: imaging
#    hosts: ["pacs-*"]
#    services: ["pacs*"]
#    cidrs: ["10.20.4.0/24"]
#    health_data: true
#    care_critical: true
#    shared: false
#    trusted_by_others: false
#    degraded_after_minutes: 30
#    restore_within_minutes: 240
#    depends_on: []

regimes: [sante-2022]

# Qui est prévenu : on_call à l'ouverture d'un incident, delegate quand une décision est attendue.
notify: []
#  - id: astreinte
#    connector: webhook
#    for: [on_call]
#    settings: { url: "https://outil.exemple/crochet", secret: { file: secrets/astreinte.secret } }

# Comment part une déclaration validée. Le portail n'a pas d'interface publiée : une personne y dépose.
outbound:
  - id: portail
    connector: portal-assisted

# Outils dont une décision signée est acceptée sur POST /api/v1/decisions.
tools: []
`;
}
