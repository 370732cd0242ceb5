const HOSTS = ["pc-0417.example.org", "pc-1022.example.org", "ts-03.example.org", "dc-01.example.org"];
const USERS = ["EXAMPLE\\a.martin", "EXAMPLE\\svc-backup", "NT AUTHORITY\\SYSTEM", "EXAMPLE\\b.leroy"];
const SYSTEM = "C:\\Windows\\System32";
const FILES = "C:\\Program Files";
/** What Sysmon writes as FileVersion, Description, Product and Company of Windows' own programs. */
const WINDOWS = ["10.0.19041.3636", "Microsoft® Windows® Operating System", "Microsoft Corporation"];

/** Programs started: image, original name, description, command line, parent, its command line. `%n` is a number. */
const STARTS: readonly (readonly [string, string, string, string, string, string])[] = [
  [
    `${SYSTEM}\\svchost.exe`,
    "svchost.exe",
    "Host Process for Windows Services",
    `${SYSTEM}\\svchost.exe -k netsvcs -p -s Schedule`,
    `${SYSTEM}\\services.exe`,
    `${SYSTEM}\\services.exe`,
  ],
  [
    `${SYSTEM}\\conhost.exe`,
    "CONHOST.EXE",
    "Console Window Host",
    `\\??\\${SYSTEM}\\conhost.exe 0xffffffff -ForceV1`,
    `${SYSTEM}\\cmd.exe`,
    `${SYSTEM}\\cmd.exe /c "${FILES}\\Backup\\bin\\nightly.cmd" --job %n`,
  ],
  [
    `${FILES}\\Google\\Chrome\\Application\\chrome.exe`,
    "chrome.exe",
    "Google Chrome",
    `"${FILES}\\Google\\Chrome\\Application\\chrome.exe" --type=renderer --lang=fr --device-scale-factor=1 --num-raster-threads=4 --enable-main-frame-before-activation --renderer-client-id=%n --time-ticks-at-unix-epoch=-1785629469%n --launch-time-ticks=%n --field-trial-handle=2216,i,1044%n,262144 --variations-seed-version --mojo-platform-channel-handle=%n /prefetch:1`,
    `${FILES}\\Google\\Chrome\\Application\\chrome.exe`,
    `"${FILES}\\Google\\Chrome\\Application\\chrome.exe" --profile-directory=Default`,
  ],
  [
    `${SYSTEM}\\WindowsPowerShell\\v1.0\\powershell.exe`,
    "PowerShell.EXE",
    "Windows PowerShell",
    `powershell.exe -NoProfile -NonInteractive -File "C:\\Scripts\\Inventory\\collect.ps1" -Site %n`,
    `${SYSTEM}\\svchost.exe`,
    `${SYSTEM}\\svchost.exe -k netsvcs -p -s Schedule`,
  ],
  [
    `${SYSTEM}\\cmd.exe`,
    "Cmd.Exe",
    "Windows Command Processor",
    `cmd.exe /c ""${FILES}\\Imaging\\bin\\dicom-send.bat" --study %n --peer pacs.example.org > C:\\ProgramData\\Imaging\\log\\send-%n.txt 2>&1"`,
    `${FILES}\\Imaging\\bin\\imaging-service.exe`,
    `"${FILES}\\Imaging\\bin\\imaging-service.exe" --service`,
  ],
  [
    `${FILES}\\Microsoft Office\\root\\Office16\\WINWORD.EXE`,
    "WinWord.exe",
    "Microsoft Word",
    `"${FILES}\\Microsoft Office\\root\\Office16\\WINWORD.EXE" /n "C:\\Users\\a.martin\\Documents\\Compte rendu %n.docx" /o ""`,
    "C:\\Windows\\explorer.exe",
    "C:\\Windows\\Explorer.EXE",
  ],
  [
    `${SYSTEM}\\backgroundTaskHost.exe`,
    "backgroundTaskHost.exe",
    "Background Task Host",
    `"${SYSTEM}\\backgroundTaskHost.exe" -ServerName:App.AppX%nmtcan0h2tfbfy7k9kn8hbxb6dmzz1zh0.mca`,
    `${SYSTEM}\\svchost.exe`,
    `${SYSTEM}\\svchost.exe -k DcomLaunch -p`,
  ],
  [
    `${SYSTEM}\\msiexec.exe`,
    "msiexec.exe",
    "Windows® installer",
    `${SYSTEM}\\MsiExec.exe -Embedding 3F2504E04F8941D39A0C0305%n E Global\\MSI0000`,
    `${SYSTEM}\\msiexec.exe`,
    `${SYSTEM}\\msiexec.exe /V`,
  ],
  [
    `${FILES}\\Java\\jre-17\\bin\\java.exe`,
    "java.exe",
    "OpenJDK Platform binary",
    `"${FILES}\\Java\\jre-17\\bin\\java.exe" -Xms512m -Xmx2g -Dserver.port=%n -cp lib\\* org.example.prescription.Main --spring.config.location=file:conf/application.yml`,
    `${FILES}\\Prescription\\bin\\wrapper.exe`,
    `"${FILES}\\Prescription\\bin\\wrapper.exe" -s conf\\wrapper.conf`,
  ],
  [
    `${SYSTEM}\\net1.exe`,
    "net1.exe",
    "Net Command",
    `${SYSTEM}\\net1 use \\\\fs-02.example.org\\plans%n /persistent:no`,
    `${SYSTEM}\\net.exe`,
    `net use \\\\fs-02.example.org\\plans%n /persistent:no`,
  ],
];

/** One in so many is what an attacker might start. */
const SELDOM = 500;
const ATTACK = [
  `${SYSTEM}\\vssadmin.exe`,
  "VSSADMIN.EXE",
  "Command Line Interface for Microsoft® Volume Shadow Copy Service",
  "vssadmin.exe delete shadows /all /quiet",
  `${SYSTEM}\\cmd.exe`,
  `cmd.exe /c vssadmin.exe delete shadows /all /quiet & rem %n`,
] as const;

type Event = Record<string, string | number>;

/** Makes JSON events of Windows hosts, each unlike the others: eight starts of a process in ten, as Sysmon logs them. */
export function makeWindowsEvents(amount: number): string[] {
  return Array.from({ length: amount }, (_, n) =>
    JSON.stringify(n % 10 === 4 ? connection(n) : n % 10 === 8 ? fileWritten(n) : started(n)),
  );
}

function head(n: number, id: number): Event {
  return {
    EventID: id,
    Channel: "Microsoft-Windows-Sysmon/Operational",
    Provider_Name: "Microsoft-Windows-Sysmon",
    Computer: HOSTS[n % HOSTS.length] ?? "",
    RuleName: "-",
    UtcTime: `2026-08-02 0${n % 10}:11:${10 + (n % 50)}.${100 + (n % 900)}`,
    ProcessGuid: guid(n),
    ProcessId: 1000 + (n % 60_000),
  };
}

function started(n: number): Event {
  const start = n % SELDOM === 7 ? ATTACK : STARTS[(n * 7 + Math.floor(n / 10)) % STARTS.length];
  const [image, name, description, line, parent, parentLine] = start ?? ATTACK;
  // A program has one hash, whoever starts it.
  const of = image.length;
  const [version, product, company] = WINDOWS as [string, string, string];
  return {
    ...head(n, 1),
    Image: image,
    FileVersion: version,
    Description: description,
    Product: product,
    Company: company,
    OriginalFileName: name,
    CommandLine: line.replaceAll("%n", String(n)),
    CurrentDirectory: `${SYSTEM}\\`,
    User: USERS[n % USERS.length] ?? "",
    LogonGuid: guid(n * 3),
    LogonId: `0x${(n * 977).toString(16)}`,
    TerminalSessionId: n % 4,
    IntegrityLevel: n % 3 === 0 ? "System" : "Medium",
    Hashes: `SHA1=${hex(of, 40)},MD5=${hex(of, 32)},SHA256=${hex(of, 64)},IMPHASH=${hex(of, 32)}`,
    ParentProcessGuid: guid(n * 5),
    ParentProcessId: 600 + (n % 3000),
    ParentImage: parent,
    ParentCommandLine: parentLine.replaceAll("%n", String(n)),
    ParentUser: "NT AUTHORITY\\SYSTEM",
  };
}

function connection(n: number): Event {
  return {
    ...head(n, 3),
    Image: STARTS[n % STARTS.length]?.[0] ?? "",
    User: USERS[n % USERS.length] ?? "",
    Protocol: "tcp",
    Initiated: "true",
    SourceIsIpv6: "false",
    SourceIp: `192.0.2.${n % 250}`,
    SourceHostname: HOSTS[n % HOSTS.length] ?? "",
    SourcePort: 49_152 + (n % 16_000),
    DestinationIsIpv6: "false",
    DestinationIp: `198.51.100.${n % 250}`,
    DestinationHostname: `srv-${n % 40}.example.org`,
    DestinationPort: n % 3 === 0 ? 443 : 104,
  };
}

function fileWritten(n: number): Event {
  return {
    ...head(n, 11),
    Image: STARTS[n % STARTS.length]?.[0] ?? "",
    TargetFilename: `C:\\ProgramData\\Imaging\\cache\\${hex(n, 16)}\\series-${n}.dcm`,
    CreationUtcTime: "2026-08-02 02:11:07.412",
    User: USERS[n % USERS.length] ?? "",
  };
}

function guid(n: number): string {
  const text = hex(n, 32);
  return `{${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}}`;
}

/** Digits that look like a hash, the same for the same number. */
function hex(n: number, length: number): string {
  let text = "";
  for (let state = n + 1; text.length < length; ) {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    text += (state >>> 0).toString(16).padStart(8, "0");
  }
  return text.slice(0, length).toUpperCase();
}
