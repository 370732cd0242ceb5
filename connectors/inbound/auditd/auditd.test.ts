import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inboundContract } from "../../../test/contract/inbound.contract.ts";
import { CONTEXT } from "../../../test/support/fixtures.ts";
import { recognise } from "../../registry.ts";
import { auditd } from "./index.ts";

inboundContract(auditd, join(import.meta.dirname, "fixtures"));

const read = (text: string) => auditd.parse(text, CONTEXT).alert;
const record = (kind: string, rest: string) => `type=${kind} msg=audit(1697062455.243:7): ${rest}`;

describe("values", () => {
  it.each([
    ["quoted", "SYSCALL", 'comm="cat"', "comm", "cat"],
    ["in hexadecimal", "SYSCALL", "comm=636174", "comm", "cat"],
    ["in hexadecimal with a space", "PATH", "name=2F612062", "name", "/a b"],
    ["of a number that is no text", "SYSCALL", "a1=636174", "a1", "636174"],
    ["of an argument", "EXECVE", "argc=1 a0=636174", "a0", "cat"],
    ["of an argument of digits that no text is", "EXECVE", 'argc=1 a0="chmod" a1=10', "a1", "10"],
    ["of an argument in pieces", "EXECVE", "a1_len=6 a1[0]=6361 a1[1]=74", "a1", "cat"],
    ["of a title with its arguments", "PROCTITLE", "proctitle=6C73002D6C", "proctitle", "ls -l"],
    ["of two keys of rules", "SYSCALL", "key=6B31016B32", "key", ["k1", "k2"]],
    ["nested", "USER_LOGIN", "pid=1 msg='op=login acct=\"root\" res=success'", "acct", "root"],
    ["nested in a record that is cut", "USER_LOGIN", "msg='op=login acct=\"ro", "acct", "ro"],
    ["of words", "ADD_USER", "msg='op=adding user to group id=5 res=success'", "op", "adding user to group"],
    ["enriched", "SYSCALL", 'key="k"\u001dARCH=x86_64 UID="bob"', "UID", "bob"],
    ["enriched and glued", "USER_END", "msg='res=success'UID=\"bob\"", "UID", "bob"],
    ["enriched and glued to a bare one", "PATH", 'cap_fp=0OUID="bob"', "OUID", "bob"],
    ["in braces", "SOCKADDR", "saddr=00SADDR={ saddr_fam=inet laddr=192.0.2.1 lport=9 }", "lport", "9"],
    ["of an address", "SOCKADDR", "saddr=02000050A9FEA9FE0000000000000000", "laddr", "169.254.169.254"],
    [
      "of an IPv6 address",
      "SOCKADDR",
      "saddr=0A00005000000000" + "20010DB8000000000000000000000001" + "00000000",
      "laddr",
      "2001:db8::1",
    ],
    ["of a socket's path", "SOCKADDR", "saddr=01002F72756E2F78", "path", "/run/x"],
    ["of a refusal", "AVC", "avc:  denied  { read open } for  pid=1", "seperms", ["read", "open"]],
    ["of an old login", "LOGIN", "pid=1 old auid=4294967295 new auid=1000", "auid", "1000"],
    ["named as a property of all objects", "SYSCALL", "__proto__=x", "_proto_", "x"],
  ])("%s are read", (_, kind, rest, key, expected) => {
    expect(read(record(kind, rest))?.fields?.[key]).toEqual(expected);
  });

  it.each([
    ["c000003e", "59", "execve"],
    ["c000003e", "257", "openat"],
    ["c000003e", "425", "io_uring_setup"],
    ["40000003", "11", "execve"],
    ["c00000b7", "221", "execve"],
    ["c0000015", "11", undefined],
  ])("name the system call of %s %s", (arch, call, name) => {
    expect(read(record("SYSCALL", `arch=${arch} syscall=${call}`))?.fields?.SYSCALL).toBe(name);
  });

  it.each(["__proto__", "constructor", "toString"])(
    "know no machine of the name of a property of all objects: %s",
    (arch) => {
      expect(read(record("SYSCALL", `arch=${arch} syscall=2`))?.host?.architecture).toBeUndefined();
    },
  );
});

it.each([
  ["USER_LOGIN", "msg='op=login acct=\"a\" res=failed'", ["authentication"], ["start"], "failure"],
  ["SYSCALL", "arch=c000003e syscall=87 success=yes", ["file"], ["deletion"], "success"],
  ["PATH", 'name="/x" nametype=DELETE', ["file"], ["deletion"], undefined],
  ["SERVICE_STOP", "msg='unit=auditd res=success'", ["process"], ["end"], "success"],
  ["CONFIG_CHANGE", "op=remove_rule res=0", ["configuration"], ["change"], "failure"],
  ["AVC", "avc:  granted  { load_policy } for  pid=1", ["process"], ["allowed"], "success"],
  ["MADE_UP_KIND", "res=1", ["process"], ["info"], "success"],
])("%s %s is of ECS category and type", (kind, rest, category, type, outcome) => {
  expect(read(record(kind, rest))?.event).toMatchObject({ category, type });
  expect(read(record(kind, rest))?.event?.outcome).toBe(outcome);
});

it("tells who is added and by whom", () => {
  const { user } =
    read(record("ADD_USER", 'uid=0 msg=\'op=add id=500 res=success\'\u001dUID="root" ID="eve"')) ?? {};
  expect(user).toEqual({ name: "root", id: "0", target: { name: "eve", id: "500" } });
});

it("keeps the bounds on a command line of many arguments", () => {
  const args = Array.from({ length: 300 }, (_, at) => `a${at}="${"x".repeat(100)}"`).join(" ");
  const alert = read(record("EXECVE", `argc=300 ${args}`));
  expect(alert?.process?.command_line?.length).toBeLessThanOrEqual(16 * 1024);
  expect(alert?.tags).toContain("tocsin_cut");
});

it.each([
  ["type=SYSCALL msg=audit(1697062455.243:7): a=b", "auditd"],
  ['node=web01 type=CWD msg=audit(1697062455.243:7):  cwd="/"', "auditd"],
  ["type=event subtype=x msg=audit", undefined],
])("recognises %s", (text, name) => {
  const found = recognise(text).connector?.name;
  if (name === undefined) expect(found).not.toBe("auditd");
  else expect(found).toBe(name);
});

it.each([
  ["11/10/2023 22:14:15.123", "2023-10-11T22:14:15.123Z", "the day first, as Europe writes it"],
  [
    "10/11/2023 22:14:15.123",
    "2023-10-11T22:14:15.123Z",
    "the month first, where the day first is yet to come",
  ],
  ["10/11/23 22:14:15.123", "2023-10-11T22:14:15.123Z", "the month first, with a short year"],
  [
    "10/13/2023 22:14:15.123",
    "2023-10-13T22:14:15.123Z",
    "the month first, where no month is the thirteenth",
  ],
  ["11.10.2023 22:14:15.123", "2023-10-11T22:14:15.123Z", "points between"],
  ["2023-10-11 22:14:15.123", "2023-10-11T22:14:15.123Z", "the year first"],
])("reads the stamp %s that ausearch -i writes as %s: %s", (stamp, expected) => {
  const { alert } = auditd.parse(`type=LOGIN msg=audit(${stamp}:456) : pid=901 uid=root`, CONTEXT);
  expect(alert?.["@timestamp"]).toBe(expected);
  expect(alert?.tags).toBeUndefined();
  expect(alert?.user?.name).toBe("root");
});
