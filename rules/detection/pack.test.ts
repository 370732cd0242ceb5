import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "js-yaml";
import { describe, expect, it } from "vitest";
import { CAUSES } from "../../agent/core/detection.ts";
import { parseText } from "../../agent/stages/ingest.ts";
import { runCases } from "../engine/cases.ts";
import { compileGate } from "../engine/gate.ts";
import { loadRules } from "../engine/load.ts";
import { compileRules, matchAlert } from "../engine/rule-set.ts";

const folder = dirname(fileURLToPath(import.meta.url));
const { rules: loaded, correlations, refused } = loadRules([folder]);
/** Those that mean something alone: parts of a correlation are tried by its cases. */
const rules = [
  ...loaded.filter(({ rule }) => rule.role !== "part"),
  ...correlations.filter(({ alone }) => alone),
];
const set = compileRules(loaded);
const CONTEXT = { received: 1_785_665_469_000_000, zone: "Europe/Paris" };
const read = (as: string, record: string) => parseText(as, record, CONTEXT);
const { results, problems } = runCases(set, loaded, read, correlations);

describe("the rule pack", () => {
  it("loads whole, and every rule has records that must match and that must not", () => {
    expect(refused).toEqual([]);
    expect(set.inactive).toEqual([]);
    expect(problems).toEqual([]);
    for (const { rule, file } of rules) {
      const own = results.filter((result) => result.rule === rule.name);
      expect(own.filter((result) => result.expected === "match").length, file).toBeGreaterThanOrEqual(2);
      expect(own.filter((result) => result.expected === "no match").length, file).toBeGreaterThanOrEqual(2);
    }
  });

  it.each(results.map((result) => [result.rule, result.expected, result.as, result] as const))(
    "%s: %s (%s)",
    (_rule, _expected, _as, result) => {
      expect(result.because).toBeUndefined();
    },
  );

  it("never needs an alert parsed that its gate stops", () => {
    const gate = compileGate(set);
    expect(gate.ungated).toEqual([]);
    for (const { expected, record } of results) {
      const bytes = new TextEncoder().encode(record);
      if (expected === "match") expect(gate.scan(bytes, 0, bytes.length), record).toBe(true);
    }
  });

  it("names itself after its file, and states a malicious act whenever its cause is one", () => {
    const names = rules.map(({ rule }) => rule.name);
    for (const { rule, file } of rules) {
      expect(file.endsWith(`${rule.name}.yml`), file).toBe(true);
      const facts = rule.meaning?.facts ?? [];
      for (const fact of facts) for (const name of fact.ended_by) expect(names).toContain(name);
      const states = new Set(facts.map((fact) => fact.fact));
      const cause = rule.meaning?.cause;
      const malicious = cause !== undefined && CAUSES[cause].malicious;
      const saysSo = states.has("malicious_action_suspected") || states.has("account_compromised");
      expect(saysSo, file).toBe(malicious && facts.length > 0);
    }
  });
});

/** The names of the rules that a record satisfies and that state a fact. */
const factsOf = (as: string, record: string) => {
  const { alert } = read(as, record);
  const matched = alert === undefined ? [] : matchAlert(set, alert);
  return matched
    .filter((match) => (match.rule.meaning?.facts.length ?? 0) > 0)
    .map((match) => match.rule.name);
};

describe("everyday noise states no fact", () => {
  const file = readFileSync(join(folder, "everyday-noise.cases.yml"), "utf8");
  const { must_not_match: noise } = load(file) as { must_not_match: { as: string; record: string }[] };

  it("is read by the connector that it is for", () => {
    expect(noise.length).toBeGreaterThan(100);
    expect(noise.filter(({ as, record }) => read(as, record).alert === undefined)).toEqual([]);
  });

  it.each(noise.map(({ as, record }) => [as, record] as const))("%s: %s", (as, record) => {
    expect(factsOf(as, record)).toEqual([]);
  });
});

describe("what a stranger writes to a server that repeats it states no fact", () => {
  // All that alerts say which rules recognise: an attacker can read them too.
  const said = results
    .filter(({ expected }) => expected === "match")
    .flatMap(({ rule, as, record }) => {
      const { alert } = read(as, record);
      const texts = [alert?.message, alert?.rule?.name, alert?.fields?.name, alert?.process?.command_line];
      const own = new Set(texts.filter((text) => typeof text === "string"));
      return [...own].map((text) => [rule, text.replaceAll(/[\n\r"]/g, " ").slice(0, 300)] as const);
    });

  const wazuh = (decoder: string, full_log: string, text: string) =>
    JSON.stringify({
      timestamp: "2026-08-02T02:10:42.120+0200",
      rule: { level: 5, description: "Attempt", id: "5710", groups: [decoder] },
      agent: { id: "1", name: "srv1" },
      id: "1.1",
      decoder: { name: decoder },
      full_log,
      data: { srcuser: text },
    });
  const access = (text: string) =>
    `203.0.113.9 - - [02/Aug/2026:12:00:04 +0200] "GET / HTTP/1.1" 404 153 "-" "${text}"`;

  it.each<[string, string, (text: string) => string]>([
    ["a browser's name, nginx", "nginx", access],
    ["a browser's name, Apache", "apache", access],
    [
      "a browser's name, nginx in syslog",
      "syslog",
      (text) => `<134>Aug  2 12:00:04 web1 nginx: ${access(text)}`,
    ],
    [
      "a user's name, sshd",
      "syslog",
      (text) => `<38>Aug  2 02:00:00 srv1 sshd[77]: Invalid user ${text} from 203.0.113.4 port 4242`,
    ],
    [
      "a subject, Postfix",
      "syslog",
      (text) =>
        `<22>Aug  2 02:00:00 mx1 postfix/cleanup[9]: 4X1: warning: header Subject: ${text} from x[203.0.113.4]`,
    ],
    [
      "a user's name, Wazuh",
      "wazuh",
      (text) => wazuh("sshd", `srv1 sshd[7]: Invalid user ${text} from 203.0.113.4`, text),
    ],
    ["a browser's name, Wazuh", "wazuh", (text) => wazuh("web-accesslog", access(text), text)],
  ])("%s", (_where, as, wrap) => {
    expect(said.length).toBeGreaterThan(200);
    const fooled = said.filter(([, text]) => factsOf(as, wrap(text)).length > 0);
    expect(fooled).toEqual([]);
  });
});
