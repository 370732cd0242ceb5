/** How an event of the night reaches the daemon. */
export type Way = "udp" | "tcp" | "tcp-counted" | "alertmanager" | "wazuh";

/** One event of the night: when in the story, how it comes, what the terminal says of it. */
export interface NightEvent {
  /** The story's clock. */
  story: string;
  way: Way;
  said: string;
  record: (now: Date) => string;
}

const rfc5424 = (now: Date) => now.toISOString();
const rfc3164 = (now: Date) => {
  const month = now.toLocaleString("en-US", { month: "short", timeZone: "Europe/Paris" });
  const day = now.toLocaleString("en-US", { day: "numeric", timeZone: "Europe/Paris" }).padStart(2, " ");
  return `${month} ${day} ${now.toLocaleTimeString("en-GB", { timeZone: "Europe/Paris" })}`;
};
const alertmanager = (now: Date, name: string, instance: string, summary: string) =>
  JSON.stringify({
    version: "4",
    groupKey: `{}:{alertname="${name}"}`,
    status: "firing",
    receiver: "tocsin",
    groupLabels: { alertname: name },
    commonLabels: {},
    commonAnnotations: {},
    externalURL: "http://alertmanager.ch-saint-exemple.example:9093",
    alerts: [
      {
        status: "firing",
        labels: { alertname: name, instance, job: "blackbox", severity: "critical" },
        annotations: { summary },
        startsAt: now.toISOString(),
        endsAt: "0001-01-01T00:00:00Z",
        generatorURL: "http://prometheus.ch-saint-exemple.example:9090/graph",
        fingerprint: Buffer.from(`${name}${instance}`).toString("hex").slice(0, 16).padEnd(16, "0"),
      },
    ],
  });

/** A ransomware on the imaging servers, Sunday at two in the morning. */
export const NIGHT: readonly NightEvent[] = [
  {
    story: "01:52",
    way: "tcp",
    said: "CEF dans syslog RFC 3164, TCP : VPN du prestataire depuis un pays inhabituel",
    record: (now) =>
      `<134>${rfc3164(now)} vpn1 CEF:0|Exemple|VPN|4.7|vpn|SSL VPN login from new country|4|rt=${now.getTime()} src=198.51.100.77 suser=presta_pacs outcome=success msg=VPN login, new country for user presta_pacs`,
  },
  {
    story: "02:10",
    way: "tcp-counted",
    said: "CEF dans syslog, TCP à octets comptés : suppression des points de restauration sur PACS-SRV01",
    record: (now) =>
      `<130>1 ${rfc5424(now)} siem CEF - - - CEF:0|Exemple|EDR|4.2|vss_delete|Volume shadow copies deleted|9|rt=${now.getTime()} shost=PACS-SRV01 src=10.20.4.10 suser=presta_pacs sproc=cmd.exe cs1Label=commandline cs1=vssadmin.exe delete shadows /all /quiet`,
  },
  {
    story: "02:11",
    way: "wazuh",
    said: "Wazuh, HTTP : demande de rançon déposée sur PACS-SRV01",
    record: (now) =>
      JSON.stringify({
        timestamp: now.toISOString().replace("Z", "+0000"),
        rule: {
          level: 7,
          description: "File added to the system.",
          id: "554",
          groups: ["ossec", "syscheck", "syscheck_entry_added", "syscheck_file"],
        },
        agent: { id: "031", name: "PACS-SRV01", ip: "10.20.4.10" },
        manager: { name: "wazuh" },
        id: `${now.getTime() / 1000}.88121`,
        full_log: "File '/srv/pacs/2026/HOW_TO_DECRYPT.txt' added\nMode: realtime\n",
        syscheck: {
          path: "/srv/pacs/2026/HOW_TO_DECRYPT.txt",
          mode: "realtime",
          event: "added",
          size_after: "1742",
        },
        decoder: { name: "syscheck_new_entry" },
        location: "syscheck",
      }),
  },
  {
    story: "02:12",
    way: "udp",
    said: "syslog RFC 3164, UDP : images .dcm renommées en masse",
    record: (now) =>
      `<13>${rfc3164(now)} PACS-SRV01 smbd_audit[2214]: SAINT-EX\\presta_pacs|10.20.4.31|rename|ok|/srv/pacs/2026/IM0001.dcm|/srv/pacs/2026/IM0001.dcm.lockbit`,
  },
  {
    story: "02:14",
    way: "alertmanager",
    said: "Alertmanager, HTTP : le PACS ne répond plus",
    record: (now) =>
      alertmanager(now, "ServiceDown", "pacs-web.ch-saint-exemple.example:443", "Le PACS ne répond plus"),
  },
  {
    story: "02:14",
    way: "alertmanager",
    said: "Alertmanager, HTTP : le RIS ne répond plus",
    record: (now) =>
      alertmanager(now, "ServiceDown", "ris-web.ch-saint-exemple.example:443", "Le RIS ne répond plus"),
  },
  {
    story: "02:16",
    way: "alertmanager",
    said: "Alertmanager, HTTP : contrôleur de domaine arrêté",
    record: (now) => alertmanager(now, "HostDown", "dc01", "dc01 ne répond plus au ping"),
  },
  {
    story: "02:16",
    way: "tcp",
    said: "syslog RFC 5424, TCP : dépôt de sauvegardes supprimé",
    record: (now) =>
      `<132>1 ${rfc5424(now)} veeam-srv Veeam_MP - 41600 - Backup repository "REPO-PACS-01" has been deleted by user SAINT-EX\\presta_pacs.`,
  },
];
