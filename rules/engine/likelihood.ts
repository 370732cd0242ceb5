import { BEYOND_ASCII } from "./necessary.ts";

/** Marks, inside a text that is looked for, where the value begins or ends. */
export const EDGE = "\0";

/** Values of the kind that logs are full of, in lower case. */
const USUAL_VALUES = [
  "c:\\windows\\system32\\svchost.exe -k netsvcs -p -s schedule",
  "c:\\windows\\system32\\svchost.exe",
  "c:\\windows\\syswow64\\wow64.dll",
  "c:\\windows\\explorer.exe",
  "c:\\windows\\system32\\services.exe",
  "c:\\windows\\system32\\conhost.exe 0xffffffff -forcev1",
  "c:\\windows\\system32\\conhost.exe",
  'c:\\windows\\system32\\cmd.exe /c start "',
  "c:\\windows\\system32\\cmd.exe",
  'cmd.exe /d /s /c "',
  'cmd /c "c:\\users\\ & > 2>&1',
  'c:\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe -noprofile -noninteractive -executionpolicy bypass -command -file "c:\\',
  "c:\\windows\\system32\\windowspowershell\\v1.0\\powershell.exe",
  'powershell.exe -nop -w hidden -ep bypass -c "',
  "powershell -exec bypass pwsh.exe",
  "c:\\windows\\system32\\rundll32.exe c:\\windows\\system32\\shell32.dll,",
  "c:\\windows\\system32\\rundll32.exe",
  "c:\\windows\\system32\\regsvr32.exe /s",
  "c:\\windows\\system32\\taskhostw.exe",
  "c:\\windows\\system32\\backgroundtaskhost.exe",
  "c:\\windows\\system32\\wbem\\wmiprvse.exe",
  "c:\\windows\\system32\\msiexec.exe /v",
  "c:\\windows\\system32\\msiexec.exe",
  "c:\\windows\\system32\\reg.exe add ",
  "c:\\windows\\system32\\net.exe use ",
  "c:\\windows\\system32\\net1.exe",
  "c:\\windows\\system32\\schtasks.exe /create /tn ",
  "c:\\windows\\microsoft.net\\framework64\\v4.0.30319\\",
  "c:\\windows\\temp\\",
  "c:\\program files\\google\\chrome\\application\\chrome.exe",
  '"c:\\program files\\google\\chrome\\application\\chrome.exe" --type=renderer',
  "c:\\program files (x86)\\microsoft\\edge\\application\\msedge.exe",
  "c:\\program files\\mozilla firefox\\firefox.exe",
  "c:\\program files\\common files\\microsoft shared\\",
  "c:\\program files\\microsoft office\\root\\office16\\winword.exe",
  "c:\\program files\\microsoft office\\root\\office16\\excel.exe",
  "c:\\program files\\microsoft office\\root\\office16\\outlook.exe",
  "c:\\programdata\\microsoft\\windows defender\\platform\\msmpeng.exe",
  "c:\\users\\public\\appdata\\local\\temp\\",
  "c:\\users\\administrator\\appdata\\roaming\\microsoft\\windows\\start menu\\programs\\startup\\",
  "\\downloads\\ \\desktop\\ \\documents\\ \\appdata\\local\\microsoft\\",
  "microsoft-windows-sysmon/operational",
  "microsoft-windows-sysmon",
  "microsoft-windows-security-auditing",
  "microsoft windows operating system",
  "windows operating system",
  "windows command processor",
  "microsoft corporation",
  "nt authority\\system",
  "nt authority\\local service",
  "nt authority\\network service",
  "hklm\\system\\currentcontrolset\\services\\",
  "hkey_local_machine\\software\\microsoft\\windows\\currentversion\\run\\",
  "hku\\s-1-5-21-",
  "hkcu\\software\\classes\\",
  "\\software\\microsoft\\windows nt\\currentversion\\ \\policies\\ \\explorer\\",
  "sha1=,md5=,sha256=,imphash=",
  "get-item get-process set-item new-object system.net.webclient invoke-expression import-module write-host",
  "select-object where-object foreach-object out-null param( function { return $ -eq ",
  "https://www. http:// .com/ .org/ .net/ .php .html .aspx ?id= &",
  "mozilla/5.0 (windows nt 10.0; win64; x64) applewebkit/537.36 (khtml, like gecko) chrome/ safari/",
  "get / http/1.1",
  "/usr/bin/ /usr/sbin/ /usr/lib/ /usr/local/bin/ /bin/sh -c /bin/bash /etc/ /var/log/ /var/lib/ /tmp/ /home/ /root/ /dev/null /proc/ /opt/",
  "python python3 perl ruby node java -jar curl wget sudo root systemd sshd cron bash",
  "eventsource amazonaws.com requestparameters useridentity",
  ".exe .dll .tmp .ps1 .bat .cmd .vbs .js .zip .txt .log .dat .xml .json .ini .lnk .docx .xlsx .pdf .msi .sys .db .sh .py",
  "the user account failed success successful error warning information service process started stopped access",
  "password login logon network connection file system security message default windows microsoft update",
  ..."0 1 3 11 true false system high medium low tcp udp 443 80 - success failure get post 200 404 root 127.0.0.1 ::1".split(
    " ",
  ),
  ..."explorer.exe svchost.exe chrome.exe services.exe cmd.exe powershell.exe msiexec.exe rundll32.exe".split(
    " ",
  ),
];
/** The same as one text, with their edges. */
export const USUAL = EDGE + USUAL_VALUES.join(EDGE) + EDGE;

const GRAM = 4;
const grams = new Set(Array.from({ length: USUAL.length - GRAM + 1 }, (_, at) => gramAt(USUAL, at)));

/** Four characters as one number. */
function gramAt(text: string, at: number): number {
  let gram = 0;
  for (let n = at; n < at + GRAM; n += 1) gram = (gram << 7) | (text.charCodeAt(n) & 127);
  return gram;
}

/** Bits that a run of four says which is seldom, and those that any text says. */
const SELDOM = 3;
const ANY = 2;
const MOST_BITS = 20;

/** Guesses the share of events in which a text, in lower case and with its edges, is met. */
export function likelihoodOf(text: string): number {
  if (text === EDGE) return 0.5;
  if (text === BEYOND_ASCII) return 0.1;
  if (text.length < GRAM) return 2 ** -(ANY + (USUAL.includes(text) ? 0 : SELDOM * (text.length - 1)));
  let bits = ANY;
  for (let at = 0; at + GRAM <= text.length; at += 1) if (!grams.has(gramAt(text, at))) bits += SELDOM;
  return 2 ** -Math.min(bits, MOST_BITS);
}
