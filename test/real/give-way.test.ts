import { readdirSync, readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { afterEach, expect, it } from "vitest";
import { type Daemon, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { describePeer } from "../support/peer.ts";

const procfs = {
  name: "the threads that Linux shows",
  command: "ls",
  install: "run on Linux",
  present: process.platform === "linux",
};

let house: House | undefined;
let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

/** Nice values of the threads of a process, in the order in which they began; the nineteenth field (proc(5)). */
function niceOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .toSorted((a, b) => Number(a) - Number(b))
    .map((task) => {
      const stat = readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8");
      return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    });
}

describePeer(procfs, "when the processor is short", () => {
  it("the thread that takes alerts in gives way to the one that serves people, and no other does", async () => {
    house = await makeHouse();
    daemon = await startDaemon(house);
    const own = getPriority();
    const [main, ...others] = niceOf(daemon.process.pid ?? 0);
    expect(main).toBe(own);
    expect(others.filter((nice) => nice !== own)).toEqual([own + 5]);
  });
});
