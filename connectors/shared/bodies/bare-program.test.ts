import { expect, it } from "vitest";
import { inboundNamed } from "../../registry.ts";
import { bareProgram } from "./bare-program.ts";

it.each([
  ["Failed password for invalid user admin from 192.0.2.7 port 60150 ssh2", "sshd"],
  ["error: maximum authentication attempts exceeded for root from 192.0.2.7 port 1 ssh2 [preauth]", "sshd"],
  ["User root from 192.0.2.7 not allowed because not listed in AllowUsers", "sshd"],
  ["error: kex_exchange_identification: Connection closed by remote host", "sshd"],
  ["pam_unix(sshd:auth): authentication failure; logname= uid=0", ""],
  ["(pam_unix) session opened for user root", ""],
  ["DHCPACK on 192.0.2.31 to 02:00:5e:10:00:09 via eth0", "dhcpd"],
  ["DHCPACK(eth0) 192.0.2.31 02:00:5e:10:00:09", "dhcpd"],
  ["client @0x7f 192.0.2.30#53124 (example.org): query: example.org IN A + (192.0.2.53)", "named"],
  ["SERVFAIL unexpected RCODE resolving 'example.org/A/IN': 192.0.2.53#53", "named"],
  ["DNS format error from 192.0.2.53#53 resolving example.org/AAAA for 192.0.2.30#55198: no SOA", "named"],
  ["connection refused resolving 'example.org/A/IN': 192.0.2.53#53", "named"],
  ["DNS of the pharmacy: format error from the printer", undefined],
  ["(root) CMD (/usr/bin/true)", "cron"],
  ["SERVICE ALERT: srv-dpi;HTTP;OK;HARD;3;HTTP OK", "nagios"],
  ["alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls", "sudo"],
  ["4A1B2C3D4E: to=<nurse@example.org>, relay=none, delay=3, status=deferred (no route)", "postfix"],
  ["4Xk9Yz2LqRz3Bvm: removed", "postfix"],
  [
    "4A1B2C3D4E: warning: header Subject: Hello from mx1.example.org[192.0.2.7]; from=<a@example.org>",
    "postfix",
  ],
  ["NOQUEUE: reject: RCPT from unknown[192.0.2.7]: 554 5.7.1 Relay access denied", "postfix"],
  ["connect from mx1.example.org[192.0.2.7]", "postfix"],
  ["lost connection after CONNECT from unknown[2001:db8::7]", "postfix"],
  ["connect from the pharmacy", undefined],
  ["4A1B2C3D4E: to the pharmacy", undefined],
  ["User of the portal has changed the port of the printer", undefined],
  ["Failed to start the backup", undefined],
  ["Connection to the interface engine lost", undefined],
  ["DHCP is disabled", undefined],
  ["client of the pharmacy: query: ok", undefined],
  ["", undefined],
])("%s is what %s says", (text, program) => {
  expect(bareProgram(text, 0)).toBe(program);
});

const CONTEXT = { received: Date.UTC(2026, 0, 1) * 1000, zone: "UTC" };

it.each([
  [
    " Failed password for backup from 192.0.2.7 port 60150 ssh2",
    { user: { name: "backup" }, source: { ip: "192.0.2.7", port: 60150 } },
  ],
  [
    "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7",
    { process: { name: "sshd" }, source: { ip: "192.0.2.7" }, event: { outcome: "failure" } },
  ],
  [
    "DHCPREQUEST for 192.0.2.31 from 02:00:5e:10:00:09 (pc09) via eth0",
    { client: { ip: "192.0.2.31", mac: "02-00-5E-10-00-09", domain: "pc09" }, network: { transport: "udp" } },
  ],
  [
    "DNS format error from 192.0.2.53#53 resolving example.org/AAAA for 192.0.2.30#55198: no SOA",
    {
      client: { ip: "192.0.2.30", port: 55198 },
      server: { ip: "192.0.2.53", port: 53 },
      dns: { question: { name: "example.org", type: "AAAA" } },
      event: { outcome: "failure", reason: "no SOA" },
    },
  ],
  [
    "client @0xabcdef01 192.0.2.30#35001 (example.org): zone transfer 'example.org/IN' deferred",
    { client: { ip: "192.0.2.30", port: 35001 }, event: { action: "dns_zone_transfer" } },
  ],
  ['\ufeff@cee: {"message":"hello","user":{"name":"alice"}}', { message: "hello", user: { name: "alice" } }],
])("a body without a header is read: %s", (text, expected) => {
  const { alert, error } = inboundNamed("auto")?.parse(text, CONTEXT) ?? {};
  expect(error).toBeUndefined();
  expect(alert).toMatchObject(expected);
  expect(alert?.tags ?? []).not.toContain("tocsin_unrecognised");
});

it("a long line of one word costs no more than its length", () => {
  const started = process.cpuUsage().user;
  for (const word of ["Failed ", "User ", "client @0x", "SERVFAIL ", "(a) ", "a : "]) {
    expect(bareProgram(word + "a ".repeat(100_000), 0)).toBeUndefined();
  }
  expect(process.cpuUsage().user - started).toBeLessThan(100_000);
});
