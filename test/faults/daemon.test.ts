import { once } from "node:events";
import { renameSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { stateFiles } from "../../agent/setup.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";

let house: House | undefined;
let daemon: Daemon | undefined;
let receiver: Server | undefined;
afterEach(async () => {
  await daemon?.end("SIGKILL");
  receiver?.closeAllConnections();
  receiver?.close();
  house?.remove();
  [house, daemon, receiver] = [undefined, undefined, undefined];
});

it("answers 503 and says that it is not ready once its database is gone, instead of acknowledging into nothing", async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
  const { generic } = house.tokens;
  expect((await post(daemon, "generic", generic, relevant("before"))).status).toBe(202);
  const { database } = stateFiles(`${house.directory}/state`);
  renameSync(database, `${database}.away`);
  expect(await post(daemon, "generic", generic, relevant("after"))).toMatchObject({
    status: 503,
    body: { title: "not_stored" },
  });
  const { operations } = daemon;
  const ready = await eventually("readiness to tell it", async () => {
    const response = await fetch(`${operations}/readyz`);
    return response.status === 503 ? ((await response.json()) as { causes: string[] }) : undefined;
  });
  expect(ready.causes).toContain("store");
});

it("sorts alerts and stops at once while a receiver of its messages hangs", async () => {
  let asked = 0;
  receiver = createServer(() => {
    asked++;
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  house = await makeHouse({ webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` });
  daemon = await startDaemon(house);
  const { generic } = house.tokens;
  const reads = house.reads();
  try {
    await post(daemon, "generic", generic, relevant("first"));
    await eventually("the message to be on its way", () => (asked > 0 ? true : undefined));
    await post(daemon, "generic", generic, {
      host: "imprimante-4",
      message: 'Problem: Service "ipp" is not running on imprimante-4, severity High',
    });
    // Well before the ten seconds that a receiver is given.
    await eventually(
      "the second incident",
      async () =>
        (await reads.byState(FACILITY, "incident", [], { limit: 5 })).length === 2 ? true : undefined,
      5,
    );
  } finally {
    reads.close();
  }
  const since = performance.now();
  expect(await daemon.end("SIGTERM")).toBe(0);
  expect(performance.now() - since).toBeLessThan(8000);
});
