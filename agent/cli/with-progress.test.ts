import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { withProgress } from "./with-progress.ts";

/** Runs through records of a file of 1,000 bytes; what was shown, and how many came through. */
async function shown(
  isTTY: boolean,
  files: (path: string) => string[],
): Promise<{ text: string; count: number }> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-progress-"));
  const file = join(folder, "a.log");
  writeFileSync(file, "x".repeat(1000));
  let text = "";
  const stream = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const terminal = Object.assign(stream, {
    isTTY,
    columns: 120,
    cursorTo() {},
    clearLine() {},
    moveCursor() {},
  });
  let now = 0;
  const clock = () => (now += 1_000_000);
  const records = async function* (onRead: (bytes: number) => void) {
    for (let i = 0; i < 1000; i++) {
      onRead(1);
      yield i;
    }
  };
  let count = 0;
  const options = { stream: terminal as unknown as NodeJS.WriteStream, now: clock };
  for await (const _ of withProgress(files(file), options, records)) count++;
  rmSync(folder, { recursive: true });
  return { text, count };
}

it("shows the share of the bytes and the rate on a terminal", async () => {
  const { text, count } = await shown(true, (file) => [file]);
  expect(count).toBe(1000);
  expect(text).toMatch(/100 % \| 1000 records \| \d+\/s/);
});
it("shows the records alone of standard input", async () => {
  const { text } = await shown(true, () => []);
  expect(text).toMatch(/1000 records \| \d+\/s/);
  expect(text).not.toContain("%");
});
it("shows nothing to anything but a terminal", async () => {
  expect(await shown(false, (file) => [file])).toEqual({ text: "", count: 1000 });
});
