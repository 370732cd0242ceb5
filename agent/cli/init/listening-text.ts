/** Where a new installation listens, and the name by which it is reached. */
export interface Listening {
  address: string;
  name: string;
}

/** True for an address that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return /^(127\.\d+\.\d+\.\d+|::1|localhost)$/.test(address);
}

/** A name as it stands in an address. */
export const inUrl = (name: string) => (name.includes(":") ? `[${name}]` : name);

const TLS = "tls: { certificate: tls/tocsin.pem, key: tls/tocsin.key }";

/** The addresses of a new configuration: with TLS where others than this machine reach them. */
export function listenersText({ address, name }: Listening): string {
  if (isLoopback(address))
    return `# Trois adresses séparées. Le HTTP sans TLS n'est admis que sur la boucle locale ;
# ailleurs : { address: 0.0.0.0, port: 8471, tls: { certificate: chemin.pem, key: chemin.pem } }
listeners:
  people: { address: ${yaml(address)}, port: 8470 } # les pages
  intake: { address: ${yaml(address)}, port: 8471 } # les alertes en HTTP
  operations: { address: 127.0.0.1, port: 8472 } # santé et mesures, sans authentification
`;
  return `# Trois adresses séparées. Le HTTP sans TLS n'est admis que sur la boucle locale.
listeners:
  # Les pages ; public_url est l'adresse que portent les messages.
  people:
    address: ${yaml(address)}
    port: 8470
    public_url: https://${inUrl(name)}:8470
    ${TLS}
  # Les alertes en HTTP.
  intake: { address: ${yaml(address)}, port: 8471, ${TLS} }
  operations: { address: 127.0.0.1, port: 8472 } # santé et mesures, sans authentification
`;
}

/** The source of machines and equipment, with every way of syslog. */
export function syslogText({ address }: Listening): string {
  const open = isLoopback(address) ? SAMPLE : forced(address);
  return `  # Machines et équipements, en syslog. 127.0.0.1 n'entend que cette machine : pour les autres, 0.0.0.0.
  - id: journaux
    connector: syslog
    listen:
      - { transport: udp, address: ${yaml(address)}, port: 5514 }
      - { transport: tcp, address: ${yaml(address)}, port: 5514 }
${open}      # Avec accusé de réception (rsyslog, omrelp) ; la même partie tls le chiffre.
      # - { transport: relp, address: 0.0.0.0, port: 2514 }
    # Un silence de 15 minutes est lui-même une alerte. À écrire pour toute source qui parle toujours.
    # silent_after_minutes: 15

`;
}

const SAMPLE = `      # Chiffré, avec un certificat demandé à chaque client ; sans clients, tout client est entendu.
      # - transport: tls
      #   address: 0.0.0.0
      #   port: 6514
      #   tls:
      #     certificate: tls/tocsin.pem # suivi de ses intermédiaires
      #     key: tls/tocsin.key
      #     clients: { authority: tls/clients.pem, names: ["*.journaux.exemple"] }
`;

const forced = (
  address: string,
) => `      # Chiffré ; la ligne clients demande un certificat à chaque client, sans elle tout client est entendu.
      - transport: tls
        address: ${yaml(address)}
        port: 6514
        tls:
          certificate: tls/tocsin.pem
          key: tls/tocsin.key
          # clients: { authority: tls/clients.pem, names: ["*.journaux.exemple"] }
`;

/** An address of IPv6 is quoted: a colon would make it a mapping. */
const yaml = (address: string) => (address.includes(":") ? JSON.stringify(address) : address);
