import { type Alert, AlertTag } from "../../../agent/core/alert.ts";
import { readAudit, readJournalAudit } from "../audit/read-audit.ts";
import { addTag, type Draft, draftOf, putField } from "../draft.ts";
import { ownText } from "../own-text.ts";
import { isAccessLine } from "../web/parse-web-line.ts";
import { readWebServer } from "../web/read-web-server.ts";
import { readEventText } from "../windows/read-event-text.ts";
import { readAccount } from "./read-account.ts";
import { readClamav } from "./read-clamav.ts";
import { readCron } from "./read-cron.ts";
import { readDhcp } from "./read-dhcp.ts";
import { readDovecot } from "./read-dovecot.ts";
import { readFilterlog } from "./read-filterlog.ts";
import { readFtp } from "./read-ftp.ts";
import { readGuard } from "./read-guard.ts";
import { readHaproxy } from "./read-haproxy.ts";
import { readKernel } from "./read-kernel.ts";
import { readNagios } from "./read-nagios.ts";
import { readDnsmasq, readNamed } from "./read-named.ts";
import { readOpenvpn } from "./read-openvpn.ts";
import { readPam, readPamText } from "./read-pam.ts";
import { readPhpFpm } from "./read-php-fpm.ts";
import { readPolkit } from "./read-polkit.ts";
import { readPostfix } from "./read-postfix.ts";
import { readSquid } from "./read-squid.ts";
import { readSshd } from "./read-sshd.ts";
import { readSudo } from "./read-sudo.ts";
import { readLogind, readSystemd } from "./read-systemd.ts";
import type { ReadBody } from "./tell.ts";

const readAuditBody: ReadBody = (draft, message) => {
  const text = message.trimStart();
  if (readAudit(draft, text) === undefined) readJournalAudit(draft, text);
};

const READ_NGINX = readWebServer("nginx");
const READ_APACHE = readWebServer("apache");

const PROGRAMS: readonly [ReadBody, string][] = [
  [readSshd, "sshd sshd-session sshd-auth"],
  [readSudo, "sudo sudoedit"],
  [readGuard, "dropbear fail2ban fail2ban-server"],
  [
    readAccount,
    "su login useradd usermod userdel groupadd groupmod groupdel passwd chpasswd gpasswd chage chsh chfn newusers " +
      "unix_chkpwd adduser addgroup doas",
  ],
  [readPolkit, "polkitd pkexec polkit-agent-helper-1"],
  [readSystemd, "systemd"],
  [readLogind, "systemd-logind"],
  [readCron, "cron crond crontab anacron atd fcron /usr/sbin/cron /usr/sbin/crond"],
  [readKernel, "kernel"],
  [readClamav, "clamd clamscan clamdscan clamonacc clamav"],
  [readAuditBody, "audit auditd audispd audisp-syslog tag_audit_log audit_log"],
  [READ_NGINX, "nginx"],
  [READ_APACHE, "apache apache2 httpd"],
  [readNamed, "named"],
  [readDnsmasq, "dnsmasq"],
  [readDhcp, "dhcpd dhclient dnsmasq-dhcp"],
  [readHaproxy, "haproxy"],
  [readSquid, "squid"],
  [readFilterlog, "filterlog"],
  [readFtp, "vsftpd ftpd pure-ftpd proftpd"],
  [readDovecot, "dovecot imap-login pop3-login"],
  [readOpenvpn, "openvpn"],
  [readPhpFpm, "php-fpm"],
  [readEventText, "security-auditing service_control_manager winevtlog"],
  [readNagios, "nagios naemon icinga icinga2 centengine centreon-engine shinken"],
];

const READERS = new Map(
  PROGRAMS.flatMap(([read, names]) => names.split(" ").map((name) => [name, read] as const)),
);

/** Families whose members carry a suffix: `postfix/smtpd`, `nginx_access`, `httpd/backend1`, `ovpn-server`. */
const FAMILIES: readonly [RegExp, ReadBody][] = [
  [/^postfix(?:-[\w.-]{1,32})?(?:\/|$)/, readPostfix],
  [/^nginx[-_./]/, READ_NGINX],
  [/^(?:apache2?|httpd)[-_./]/, READ_APACHE],
  [/^(?:ovpn|openvpn)[-_@]/, readOpenvpn],
  [/^haproxy[-_]/, readHaproxy],
  [/^fail2ban\./, readGuard],
  [/^Microsoft-Windows-/, readEventText],
];

/** Reads the message of the programs known here; others stay text. */
export function readBody(alert: Alert, program: string, message: string): void {
  const read = readerNamed(program) ?? readerOf(message);
  if (read === undefined) return;
  const draft = draftOf(alert);
  read(draft, bodyOf(draft, message));
  if (draft.cut) addTag(alert, AlertTag.cut);
}

/** Says whether something is known of what the program says. */
export function hasReader(program: string, message: string): boolean {
  return (readerNamed(program) ?? readerOf(message)) !== undefined;
}

/** What the program says, without what Solaris or rsyslog put around it. */
function bodyOf(draft: Draft, message: string): string {
  const first = message.charCodeAt(0);
  if (first === 0x5b) {
    const identity = /^\[ID \d{1,9} [a-z0-9.]{1,24}\] /.exec(message.slice(0, 48));
    return identity === null ? message : message.slice(identity[0].length);
  }
  if (first !== 0x6d || !message.endsWith("]")) return message;
  const repeated = /^message repeated (\d{1,9}) times: \[ /.exec(message.slice(0, 48));
  if (repeated === null) return message;
  putField(draft, "repeated", repeated[1] as string);
  return message.slice(repeated[0].length, -1);
}

/** Readers by the name that a program gave itself, null for those without: a network has a few hundred programs. */
const named = new Map<string, ReadBody | null>();
const MOST_NAMES = 1024;
const LONGEST_NAME = 64;

function readerNamed(program: string): ReadBody | undefined {
  let read = named.get(program);
  if (read === undefined) {
    read = READERS.get(program) ?? relatedReader(program) ?? null;
    if (program.length <= LONGEST_NAME) {
      if (named.size >= MOST_NAMES) named.clear();
      named.set(ownText(program), read);
    }
  }
  return read ?? undefined;
}

/** The reader of a program whose name is a known one, dressed up: a path before it, a suffix, capitals. */
function relatedReader(program: string): ReadBody | undefined {
  for (const [pattern, read] of FAMILIES) if (pattern.test(program)) return read;
  // `su(pam_unix)[12]: session opened…`, as before 2005 and on BSD
  if (program.includes("(pam_")) return readOldPam;
  const bracket = program.indexOf("(");
  const plain = (bracket < 0 ? program : program.slice(0, bracket)).toLowerCase();
  return READERS.get(plain.startsWith("/") ? plain.slice(plain.lastIndexOf("/") + 1) : plain);
}

/** The module is no part of the program's name. */
const readOldPam: ReadBody = (draft, message) => {
  const { process } = draft.alert;
  const bracket = process?.name?.indexOf("(pam_") ?? -1;
  if (process?.name !== undefined && bracket > 0)
    draft.alert.process = { ...process, name: process.name.slice(0, bracket) };
  readPamText(draft, message);
};

const readPamBody: ReadBody = (draft, message) => void readPam(draft, message);

/** The reader of a message that says itself what it is, whatever program sent it. */
function readerOf(message: string): ReadBody | undefined {
  if (message.startsWith("pam_") || message.startsWith("(pam_")) return readPamBody;
  if (message.startsWith("type=") || message.startsWith("node=")) return readAuditBody;
  // Access logs are sent under whatever tag their administrator chose.
  return message.includes('] "') && isAccessLine(message) ? READ_APACHE : undefined;
}
