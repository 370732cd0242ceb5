import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
/** Modules that act when they are imported; they are checked, not run. */
const ENTRIES = new Set(["agent/main.ts"]);

it("every module and every worker is accepted by plain node, which refuses what the test runner accepts", {
  timeout: 120_000,
}, async () => {
  const modules = globSync("{agent,rules,connectors,config}/**/*.ts", { cwd: ROOT }).filter(
    (file) => !file.endsWith(".test.ts") && !ENTRIES.has(file),
  );
  expect(modules.length).toBeGreaterThan(80);
  const script = `
    const failed = [];
    for (const file of ${JSON.stringify(modules)}) {
      try { await import(${JSON.stringify(`file://${ROOT}/`)} + file); } catch (error) { failed.push(file + ": " + error.message); }
    }
    console.log(JSON.stringify(failed));
    process.exit(0);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: ROOT,
  });
  // Workers too: outside of a thread they have nothing to do, and load all the same.
  expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toEqual([]);
});

it.each([...ENTRIES, ...globSync("agent/threads/*.ts", { cwd: ROOT })])(
  "%s is plain node's TypeScript",
  async (file) => {
    await expect(
      promisify(execFile)(process.execPath, ["--check", resolve(ROOT, file)]),
    ).resolves.toMatchObject({ stderr: "" });
  },
);
