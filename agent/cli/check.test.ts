import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type House, makeHouse } from "../../test/support/daemon.ts";
import { checkCommand } from "./check.ts";

let house: House;
beforeAll(async () => {
  house = await makeHouse({ more: "rules: [{ path: rules, meanings: [meanings.yml] }]" });
  mkdirSync(join(house.directory, "rules"));
  const detection = "detection: {sel: {message|contains: x}, condition: sel}";
  writeFileSync(
    join(house.directory, "rules/a.yml"),
    `title: A\nlogsource: {category: alert}\n${detection}\n`,
  );
});
afterAll(() => house.remove());
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

const isOfRules = ({ where = "" }: { where?: string }) => where.startsWith(house.directory);

async function check(meanings: string) {
  writeFileSync(join(house.directory, "meanings.yml"), meanings);
  const out: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => out.push(String(text)) > 0);
  const program = new Command("tocsin").exitOverride();
  checkCommand(program);
  await program.parseAsync(["node", "tocsin", "check", "--json", "--config", house.config]);
  return { code: process.exitCode, ...JSON.parse(out.join("")) };
}

it("advises of meanings that select nothing, and counts what is doubtful of the rules", async () => {
  const { problems, advice } = await check("meanings: [{ rules: { level: critical }, cause: malware }]");
  expect(problems.filter(isOfRules)).toEqual([]);
  expect(advice).toContainEqual(
    expect.objectContaining({
      code: "meaning_without_rule",
      where: expect.stringMatching(/meanings\.yml:1:\d+$/),
    }),
  );
  expect(advice).toContainEqual(
    expect.objectContaining({ code: "rules_doubted", message: "2 remark(s) about rules" }),
  );
});

it("refuses meanings with an unknown fact, at its line", async () => {
  const { code, problems } = await check(
    "meanings:\n  - rules: { level: low }\n    facts: [{ fact: nothing }]\n",
  );
  expect(code).toBe(1);
  expect(problems.filter(isOfRules)).toMatchObject([
    { code: "meanings_invalid", where: expect.stringMatching(/meanings\.yml:3:\d+$/) },
  ]);
});

it("names the fields that a portal's JSON needs and no form has", async () => {
  const text = readFileSync(house.config, "utf8");
  const settings = {
    url: "https://portail.example/",
    authentication: { by: "bearer", token: { file: "token.secret" } },
    body: { json: { a: { $field: "description" }, b: [{ $field: "descripton" }] } },
  };
  const ways = `outbound: [{ id: ars, connector: portal-http, settings: ${JSON.stringify(settings)} }]`;
  writeFileSync(join(house.directory, "token.secret"), "secret", { mode: 0o600 });
  writeFileSync(house.config, text.replace(/^mode: .*$/m, "mode: live").replace(/^outbound: .*$/m, ways));
  const { problems } = await check("meanings: []");
  writeFileSync(house.config, text);
  expect(problems.filter(({ code }: { code: string }) => code === "field_unknown")).toEqual([
    {
      code: "field_unknown",
      where: "outbound.0.settings.body.json",
      message: 'no form of sante has a field "descripton"',
      remedy: expect.stringContaining("description, perimeter"),
    },
  ]);
});
