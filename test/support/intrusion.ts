/** One record of a recording, and what it belongs to. */
export interface Recorded {
  /** Seconds after the beginning. */
  at: number;
  record: string;
  of: "attack" | "print_server" | "cooling" | "background";
}

const BEGINS = Date.UTC(2026, 8, 14, 6, 0);
const time = (at: number) => new Date(BEGINS + at * 1000).toISOString();
const minutes = (count: number) => count * 60;

/** An event as a collector of Windows events writes it. */
function windows(at: number, host: string, [provider, id]: readonly [string, number], data: object): string {
  const channel = provider.endsWith("Auditing")
    ? "Security"
    : provider.endsWith("Sysmon")
      ? `${provider}/Operational`
      : "System";
  return JSON.stringify({
    Event: {
      System: {
        Provider: { Name: provider },
        EventID: id,
        Channel: channel,
        Computer: `${host}.chu.example`,
        TimeCreated: { SystemTime: time(at) },
      },
      EventData: data,
    },
  });
}

const SYSMON = "Microsoft-Windows-Sysmon";
const SECURITY = "Microsoft-Windows-Security-Auditing";
const SYSTEM32 = "C:\\Windows\\System32";

const started = (at: number, host: string, user: string, command: string, image = `${SYSTEM32}\\cmd.exe`) =>
  windows(at, host, [SYSMON, 1], {
    Image: image,
    CommandLine: command,
    User: user,
    ParentImage: "C:\\Windows\\explorer.exe",
  });
const signedIn = (at: number, host: string, user: string, from: string) =>
  windows(at, host, [SECURITY, 4624], {
    TargetUserName: user,
    TargetDomainName: "CHU",
    LogonType: "3",
    IpAddress: from,
  });
const told = (at: number, host: string, message: string, more: object = {}) =>
  JSON.stringify({ "@timestamp": time(at), host, message, ...more });
/** A line of the monitoring, as Centreon sends it by syslog (RFC 5424). */
const monitored = (at: number, alert: string) =>
  `<14>1 ${time(at)} centreon centengine 812 - - SERVICE ALERT: ${alert}`;

const ADMIN = "adm-dupont";
const WMIEXEC = "cmd.exe /Q /c whoami 1> \\\\127.0.0.1\\ADMIN$\\__1690000000.12 2>&1";
const VICTIMS = ["SRV-RH02", "SRV-FIC01", "PACS-SRV01"] as const;

/** A mail, a workstation, a stolen account, four machines, then all is encrypted: five hours of one Monday morning. */
const ATTACK: readonly (readonly [number, string])[] = [
  [
    minutes(2),
    told(minutes(2), "passerelle", "Campagne d'hameçonnage remise à 1 boîte", { user: { name: "c.durand" } }),
  ],
  [
    minutes(21),
    started(
      minutes(21),
      "PC-ACCUEIL7",
      "CHU\\c.durand",
      "powershell.exe -nop -w hidden -encodedcommand SQBFAFgAIAAoAE4AZQB3AC0ATwBiAGoAZQBjAHQA",
      `${SYSTEM32}\\WindowsPowerShell\\v1.0\\powershell.exe`,
    ),
  ],
  [
    minutes(64),
    started(
      minutes(64),
      "PC-ACCUEIL7",
      "CHU\\c.durand",
      "rundll32.exe C:\\windows\\System32\\comsvcs.dll, MiniDump 640 C:\\temp\\l.dmp full",
      `${SYSTEM32}\\rundll32.exe`,
    ),
  ],
  [
    minutes(71),
    // The session of the administrator who had helped on this machine.
    started(
      minutes(71),
      "PC-ACCUEIL7",
      `CHU\\${ADMIN}`,
      'm.exe "token::elevate" "sekurlsa::logonpasswords" exit',
      "C:\\temp\\m.exe",
    ),
  ],
  ...(["SRV-RH02", "SRV-FIC01", "DC01", "PACS-SRV01"] as const).flatMap((host, i): [number, string][] => {
    const at = minutes(100 + i * 30);
    return [
      [at, signedIn(at, host, ADMIN, "10.20.7.7")],
      [at + 5, started(at + 5, host, `CHU\\${ADMIN}`, WMIEXEC)],
    ];
  }),
  [
    minutes(170),
    windows(minutes(170), "DC01", [SECURITY, 4662], {
      SubjectUserName: ADMIN,
      SubjectDomainName: "CHU",
      ObjectServer: "DS",
      AccessMask: "0x100",
      Properties: "%%7688\n\t{1131f6ad-9c07-11d1-f79f-00c04fc2dcd2}",
    }),
  ],
  ...VICTIMS.flatMap((host, i): [number, string][] => {
    const at = minutes(270) + i * 20;
    return [
      [
        at,
        started(
          at,
          host,
          "NT AUTHORITY\\SYSTEM",
          "vssadmin.exe delete shadows /all /quiet",
          `${SYSTEM32}\\vssadmin.exe`,
        ),
      ],
      ...Array.from({ length: 20 }, (_, file): [number, string] => [
        at + 120 + file,
        windows(at + 120 + file, host, [SYSMON, 11], {
          Image: "C:\\ProgramData\\a.exe",
          TargetFilename: `D:\\data\\dossier-${file}.docx.lockbit`,
        }),
      ]),
    ];
  }),
  [
    minutes(276),
    monitored(minutes(276), "PACS-SRV01;DICOM-104;CRITICAL;HARD;3;CRITICAL - Connection refused on port 104"),
  ],
];

/** The print server fails and comes back; the cooling fails, in the very minutes of the attack. */
const PRINT_SERVER = [
  [
    minutes(130),
    monitored(minutes(130), "SRV-IMP01;Spouleur;CRITICAL;HARD;3;CRITICAL - Connection refused on port 515"),
  ],
  [
    minutes(151),
    monitored(minutes(151), "SRV-IMP01;Spouleur;OK;HARD;3;TCP OK - 0.004 second response time on port 515"),
  ],
] as const;
const COOLING = [
  [minutes(270), told(minutes(270), "gtc1", "Climatisation en défaut, salle serveurs 1")],
] as const;

/** Numbers that look random and are the same at every run (Numerical Recipes' linear congruence). */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What machines write on an ordinary morning, the same machines and people among them. */
function background(count: number): Recorded[] {
  const next = sequence(7);
  const hosts = ["PC-ACCUEIL7", "SRV-RH02", "SRV-FIC01", "DC01", "DC02", "PACS-SRV01", "SRV-IMP01"];
  const users = ["c.durand", ADMIN, "m.petit", "svc-sauvegarde"];
  return Array.from({ length: count }, () => {
    const at = next(minutes(300));
    const host = next(3) === 0 ? (hosts[next(hosts.length)] as string) : `PC-${next(400)}`;
    const user = next(3) === 0 ? (users[next(users.length)] as string) : `agent-${next(600)}`;
    const program = ["outlook.exe", "chrome.exe", "WINWORD.EXE", "teams.exe"][next(4)] as string;
    const records = [
      () => signedIn(at, host, user, `10.20.${next(8)}.${next(250)}`),
      () =>
        windows(at, host, [SECURITY, 4634], {
          TargetUserName: user,
          TargetDomainName: "CHU",
          LogonType: "3",
        }),
      () =>
        windows(at, host, [SECURITY, 4769], {
          TargetUserName: user,
          ServiceName: `${host}$`,
          IpAddress: "::ffff:10.20.4.10",
        }),
      () =>
        started(
          at,
          host,
          `CHU\\${user}`,
          `"C:\\Program Files\\${program}" --open`,
          `C:\\Program Files\\${program}`,
        ),
      () => started(at, host, `CHU\\${user}`, "vssadmin list shadows", `${SYSTEM32}\\vssadmin.exe`),
      () =>
        windows(at, host, ["Service Control Manager", 7036], { param1: "Windows Update", param2: "stopped" }),
      () =>
        windows(at, host, [SYSMON, 11], {
          Image: `C:\\Program Files\\${program}`,
          TargetFilename: `C:\\Users\\${user}\\note-${next(99)}.docx`,
        }),
      () =>
        windows(at, host, [SYSMON, 3], {
          Image: `C:\\Program Files\\${program}`,
          User: `CHU\\${user}`,
          DestinationIp: "198.51.100.20",
          DestinationPort: "443",
        }),
    ];
    return { at, record: (records[next(records.length)] as () => string)(), of: "background" };
  });
}

/** An intrusion among what else a hospital records, in the order of time. */
export function intrusionRecording(noise: number): Recorded[] {
  const all = (of: Recorded["of"], list: readonly (readonly [number, string])[]): Recorded[] =>
    list.map(([at, record]) => ({ at, record, of }));
  return [
    ...all("attack", ATTACK),
    ...all("print_server", PRINT_SERVER),
    ...all("cooling", COOLING),
    ...background(noise),
  ].sort((a, b) => a.at - b.at);
}
