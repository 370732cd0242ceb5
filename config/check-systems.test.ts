import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConfig } from "./load.ts";

const HEAD = `facility: { id: ch-x, name: CH X, kind: autre }
mode: observe
`;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-systems-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string, files: Readonly<Record<string, string>> = {}) {
  mkdirSync(join(folder, "assets"), { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, "assets", name), content);
  return parseConfig(HEAD + text, join(folder, "tocsin.yml"), null);
}
const problemsOf = (...given: Parameters<typeof read>) =>
  (read(...given).problems ?? []).map(({ where = "", message, remedy }) => {
    return `${where} ${message}; ${remedy}`.replaceAll(`${folder}/`, "");
  });

describe("the description of a facility", () => {
  it("has sites, units, a vendor, and networks inside networks of another system", () => {
    const { loaded, problems } =
      read(`sites: [{ id: nord, name: Site nord, finess: "990000012", address: 1 rue X }]
systems:
  - { id: lan, name: LAN, kind: network, cidrs: [10.0.0.0/8] }
  - id: pacs
    name: PACS
    kind: imaging
    site: nord
    cidrs: [10.20.4.0/24]
    units: [Urgences, Imagerie]
    vendor: { name: Éditeur, phone: "01 40 00 00 00" }
    depends_on: [lan]
`);
    expect(problems).toBeUndefined();
    expect(loaded?.config.systems[1]).toMatchObject({ site: "nord", vendor: { name: "Éditeur" } });
  });

  it.each([
    [
      "a host of two systems",
      `systems:
  - { id: pacs, name: PACS, kind: imaging, hosts: [srv-1] }
  - { id: ris, name: RIS, kind: imaging, hosts: [ris, SRV-1] }
`,
      [
        'tocsin.yml:5:55 systems.1.hosts.1: "SRV-1" is claimed by the system "ris" here, and by "pacs" at tocsin.yml:4:52; keep it in one of the two; a narrower network or an exact name of the other may stay',
      ],
    ],
    [
      "a pattern of two systems, as a host here and as a service there",
      `systems:
  - { id: pacs, name: PACS, kind: imaging, hosts: ["pacs*"] }
  - { id: ris, name: RIS, kind: imaging, services: ["PACS*"] }
`,
      [
        expect.stringContaining(
          '"PACS*" is claimed by the system "ris" here, and by "pacs" at tocsin.yml:4:52',
        ),
      ],
    ],
    [
      "a network of two systems, however it is written",
      `systems:
  - { id: pacs, name: PACS, kind: imaging, cidrs: [10.20.4.0/24, "2001:db8::/32"] }
  - { id: ris, name: RIS, kind: imaging, cidrs: [10.20.4.9/24, "2001:0DB8:0:0::/32"] }
`,
      [
        expect.stringContaining(
          '"10.20.4.9/24" is claimed by the system "ris" here, and by "pacs" at tocsin.yml:4:52',
        ),
        expect.stringContaining('"2001:0DB8:0:0::/32" is claimed'),
      ],
    ],
    [
      "a site that there is not",
      "systems: [{ id: pacs, name: PACS, kind: imaging, site: sud }]\nsites: [{ id: nord, name: N }]\n",
      ['tocsin.yml:3:56 systems.0.site: no site "sud"; one of: nord'],
    ],
    [
      "a system that depends on itself",
      "systems: [{ id: pacs, name: PACS, kind: imaging, depends_on: [pacs] }]\n",
      ['tocsin.yml:3:63 systems.0.depends_on.0: "pacs" cannot depend on itself; remove it'],
    ],
    [
      "a rule for no system, and one that takes everything",
      "systems: [{ id: pacs, name: P, kind: imaging }]\nassets: { rules: [{ system: ris, names: [a] }] }\n",
      ['tocsin.yml:4:29 assets.rules.0.system: no system "ris"; one of: pacs'],
    ],
    [
      "a rule that takes everything",
      "assets: { rules: [{ system: ris }] }\n",
      [expect.stringContaining("a rule without any would take every machine")],
    ],
    [
      "a FINESS number that is none",
      "sites: [{ id: nord, name: N, finess: '12' }]\n",
      [expect.stringContaining("write the 9 characters of the FINESS number")],
    ],
  ])("refuses %s, with the place and the remedy", (_, text, expected) => {
    expect(problemsOf(text)).toEqual(expected);
  });

  it("tells the first of a thousand conflicts, and how many more there are", () => {
    const hosts = Array.from({ length: 1000 }, (_, i) => `h${i}`).join(", ");
    const told = problemsOf(`systems:
  - { id: a, name: A, kind: other, hosts: [${hosts}] }
  - { id: b, name: B, kind: other, hosts: [${hosts}] }
`);
    expect(told).toHaveLength(51);
    expect(told.at(-1)).toContain("950 more conflicts are not shown");
  });
});

describe("inventories beside a configuration", () => {
  const SYSTEMS = `systems:
  - { id: pacs, name: PACS, kind: imaging, hosts: [srv-1] }
  - { id: ris, name: RIS, kind: imaging }
`;
  const of = (...hosts: string[]) => `from: csv\nhosts:\n${hosts.map((host) => `  - ${host}\n`).join("")}`;

  it("are read, in the order of their names", () => {
    const { loaded } = read(SYSTEMS, {
      "glpi.yml": of("{ name: a, system: pacs, addresses: [10.0.0.1] }"),
      "csv.yml": of("{ name: b }"),
      "notes.txt": "not one",
    });
    expect(loaded?.assets).toMatchObject([
      { name: "b", system: null },
      { name: "a", system: "pacs", addresses: ["10.0.0.1"] },
    ]);
  });

  it("may say the same of a machine as each other and as the configuration", () => {
    const { problems } = read(SYSTEMS, {
      "glpi.yml": of("{ name: SRV-1, system: pacs, addresses: [10.0.0.1] }"),
      "csv.yml": of("{ name: srv-1, system: pacs, addresses: [10.0.0.1] }"),
    });
    expect(problems).toBeUndefined();
  });

  it.each<[string, Record<string, string>, unknown[]]>([
    [
      "a host of another system in the configuration",
      { "csv.yml": of("{ name: SRV-1, system: ris }") },
      [
        'assets/csv.yml:3:5 "SRV-1" is claimed by the system "ris" here, and by "pacs" at tocsin.yml:4:52; keep it in one of the two; a narrower network or an exact name of the other may stay',
      ],
    ],
    [
      "an address of another system in another inventory",
      {
        "a.yml": of("{ name: q, system: ris, addresses: ['2001:db8::1'] }"),
        "b.yml": of("{ name: r, system: pacs, addresses: ['2001:DB8:0::1'] }"),
      },
      [
        expect.stringContaining(
          'b.yml:3:5 "2001:DB8:0::1" is claimed by the system "pacs" here, and by "ris" at assets/a.yml:3:5',
        ),
      ],
    ],
    [
      "a system that there is no more",
      { "csv.yml": of("{ name: q, system: old }") },
      [expect.stringContaining('assets/csv.yml:3:5 "q" belongs to no system of the configuration')],
    ],
    [
      "an address that is none, an unknown key",
      { "csv.yml": of("{ name: q, addresses: [10.300.0.1] }", "{ name: r, adress: x }") },
      [
        expect.stringContaining("assets/csv.yml:3:28 hosts.0.addresses.0: write an IPv4 or IPv6 address"),
        expect.stringContaining("assets/csv.yml:4:24 hosts.1.adress: unknown key"),
      ],
    ],
    ["what is not YAML", { "csv.yml": "hosts: [" }, [expect.stringContaining("assets/csv.yml:1:9")]],
  ])("are refused for %s", (_, files, expected) => {
    expect(problemsOf(SYSTEMS, files)).toEqual(expected);
  });
});
