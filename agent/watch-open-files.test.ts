import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchOpenFiles } from "./watch-open-files.ts";

const EVERY = 2000;
let code: string | undefined;
let watch: ReturnType<typeof watchOpenFiles>;
const causes = new Set<string>();
const said: string[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  code = undefined;
  said.length = 0;
  watch = watchOpenFiles({
    causes,
    log: {
      error: (message, fields) => said.push(`error ${message} ${fields?.because} ${fields?.remedy}`),
      info: (message) => said.push(`info ${message}`),
    },
    tryOpen: async () => {
      if (code !== undefined) throw Object.assign(new Error(code), { code });
    },
    every: EVERY,
  });
});
afterEach(async () => {
  await watch.stop();
  vi.useRealTimers();
});

const pass = (turns: number) => vi.advanceTimersByTimeAsync(turns * EVERY);

it.each(["EMFILE", "ENFILE"])(
  "tells %s once with what to do, and its end once it lasts, and is not ready meanwhile",
  async (short) => {
    await pass(2);
    expect([said, [...causes]]).toEqual([[], []]);
    code = short;
    await pass(5);
    expect([...causes]).toEqual(["open files"]);
    expect(said).toEqual([expect.stringMatching(`^error hardly any more .*${short} .*LimitNOFILE`)]);
    code = undefined;
    await pass(2);
    code = short;
    await pass(1);
    code = undefined;
    await pass(2);
    expect([said.length, [...causes]]).toEqual([1, ["open files"]]);
    await pass(1);
    expect([...causes]).toEqual([]);
    expect(said.slice(1)).toEqual(["info files and connections can be opened again"]);
  },
);

it("says nothing of a file that is gone, which is no want of descriptors", async () => {
  code = "ENOENT";
  await pass(3);
  expect([said, [...causes]]).toEqual([[], []]);
});
