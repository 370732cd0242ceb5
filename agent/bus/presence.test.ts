import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, FACILITY } from "../../test/support/daemon.ts";
import { busSettings, type NatsServer, natsServer, startNatsServer } from "../../test/support/nats-server.ts";
import { describePeer } from "../../test/support/peer.ts";
import { connectBus } from "./connect.ts";
import { followActive, followReceivers } from "./presence.ts";

describePeer(natsServer, "the rules that receivers are told to use", () => {
  let folder: string;
  let server: NatsServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-bus-"));
    server = await startNatsServer(folder);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  it("are those of the correlator that came last, whatever the clocks of their hosts say", async () => {
    const settings = busSettings(server, folder);
    const ours = connectBus(settings, { role: "receiver", facility: FACILITY });
    const its = connectBus(settings, { role: "correlator", facility: FACILITY });
    await eventually("both connections", () => ours.nats() && its.nats());
    const told: string[] = [];
    const unfollow = followActive(ours, FACILITY, ({ rules }) => told.push(rules));
    await ours.nats()?.flush();
    const minutes = (ahead: number) => ({ now: () => Date.now() * 1000 + ahead * 60e6 });
    const correlator = (token: number, ahead: number) =>
      followReceivers({ link: its, facility: FACILITY, token, clock: minutes(ahead) });
    const [first, second, third] = [correlator(1, 5), correlator(2, 0), correlator(3, -5)];
    first.activate("aa");
    second.activate("bb");
    // Paused until now, it has not heard yet that another took over.
    first.activate("cc");
    third.activate("dd");
    await expect.poll(() => told).toEqual(["aa", "bb", "dd"]);
    for (const each of [first, second, third]) each.stop();
    unfollow();
    await Promise.all([ours.close(), its.close()]);
  });
});
