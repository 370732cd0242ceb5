import { describe, expect, it } from "vitest";
import { networkOf, readAddress, readNetwork } from "./ip-network.ts";

describe("readAddress", () => {
  it.each<[string, 32 | 128, number | bigint]>([
    ["0.0.0.0", 32, 0],
    ["192.0.2.1", 32, 0xc0000201],
    ["255.255.255.255", 32, 0xffffffff],
    ["::", 128, 0n],
    ["::1", 128, 1n],
    ["2001:db8::1", 128, 0x20010db8000000000000000000000001n],
    ["2001:DB8:1:2:3:4:5:6", 128, 0x20010db8000100020003000400050006n],
    ["2001:db8::", 128, 0x20010db8000000000000000000000000n],
    ["fe80::1%eth0", 128, 0xfe800000000000000000000000000001n],
    ["::ffff:192.0.2.1", 32, 0xc0000201],
    ["::FFFF:c000:201", 32, 0xc0000201],
    ["64:ff9b::192.0.2.1", 128, 0x64ff9b0000000000000000c0000201n],
    ["::0.0.2.1", 128, 0x201n],
  ])("reads %s", (text, bits, value) => {
    expect(readAddress(text)).toEqual({ bits, value });
  });

  it.each(["", "192.0.2", "192.0.2.256", "1:2", "::g", "example.org", " 192.0.2.1"])(
    "reads nothing in %j",
    (text) => {
      expect(readAddress(text)).toBeUndefined();
    },
  );
});

describe("readNetwork", () => {
  it.each<[string, object]>([
    ["192.0.2.77/24", { bits: 32, value: 0xc0000200, prefix: 24 }],
    ["192.0.2.77", { bits: 32, value: 0xc000024d, prefix: 32 }],
    ["192.0.2.77/32", { bits: 32, value: 0xc000024d, prefix: 32 }],
    ["192.0.2.77/0", { bits: 32, value: 0, prefix: 0 }],
    ["255.255.255.255/1", { bits: 32, value: 0x80000000, prefix: 1 }],
    ["2001:db8:ffff::1/32", { bits: 128, value: 0x20010db8000000000000000000000000n, prefix: 32 }],
    ["2001:db8::1", { bits: 128, value: 0x20010db8000000000000000000000001n, prefix: 128 }],
    ["::1/0", { bits: 128, value: 0n, prefix: 0 }],
    ["::ffff:192.0.2.77/120", { bits: 32, value: 0xc0000200, prefix: 24 }],
    ["::ffff:192.0.2.77/96", { bits: 32, value: 0, prefix: 0 }],
    ["::ffff:192.0.2.77", { bits: 32, value: 0xc000024d, prefix: 32 }],
  ])("reads %s", (text, network) => {
    expect(readNetwork(text)).toEqual(network);
  });

  it.each([
    "192.0.2.1/33",
    "192.0.2.1/",
    "192.0.2.1/x",
    "192.0.2.1/1x",
    "192.0.2.1/x1",
    "192.0.2.1/-1",
    "192.0.2.1/0008",
    "192.0.2.1/8/8",
    "2001:db8::/129",
    "::ffff:192.0.2.1/95",
    "/8",
    "",
  ])("reads nothing in %j", (text) => {
    expect(readNetwork(text)).toBeUndefined();
  });
});

describe("networkOf", () => {
  it("keeps the leading bits of an address, and no other", () => {
    expect(networkOf({ bits: 32, value: 0xffffffff }, 31)).toEqual({
      bits: 32,
      value: 0xfffffffe,
      prefix: 31,
    });
    expect(networkOf({ bits: 128, value: 3n }, 127)).toEqual({ bits: 128, value: 2n, prefix: 127 });
  });
});
