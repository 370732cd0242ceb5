import { describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../core/clock.ts";
import { fillRecord, hostsOf, timesOf } from "./fill-record.ts";
import { lengthOf, readScenario } from "./scenario.ts";

const { minute, second } = MICROSECONDS;
/** `${name}`, as a scenario writes it. */
const hole = (name: string) => `$\{${name}}`;
const HEAD = "title: Titre\nsummary: Résumé\n";
const STEPS = `${HEAD}steps:\n`;
const inject = "{ at: 1m, inject: { to: Astreinte, text: Que faites-vous ? } }";

describe("a scenario", () => {
  it("is read with its times as microseconds and its fingerprint", () => {
    const text = `${STEPS}  - { at: 1h2m3s, say: Bruit, noise: { lines_per_second: 5, for: 10m } }
expectations:
  - { met: C1, by: 5m, why: Parce que. }
  - { incidents: 0 }
`;
    const { scenario } = readScenario(text, "dossier/ma-nuit.yml");
    expect(scenario).toMatchObject({
      name: "ma-nuit",
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      steps: [{ at: 62 * minute + 3 * second, noise: { for: 10 * minute } }],
      expectations: [{ met: "C1", by: 5 * minute, why: "Parce que." }, { incidents: 0 }],
    });
    expect(scenario && lengthOf(scenario)).toBe(72 * minute + 3 * second);
  });

  it.each([
    ["no YAML", "steps: [", [/^x\.yml:1:\d+$/, /./]],
    ["nothing to play", `${HEAD}steps: []`, [/^x\.yml:3:8$/, /steps/]],
    [
      "a time that is none",
      `${STEPS}  - { at: 2x, inject: { to: A, text: B } }`,
      [/^x\.yml:4:11$/, /write a duration/],
    ],
    [
      "a step of two kinds",
      `${STEPS}  - { at: 1m, source: syslog, lines: [a], noise: { lines_per_second: 1, for: 1m } }`,
      [/^x\.yml:4:5$/, /one of lines, records, noise and inject/],
    ],
    ["records of nobody", `${STEPS}  - { at: 1m, lines: [a] }`, [/^x\.yml:4:5$/, /source is missing/]],
    [
      "a source of nothing",
      `${STEPS}  - { at: 1m, source: syslog, inject: { to: A, text: B } }`,
      [/^x\.yml:4:23$/, /goes with lines or records/],
    ],
    [
      "steps out of order",
      `${STEPS}  - ${inject.replace("1m", "2m")}\n  - ${inject}`,
      [/^x\.yml:5:11$/, /earlier than the step before/],
    ],
    [
      "a host of nowhere",
      `${STEPS}  - { at: 1m, source: syslog, lines: ["\${host.pacs}"] }`,
      [/^x\.yml:4:5$/, /nothing fills \$\{host\.pacs\}/],
    ],
    [
      "a flood beyond measure",
      `${STEPS}  - { at: 1m, noise: { lines_per_second: 5000, for: 10h } }`,
      [/^x\.yml:4:\d+$/, /2,000,000 lines/],
    ],
    [
      "a fact that is none",
      `${STEPS}  - ${inject}\nexpectations:\n  - { fact: panic }`,
      [/^x\.yml:6:\d+$/, /fact/],
    ],
    [
      "an unknown key",
      `${STEPS}  - ${inject}\nexpectations:\n  - { met: C1, before: 2m }`,
      [/^x\.yml:6:\d+$/, /before: unknown key/],
    ],
  ] as const)("with %s is refused with the line and the reason", (_, text, [where, message]) => {
    const { problems } = readScenario(text, "x.yml");
    expect(problems).toContainEqual(
      expect.objectContaining({
        where: expect.stringMatching(where),
        message: expect.stringMatching(message),
      }),
    );
  });

  it("tells everything that is wrong at once", () => {
    const { problems } = readScenario(
      `${STEPS}  - { at: x, lines: [a] }\nexpectations: [{ fact: y }]`,
      "x.yml",
    );
    expect(problems?.length).toBeGreaterThanOrEqual(3);
  });
});

describe("a record", () => {
  it("is filled with the facility's own machines, deep inside, and keeps what has no value", () => {
    const systems = [
      { kind: "imaging" as const, hosts: [] },
      { kind: "imaging" as const, hosts: ["img-*", "pacs-*"] },
    ];
    const hosts = {
      pacs: { kind: "imaging" as const, otherwise: "pacs-1" },
      dc: { kind: "directory" as const, otherwise: "dc1" },
      fixe: { name: "SRV-9" },
    };
    const { values, strange } = hostsOf({ hosts }, systems);
    expect(strange).toEqual(["dc1 (directory)"]);
    const record = {
      a: [`${hole("host.pacs")} ${hole("host.dc")}`, 4],
      b: { c: `${hole("host.fixe")} ${hole("other")}` },
    };
    expect(fillRecord(record, values)).toEqual({ a: ["img-1 dc1", 4], b: { c: `SRV-9 ${hole("other")}` } });
  });

  it.each([
    ["Europe/Paris", "Nov  5 03:04:05"],
    ["America/Martinique", "Nov  4 22:04:05"],
  ])("carries times as a tool in %s writes them", (zone, rfc3164) => {
    const now = Date.UTC(2026, 10, 5, 2, 4, 5) * 1000;
    expect(timesOf(now, zone)).toEqual({
      rfc3164,
      rfc5424: "2026-11-05T02:04:05.000Z",
      epoch_ms: String(now / 1000),
    });
  });
});
