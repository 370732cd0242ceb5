import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type Daemon, type House, makeHouse, startDaemon } from "../support/daemon.ts";

let house: House | undefined;
let daemon: Daemon | undefined;
const clients: Socket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await daemon?.end("SIGKILL");
  house?.remove();
});

it("ends within ten seconds of being told to, whoever is in the middle of a request", async () => {
  house = await makeHouse();
  daemon = await startDaemon(house);
  for (const url of [daemon.people, daemon.operations, daemon.alerts]) {
    const client = connect(Number(new URL(url).port), "127.0.0.1");
    client.on("error", () => undefined);
    clients.push(client);
    await once(client, "connect");
    client.write("POST / HTTP/1.1\r\nhost: ");
  }
  const since = performance.now();
  expect(await daemon.end("SIGTERM")).toBe(0);
  expect(performance.now() - since).toBeLessThan(10_000);
});
