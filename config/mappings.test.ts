import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { problemSentence } from "../agent/core/errors.ts";
import { parseConfig } from "./load.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-mappings-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const mapping = (name: string, over = "syslog") => `mapping: ${name}
title: ${name}
reference: [{ url: "https://example.org/doc", read: 2026-11-22 }]
over: [${over}]
when: { process.name: ${name} }
`;
const read = (connector: string, more = "") =>
  parseConfig(
    `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: observe
sources: [{ id: a, connector: ${connector}, listen: [{ transport: udp, port: 5514 }] }]
${more}`,
    join(folder, "tocsin.yml"),
    {},
  );
const write = (path: string, text: string) => {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), text);
};

it.each(["auto", "syslog", "cisco-asa"])("a source may be %s", (connector) =>
  expect(read(connector).problems).toBeUndefined(),
);

it("takes the mappings beside the configuration, and those it names", () => {
  write("mappings/voisine.yml", mapping("voisine"));
  write("ailleurs/nommee.yml", mapping("nommee"));
  expect(read("voisine").loaded?.config.mappings).toEqual([join(folder, "mappings")]);
  expect(read("nommee", "mappings: [ailleurs/nommee.yml]").loaded?.config.mappings).toEqual([
    join(folder, "mappings"),
    join(folder, "ailleurs/nommee.yml"),
  ]);
});

it.each([
  [
    "a mapping that is wrong",
    "mappings/x.yml",
    mapping("x", "syslogg"),
    "",
    /x\.yml:4:8: .*did you mean syslog\?/,
  ],
  [
    "two mappings of one name",
    "mappings/x.yml",
    mapping("x"),
    "mappings: [b.yml]",
    /b\.yml: another mapping is named x/,
  ],
  ["a mapping that is not there", "y.yml", "", "mappings: [nowhere.yml]", /nowhere\.yml: ENOENT/],
])("tells %s", (_, path, text, more, expected) => {
  write(path, text);
  if (more.includes("b.yml")) write("b.yml", mapping("x"));
  expect((read("syslog", more).problems ?? []).map(problemSentence).join("\n")).toMatch(expected);
});

it("tells a source of which there is no mapping, with the nearest name", () => {
  expect((read("cisco-aza").problems ?? []).map(problemSentence)).toEqual([
    expect.stringMatching(/tocsin\.yml:3:\d+: .*no format or mapping "cisco-aza"; did you mean cisco-asa\?/),
  ]);
});
