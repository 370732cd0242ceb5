import { describe, expect, it } from "vitest";
import { readsOf } from "../../../test/support/indicators.ts";
import { MASKS } from "../../../test/support/masks.ts";
import { NIGHT, SYSTEMS } from "../../../test/support/web-declaration.ts";
import type { Alert } from "../../core/alert.ts";
import { locator } from "../locate.ts";
import { gatherIndicators } from "./gather-indicators.ts";

const gather = (alerts: readonly { alert: Alert; calm?: boolean }[], accounts = false) =>
  gatherIndicators(
    { reads: readsOf(alerts), locate: locator(SYSTEMS), masks: MASKS },
    { facility: "chv", incident: "inc-1", accounts },
  );
const valuesOf = async (alert: Alert, accounts = false) =>
  (await gather([{ alert }], accounts)).found.map(({ kind, value }) => `${kind} ${value}`);

describe("the indicators of an incident", () => {
  it.each<[string, Alert, string[]]>([
    ["an address outside", { source: { ip: "203.0.113.7" } }, ["address 203.0.113.7"]],
    ["IPv6 in one spelling", { destination: { ip: "2001:DB8:0:0::1%eth0" } }, ["address 2001:db8::1"]],
    ["IPv4 within IPv6", { source: { ip: "::ffff:203.0.113.7" } }, ["address 203.0.113.7"]],
    ["nothing private", { source: { ip: "10.0.0.1" }, destination: { ip: "192.168.3.4" } }, []],
    ["nothing of this link or of many", { source: { ip: "fe80::1" }, destination: { ip: "239.1.1.1" } }, []],
    ["no broadcast", { destination: { ip: "255.255.255.255" } }, []],
    [
      "what the inside talks to",
      { source: { ip: "10.0.0.1" }, destination: { ip: "203.0.113.9" } },
      ["address 203.0.113.9"],
    ],
    [
      "the attacker, not our own address outside",
      { source: { ip: "203.0.113.7" }, destination: { ip: "198.51.100.1" } },
      ["address 203.0.113.7"],
    ],
    [
      "the other side of what leaves",
      {
        source: { ip: "198.51.100.1" },
        destination: { ip: "203.0.113.9" },
        network: { direction: "outbound" },
      },
      ["address 203.0.113.9"],
    ],
    ["a domain in ASCII", { dns: { question: { name: "Évil.Example." } } }, ["domain xn--vil-9la.example"]],
    [
      "no name of the inside",
      { destination: { domain: "srv1.chv.local" }, dns: { question: { name: "pacs" } } },
      [],
    ],
    [
      "a link without password and without fragment",
      { url: { full: "https://u:p@evil.example/a?b=1#c" } },
      ["domain evil.example", "url https://evil.example/a?b=1"],
    ],
    [
      "the address of a link",
      { url: { original: "http://203.0.113.9:8080/x" } },
      ["address 203.0.113.9", "url http://203.0.113.9:8080/x"],
    ],
    ["no link inside", { url: { full: "http://10.1.2.3/x" } }, []],
    ["no other scheme", { url: { full: "javascript:alert(1)//evil.example" } }, []],
    ["no path alone", { url: { original: "/index.php?id=1" } }, []],
    [
      "hashes of their length",
      { file: { hash: { md5: `${"A".repeat(31)}B`, sha256: "ab".repeat(31) } } },
      [`md5 ${"a".repeat(31)}b`],
    ],
    ["no hash of zeros", { process: { hash: { sha1: "0".repeat(40) } } }, []],
    ["no account", { user: { name: "amorel" }, source: { ip: "203.0.113.7" } }, ["address 203.0.113.7"]],
    [
      "no system of ours",
      { destination: { domain: "pacs-1" }, source: { ip: "203.0.113.7" } },
      ["address 203.0.113.7"],
    ],
    [
      "not the host that the alert is about",
      {
        host: { name: "www.chv.example", ip: ["203.0.113.8"] },
        source: { ip: "203.0.113.8" },
        url: { full: "https://www.chv.example/x" },
      },
      [],
    ],
    [
      "nothing of its domain",
      { host: { domain: "chv.example" }, dns: { question: { name: "mail.chv.example" } } },
      [],
    ],
  ])("has %s", async (_, alert, expected) => {
    expect(await valuesOf(alert)).toEqual(expected);
  });

  it("has accounts when they are asked for", async () => {
    expect(await valuesOf({ user: { name: "CHV\\amorel" } }, true)).toEqual(["account CHV\\amorel"]);
  });

  it("counts, and dates from the first to the last alert that names it", async () => {
    const alert: Alert = { source: { ip: "203.0.113.7" } };
    const { found } = await gather([{ alert }, { alert: { source: { ip: "203.0.113.6" } } }, { alert }]);
    expect(found.map(({ value, count }) => [value, count])).toEqual([
      ["203.0.113.6", 1],
      ["203.0.113.7", 2],
    ]);
    expect(found[1]).toMatchObject({ first: NIGHT, last: NIGHT + 2_000_000, side: "source" });
  });

  it("takes nothing from what is a known breakdown", async () => {
    expect((await gather([{ alert: { source: { ip: "203.0.113.7" } }, calm: true }])).found).toEqual([]);
  });

  it("leaves out what may name a patient, and says how many", async () => {
    const nir = "1 85 05 78 006 084 91";
    const { found, masked } = await gather([
      { alert: { url: { full: `https://evil.example/?p=${nir.replaceAll(" ", "")}` } } },
    ]);
    expect(JSON.stringify(found)).not.toContain("185057800608491");
    expect(found.map(({ value }) => value)).toEqual(["evil.example"]);
    expect(masked).toBe(1);
  });

  it("reads thousands of alerts by pages, and stops where the list is long enough", async () => {
    const alerts = Array.from({ length: 6_000 }, (_, n) => ({
      alert: { source: { ip: `203.${n >> 8}.${n & 255}.7` } },
    }));
    const { found, cut } = await gather(alerts);
    expect([found.length, cut]).toEqual([5_000, true]);
  });
});
