import { describe, expect, it } from "vitest";
import { problemSentence } from "../agent/core/errors.ts";
import { parseConfig } from "./load.ts";

const ENVIRONMENT = { ONE: "a secret of one source", TWO: "a secret of another source" };

/** What is wrong with sources, from line 4 of a configuration on, one a line. */
function problems(...sources: string[]) {
  const head = "facility: { id: ch-x, name: CH X, kind: autre }\nmode: observe\nsources:\n";
  const text = head + sources.map((each, i) => `  - { id: s${i}, connector: generic, ${each} }\n`).join("");
  return parseConfig(text, "/nowhere/tocsin.yml", ENVIRONMENT).problems ?? [];
}
const token = (name: string) => `token: { env: ${name} }`;
const signed = (name: string) => `signature: { scheme: github, secret: { env: ${name} } }`;
const custom = (more: string) =>
  `signature: { scheme: custom, secret: { env: ONE }, header: x-signature, ${more} }`;
const poll = (more = "") => `poll: { url: "https://siem:9200", index: logs${more} }`;

describe("checkSources", () => {
  it.each([
    [
      "one secret that signs for two",
      [signed("ONE"), signed("ONE")],
      "secret_repeated",
      "5",
      'secret of the source "s0"',
    ],
    [
      "a secret that travels as a token",
      [`${token("ONE")}, ${signed("ONE")}`],
      "secret_repeated",
      "4",
      'token of the source "s0"',
    ],
    [
      "a secret that is another's token",
      [signed("ONE"), token("ONE")],
      "secret_repeated",
      "4",
      'token of the source "s1"',
    ],
    [
      "two that ask one index the same",
      [poll(), poll(", every_seconds: 30")],
      "poll_repeated",
      "5",
      'source "s0"',
    ],
    [
      "a silence shorter than the wait between two questions",
      [`silent_after_minutes: 1, ${poll(", every_seconds: 60")}`],
      "silence_too_short",
      "4",
      "every 60 s",
    ],
    [
      "a signed text with an id that no header tells",
      [custom('signed: "{id}.{body}"')],
      "config_invalid",
      "4",
      "{id}",
    ],
    [
      "a way out of the name of an index",
      [poll(', query: "a", time_field: t').replace("logs", '".."')],
      "config_invalid",
      "4",
      "names",
    ],
  ])("finds %s, at its line", (_what, about, code, line, said) => {
    const found = problems(...about);
    expect(found).toMatchObject([
      { code, where: expect.stringMatching(new RegExp(`tocsin\\.yml:${line}:\\d+$`)) },
    ]);
    const sentence = found.map(problemSentence).join();
    expect(sentence).toContain(said);
    for (const secret of Object.values(ENVIRONMENT)) expect(sentence).not.toContain(secret);
  });

  it("keeps the name of Tocsin for itself", () => {
    const text = `facility: { id: ch-x, name: CH X, kind: autre }\nmode: observe\nsources:\n  - { id: tocsin, connector: generic, ${token("ONE")} }\n`;
    expect(parseConfig(text, "/nowhere/tocsin.yml", ENVIRONMENT).problems).toMatchObject([
      { code: "source_reserved", where: expect.stringMatching(/:4:\d+$/) },
    ]);
  });

  it.each([
    "*",
    "*.*.example.org",
    "https://siem.example.org",
    "siem*.example.org",
    "siem.example.org.",
    "siem.example.org\\0.example.net",
  ])("finds that no certificate is named %s", (name) => {
    const clients = `clients: { authority: ca.pem, names: ["${name}"] }`;
    const tls = `tls: { certificate: c.pem, key: k.pem, ${clients} }`;
    for (const source of [
      `client: { names: ["${name}"] }`,
      `listen: [{ transport: tls, port: 1, ${tls} }]`,
      `listen: [{ transport: udp, port: 2 }, { transport: relp, port: 2, ${tls} }]`,
    ])
      expect(problems(source).map(({ code }) => code)).toContain("name_not_in_certificate");
  });

  it.each([
    ["a secret for each", [signed("ONE"), signed("TWO")]],
    ["a token beside a signature", [`${token("ONE")}, ${signed("TWO")}`]],
    ["two questions to one index", [poll(", query: a"), poll(", query: b")]],
    [
      "a silence longer than the wait between two questions",
      [`silent_after_minutes: 2, ${poll(", every_seconds: 60")}`],
    ],
  ])("accepts %s", (_what, about) => {
    expect(problems(...about)).toEqual([]);
  });
});
