import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { Asset, System } from "./asset.ts";
import { fits, indexSystems } from "./index-systems.ts";
import { readAddress, readNetwork } from "./ip-network.ts";

const system = (id: string, more: object) => System.parse({ id, name: id, kind: "other", ...more });

const INDEX = indexSystems(
  [
    system("pacs", { hosts: ["pacs-*", "archive"], services: ["dicom*"], cidrs: ["10.20.0.0/16"] }),
    system("ris", { hosts: ["pacs-ris-*", "PACS-07"], cidrs: ["10.20.4.0/24", "2001:db8::/32"] }),
    system("lan", { hosts: ["*"], cidrs: ["0.0.0.0/0", "2001:db8:1::/48"] }),
    system("poste", { hosts: ["*-ris"], cidrs: ["10.20.4.9/32"] }),
  ],
  [
    Asset.parse({
      name: "srv-1.ch.example",
      aliases: ["banque-sang"],
      addresses: ["10.9.9.9"],
      system: "pacs",
    }),
    Asset.parse({ name: "pacs-99", system: null }),
  ],
);

describe("indexSystems", () => {
  it.each([
    ["an exact name over a pattern", "pacs-07", "ris"],
    ["an exact name in any case", "ARCHIVE", "pacs"],
    ["the short name of a qualified one", "archive.ch.example", "pacs"],
    ["a pattern", "pacs-12", "pacs"],
    ["a pattern of a service", "DICOM store", "pacs"],
    ["the pattern with more letters of its own", "pacs-ris-1", "ris"],
    ["the pattern with more letters of its own, at either end", "pacs-x-ris", "pacs"],
    ["a pattern over a network", "10.20.4.1", "lan"],
    ["a machine of an inventory", "srv-1.ch.example", "pacs"],
    ["another name of it", "banque-sang", "pacs"],
  ])("takes %s", (_, name, expected) => {
    expect(INDEX.find(name)).toBe(expected);
  });

  const networks = indexSystems([
    system("pacs", { cidrs: ["10.20.0.0/16"] }),
    system("ris", { cidrs: ["10.20.4.0/24", "2001:db8::/32"] }),
    system("lan", { cidrs: ["2001:db8:1::/48"] }),
    system("poste", { cidrs: ["10.20.4.9/32"], hosts: ["10.20.4.77"] }),
  ]);
  it.each([
    ["10.20.5.1", "pacs"],
    ["10.20.4.1", "ris"],
    ["10.20.4.9", "poste"],
    ["10.20.4.77", "poste"],
    ["::ffff:10.20.4.9", "poste"],
    ["2001:db8::1", "ris"],
    ["2001:DB8:0001::1", "lan"],
    ["2001:0db8:0001:0:0:0:192.0.2.1", "lan"],
    ["2001:db9::1", undefined],
    ["10.21.0.1", undefined],
    ["10.20.4.999", undefined],
    ["", undefined],
  ])("takes the longest prefix for %s", (address, expected) => {
    expect(networks.find(address)).toBe(expected);
  });

  it("leaves a machine that an inventory gives to no system to what else claims it", () => {
    expect(INDEX.find("pacs-99")).toBe("pacs");
  });

  it("is sound for any name, and for one of 60 kB", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => INDEX.find(name) !== undefined));
    expect(INDEX.find("a".repeat(60_000))).toBe("lan");
  });

  it("finds what a scan of every claim by the same rules finds", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 4 });
    const pattern = fc.array(word, { minLength: 2, maxLength: 3 }).map((parts) => parts.join("*"));
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 8 }), word, (patterns, name) => {
        const index = indexSystems(patterns.map((host, i) => system(`s${i}`, { hosts: [host] })));
        const letters = (each: string) => each.replaceAll("*", "").length;
        const matching = patterns
          .map((each, i) => ({ each, i }))
          .filter(({ each }) => fits(each.split("*"), name))
          .sort((a, b) => letters(b.each) - letters(a.each) || a.i - b.i);
        expect(index.find(name)).toBe(matching[0] === undefined ? undefined : `s${matching[0].i}`);
      }),
    );
  });
});

describe("readNetwork", () => {
  it.each([
    ["10.20.4.7/24", { bits: 32, prefix: 24, value: 0x0a140400 }],
    ["0.0.0.0/0", { bits: 32, prefix: 0, value: 0 }],
    ["255.255.255.255", { bits: 32, prefix: 32, value: 0xffffffff }],
    ["::ffff:10.0.0.0/104", { bits: 32, prefix: 8, value: 0x0a000000 }],
    ["2001:db8:ffff::/33", { bits: 128, prefix: 33, value: 0x20010db8_80000000_00000000_00000000n }],
    ["::1", { bits: 128, prefix: 128, value: 1n }],
    ["fe80::1%eth0/64", { bits: 128, prefix: 64, value: 0xfe80n << 112n }],
    ["10.0.0.0/33", undefined],
    ["10.0.0.0/8/8", undefined],
    ["10.0.0.0/-1", undefined],
    ["pacs", undefined],
  ])("reads %s", (text, expected) => {
    expect(readNetwork(text)).toEqual(expected);
  });

  it("reads any address as the number it is", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const host = new URL(`http://[${text}]/`).hostname.slice(1, -1);
        expect(readAddress(text)).toEqual(readAddress(host));
      }),
    );
  });
});
