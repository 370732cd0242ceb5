import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import {
  type Daemon,
  eventually,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { describePeer, gcc } from "../support/peer.ts";

let house: House | undefined;
let daemon: Daemon | undefined;
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await daemon?.end("SIGKILL");
  house?.remove();
});

/** Begins a request that never ends, on every address. */
async function linger(to: Daemon): Promise<void> {
  for (const url of [to.people, to.operations, to.alerts]) {
    const client = connect(Number(new URL(url).port), "127.0.0.1");
    client.on("error", () => undefined);
    clients.push(client);
    await once(client, "connect");
    client.write("POST / HTTP/1.1\r\nhost: ");
  }
}

it("ends within ten seconds of being told to, whoever is in the middle of a request", async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
  await linger(daemon);
  const since = performance.now();
  expect(await daemon.end("SIGTERM")).toBe(0);
  expect(performance.now() - since).toBeLessThan(10_000);
});

it.each(["SIGTERM", "SIGINT"] as const)("ends at once when %s follows before it is done", async (second) => {
  house = await makeHouse();
  const running = await startDaemon(house);
  daemon = running;
  await linger(running);
  const ended = running.end("SIGTERM");
  await eventually("the stop to begin", () =>
    running.log.some(({ message }) => message === "stopping") ? true : undefined,
  );
  const since = performance.now();
  running.process.kill(second);
  expect(await ended).toBeNull();
  expect(performance.now() - since).toBeLessThan(2500);
  expect(running.log).toContainEqual(
    expect.objectContaining({ message: "asked twice to stop: ended at once" }),
  );
});

describePeer(gcc, "a disk that hangs", () => {
  it("does not keep the daemon from ending within ten seconds, which names the part that did not", async () => {
    house = await makeHouse();
    const shim = join(house.directory, "unsynced.so");
    const held = join(house.directory, "held");
    const shadow = join(house.directory, "shadow");
    mkdirSync(shadow);
    const source = join(import.meta.dirname, "unsynced.c");
    execFileSync("gcc", ["-shared", "-fPIC", "-O2", "-o", shim, source, "-ldl", "-lpthread"]);
    daemon = await startDaemon(house, {
      LD_PRELOAD: shim,
      UNSYNCED_WATCH: join(house.directory, "state"),
      UNSYNCED_SHADOW: shadow,
      UNSYNCED_HELD: held,
    });
    writeFileSync(held, "");
    const answered = post(daemon, "generic", house.tokens.generic, relevant("held")).catch(() => undefined);
    const since = performance.now();
    expect(await daemon.end("SIGTERM")).not.toBe(0);
    expect(performance.now() - since).toBeLessThan(12_000);
    // What was not stored was not acknowledged.
    expect(await answered).not.toMatchObject({ status: 202 });
    expect(daemon.log).toContainEqual(
      expect.objectContaining({
        message: "ended without waiting for what did not stop",
        parts: expect.stringMatching(/store/),
      }),
    );
  });
});
