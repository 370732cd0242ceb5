import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { openssl } from "../../../test/support/authority.ts";
import { approvedIncident, type FilingDesk, filingDesk } from "../../../test/support/filing-scene.ts";
import { NIGHT } from "../../../test/support/incident.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { openPortalScene } from "../../../test/support/portal-scene.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { makeSigningKey } from "../../store/keys.ts";
import { openSqlite } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";

describePeer(openssl, "two desks on one record", () => {
  let portals: ReturnType<typeof openPortalScene>;
  beforeAll(() => {
    portals = openPortalScene();
  });
  afterAll(() => portals.close());

  let folder: string;
  let stores: Store[];
  let now: number;
  const clock = { now: () => now };
  beforeEach(() => {
    now = NIGHT;
    folder = mkdtempSync(join(tmpdir(), "tocsin-two-desks-"));
    stores = [];
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    portals.rest();
    rmSync(folder, { recursive: true, force: true });
  });

  /** One more opening of the same file, with its own desk, sweeper and way out to the same portal. */
  async function opening(owner: string, url: string): Promise<FilingDesk> {
    const store = openSqlite({
      file: join(folder, "tocsin.sqlite"),
      signingKey: makeSigningKey(join(folder, `${owner}.pem`)),
      clock,
    });
    stores.push(store);
    const carriers = new Map([["concentrateur", { ...portals.open(url), repeatable: false }]]);
    const ways = [{ id: "concentrateur", reach: "authority" as const }];
    return filingDesk({ store, clock, ways, carriers, owner });
  }
  const stateOf = async ({ desk }: FilingDesk, incident: string) =>
    (await desk.dossier(incident))?.deliveries.map(({ state, attempts }) => [state, attempts.length]);

  it("send a text once, whoever sweeps first and however often both do", async () => {
    const { url, asked } = await portals.portal((_, response) =>
      response.writeHead(201).end('{"id":"GW-1"}'),
    );
    const one = await opening("one", url);
    const incident = await approvedIncident(one);
    const two = await opening("two", url);
    for (let turn = 0; turn < 5; turn++)
      await Promise.all([one, two, two, one].map(({ sweeper }) => sweeper.sweep()));
    expect(asked.map(({ method }) => method)).toEqual(["POST"]);
    const late = await opening("three", url);
    expect(await stateOf(late, incident)).toEqual([["delivered", 1]]);
  });

  it("each of many texts once, with both at it", async () => {
    const { url, asked } = await portals.portal((_, response) =>
      response.writeHead(201).end(`{"id":"GW-${asked.length}"}`),
    );
    const one = await opening("one", url);
    for (let n = 0; n < 8; n++) await approvedIncident(one);
    const two = await opening("two", url);
    for (let turn = 0; turn < 8; turn++) await Promise.all([one, two].map(({ sweeper }) => sweeper.sweep()));
    const keys = asked.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toHaveLength(8);
    expect(new Set(keys).size).toBe(8);
  });

  it("try again once, not each, what the portal put off", async () => {
    const { url, asked } = await portals.portal((_, response) =>
      asked.length === 1 ? response.writeHead(503).end() : response.writeHead(201).end('{"id":"GW-1"}'),
    );
    const one = await opening("one", url);
    const incident = await approvedIncident(one);
    const two = await opening("two", url);
    for (let turn = 0; turn < 4; turn++) {
      await Promise.all([two, one].map(({ sweeper }) => sweeper.sweep()));
      now += MICROSECONDS.minute;
    }
    expect(asked).toHaveLength(2);
    const late = await opening("three", url);
    expect(await stateOf(late, incident)).toEqual([["delivered", 2]]);
  });

  it("keep what the portal answered to the one that sent, though the other took it for stopped", async () => {
    let answer: () => void = () => undefined;
    const reached = Promise.withResolvers<void>();
    const { url, asked } = await portals.portal((_, response) => {
      answer = () => response.writeHead(201).end('{"id":"GW-1"}');
      reached.resolve();
    });
    const one = await opening("one", url);
    const incident = await approvedIncident(one);
    const sending = one.sweeper.sweep();
    await reached.promise;
    const two = await opening("two", url);
    await two.sweeper.recover();
    await two.sweeper.sweep();
    expect(await stateOf(two, incident)).toEqual([["uncertain", 1]]);
    answer();
    await sending;
    const late = await opening("three", url);
    expect(await stateOf(late, incident)).toEqual([["delivered", 2]]);
    expect(asked).toHaveLength(1);
  });
});
