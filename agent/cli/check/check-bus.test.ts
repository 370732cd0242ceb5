import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { loadConfig } from "../../../config/load.ts";
import { makeHouse } from "../../../test/support/daemon.ts";
import { freePorts } from "../../../test/support/free-ports.ts";
import { natsServer, startNatsServer } from "../../../test/support/nats-server.ts";
import { itPeer } from "../../../test/support/peer.ts";
import type { Role } from "../../roles.ts";
import { lookAtBus } from "./check-bus.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-check-bus-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What is found of a bus, a line each. */
async function found(bus: string, role: Role = "correlator"): Promise<string[]> {
  const house = await makeHouse({ more: `bus: ${bus}` });
  try {
    const { loaded } = loadConfig(house.config);
    if (loaded === undefined) throw new Error("the configuration is refused");
    const { findings } = await lookAtBus(loaded, role);
    return findings.map(({ level, code }) => `${level} ${code}`);
  } finally {
    house.remove();
  }
}

it("says that nobody answers", async () => {
  const [port] = await freePorts(1);
  expect(await found(`nats://127.0.0.1:${port}`)).toEqual(["problem bus_away"]);
});

itPeer(natsServer, "says what a server is not fit for, and what cannot be seen of it", async () => {
  const nats = await startNatsServer(folder);
  try {
    expect(await found(nats.url)).toEqual(["advice bus_stream_missing"]);
    expect(await found(nats.url, "receiver")).toEqual(["advice bus_stream_missing"]);
    const syncs = await found(`{ servers: ["${nats.url}"], durability: sync_always }`);
    expect(syncs).toContain("advice bus_sync_unseen");
  } finally {
    await nats.stop();
  }
});
