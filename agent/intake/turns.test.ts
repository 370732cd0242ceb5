import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Backlog, openBacklog } from "./backlog.ts";
import { openTurns } from "./turns.ts";

/** Turns whose time passes as the work says. */
function turns(backlog?: Backlog) {
  let now = 1_000_000_000;
  const here = openTurns({ clock: { now: () => now }, backlog });
  const done: string[] = [];
  return {
    ...here,
    done,
    work: (group: string, name: string, ms: number, bytes = 1) =>
      here.take(group, bytes, () => {
        done.push(name);
        now += ms * 1000;
      }),
    pass: (ms: number) => {
      now += ms * 1000;
    },
  };
}

describe("openTurns", () => {
  it("does at once what there is time for", () => {
    const { work, done } = turns();
    for (const name of ["a1", "b1", "a2"]) work(name.slice(0, 1), name, 1);
    expect(done).toEqual(["a1", "b1", "a2"]);
  });

  it("gives each group its share when one has much, each in its order", async () => {
    const { work, done } = turns();
    for (let i = 0; i < 10; i++) work("flood", `f${i}`, 15);
    work("quiet", "q0", 1);
    expect(done).toEqual(["f0", "f1"]);
    await setImmediate();
    expect(done).toEqual(["f0", "f1", "f2", "q0", "f3"]);
    work("quiet", "q1", 1);
    await setImmediate();
    expect(done.slice(5)).toEqual(["f4", "q1", "f5"]);
    for (let i = 0; i < 10; i++) await setImmediate();
    expect(done.filter((name) => name.startsWith("f"))).toEqual([..."0123456789"].map((i) => `f${i}`));
  });

  it("holds no more bytes than it may: the oldest are then read at once, in order", () => {
    const { work, done } = turns();
    for (let i = 0; i < 40; i++) work("flood", `f${i}`, 30, 1024 * 1024);
    expect(done).toEqual(Array.from({ length: 24 }, (_, i) => `f${i}`));
  });

  it("gives nobody a turn while too much waits for the disk, and goes on in order once there is room", async () => {
    const backlog = openBacklog(10_000);
    const { work, done } = turns(backlog);
    const weight = backlog.add(1_000);
    for (const name of ["a1", "b1", "a2"]) work(name.slice(0, 1), name, 1, 10 * 1024 * 1024);
    await setImmediate();
    expect(done).toEqual([]);
    backlog.remove(weight);
    await setImmediate();
    expect(done).toEqual(["a1", "b1", "a2"]);
  });

  it("goes on after a work that throws", async () => {
    const { take, work, done } = turns();
    const broken = () => {
      throw new Error("broken");
    };
    expect(() => take("a", 1, broken)).toThrow("broken");
    work("a", "a1", 1);
    await setImmediate();
    expect(done).toEqual(["a1"]);
  });

  it.each([
    ["lets nobody in while a long work has lasted 19 ms", 19, ["work"]],
    ["lets others in once it has lasted 20 ms", 20, ["others", "work"]],
    ["lets others in when the clock was set back", -3_600_000, ["others", "work"]],
  ])("%s", async (_what, lasted, order) => {
    const { pauses, pass } = turns();
    const seen: string[] = [];
    const pause = pauses();
    globalThis.setImmediate(() => seen.push("others"));
    pass(lasted);
    await pause();
    seen.push("work");
    expect(seen).toEqual(order);
  });
});
