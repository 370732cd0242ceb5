import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { configText } from "../agent/cli/init/config-text.ts";
import { problemSentence } from "../agent/core/errors.ts";
import { fc } from "../test/support/property.ts";
import { parseConfig } from "./load.ts";
import { Secret } from "./secrets.ts";

const ENVIRONMENT = { TOKEN: "a token long enough", SHORT: "short" };
const GOOD = `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: exercise
sources:
  - { id: wazuh, connector: wazuh, token: { env: TOKEN } }
systems:
  - { id: pacs, name: PACS, kind: imaging }
outbound: [{ id: sortie, connector: exercise }]
`;
const read = (text: string) => parseConfig(text, "/etc/tocsin/tocsin.yml", ENVIRONMENT);
const told = (text: string) => (read(text).problems ?? []).map(problemSentence);

describe("loadConfig", () => {
  it("reads a configuration with its defaults and keeps secrets apart", () => {
    const { loaded } = read(GOOD);
    expect(loaded?.config.listeners.people).toMatchObject({ address: "127.0.0.1", port: 8470 });
    expect(loaded?.stateDirectory).toBe("/etc/state");
    expect(loaded?.secrets.get("sources.0.token")?.reveal()).toBe(ENVIRONMENT.TOKEN);
    expect(JSON.stringify(loaded?.config)).not.toContain(ENVIRONMENT.TOKEN);
  });

  it("tells every problem at once, each with its line, what and what to do", () => {
    const problems = told(`facility: { id: CH X, name: "", kind: hospital, time_zone: Paris }
mode: exercise
sources:
  - { id: a, connector: wazuh, token: { env: TOKEN } }
unknown: 1
listeners:
  people: { address: 0.0.0.0, port: 99999 }
`);
    expect(
      problems.map((each) => /^\/etc\/tocsin\/tocsin\.yml:(\d+):\d+: ([\w.()]+)/.exec(each)?.slice(1, 3)),
    ).toEqual(
      expect.arrayContaining([
        ["1", "facility.id"],
        ["1", "facility.name"],
        ["1", "facility.kind"],
        ["1", "facility.time_zone"],
        ["7", "listeners.people.port"],
        ["5", "unknown"],
      ]),
    );
  });

  it.each([
    [
      "plain HTTP beyond the loopback",
      GOOD.replace("mode:", "listeners: { people: { address: 0.0.0.0 } }\nmode:"),
      "listeners.people.tls",
    ],
    ["an unknown connector", GOOD.replace("connector: wazuh", "connector: wazuuh"), "did you mean wazuh?"],
    [
      "a source through which nothing can arrive",
      GOOD.replace(", token: { env: TOKEN }", ""),
      "give listen (sockets), or token, signature or client (HTTP)",
    ],
    [
      "a certificate that nobody asks for",
      GOOD.replace("token: { env: TOKEN }", "client: { names: [siem.example] }"),
      "listeners.intake.tls.clients.authority",
    ],
    [
      "a signature without its secret",
      GOOD.replace("token: { env: TOKEN }", "signature: { scheme: github, secret: { env: NOWHERE } }"),
      "the environment has no NOWHERE",
    ],
    [
      "a Standard Webhooks secret that is none",
      GOOD.replace(
        "token: { env: TOKEN }",
        "signature: { scheme: standard-webhooks, secret: { env: TOKEN } }",
      ),
      "sources.0.signature.secret: this is not a Standard Webhooks secret",
    ],
    ["a key that is missing", GOOD.replace("name: CH X, ", ""), "facility.name: missing; give a text"],
    [
      "an address that is none",
      GOOD.replace("token: { env: TOKEN }", "listen: [{ transport: udp, address: 10.300.1.1, port: 5514 }]"),
      "write an IP address of this machine",
    ],
    [
      "an index read as a format of lines",
      GOOD.replace(
        "connector: wazuh, token: { env: TOKEN }",
        'connector: syslog, poll: { url: "https://siem.example:9200", index: logs }',
      ),
      "the documents of an index are JSON, and syslog reads lines",
    ],
    [
      "the short name of a product",
      GOOD.replace("connector: wazuh", "connector: fortigate"),
      "did you mean fortinet-fortigate?",
    ],
    [
      "a silence that lasts no time",
      GOOD.replace("{ id: wazuh,", "{ id: wazuh, silent_after_minutes: 0,"),
      "sources.0.silent_after_minutes",
    ],
    [
      "an inline secret",
      GOOD.replace("{ env: TOKEN }", "abcdefgh"),
      "a secret is never written in the configuration",
    ],
    ["a missing environment variable", GOOD.replace("TOKEN", "NOWHERE"), "the environment has no NOWHERE"],
    ["a missing secret file", GOOD.replace("{ env: TOKEN }", "{ file: nowhere.secret }"), "create the file"],
    [
      "the same id twice",
      GOOD.replace("systems:", "systems:\n  - { id: pacs, name: Encore, kind: imaging }"),
      '"pacs" is already used',
    ],
    [
      "a dependency on no system",
      GOOD.replace("kind: imaging }", "kind: imaging, depends_on: [ad] }"),
      'no system "ad"',
    ],
    [
      "a bad network",
      GOOD.replace("kind: imaging }", "kind: imaging, cidrs: [10.0.0.0/99] }"),
      "systems.0.cidrs.0: write a network such as 10.20.4.0/24",
    ],
    [
      "a pretended filing in live mode",
      GOOD.replace("mode: exercise", "mode: live"),
      "remove it when mode is live",
    ],
    ["an unknown notifier", `${GOOD}notify: [{ id: n, connector: pigeon, for: [on_call] }]`, "one of: email"],
    [
      "a notifier's wrong settings",
      `${GOOD}notify: [{ id: n, connector: webhook, for: [on_call], settings: { url: nowhere } }]`,
      "notify.0.settings.url",
    ],
    ["YAML that is none", "facility: [", "correct the YAML at that place"],
    ["a repeated key", "mode: live\nmode: live\n", "Map keys must be unique"],
    [
      "an alias bomb",
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [${"*a,".repeat(9)}]\nc: &c [${"*b,".repeat(9)}]\nd: [${"*c,".repeat(9)}]\n`,
      "alias",
    ],
    ["nothing at all", "", "facility"],
  ])("refuses %s", (_, text, expected) => {
    expect(told(text).join("\n")).toContain(expected);
  });

  it("accepts what init writes, and the demonstration's configuration", () => {
    const { problems } = parseConfig(
      configText({
        facilityId: "ch-x",
        facilityName: 'CH "X" : été',
        kind: "autre",
        mode: "observe",
        state: "../state",
      }),
      "/nowhere/tocsin.yml",
      {},
    );
    expect(problems?.every((problem) => problem.code === "secret_missing")).toBe(true);
    const demo = readFileSync(join(import.meta.dirname, "demo.yml"), "utf8");
    const env = Object.fromEntries(
      ["ALERTMANAGER_TOKEN", "WAZUH_TOKEN", "WEBHOOK_SECRET", "TOOL_SECRET"].map((name) => [
        `DEMO_${name}`,
        Buffer.from(`the ${name} of the demonstration`).toString("base64"),
      ]),
    );
    expect(parseConfig(demo, "/nowhere/tocsin.yml", env).problems).toBeUndefined();
  });

  it("gives a clear error or a configuration for any mutation, and never throws", () => {
    const mutation = fc.tuple(fc.nat(GOOD.length), fc.nat(8), fc.string({ maxLength: 12 }));
    fc.assert(
      fc.property(mutation, ([at, length, text]) => {
        const result = read(GOOD.slice(0, at) + text + GOOD.slice(at + length));
        if (result.loaded === undefined) {
          expect(result.problems.length).toBeGreaterThan(0);
          for (const problem of result.problems) expect(problemSentence(problem)).toContain("tocsin.yml");
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("Secret", () => {
  it("prints as [secret] however it is turned into text", () => {
    const secret = new Secret("hush");
    expect(
      [String(secret), `${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ secret })].join(),
    ).not.toContain("hush");
    expect(secret.reveal()).toBe("hush");
  });
});
