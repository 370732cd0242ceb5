import { expect, it, vi } from "vitest";
import { MASKS } from "../../test/support/masks.ts";
import { openLog } from "./log.ts";

it("writes no patient, wherever in the fields he is, and leaves the rest", () => {
  const written: string[] = [];
  // winston's console writes there, not to process.stderr.
  const stream = (console as unknown as { _stderr: NodeJS.WriteStream })._stderr;
  const spy = vi.spyOn(stream, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const log = openLog("info", { facility: "ch-x" }, MASKS);
  log.warn("page failed", {
    path: "/x/185057800608491",
    deep: [{ error: "NIR 1 85 05 78 006 084 91" }],
    times: 3,
  });
  spy.mockRestore();
  const line = JSON.parse(written.join(""));
  expect(line).toMatchObject({ level: "warn", message: "page failed", facility: "ch-x", times: 3 });
  expect(line.path).toMatch(/^\/x\/\[NIR masqué \w{5}\]$/);
  expect(line.deep[0].error).toMatch(/^NIR \[NIR masqué \w{5}\]$/);
});

it("writes one line whatever is logged, without what steers a terminal or turns the writing", () => {
  const written: string[] = [];
  const stream = (console as unknown as { _stderr: NodeJS.WriteStream })._stderr;
  const spy = vi.spyOn(stream, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const hostile = "a\nb\u2028c\u2029d\u0085e\u009b31mf\u202eg\u001b[2J";
  openLog("info", {}, MASKS).warn("record refused", { sample: hostile });
  spy.mockRestore();
  const text = written.join("");
  expect(text.trimEnd()).toMatch(/^[\x20-\x7e\xa0-\xff]+$/);
  expect(JSON.parse(text).sample).toBe(hostile);
});
