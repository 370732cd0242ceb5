import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Daemon, eventually, FACILITY, post, relevant, startDaemon } from "../support/daemon.ts";
import { decideByTool } from "../support/decide-by-tool.ts";
import { describePeer } from "../support/peer.ts";
import { type PostgresServer, postgresServer, startPostgres } from "../support/postgres.ts";
import { makeSharedHouse, type SharedHouse } from "../support/shared-house.ts";

const LATER = join(import.meta.dirname, "../support/later-release.ts");
const NEWER = /schema 900 was written by a newer Tocsin; this program knows \d+; run the newer version/;

describePeer(postgresServer, "processes that share a record", () => {
  let server: PostgresServer;
  let shared: SharedHouse;
  const running: Daemon[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.end("SIGKILL")));
    await shared.remove();
  });

  async function start(...given: Parameters<typeof startDaemon>): Promise<Daemon> {
    const daemon = await startDaemon(...given);
    running.push(daemon);
    return daemon;
  }
  const incidents = () => shared.reads.byState(FACILITY, "incident", [], { limit: 10 });
  const textToDecide = () =>
    eventually("a text to decide on", async () => {
      const [text] = await shared.reads.byState(FACILITY, "declaration", ["draft"], { limit: 1 });
      const [incident] = await shared.reads.byState(FACILITY, "incident", ["in_review"], { limit: 1 });
      return incident && text?.content;
    });
  const note = {
    host: "pacs-01",
    message: "file created: HOW_TO_DECRYPT.txt",
    file: "/srv/HOW_TO_DECRYPT.txt",
  };

  it("decides in one process on what another sorted, which files it", async () => {
    shared = await makeSharedHouse(server);
    const { house } = shared;
    const sorting = await start(house);
    const pages = await start(shared.another(), {}, [], "web");
    expect(pages.listening).toEqual([]);
    await post(sorting, "generic", house.tokens.generic, [relevant("a"), note]);
    const text = await textToDecide();
    const decided = await decideByTool(pages, house, text, { id: "once" });
    expect(decided).toMatchObject({ status: 200, body: { outcome: "approved" } });
    // Whichever process hears it again knows.
    expect((await decideByTool(sorting, house, text, { id: "once" })).status).toBe(409);
    const declared = await eventually("the exercise filing", async () =>
      (await shared.reads.byState(FACILITY, "incident", ["declared"], { limit: 2 })).at(0),
    );
    const deliveries = await shared.reads.ofIncident(FACILITY, "delivery", declared.content.id);
    expect(deliveries.map(({ content }) => content.state)).toEqual(["delivered"]);
    // What came of it since is known where it was decided, without a look at the record in between.
    await post(sorting, "generic", house.tokens.generic, relevant("b"));
    expect(await incidents()).toHaveLength(1);
  }, 60_000);

  it("stands by while another process acts, and takes over in five seconds what it left, once", async () => {
    shared = await makeSharedHouse(server);
    const { house } = shared;
    const first = await start(house);
    await post(first, "generic", house.tokens.generic, [relevant("a"), note]);
    await textToDecide();
    const second = startDaemon(shared.another());
    await eventually("the lease to be asked for", async () =>
      (await server.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'tocsin lease'")).length > 1
        ? true
        : undefined,
    );
    const since = performance.now();
    await first.end("SIGKILL");
    const next = await second;
    running.push(next);
    expect(performance.now() - since).toBeLessThan(5_000);
    expect(next.log[0]).toMatchObject({ message: "standing by" });
    // Acknowledged before, and sent again by who did not hear so.
    const again = await post(next, "generic", house.tokens.generic, relevant("a"));
    expect(again.body).toMatchObject({ duplicates: 1 });
    await post(next, "generic", house.tokens.generic, relevant("c"));
    await eventually("the third alert", async () =>
      (await incidents())[0]?.content.alerts === 3 ? true : undefined,
    );
    expect(await incidents()).toHaveLength(1);
    const [lease] = await server.ask("SELECT fence FROM leases", shared.place.database);
    expect(lease).toEqual({ fence: "2" });
  }, 60_000);

  it("writes nothing more once another has taken over while it was paused", async () => {
    shared = await makeSharedHouse(server);
    const { house } = shared;
    const paused = await start(house);
    const second = startDaemon(shared.another());
    paused.process.kill("SIGSTOP");
    const next = await second;
    running.push(next);
    await post(next, "generic", house.tokens.generic, relevant("a"));
    const late = post(paused, "generic", house.tokens.generic, relevant("b"));
    paused.process.kill("SIGCONT");
    const answer = await late.catch(() => ({ status: 0 }));
    expect(answer.status).not.toBe(202);
    expect(await eventually("its end", () => paused.process.exitCode ?? undefined)).toBe(1);
    expect(
      paused.log.some(({ message, why }) => message === "stopping" && /has taken over/.test(String(why))),
    ).toBe(true);
    expect(await shared.reads.countAlerts(FACILITY)).toBe(1);
  }, 60_000);

  it("ends when a later release changes the schema under it, and writes nothing meanwhile; the later one acts at once", async () => {
    shared = await makeSharedHouse(server);
    const { house } = shared;
    const older = [await start(house), await start(shared.another(), {}, [], "web")] as const;
    const standing = expect(startDaemon(shared.another())).rejects.toThrow(NEWER);
    await eventually("the lease to be asked for", async () =>
      (await server.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'tocsin lease'")).length > 1
        ? true
        : undefined,
    );
    await post(older[0], "generic", house.tokens.generic, relevant("a"));
    const since = performance.now();
    const later = await start(shared.another(), { NODE_OPTIONS: `--import ${LATER}` });
    expect(performance.now() - since).toBeLessThan(10_000);
    await standing;
    for (const each of older) {
      expect(await eventually("the end of an older one", () => each.process.exitCode ?? undefined)).toBe(1);
      expect(each.log.map((record) => String(record.why ?? record.error))).toContainEqual(
        expect.stringMatching(NEWER),
      );
    }
    const again = await post(later, "generic", house.tokens.generic, relevant("a"));
    expect(again.body).toMatchObject({ duplicates: 1 });
    await post(later, "generic", house.tokens.generic, relevant("b"));
    await eventually("both alerts", async () =>
      (await incidents())[0]?.content.alerts === 2 ? true : undefined,
    );
    expect(await incidents()).toHaveLength(1);
    await expect(startDaemon(shared.another())).rejects.toThrow(NEWER);
  }, 60_000);

  it("is given the facility at once by a process that stops", async () => {
    shared = await makeSharedHouse(server);
    const first = await start(shared.house);
    const second = startDaemon(shared.another());
    await eventually("the lease to be asked for", async () =>
      (await server.ask("SELECT 1 FROM pg_stat_activity WHERE application_name = 'tocsin lease'")).length > 1
        ? true
        : undefined,
    );
    expect(await first.end("SIGTERM")).toBe(0);
    running.push(await second);
    expect(await (await fetch(`${running.at(-1)?.operations}/readyz`)).json()).toMatchObject({
      status: "ready",
    });
  }, 60_000);

  it("goes on by itself after PostgreSQL was away", async () => {
    shared = await makeSharedHouse(server);
    const { house } = shared;
    const daemon = await start(house);
    await server.halt("immediate");
    const refused = await post(daemon, "generic", house.tokens.generic, relevant("a"));
    expect(refused.status).toBe(503);
    const causes = await (await fetch(`${daemon.operations}/readyz`)).json();
    expect(causes).toMatchObject({ status: "not_ready" });
    await server.start();
    await eventually("it takes alerts again", async () =>
      (await post(daemon, "generic", house.tokens.generic, relevant("a"))).status === 202 ? true : undefined,
    );
    await eventually("it is ready", async () =>
      (await fetch(`${daemon.operations}/readyz`)).status === 200 ? true : undefined,
    );
    await eventually("its incident", async () => ((await incidents()).length === 1 ? true : undefined));
  }, 60_000);
});
