import { expect, it } from "vitest";
import { parseText } from "../../agent/stages/ingest.ts";
import { compileGate } from "./gate.ts";
import { readRules } from "./read.ts";
import { compileRules, matchAlert } from "./rule-set.ts";

const CONTEXT = { received: 1_785_629_469_000_000, zone: "UTC" };

const STAMP = "msg=audit(1785629469.000:7):";
const ACCESS =
  '192.0.2.1 - bob [11/Oct/2023:22:14:15 +0200] "GET /cgi-bin/x.php?cmd=id HTTP/1.1" 200 1 "-" "Nikto"';
const SYSLOG = "<38>Aug  2 02:11:07 h ";
const AUDITD = "product: linux, service: auditd";
const WEB = "category: webserver";

it.each([
  [
    AUDITD,
    "{type: EXECVE, a0: chmod, a1: 777}",
    "auditd",
    `type=EXECVE ${STAMP} argc=3 a0="chmod" a1="777" a2="/x"`,
  ],
  [
    AUDITD,
    "{type: execve, a0: tar, a1|contains: '-c'}",
    "auditd",
    `type=EXECVE ${STAMP} argc=2 a0="tar" a1=2D637A7620`,
  ],
  [
    AUDITD,
    "{type: SYSCALL, SYSCALL: [execve, execveat], euid: 33}",
    "auditd",
    `type=SYSCALL ${STAMP} arch=c000003e syscall=59 euid=33`,
  ],
  [
    AUDITD,
    "{type: SYSCALL, SYSCALL: personality, a0: 40000}",
    "auditd",
    `type=SYSCALL ${STAMP} arch=c000003e syscall=135 a0=40000`,
  ],
  [
    AUDITD,
    "{type: SYSCALL, exe|startswith: /tmp/}",
    "auditd",
    `type=SYSCALL ${STAMP} arch=c000003e syscall=1 exe=2F746D702F612062`,
  ],
  [
    AUDITD,
    "{type: PATH, name|contains: 'a b', nametype: CREATE}",
    "auditd",
    `type=PATH ${STAMP} item=0 name=2F612062 nametype=CREATE`,
  ],
  [
    AUDITD,
    "{type: SERVICE_STOP, unit: auditd}",
    "auditd",
    `type=SERVICE_STOP ${STAMP} pid=1 msg='unit=auditd res=success'`,
  ],
  [
    AUDITD,
    "{key: susp_activity}",
    "syslog",
    `${SYSLOG}audispd: type=SYSCALL ${STAMP} syscall=1 key="susp_activity"`,
  ],
  [AUDITD, "{type: USER_LOGIN}", "syslog", `${SYSLOG}audit[9]: USER_LOGIN pid=1 msg='op=login res=failed'`],
  ["category: process_creation, product: linux", "{CommandLine|contains: curl}", "auditd", undefined],
  [WEB, "{cs-method: GET, cs-uri-query|contains: /cgi-bin/, sc-status: 200}", "apache", ACCESS],
  [WEB, "{cs-uri-stem|endswith: x.php, cs-user-agent|contains: nikto, cs-username: bob}", "nginx", ACCESS],
  [WEB, "{cs-uri-query|contains: 'cmd='}", "syslog", `${SYSLOG}nginx: ${ACCESS}`],
  [
    "product: linux, service: sudo",
    "{USER: ['#-*', '#*4294967295']}",
    "syslog",
    `${SYSLOG}sudo: bob : TTY=x ; PWD=/ ; USER=#-1 ; COMMAND=/bin/id`,
  ],
  [
    "product: linux, service: sshd",
    "['Corrupted MAC on input']",
    "syslog",
    `${SYSLOG}sshd-auth[1]: Corrupted MAC on input.`,
  ],
  ["product: linux, service: cron", "[REPLACE]", "syslog", `${SYSLOG}crontab[1]: (bob) REPLACE (bob)`],
  [
    "category: firewall",
    "{dst_port: 3389, src_ip: 192.0.2.1}",
    "syslog",
    `${SYSLOG}kernel: DROP IN=e OUT= SRC=192.0.2.1 DST=192.0.2.2 PROTO=TCP SPT=1 DPT=3389`,
  ],
])("%s: %s matches what %s reads of %s", (logsource, selection, source, line) => {
  const yaml = `title: T\nid: t\nlogsource: {${logsource}}\ndetection:\n  s: ${selection}\n  condition: s\n`;
  const { rules, refused } = readRules(yaml, "t.yml");
  expect(refused).toEqual([]);
  const set = compileRules(rules);
  const text = line ?? `type=EXECVE ${STAMP} argc=2 a0="id" a1="-u"`;
  const { alert } = parseText(source, text, CONTEXT);
  const bytes = new TextEncoder().encode(text);
  const matched = alert === undefined ? 0 : matchAlert(set, alert).length;
  expect(matched).toBe(line === undefined ? 0 : 1);
  if (matched > 0) expect(compileGate(set).scan(bytes, 0, bytes.length)).toBe(true);
});
