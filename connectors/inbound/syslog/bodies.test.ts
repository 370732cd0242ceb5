import { describe, expect, it } from "vitest";
import { readRules } from "../../../rules/engine/read.ts";
import { compileRules, matchAlert } from "../../../rules/engine/rule-set.ts";
import { CONTEXT } from "../../../test/support/fixtures.ts";
import { inboundNamed } from "../../registry.ts";

const read = (rest: string) => inboundNamed("syslog")?.parse(`<38>Oct 11 22:14:15 h ${rest}`, CONTEXT).alert;

describe("what an attacker writes as his name forges no address", () => {
  const FAKE = "203.0.113.66";
  it.each([
    [`Failed password for invalid user x from ${FAKE} port 1 ssh2 from 192.0.2.1 port 2 ssh2`],
    [
      `Failed password for invalid user x from ${FAKE} port 1 ssh2: RSA SHA256:abcdefgh from 192.0.2.1 port 2 ssh2`,
    ],
    [`Failed none for invalid user  from ${FAKE} port 1 ssh2  from 192.0.2.1 port 2 ssh2 [preauth]`],
    [
      `Failed publickey for invalid user x from ${FAKE} port 1 ssh2: RSA SHA256:abcdefgh from 192.0.2.1 port 2 ssh2: RSA SHA256:ijklmnop`,
    ],
    [`Invalid user x from ${FAKE} port 1 from 192.0.2.1 port 2`],
    [`Connection closed by invalid user x ${FAKE} port 1 192.0.2.1 port 2 [preauth]`],
    [`Disconnected from invalid user x ${FAKE} port 1 192.0.2.1 port 2`],
    [
      `Disconnecting invalid user x ${FAKE} port 1: y 192.0.2.1 port 2: Too many authentication failures [preauth]`,
    ],
    [
      `error: maximum authentication attempts exceeded for invalid user x from ${FAKE} port 1 ssh2 from 192.0.2.1 port 2 ssh2 [preauth]`,
    ],
    [`Bad protocol version identification 'x' from ${FAKE} port 1' from 192.0.2.1 port 2`],
    [`error: PAM: Authentication failure for illegal user x from ${FAKE} from 192.0.2.1`],
    [
      `pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.1  user=x rhost=${FAKE}`,
    ],
  ])("sshd: %s", (message) => {
    expect(read(`sshd[1]: ${message}`)?.source?.ip).toBe("192.0.2.1");
  });

  it.each([
    // A certificate's identity follows the address, and is the client's too: neither address is sure.
    `sshd[1]: Failed publickey for invalid user x from ${FAKE} port 1 ssh2: a from 192.0.2.1 port 2 ssh2: RSA-CERT SHA256:abcdefgh ID y (serial 1) CA RSA SHA256:ijklmnop`,
    `sshd[1]: Disconnecting invalid user x ${FAKE} port 1: y 192.0.2.1 port 2: Change of username or service not allowed: (x,y) -> (z,y) [preauth]`,
    `auth: pam_unix(dovecot:auth): authentication failure; logname= uid=0 euid=0 tty=x ruser=x rhost=${FAKE}  user=y rhost=192.0.2.1`,
  ])("no address rather than a doubtful one: %s", (message) => {
    expect(read(message)?.event?.outcome).toBe("failure");
    expect(read(message)?.source).toBeUndefined();
  });

  it.each([
    [
      `php-fpm[1]: /index.php: webConfigurator authentication error for user 'x' from: ${FAKE}' from: 192.0.2.1`,
    ],
    [
      `dovecot: imap-login: Aborted login (auth failed, 1 attempts): user=<x>, rip=${FAKE}, lip=1>, method=PLAIN, rip=192.0.2.1, lip=198.51.100.1`,
    ],
    [
      `postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 5.7.1 <x>: denied; from=<a@b> to=<c@d> proto=SMTP helo=<y from z[${FAKE}]: 250 x>`,
    ],
    [
      `postfix/cleanup[1]: 5B1F12F: warning: header Subject: x from y[${FAKE}]; from=<a@b> from z[192.0.2.1]; from=<c@d> to=<e@f> proto=SMTP`,
    ],
  ])("others: %s", (message) => {
    expect(read(message)?.source?.ip).toBe("192.0.2.1");
  });
});

describe("sshd", () => {
  it.each([
    [
      "Accepted publickey for a from 192.0.2.1 port 2 ssh2: ED25519 SHA256:abcdefgh",
      "start",
      "success",
      { "ssh.method": "publickey", "ssh.key_type": "ED25519", "ssh.key_fingerprint": "SHA256:abcdefgh" },
    ],
    [
      "Accepted keyboard-interactive/pam for a from 192.0.2.1 port 2 ssh2",
      "start",
      "success",
      { "ssh.method": "keyboard-interactive/pam" },
    ],
    [
      "Accepted gssapi-with-mic for a from 192.0.2.1 port 2 ssh2: a@EXAMPLE.ORG",
      "start",
      "success",
      { "ssh.method": "gssapi-with-mic" },
    ],
    ["Failed password for a from 192.0.2.1", "info", "failure", { "ssh.method": "password" }],
    [
      "Postponed publickey for a from 192.0.2.1 port 2 ssh2 [preauth]",
      "info",
      undefined,
      { "ssh.method": "publickey" },
    ],
  ])("%s", (message, type, outcome, fields) => {
    const alert = read(`sshd-session[1]: ${message}`);
    expect(alert?.event?.category).toEqual(["authentication"]);
    expect(alert?.event?.type).toEqual([type]);
    expect(alert?.event?.outcome).toBe(outcome);
    expect(alert?.user?.name).toBe("a");
    expect(alert?.source?.ip).toBe("192.0.2.1");
    expect(alert?.fields).toEqual(fields);
  });

  it.each([
    "Failed to open /x",
    "Accepted",
    "Failed x",
    "User ",
    "Disconnecting",
    "PAM: ",
    "Connection reset by peer",
  ])("says nothing of whom %j does not name", (message) => {
    expect(read(`sshd[1]: ${message}`)?.source).toBeUndefined();
    expect(read(`sshd[1]: ${message}`)?.user).toBeUndefined();
  });

  it.each(["fe80::1%eth0", "2001:db8::1"])("reads the address %s", (host) => {
    const { source } = read(`sshd[1]: Invalid user x from ${host} port 22`) ?? {};
    expect(source).toEqual({ address: host, ip: host.replace("%eth0", ""), port: 22 });
  });
});

describe("programs", () => {
  it.each([
    [
      "sudo:  bob : TTY=pts/0 ; PWD=/ ; USER=#-1 ; COMMAND=/bin/id ; x",
      { USER: "#-1", COMMAND: "/bin/id ; x" },
    ],
    ["sudo:  bob : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id", { USER: "root" }],
    [
      "su(pam_unix)[1]: authentication failure; logname= uid=5 euid=0 tty= ruser=bob rhost=  user=root",
      { uid: "5", ruser: "bob" },
    ],
    [
      "sshd[1]: [ID 800047 auth.info] Failed password for bob from 192.0.2.1 port 1 ssh2",
      { "ssh.method": "password" },
    ],
    [
      "sshd[1]: message repeated 5 times: [ Failed password for bob from 192.0.2.1 port 1 ssh2]",
      { repeated: "5" },
    ],
    ["/usr/sbin/CRON[1]: (bob) CMD (/bin/true)", { "cron.command": "/bin/true" }],
    ["postfix/submission/smtpd[1]: connect from x[192.0.2.1]", { client_name: "x" }],
    [
      'web-access: 192.0.2.1 - - [11/Oct/2023:22:14:15 +0200] "GET /x HTTP/1.1" 200 1',
      { request: "GET /x HTTP/1.1" },
    ],
    ['anything: type=CWD msg=audit(1697062455.243:7):  cwd="/x"', { cwd: "/x" }],
    ["kernel: type=1400 audit(1697062455.243:7): avc:  denied  { read } for  pid=1", { type: "AVC" }],
    ['audit[9]: EXECVE argc=2 a0="id" a1=2D75', { type: "EXECVE", a1: "2D75" }],
    [
      "kernel: DROP IN=eth0 OUT= SRC=192.0.2.1 DST=192.0.2.2 PROTO=ICMP TYPE=3 [SRC=192.0.2.2 DST=192.0.2.9 PROTO=UDP ]",
      { DST: "192.0.2.2" },
    ],
  ])("%s", (rest, fields) => {
    expect(read(rest)?.fields).toMatchObject(fields);
  });

  it("take the request alone for the address that HAProxy's httpslog tells", () => {
    const line =
      "192.0.2.1:33317 [06/Feb/2009:12:14:14.655] https-in static/srv1 10/0/30/69/109 200 2750 - - ---- " +
      '1/1/1/1/0 0/0 {a.example} {} "GET /x.html HTTP/1.1" 0/0/0/0/1 a.example/TLSv1.3/TLS_AES_256_GCM_SHA384';
    const alert = read(`haproxy[1]: ${line}`);
    expect([alert?.url?.original, alert?.http?.version]).toEqual(["/x.html", "1.1"]);
  });

  it.each([
    ["WAN_IN-default-D", "denied"],
    ["LAN_OUT-2000-A", "allowed"],
    ["WAN_LOCAL-10-R", "denied"],
    ["BLOCK-A", "denied"],
  ])("take the end of EdgeOS's rule %s for its verdict", (rule, verdict) => {
    const alert = read(`kernel: [${rule}]IN=eth0 OUT=eth2 SRC=192.0.2.1 DST=192.0.2.2 LEN=52 PROTO=TCP`);
    expect([alert?.rule?.name, alert?.event?.type?.[1]]).toEqual([rule, verdict]);
  });

  it("keep the bounds on long texts", () => {
    const alert = read(`sudo: bob : TTY=x ; PWD=/ ; USER=root ; COMMAND=${"x".repeat(100_000)}`);
    expect(alert?.process?.command_line?.length).toBe(16 * 1024);
    expect(alert?.tags).toContain("tocsin_cut");
  });

  it.each(["", " ", "-", "text", "(", "pam_unix(", "type="])("stay text when they say %j", (message) => {
    for (const program of [
      "sshd",
      "sudo",
      "su",
      "CRON",
      "kernel",
      "audit",
      "nginx",
      "httpd",
      "postfix/smtp",
      "named",
    ])
      expect(read(`${program}[1]: ${message}`)?.event?.outcome).toBeUndefined();
  });
});

it("reads why BIND answers nothing", () =>
  expect(
    read(
      "named[9]: client @0x7f 192.0.2.10#5353 (www.example.org): query failed (SERVFAIL) for www.example.org/IN/A at query.c:7",
    ),
  ).toMatchObject({
    event: { action: "dns_query", outcome: "failure", reason: "query failed (SERVFAIL)" },
    client: { ip: "192.0.2.10", port: 5353 },
    dns: { question: { name: "www.example.org", class: "IN", type: "A" } },
  }));

it("reads what BIND denies without telling what was asked", () =>
  expect(read("named[9]: client 192.0.2.10#5353: query (cache) denied")).toMatchObject({
    event: { action: "dns_query", outcome: "failure", reason: "query (cache)", type: ["protocol", "denied"] },
    client: { ip: "192.0.2.10", port: 5353 },
  }));

it.each([
  ["NXDOMAIN", "denied", "failure"],
  ["Local-Data", "denied", "failure"],
  ["PASSTHRU", "allowed", "success"],
])("reads what a response policy of BIND makes of a question: %s", (policy, type, outcome) =>
  expect(
    read(
      `named[9]: client @0x7f 192.0.2.10#5353 (a.example.org): view v: rpz QNAME ${policy} rewrite a.example.org/A/IN via a.example.org.rpz`,
    ),
  ).toMatchObject({
    event: { action: "dns_rewrite", type: ["protocol", type], outcome, reason: `rpz QNAME ${policy}` },
    client: { ip: "192.0.2.10", port: 5353 },
    dns: { question: { name: "a.example.org", class: "IN", type: "A" } },
    rule: { name: "a.example.org.rpz" },
  }),
);

describe("what ClamAV found", () => {
  const MD5 = "44d88612fea8a8f36de82e1278abb02f";
  it.each([
    [
      "clamd[71]",
      "/srv/partage/facture.doc: Doc.Trojan.Emotet-9 FOUND",
      "Doc.Trojan.Emotet-9",
      "/srv/partage/facture.doc",
    ],
    ["clamscan", "/home/a b/c: d.exe: Win.Trojan.Agent-1 FOUND", "Win.Trojan.Agent-1", "/home/a b/c: d.exe"],
    ["clamd[71]", "/tmp/x: Fake.Name FOUND: Real.Name-2 FOUND", "Real.Name-2", "/tmp/x: Fake.Name FOUND"],
    ["clamd[71]", `/tmp/e.com: Eicar-Signature(${MD5}:68) FOUND`, "Eicar-Signature", "/tmp/e.com"],
    ["clamd[71]", "ScanOnAccess: /tmp/x: Win.Test-1.UNOFFICIAL FOUND", "Win.Test-1.UNOFFICIAL", "/tmp/x"],
    ["clamonacc[8]", "/tmp/x: Phantom #1 FOUND", "Phantom #1", "/tmp/x"],
    ["clamd", "Tue Mar 21 07:09:14 2023 -> /tmp/x: Win.Test-1 FOUND", "Win.Test-1", "/tmp/x"],
    ["clamd[71]", "C:\\Users\\a\\x.exe: Win.Test-1 FOUND", "Win.Test-1", "C:\\Users\\a\\x.exe"],
    ["clamd[71]", "instream(local): Win.Test-1 FOUND", "Win.Test-1", undefined],
    ["clamd[71]", "fd[10]: Win.Test-1 FOUND", "Win.Test-1", undefined],
  ])("%s: %s", (program, message, name, path) => {
    const alert = read(`${program}: ${message}`);
    expect(alert).toMatchObject({
      message,
      rule: { name },
      event: { kind: "alert", category: ["malware", "file"], type: ["info"] },
    });
    expect(alert?.file?.path).toBe(path);
  });

  it("tells hash and size where they are, and who sent a stream", () => {
    expect(read(`clamd[1]: /a: E(${MD5}:68) FOUND`)?.file).toEqual({
      path: "/a",
      size: 68,
      hash: { md5: MD5 },
    });
    expect(read("clamd[1]: instream(192.0.2.7@46542): Win.Test-1 FOUND")?.source).toMatchObject({
      ip: "192.0.2.7",
      port: 46542,
    });
  });

  it.each([
    "clamd[1]: SelfCheck: Database status OK.",
    "clamd[1]: /tmp/x: OK",
    "clamd[1]: /tmp/x: Can't open file or directory ERROR",
    "clamd[1]: NOTHING FOUND",
    "clamd[1]: :  FOUND",
    "cron[1]: /tmp/x: Win.Test-1 FOUND",
  ])("is not said by %s", (line) => {
    expect(read(line)).not.toHaveProperty("rule");
  });

  it("gives antivirus rules written for Sigma their Signature and Filename", () => {
    const { rules } = readRules(
      `title: Emotet
logsource: {category: antivirus}
detection: {sel: {Signature|contains: Emotet, Filename|endswith: .doc}, condition: sel}
`,
      "r.yml",
    );
    const set = compileRules(rules);
    const matched = (line: string) => matchAlert(set, read(line) ?? {}).length;
    expect(matched("clamd[1]: /srv/a.doc: Doc.Trojan.Emotet-9 FOUND")).toBe(1);
    expect(matched("clamd[1]: /srv/Emotet.doc: Doc.Trojan.Other-9 FOUND")).toBe(0);
  });
});
