import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Document, isCollection, isMap, isSeq, parseDocument, visit } from "yaml";
import { configText } from "../agent/cli/init/config-text.ts";
import { PROFILES } from "../agent/cli/init/profiles.ts";
import { type Problem, problemSentence } from "../agent/core/errors.ts";
import { ROOT } from "../test/support/documents.ts";
import { EFFORT } from "../test/support/effort.ts";
import { BOUNDED, fc } from "../test/support/property.ts";
import { loadConfig, parseConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "tocsin-any-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const FILE = join(folder, "tocsin.yml");
const ENVIRONMENT = { TOKEN: "a token long enough", WEBHOOK: Buffer.alloc(32, 7).toString("base64") };

const RICH = `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante, time_zone: Europe/Paris, designations: [ose] }
mode: exercise
listeners: { people: { port: 1, proxies: [10.0.0.0/8] }, intake: { port: 2 }, operations: { port: 3 } }
sources:
  - { id: lines, connector: auto, zone: UTC, silent_after_minutes: 15, listen: [{ transport: udp, port: 4 }, { transport: relp, port: 5 }] }
  - { id: grafana, connector: alertmanager, signature: { scheme: grafana, secret: { env: TOKEN } } }
  - { id: siem, connector: wazuh, poll: { url: "https://indexer.test:9200", index: "alerts-*", query: { match_all: {} } } }
placeholders: { admins: [root] }
sites: [{ id: nord, name: Nord }]
systems:
  - { id: pacs, name: PACS, kind: imaging, hosts: ["pacs-*"], cidrs: [10.1.0.0/16], depends_on: [ad] }
  - { id: ad, name: AD, kind: directory, hosts: [dc01] }
notify:
  - { id: mail, connector: email, for: [on_call], settings: { host: relay.test, from: tocsin@ch.example, to: [it@ch.example] } }
dependencies: { ad: [ad] }
escalation: { rounds: 2 }
handover: { at: "08:30" }
outbound: [{ id: sortie, connector: exercise }]
people: { sessions: { idle_minutes: 30 } }
limits: { connections: 100 }
`;
const LIVE = `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: live
store: { url: "postgres://tocsin@db.test/tocsin", password: { env: TOKEN } }
bus: { servers: ["nats://bus.test:4222"], username: tocsin, password: { env: TOKEN }, durability: replicas, spool: { megabytes: 64 } }
listeners: { people: { public_url: "https://tocsin.test" } }
notify:
  - { id: hook, connector: webhook, for: [on_call, delegate], settings: { url: "https://hook.test/", secret: { env: WEBHOOK } } }
  - { id: ntfy, connector: ntfy, for: [on_call, dpo], settings: { url: "https://ntfy.test", topic: tocsin } }
outbound:
  - id: gateway
    connector: portal-http
    settings: { url: "https://portal.test/api", authentication: { by: oauth2, token_url: "https://portal.test/token", client_id: c, client_secret: { env: TOKEN } } }
  - { id: ars, connector: ars-mail, settings: { host: relay.test, from: tocsin@ch.example, to: [ars@ars.example], contact: a.martin@ch.example } }
people: { oidc: { issuer: "https://sso.test", client_id: c, client_secret: { env: TOKEN }, depends_on: [] } }
tools: [{ id: soc, secret: { env: WEBHOOK } }]
`;
const GIVEN = { facilityId: "ch-x", facilityName: "CH X", kind: "autre", mode: "observe", state: "../state" };
const SOUND = [
  RICH,
  LIVE,
  readFileSync(join(ROOT, "docs/examples/facility.yml"), "utf8"),
  configText({ ...GIVEN, profile: PROFILES.ch }),
];

/** A configuration that is taken, or problems of which each says what, where with its line, and by a stable code. */
function judged(text: string, file = FILE): "loaded" | Problem[] {
  const began = performance.now();
  const { loaded, problems } = parseConfig(text, file, ENVIRONMENT);
  expect(performance.now() - began).toBeLessThan(5000);
  if (loaded !== undefined) return "loaded";
  expect(problems.length).toBeGreaterThan(0);
  for (const { code, where = "", message } of problems) {
    expect(code).toMatch(/^[a-z][a-z_]+$/);
    expect(message).toMatch(/\w{3}/);
    expect(message).not.toMatch(/call stack|is not a function|Cannot read propert|\[object |undefined/);
    // What other files hold is told by their own names.
    if (where.startsWith(file)) expect(where).toMatch(text === "" ? /\.yml$/ : /\.yml(:\d+:\d+)?$/);
  }
  return problems;
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    ...[
      null,
      true,
      0,
      -1,
      1e308,
      Number.NaN,
      65_536,
      "",
      " ",
      "\0",
      "\uFEFF",
      "\u202E",
      "é\u0301",
      "../../..",
      "/dev/zero",
    ],
    ...["__proto__", "constructor", "*", "&a", "{{", "0.0.0.0", "::", "2026-01-01", "x".repeat(70_000)],
    ...[[], {}, [[]], { file: "/dev/zero" }, { env: "NONE" }, { credential: "none" }],
  ),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.jsonValue({ maxDepth: 4 }),
  fc
    .integer({ min: 1, max: 60 })
    .map((depth) => JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown),
);

/** Every place of a document, as paths of keys. */
function placesOf(document: Document): PropertyKey[][] {
  const found: PropertyKey[][] = [];
  const walk = (node: unknown, path: PropertyKey[]) => {
    if (path.length > 0) found.push(path);
    if (isMap(node)) for (const { key, value } of node.items) walk(value, [...path, String(key)]);
    if (isSeq(node)) for (const [i, item] of node.items.entries()) walk(item, [...path, i]);
  };
  walk(document.contents, []);
  return found;
}

/** One change of a value, a key or a member, by what is drawn. */
function changed(text: string, { at, by, value }: { at: number; by: string; value: unknown }): string {
  const document = parseDocument(text);
  const places = placesOf(document);
  const path = places[at % places.length] ?? [];
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (by === "delete") document.deleteIn(path);
  if (by === "replace") document.setIn(path, value);
  if (by === "add" && isCollection(parent)) {
    if (isSeq(parent)) parent.items.push(document.createNode(value));
    if (isMap(parent))
      parent.items.push(document.createPair(typeof value === "string" ? value : "extra", value));
  }
  if (by === "repeat" && (isSeq(parent) || isMap(parent)) && parent.items.length > 0)
    (parent.items as unknown[]).push(parent.items[at % parent.items.length]);
  if (by === "flow")
    visit(document, {
      Collection(_, node) {
        node.flow = true;
      },
    });
  return String(document);
}

describe("any configuration", () => {
  it("is taken before it is changed", () => {
    expect(SOUND.map((text) => parseConfig(text, FILE, null).problems)).toEqual(SOUND.map(() => undefined));
    expect([RICH, LIVE].map((text) => judged(text))).toEqual(["loaded", "loaded"]);
  });

  const change = fc.record({
    at: fc.nat(10_000),
    by: fc.constantFrom("delete", "replace", "replace", "add", "repeat", "flow"),
    value: odd,
  });
  it.each(SOUND.map((text, i) => [i, text] as const))(
    "is taken or explained after one to four changes of what it says (%i)",
    { timeout: 30_000 * EFFORT },
    (_, text) => {
      fc.assert(
        fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), (changes) => {
          let made = text;
          for (const each of changes) {
            try {
              made = changed(made, each);
            } catch {
              // What was made before can no longer be changed as a document: it is judged as it stands.
              break;
            }
          }
          judged(made);
        }),
        { ...BOUNDED, numRuns: 100 * EFFORT, interruptAfterTimeLimit: 8000 * EFFORT },
      );
    },
  );

  const cut = fc.record({
    at: fc.nat(100_000),
    length: fc.nat(40),
    text: fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }),
      fc.constantFrom(
        "\t",
        "\0",
        "\uFEFF",
        "\r",
        "&a ",
        "*a",
        "<<: *a",
        "- ",
        "? ",
        ": ",
        "{",
        "[",
        "|\n",
        ">-\n",
        "!!binary ",
      ),
      fc.constantFrom(
        "%YAML 1.1\n---\n",
        "---\n",
        "...\n",
        "# ",
        "'",
        '"',
        "\u0085",
        "\u2028",
        "é",
        "\uD800",
      ),
    ),
  });
  it("is taken or explained after its text was cut and mixed", { timeout: 30_000 * EFFORT }, () => {
    fc.assert(
      fc.property(fc.constantFrom(...SOUND), fc.array(cut, { minLength: 1, maxLength: 5 }), (sound, cuts) => {
        let text = sound;
        for (const { at, length, text: put } of cuts) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + put + text.slice(from + length);
        }
        judged(text);
      }),
      { ...BOUNDED, numRuns: 300 * EFFORT, interruptAfterTimeLimit: 8000 * EFFORT },
    );
  });

  const many = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join("\n");
  const bomb = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${many(12, (i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`)}]`)}\n`;
  it.each<[string, string, RegExp]>([
    ["an alias bomb", bomb, /^config_not_yaml .*:1:1: Excessive alias/],
    ["an alias to what holds it", `${RICH}extra: &a [*a]\n`, /^config_invalid .*: extra: unknown key/],
    ["lists in lists without end", `${RICH}extra: ${"[".repeat(100_000)}`, /nested too deeply/],
    ["mappings in mappings", `${RICH}extra: ${"{a: ".repeat(4000)}${"}".repeat(4000)}`, /nested too deeply/],
    ["steps of indentation", `${RICH}${many(4000, (i) => `${" ".repeat(i)}a:`)}`, /nested too deeply/],
    ["fifty thousand keys", `${RICH}${many(50_000, (i) => `k${i}: 1`)}`, /49900 more of the kind; correct/],
    ["a list of the wrong things", `${RICH.replace("sites:", "regimes: [")}`, /^config_not_yaml/],
    ["a key twice", `${RICH}mode: live\n`, /^config_not_yaml .*:\d+:1: Map keys must be unique/],
    ["a key twice in a line", RICH.replace("port: 4 }", "port: 4, port: 6 }"), /must be unique/],
    ["a NUL", `${RICH}\0`, /^config_not_yaml/],
    ["a tab to indent", `${RICH}extra:\n\ta: 1\n`, /Tabs are not allowed/],
    ["two documents", `${RICH}---\n${RICH}`, /multiple documents/],
    ["a key that is a list", `${RICH}? [a]\n: b\n`, /unknown key/],
    ["a function", `${RICH}extra: !!js/function "() => 1"\n`, /extra: unknown key/],
    ["__proto__", `${RICH}__proto__: { mode: live }\n`, /__proto__: unknown key/],
    ["nothing", "", /^config_invalid .*facility: missing; give a mapping/],
    ["a word", "tocsin", /^config_invalid .*:1:1: \(file\): Invalid input/],
    ["a path with a NUL", `${RICH}mappings: ["a\\0b"]\n`, /null bytes/],
  ])("says at once what is wrong with %s", (_, text, expected) => {
    const problems = judged(text);
    if (problems === "loaded") throw new Error("it was taken");
    expect(problems.map((each) => `${each.code} ${problemSentence(each)}`).join("\n")).toMatch(expected);
    expect(problems.length).toBeLessThanOrEqual(101);
  });

  it.each([
    ["a byte order mark", `\uFEFF${RICH}`],
    ["the ends of lines of Windows", RICH.replaceAll("\n", "\r\n")],
    ["JSON", JSON.stringify(parseDocument(RICH).toJS())],
    [
      "thousands of systems",
      `${RICH.replace(/^systems:\n/m, `systems:\n${many(3000, (i) => `  - { id: s${i}, name: S, kind: imaging, hosts: [s${i}] }`)}\n`)}`,
    ],
    ["comments without end", `${RICH}${"# a\n".repeat(50_000)}`],
  ])("takes %s", (_, text) => {
    expect(judged(text)).toBe("loaded");
  });

  it("reads no file that cannot be a configuration, and says so", () => {
    const large = join(folder, "large.yml");
    writeFileSync(large, `${RICH}${"#".repeat(5 * 1024 * 1024)}`);
    expect(loadConfig(large).problems).toMatchObject([
      { code: "config_unreadable", message: expect.stringContaining("larger than") },
    ]);
    expect(loadConfig(folder).problems).toMatchObject([{ code: "config_unreadable" }]);
  });
});
