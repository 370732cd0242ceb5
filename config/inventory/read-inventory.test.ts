import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import type { FoundHost } from "./found-hosts.ts";
import { INVENTORY_FORMATS, readInventory } from "./read-inventory.ts";

const read = (from: string, ...texts: (string | Uint8Array)[]) => {
  const format = INVENTORY_FORMATS[from];
  if (format === undefined) throw new Error(`no format ${from}`);
  const pages = texts.map((text, i) => ({
    file: i === 0 ? "f" : `f${i}`,
    bytes: typeof text === "string" ? new TextEncoder().encode(text) : text,
  }));
  return readInventory(format, pages);
};
const host = (name: string, more: Partial<FoundHost> = {}): FoundHost => ({
  name,
  aliases: [],
  addresses: [],
  groups: [],
  location: null,
  system: null,
  where: "f:2:1",
  ...more,
});
const told = ({ problems }: ReturnType<typeof readInventory>) =>
  problems.map(({ where, message }) => `${where} ${message}`);

describe("an export of GLPI", () => {
  it("is a CSV with French headers, a byte order mark, and several addresses in a cell", () => {
    const { hosts, problems } = read(
      "glpi",
      '\ufeff"Nom";"Entité";"Lieu";"Groupe";"Réseau - IP"\r\n"pacs-01";"CH";"Bât A > Salle";"Imagerie";"192.0.2.1\n2001:db8::1"\r\n',
    );
    expect(problems).toEqual([]);
    expect(hosts).toEqual([
      host("pacs-01", {
        addresses: ["192.0.2.1", "2001:db8::1"],
        groups: ["Imagerie"],
        location: "Bât A > Salle",
      }),
    ]);
  });

  it.each([
    ["English headers and commas", "Name,Location,Group,Network - IP\nsrv,Room,Team,192.0.2.1\n"],
    [
      "a delimiter at the end of every record",
      "Name;Location;Group;Network - IP\nsrv;Room;Team;192.0.2.1;\n",
    ],
    ["its columns in another order", '"IP"\t"Group"\t"Location"\t"Name"\n192.0.2.1\tTeam\tRoom\tsrv\n'],
  ])("may have %s", (_, text) => {
    const { hosts, problems } = read("glpi", text);
    expect(problems).toEqual([]);
    expect(hosts).toMatchObject([
      { name: "srv", addresses: ["192.0.2.1"], groups: ["Team"], location: "Room" },
    ]);
  });

  it("is the answer of its interface, without what is deleted or a template, nor keys of other tables", () => {
    const items = [
      { id: 34, name: "glpi", groups_id: "&nbsp;", locations_id: "Salle 1", is_deleted: 0, is_template: 0 },
      { id: 35, name: "old", is_deleted: 1, is_template: 0 },
      { id: 36, name: "model", is_deleted: 0, is_template: 1 },
      { id: 37, name: "raw", groups_id: [3], locations_id: 12, is_deleted: 0, is_template: 0 },
    ];
    const { hosts, leftOut } = read("glpi", JSON.stringify(items, null, 1));
    expect(hosts).toMatchObject([
      { name: "glpi", groups: [], location: "Salle 1", where: "f:2:2" },
      { name: "raw", groups: [], location: null },
    ]);
    expect(leftOut).toBe(2);
  });
});

describe("an export of Centreon", () => {
  it("is the output of CLAPI, unquoted, where an address may be a name", () => {
    const { hosts, leftOut, problems } = read(
      "centreon",
      'id;name;alias;address;activate\n82;srv-1;the "first";192.0.2.1;1\n83;srv-2;;srv-2.ch.example;1\n84;srv-3;x;192.0.2.3;0\n',
    );
    expect(problems).toEqual([]);
    expect(hosts).toEqual([
      host("srv-1", { addresses: ["192.0.2.1"], where: "f:2:4" }),
      host("srv-2", { aliases: ["srv-2.ch.example"], where: "f:3:4" }),
    ]);
    expect(leftOut).toBe(1);
  });

  it.each([
    [
      "version 1",
      { result: [{ id: "12", name: "srv", alias: "a", address: "192.0.2.1", activate: "1" }] },
      [],
    ],
    [
      "version 2",
      {
        result: [
          {
            id: 1,
            name: "srv",
            address: "192.0.2.1",
            groups: [{ id: 1, name: "Imagerie" }],
            categories: [{ id: 2, name: "Critique" }],
            is_activated: true,
          },
        ],
        meta: { page: 1, limit: 10, total: 1 },
      },
      ["Imagerie", "Critique"],
    ],
  ])("is the answer of its interface, %s", (_, answer, groups) => {
    const { hosts, incomplete } = read("centreon", JSON.stringify(answer));
    expect(hosts).toMatchObject([{ name: "srv", addresses: ["192.0.2.1"], groups }]);
    expect(incomplete).toBeUndefined();
  });
});

describe("an export of Wazuh", () => {
  it("is its list of agents; the manager's own address and `any` say nothing", () => {
    const answer = {
      data: {
        affected_items: [
          { id: "000", name: "manager", ip: "127.0.0.1" },
          { id: "004", name: "srv", ip: "192.0.2.4", group: ["default", "imagerie"] },
          { id: "009", name: "new", ip: "any" },
        ],
        total_affected_items: 3,
      },
      error: 0,
    };
    const { hosts } = read("wazuh", JSON.stringify(answer));
    expect(hosts).toMatchObject([
      { name: "manager", addresses: [] },
      { name: "srv", addresses: ["192.0.2.4"], groups: ["default", "imagerie"] },
      { name: "new", addresses: [] },
    ]);
  });

  it("of version 3 has other keys", () => {
    const answer = {
      error: 0,
      data: { totalItems: 1, items: [{ name: "srv", ip: "192.0.2.4", id: "003" }] },
    };
    expect(read("wazuh", JSON.stringify(answer)).hosts).toMatchObject([{ name: "srv" }]);
  });
});

describe("an export of NetBox", () => {
  const device = (name: string | null) => ({
    id: 1,
    name,
    role: { id: 1, name: "Serveur" },
    site: { id: 1, name: "Nord" },
    location: { id: 2, name: "Salle 1" },
    cluster: null,
    primary_ip: { address: "192.0.2.5/24" },
    primary_ip4: { address: "192.0.2.5/24" },
    primary_ip6: { address: "2001:db8::5/64" },
    tags: [{ name: "critique" }],
  });

  it("is the answer of its interface", () => {
    const answer = { count: 1, next: null, previous: null, results: [device("srv")] };
    expect(read("netbox", JSON.stringify(answer)).hosts).toMatchObject([
      {
        name: "srv",
        addresses: ["192.0.2.5", "2001:db8::5"],
        groups: ["Serveur", "critique"],
        location: "Nord > Salle 1",
      },
    ]);
  });

  it("is the CSV of its list", () => {
    const { hosts, problems } = read(
      "netbox",
      'Name,Status,Tenant,Site,Location,Rack,Role,Manufacturer,Type,IP Address,Tags\nsrv,Active,—,Nord,—,—,Serveur,Dell,R740,192.0.2.5/24,"critique,dmz"\n',
    );
    expect(problems).toEqual([]);
    expect(hosts).toMatchObject([
      { name: "srv", addresses: ["192.0.2.5"], groups: ["Serveur", "critique", "dmz"], location: "Nord" },
    ]);
  });

  it("that is one page of several is not taken for all of it, and all of its pages are", () => {
    const page = (name: string) => JSON.stringify({ count: 2, results: [device(name)] });
    expect(read("netbox", page("a")).incomplete).toMatchObject({
      message: expect.stringMatching(/^1 machines of 2/),
    });
    const { hosts, incomplete } = read("netbox", page("a"), page("b"));
    expect(incomplete).toBeUndefined();
    expect(hosts.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("tells which of its devices has no name", () => {
    const answer = JSON.stringify({ count: 2, results: [device("a"), device(null)] }, null, 2);
    expect(told(read("netbox", answer))).toEqual([expect.stringMatching(/^f:\d+:5 there is no name$/)]);
  });
});

describe("a table of our own", () => {
  it("names each thing, in English or in French, and the system itself", () => {
    for (const header of [
      "name;aliases;addresses;groups;location;system",
      "Nom;Alias;Adresses;Groupes;Lieu;Système",
    ])
      expect(read("csv", `${header}\nsrv;a b;192.0.2.1 192.0.2.2;g|h;Salle;pacs\n`).hosts).toEqual([
        host("srv", {
          aliases: ["a", "b"],
          addresses: ["192.0.2.1", "192.0.2.2"],
          groups: ["g", "h"],
          location: "Salle",
          system: "pacs",
        }),
      ]);
  });

  it("is a list of objects too", () => {
    const items = [{ name: "srv", addresses: ["192.0.2.1"], system: "pacs" }, 7];
    const read1 = read("json", JSON.stringify(items));
    expect(read1.hosts).toMatchObject([{ name: "srv", addresses: ["192.0.2.1"], system: "pacs" }]);
    expect(told(read1)).toEqual([expect.stringContaining("there is no name")]);
  });
});

describe("what is wrong in an export", () => {
  it.each<[string, string, string[]]>([
    [
      "a host of 60 kB",
      `name\n${"h".repeat(60_000)}\nok\n`,
      [`f:2:1 a name of 60000 characters ("${"h".repeat(60)}…"): 253 at most`],
    ],
    ["a host twice", "name\nok\nOK\n", ['f:3:1 "OK" is already at f:2:1']],
    [
      "an address that is none",
      "name;ip\nbad;10.300.1.1\nok;\n",
      ['f:2:1 "10.300.1.1" is no IPv4 or IPv6 address'],
    ],
    ["a pattern for a name", "name\n*\nok\n", ['f:2:1 "*" has a character that no host name has']],
    [
      "a control character in a name",
      "name\na\u0007\nok\n",
      ['f:2:1 "a\\u0007" has a character that no host name has'],
    ],
    ["no name", "name;ip\n;192.0.2.1\nok;\n", ["f:2:1 there is no name"]],
    ["a cell too many", "name;ip\na;b;c\nok;\n", ["f:2:1 3 cells where the header has 2"]],
    [
      "a quote that is never closed",
      'name;ip\n"a;1\nok;\n',
      ["f:2:1 a quote is opened here and never closed"],
    ],
    ["text after a quote", 'name;ip\n"a" b;1\nok;\n', ["f:2:4 text follows the quote that closes a cell"]],
    [
      "a quote inside a cell",
      'name;ip\na"b;1\nok;\n',
      ["f:2:2 a quote inside a cell that does not begin with one"],
    ],
  ])("is told with its place, and the rest is kept: %s", (_, text, problems) => {
    const inventory = read("csv", text);
    expect(told(inventory)).toEqual(problems);
    expect(inventory.problems.every(({ remedy }) => (remedy ?? "") !== "")).toBe(true);
    expect(inventory.hosts.map(({ name }) => name.toLowerCase())).toEqual(["ok"]);
  });

  it.each<[string, string, string | Uint8Array, string]>([
    [
      "no column of names",
      "csv",
      "a;b\n1;2\n",
      'f:1:1 no column is the name of the machine: there are "a", "b"',
    ],
    ["nothing", "csv", "", "f there is no header"],
    ["another encoding", "csv", Uint8Array.of(0x6e, 0xe9), "f the text is not UTF-8"],
    ["what is not JSON", "wazuh", '{"data":\n {x}}', "f:2:3 Expected property name or '}'"],
    ["JSON that ends too soon", "wazuh", '{"data": [1,', "f:1:13 Unexpected end of JSON input"],
    [
      "an answer of another tool",
      "wazuh",
      '{"results": []}',
      "f:1:1 there is no list at data.affected_items or data.items",
    ],
  ])("keeps the whole from being read: %s", (_, from, text, problem) => {
    const inventory = read(from, text);
    expect(inventory.hosts).toEqual([]);
    expect(told(inventory)[0]).toMatch(new RegExp(`^${problem.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`));
  });

  it("never throws, whatever the text", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .array(fc.constantFrom('"', ";", ",", "\n", "\r", "name", "a", "\t", "192.0.2.1"))
        .map((each) => each.join("")),
      fc.json(),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(INVENTORY_FORMATS)), text, (from, each) => {
        const { hosts } = read(from, each);
        return hosts.every(({ name }) => name !== "" && name.length <= 253);
      }),
    );
  });
});
