import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseConfig } from "../../../config/load.ts";
import { checkOpenFiles } from "./check-open-files.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function look(connections: number, limitOf: (process?: number | "self") => number | undefined) {
  const text = `facility: { id: ch-x, name: CH X, kind: autre }\nmode: exercise\nstate_directory: .\nlimits: { connections: ${connections} }\n`;
  const { loaded } = parseConfig(text, join(folder, "tocsin.yml"), {});
  if (loaded === undefined) throw new Error("no configuration");
  return checkOpenFiles(loaded, limitOf);
}

it.each([
  ["as many as are allowed, and the margin", 10_000, 11_024, []],
  ["one less", 10_000, 11_023, ["10000", "11023 files", "together take 9999"]],
  ["a few: the half is left to the rest", 200, 256, ["200", "256 files", "together take 128"]],
  ["no end of them", 1_000_000, Number.POSITIVE_INFINITY, []],
])(
  "compares the connections that are allowed with the files that may be open: %s",
  (_, most, limit, says) => {
    const { findings } = look(most, () => limit);
    expect(findings).toHaveLength(says.length === 0 ? 0 : 1);
    for (const each of says) expect(findings[0]?.message).toContain(each);
  },
);

it("looks at the daemon that runs, whose service has limits of its own", () => {
  writeFileSync(join(folder, "daemon.pid"), "4242\n");
  const limits = (process: number | "self" = "self") => (process === 4242 ? 512 : 1_000_000);
  expect(look(1000, limits).findings).toMatchObject([
    {
      level: "advice",
      code: "open_files_few",
      where: "limits.connections",
      message: expect.stringContaining("4242"),
    },
  ]);
});

it("says that it could not look where nothing tells", () => {
  expect(look(10, () => undefined)).toEqual({ findings: [], unknown: expect.any(String) });
});
