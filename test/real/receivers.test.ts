import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { heardElsewhere } from "../../agent/share-heard.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  metric,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { decideByTool } from "../support/decide-by-tool.ts";
import { type NatsServer, natsServer, startNatsServer } from "../support/nats-server.ts";
import { describePeer } from "../support/peer.ts";
import { type PostgresServer, postgresServer, startPostgres } from "../support/postgres.ts";
import { makeSharedHouse, type SharedHouse } from "../support/shared-house.ts";

const RULE = `title: An invented tool
id: 6d6b0a0e-4f7e-4a0c-9d5b-0c0a4a6f0b11
status: test
logsource: { category: alert }
detection: { selection: { message|contains: invented-tool }, condition: selection }
`;

describePeer([postgresServer, natsServer], "receivers, a correlator and pages", () => {
  let server: PostgresServer;
  let nats: NatsServer;
  let shared: SharedHouse;
  let folder: string;
  const running: Daemon[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-bus-"));
    const store = join(folder, "jetstream");
    nats = await startNatsServer(join(folder, "nats"), {
      configuration: `jetstream { store_dir: "${store}", max_file_store: 20G }`,
    });
    shared = await makeSharedHouse(server, {
      more: `bus: ${nats.url}\nrules: [./own-rules]\n`,
    });
    mkdirSync(join(shared.house.directory, "own-rules"));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.end("SIGKILL")));
    await shared.remove();
    await nats.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(house: House, role: Parameters<typeof startDaemon>[3]): Promise<Daemon> {
    const daemon = await startDaemon(house, {}, [], role);
    running.push(daemon);
    return daemon;
  }
  const incidents = () => shared.reads.byState(FACILITY, "incident", [], { limit: 10 });
  const alerts = (count: number) =>
    eventually(`${count} alerts in the record`, async () =>
      (await shared.reads.countAlerts(FACILITY)) === count ? true : undefined,
    );
  const saying = (daemon: Daemon, message: string) => daemon.log.filter((each) => each.message === message);

  it("make one incident of what several receivers took in, decided on in a third process", async () => {
    const { house } = shared;
    await start(house, "all");
    const [one, two] = [await start(shared.another(), "receiver"), await start(shared.another(), "receiver")];
    const pages = await start(shared.another(), "web");
    for (const [place, receiver] of [one, two].entries()) {
      const storm = Array.from({ length: 40 }, (_, i) => relevant(`${place}-${i}`, `pacs-${i % 5}`));
      expect((await post(receiver, "generic", house.tokens.generic, storm)).body).toMatchObject({
        accepted: 40,
      });
    }
    // Repeated to another receiver than the one that heard it first.
    await post(two, "generic", house.tokens.generic, relevant("0-0", "pacs-0"));
    const note = {
      host: "pacs-01",
      message: "file created: HOW_TO_DECRYPT.txt",
      file: "/srv/HOW_TO_DECRYPT.txt",
    };
    await post(one, "generic", house.tokens.generic, note);
    await alerts(81);
    const text = await eventually("a text to decide on", async () => {
      const [incident] = await shared.reads.byState(FACILITY, "incident", ["in_review"], { limit: 1 });
      const [draft] = await shared.reads.byState(FACILITY, "declaration", ["draft"], { limit: 1 });
      return incident && draft?.content;
    });
    expect(await incidents()).toHaveLength(1);
    expect(await decideByTool(pages, house, text)).toMatchObject({ status: 200 });
    await eventually("the exercise filing", async () =>
      (await shared.reads.byState(FACILITY, "incident", ["declared"], { limit: 1 })).at(0),
    );
  }, 90_000);

  it("keep on their disk what comes while NATS is away, and lose nothing of it", async () => {
    const { house } = shared;
    await start(house, "all");
    const receiver = await start(shared.another(), "receiver");
    await post(receiver, "generic", house.tokens.generic, relevant("before"));
    await alerts(1);
    await nats.kill();
    const answer = await post(receiver, "generic", house.tokens.generic, relevant("meanwhile"));
    expect(answer.status).toBe(202);
    expect(await metric(receiver, "tocsin_bus_spool_waiting_bytes")).toBeGreaterThan(0);
    await receiver.end("SIGKILL");
    await nats.start();
    expect(await shared.reads.countAlerts(FACILITY)).toBe(1);
    const directory = receiver.config;
    running.push(await startDaemon({ ...house, config: directory }, {}, [], "receiver"));
    await alerts(2);
    expect(await incidents()).toHaveLength(1);
  }, 90_000);

  it("change their rules together, once each of them has the other set ready", async () => {
    const { house } = shared;
    const [a, b] = [shared.another(), shared.another()];
    await start(house, "all");
    const [one, two] = [await start(a, "receiver"), await start(b, "receiver")];
    const put = ({ directory }: House) => writeFileSync(join(directory, "own-rules", "invented.yml"), RULE);
    put(house);
    put(a);
    await eventually("the first to be ready", () =>
      saying(one, "other rules are ready: in force once every receiver has them").at(0),
    );
    await eventually(
      "the correlator to wait for the second",
      () => running[0] && saying(running[0], "rules wait for receivers that do not have them").at(0),
    );
    expect(saying(one, "rules read anew")).toEqual([]);
    put(b);
    for (const receiver of [one, two])
      await eventually("the rules to be in force", () => saying(receiver, "rules read anew").at(0));
    await post(two, "generic", house.tokens.generic, { host: "poste-1", message: "invented-tool started" });
    await alerts(1);
  }, 90_000);

  it("know of a source that it is not silent when any of them heard it", async () => {
    const { house } = shared;
    const all = await start(house, "all");
    const receiver = await start(shared.another(), "receiver");
    await post(receiver, "wazuh", house.tokens.wazuh, {});
    await eventually("the correlator to know", async () =>
      (await metric(all, 'tocsin_intake_last_seen_seconds{source="wazuh"}')) > 0 ? true : undefined,
    );
    await eventually("the pages to be told", async () => {
      const heard = await heardElsewhere(shared.reads, FACILITY);
      return heard.get("wazuh")?.lastSeen === null ? undefined : heard.get("wazuh");
    });
  }, 90_000);
});
