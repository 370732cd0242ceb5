import { describe, expect, it } from "vitest";
import { isNetwork, mayReach, networksOf } from "./may-reach.ts";

const NONE = networksOf([]);
const OPEN = networksOf(["10.20.0.0/16", "127.0.0.1", "fd00:20::/32"]);

describe("mayReach", () => {
  it.each([
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.0",
    "192.169.0.1",
    "100.128.0.1",
    "223.255.255.254",
    "2a01:e00::1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "::ffff:808:808",
    "64:ff9b::8.8.8.8",
  ])("lets %s be reached: it is public", (address) => {
    expect(mayReach(address, NONE)).toBe(true);
  });

  it.each([
    ["0.0.0.0", "this host"],
    ["10.0.0.1", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["169.254.1.1", "link-local"],
    ["169.254.169.254", "metadata of clouds"],
    ["168.63.129.16", "metadata of Azure"],
    ["192.0.0.192", "metadata of Oracle"],
    ["100.100.100.200", "metadata of Alibaba, shared by carriers"],
    ["192.0.2.1", "documentation"],
    ["198.18.0.1", "benchmarks"],
    ["224.0.0.1", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::", "unspecified"],
    ["::1", "loopback"],
    ["::8.8.8.8", "IPv4-compatible, deprecated"],
    ["fe80::1", "link-local"],
    ["fe80::1%eth0", "link-local with its zone"],
    ["fec0::1", "site-local, deprecated"],
    ["fd00:ec2::254", "metadata of AWS"],
    ["fc00::1", "unique local"],
    ["ff02::1", "multicast"],
    ["2001::1", "Teredo"],
    ["2001:db8::1", "documentation"],
    ["3fff::1", "documentation"],
    ["2002:7f00:1::", "6to4 of the loopback"],
    ["100::1", "discard"],
    ["4000::1", "not allocated"],
    ["::ffff:127.0.0.1", "mapped loopback"],
    ["::ffff:7f00:1", "mapped loopback in hexadecimal"],
    ["0:0:0:0:0:ffff:a9fe:a9fe", "mapped metadata, written out"],
    ["::ffff:0:1", "mapped this host"],
    ["::ffff:1:808:808", "not quite mapped"],
    ["64:ff9b::10.0.0.1", "NAT64 of a private one"],
    ["64:ff9b::7f00:1", "NAT64 of the loopback"],
    ["64:ff9b::1", "NAT64 of this host"],
    ["64:ff9b:1::8.8.8.8", "local NAT64"],
    ["localhost", "no address"],
    ["0x7f000001", "no address as it is written"],
    ["", "nothing"],
  ])("lets nobody reach %s: %s", (address) => {
    expect(mayReach(address, NONE)).toBe(false);
  });

  it.each([
    ["10.20.255.1", true],
    ["10.21.0.1", false],
    ["::ffff:10.20.0.1", true],
    ["64:ff9b::10.20.0.1", true],
    ["64:ff9b::10.21.0.1", false],
    ["127.0.0.1", true],
    ["127.0.0.2", false],
    ["fd00:20::1", true],
    ["fd00:21::1", false],
    ["8.8.8.8", true],
  ])("with networks opened, takes %s as %s", (address, expected) => {
    expect(mayReach(address, OPEN)).toBe(expected);
  });
});

it.each([
  ["10.0.0.0/8", true],
  ["10.0.0.5", true],
  ["fd00::/8", true],
  ["::1", true],
  ["0.0.0.0/0", true],
  ["10.0.0.0/33", false],
  ["fd00::/129", false],
  ["10.0.0/8", false],
  ["10.0.0.0/8/8", false],
  ["10.0.0.0/", false],
  ["10.0.0.0/-1", false],
  ["10.0.0.0/8 ", false],
  ["fe80::1%eth0", false],
  ["example.org", false],
  ["", false],
])("takes %j for a network: %s", (text, expected) => {
  expect(isNetwork(text)).toBe(expected);
});
