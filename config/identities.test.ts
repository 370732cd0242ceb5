import { expect, it } from "vitest";
import { problemSentence } from "../agent/core/errors.ts";
import { parseConfig } from "./load.ts";

const read = (identities: string) =>
  parseConfig(
    `facility: { id: ch-x, name: CH X, kind: autre }\nmode: observe\nidentities: ${identities}\n`,
    "/etc/tocsin/tocsin.yml",
    null,
  );

it("reads the forms of a facility's identifiers, and does without", () => {
  const { loaded } = read("{ patterns: [{ name: IPP, pattern: '80\\d{8}' }], keep: ['01 40 00 00 00'] }");
  expect(loaded?.config.identities).toEqual({
    patterns: [{ name: "IPP", pattern: "80\\d{8}", after: [] }],
    keep: ["01 40 00 00 00"],
  });
  expect(read("{}").loaded?.config.identities).toEqual({ patterns: [], keep: [] });
});

it.each([
  ["'(\\d+)+$'", "is not read here"],
  ["'\\d{8}'", "also fits 20261115, which must stay readable"],
  ["'\\d{2}'", "fits texts of 2 characters"],
])("refuses the pattern %s, where it is written and why", (pattern, why) => {
  const { problems = [] } = read(`{ patterns: [{ name: IPP, pattern: ${pattern} }] }`);
  expect(problems.map(problemSentence)).toEqual([
    expect.stringMatching(/^\/etc\/tocsin\/tocsin\.yml:3:\d+: identities\.patterns\.0\.pattern: /),
  ]);
  expect(problems[0]?.message).toContain(why);
});

it.each([
  "{ patterns: [{ name: '[IPP]', pattern: '80\\d{8}' }] }",
  "{ patterns: [{ name: IPP, pattern: '80\\d{8}', after: ['.*'] }] }",
  "{ unknown: 1 }",
])("refuses %s", (identities) => {
  expect(read(identities).problems?.length).toBeGreaterThan(0);
});
