import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = resolve(import.meta.dirname, "../main.ts");
const RULES = `title: Backup begun
name: begun
logsource: {category: alert}
detection: {sel: {message|contains: backup-began}, condition: sel}
level: informational
---
title: Backup done
name: done
logsource: {category: alert}
detection: {sel: {message|contains: backup-done}, condition: sel}
level: informational
---
title: Backup never done
id: never-done
correlation: {type: absence, rules: [begun, done], group-by: [host.name], timespan: 1h}
level: high
tocsin: {title_fr: Sauvegarde inachevée, reason_fr: Elle n'a pas fini.}
---
title: Backup begun and not done
id: not-done
correlation: {type: temporal, rules: [begun, done], group-by: [host.name], timespan: 1h, condition: begun and not done}
level: high
tocsin: {title_fr: Sauvegarde sans fin, reason_fr: Elle n'a pas fini.}
`;
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "replay-"));
  writeFileSync(join(folder, "rules.yml"), RULES);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const at = (time: string, host: string, message: string) =>
  JSON.stringify({ "@timestamp": `2026-11-15T${time}Z`, host, message });
const BEGUN = [at("01:00:00", "srv-1", "backup-began"), at("01:30:00", "srv-2", "backup-began")];
const OTHER = at("02:10:00", "srv-9", "something else");

/** What a replay says of the two correlations: how often each fired, and what it leaves open. */
function replay(records: readonly string[], ...args: string[]) {
  const expect = join(folder, "expect.yml");
  writeFileSync(expect, "rules: { never-done: 99, not-done: 99 }");
  const rules = join(folder, "rules.yml");
  const done = spawnSync(
    process.execPath,
    [MAIN, "replay", "--json", "--rules", rules, "--expect", expect, ...args],
    { cwd: folder, input: records.join("\n"), encoding: "utf8", timeout: 60_000 },
  );
  const count = (name: string) =>
    new RegExp(`^${name}: expected exactly 99, found (\\d+)`, "m").exec(done.stderr)?.[1];
  return {
    absent: count("never-done"),
    without: count("not-done"),
    open: /^\d+ groups still waited.*$/m.exec(done.stderr)?.[0],
    code: done.status,
    err: done.stderr,
  };
}

describe("the end of a recording", () => {
  it.each([
    ["nothing to wait for", [OTHER], [], "0", "0", undefined],
    [
      "absences whose time was not over, told",
      BEGUN,
      [],
      "0",
      "2",
      /^2 groups .*: Backup never done \(2\); --until /,
    ],
    [
      "an absence whose time was over by the last record",
      [...BEGUN, OTHER],
      [],
      "1",
      "2",
      /^1 groups .*\(1\)/,
    ],
    ["an answer that came", [...BEGUN, at("01:40:00", "srv-1", "backup-done")], [], "0", "1", /^1 groups /],
    ["the first absence, by --until", BEGUN, ["--until", "2026-11-15T02:00:00Z"], "1", "2", /^1 groups /],
    ["every absence, by --until", BEGUN, ["--until", "2026-11-15T02:30:00Z"], "2", "2", undefined],
    [
      "no less than its records, by --until",
      BEGUN,
      ["--until", "2026-11-15T00:00:00Z"],
      "0",
      "2",
      /^2 groups /,
    ],
  ])("decides %s", (_what, records, args, absent, without, open) => {
    const found = replay(records, ...args);
    expect({ absent: found.absent, without: found.without }).toEqual({ absent, without });
    if (open === undefined) expect(found.open).toBeUndefined();
    else expect(found.open).toMatch(open);
  });

  it("refuses an --until that is no time", () => {
    const { code, err } = replay(BEGUN, "--until", "tomorrow");
    expect(code).toBe(2);
    expect(err).toContain('--until: "tomorrow" is no time');
  });
});

it.each([
  ["in order", BEGUN, ""],
  ["an hour late", [...BEGUN].reverse(), ""],
  [
    "days late",
    [at("01:00:00", "srv-1", "x").replace("2026", "2099"), ...BEGUN],
    "2 records are dated more than a day before .*: 2099-11-15T01:00:00.000Z, line 1\n",
  ],
])("says of records %s that time went back", (_, records, told) => {
  const { err } = replay(records);
  expect(/^.*count as late.*\n/m.exec(err)?.[0] ?? "").toMatch(new RegExp(`^${told}$`));
});

it("gives facts by a meaning of a folder to a correlation that has none itself", () => {
  mkdirSync(join(folder, "foreign"));
  const foreign = RULES.replaceAll(/^tocsin: .*\n/gm, "");
  writeFileSync(join(folder, "foreign/backup.yml"), foreign);
  const meaning = "{ rules: { level: high }, cause: software_bug, facts: [{ fact: system_unavailable }] }";
  writeFileSync(join(folder, "meanings.yml"), `meanings: [${meaning}]`);
  writeFileSync(
    join(folder, "tocsin.yml"),
    `facility: { id: f, name: F, kind: autre, time_zone: UTC }
mode: observe
systems: [{ id: fichiers, name: Fichiers, kind: other, hosts: [srv-*] }]
rules: [{ path: foreign, meanings: [meanings.yml] }]
`,
  );
  const done = spawnSync(process.execPath, [MAIN, "replay", "--json", "--config", "tocsin.yml"], {
    cwd: folder,
    input: BEGUN.join("\n"),
    encoding: "utf8",
  });
  expect(done.stderr).not.toContain("refused");
  const { incidents } = JSON.parse(done.stdout);
  expect(
    incidents.flatMap(({ facts }: { facts: { fact: string }[] }) => facts.map(({ fact }) => fact)),
  ).toContain("system_unavailable");
});
