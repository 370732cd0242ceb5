import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { type House, makeHouse, startDaemon } from "../support/daemon.ts";

let house: House | undefined;
afterEach(() => house?.remove());

/** Has one thread of the daemon end as soon as it begins. */
const HOOK = `import { isMainThread, threadId } from "node:worker_threads";
const { DIES, HOW } = process.env;
if (!isMainThread && threadId === Number(DIES)) {
  if (HOW === "ends") process.exit(3);
  throw new Error("out of luck");
}`;

it.each([
  { thread: 1, how: "throws", said: "intake: out of luck" },
  { thread: 1, how: "ends", said: "the intake thread ended" },
  { thread: 2, how: "throws", said: "out of luck" },
  { thread: 2, how: "ends", said: "the store thread ended" },
])(
  "ends and says why when thread $thread $how at its start, instead of waiting for it",
  async ({ thread, how, said }) => {
    house = await makeHouse();
    const hook = join(house.directory, "hook.mjs");
    writeFileSync(hook, HOOK);
    const environment = { NODE_OPTIONS: `--import ${hook}`, DIES: String(thread), HOW: how };
    const ended = await startDaemon(house, environment).catch((error: Error) => error.message);
    expect(ended).toContain("the daemon ended with 1");
    expect(ended).toContain(said);
  },
);
