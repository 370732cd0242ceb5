import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStages, type Stages } from "../../test/support/pipeline.ts";
import { Asset, System } from "../core/asset.ts";
import { UNKNOWN_HOSTS } from "../core/unknown-asset.ts";
import { locator } from "./locate.ts";
import { unknownAssets } from "./note-unknown.ts";

/** A record that matches a rule of the pack. */
const down = (host: string) => ({ host, message: `Problem: Service "${host}" is not running on ${host}` });

let stages: Stages;
beforeEach(async () => {
  stages = await openStages();
});
afterEach(() => stages.close());

const unknown = (locate = stages.setup.locate, assets: Asset[] = []) =>
  unknownAssets({ reads: stages.store.reads, facility: stages.setup.facility.id, locate, assets });
const named = async () => (await unknown()).hosts.map(({ host, alerts }) => `${host} ${alerts}`);

describe("hosts that no system claims", () => {
  it("are counted, the longest known first, with when they were first and last seen", async () => {
    const start = stages.clock.now();
    await stages.take(down("srv-b"), down("pacs-01"));
    stages.clock.pass(5);
    await stages.take(down("srv-a"), down("SRV-B"));
    const { hosts } = await unknown();
    expect(hosts).toEqual([
      { host: "srv-b", first: start, last: stages.clock.now(), alerts: 2, source: "test", inventory: null },
      {
        host: "srv-a",
        first: stages.clock.now(),
        last: stages.clock.now(),
        alerts: 1,
        source: "test",
        inventory: null,
      },
    ]);
  });

  it("have their alerts treated as all others", async () => {
    await stages.take({ ...down("srv-b"), message: "vssadmin delete shadows /all /quiet" });
    const [listed] = await stages.desk.incidents({ limit: 1 });
    expect(listed?.incident.entities).toContainEqual({ kind: "host", value: "srv-b" });
  });

  it("are remembered after a restart, and counted once each", async () => {
    await stages.take(down("srv-b"));
    stages = await stages.restart();
    await stages.take(down("srv-b"));
    expect(await named()).toEqual(["srv-b 2"]);
  });

  it("are no more unknown once a system claims them, and are found again in an inventory", async () => {
    await stages.take(down("srv-a"), down("srv-b"));
    const systems = [System.parse({ id: "x", name: "X", kind: "other", hosts: ["srv-a"] })];
    const asset = Asset.parse({ name: "SRV-B", location: "Salle 1" });
    const { hosts } = await unknown(locator(systems, [asset]), [asset]);
    expect(hosts).toMatchObject([{ host: "srv-b", inventory: { location: "Salle 1" } }]);
  });

  it("are not those who attack: an address that is only the source of an act", async () => {
    await stages.take({
      host: "pacs-01",
      message: "vssadmin delete shadows /all",
      more: { source: { ip: "198.51.100.9" } },
    });
    expect(await named()).toEqual([]);
  });

  it("that come back stay when thousands of names are invented, and what gave way is counted", async () => {
    await stages.take(down("srv-b"), down("srv-b"));
    const invented = Array.from({ length: UNKNOWN_HOSTS + 100 }, (_, i) => down(`x${i}`));
    for (let from = 0; from < invented.length; from += 100)
      await stages.take(...invented.slice(from, from + 100));
    const { hosts, forgotten } = await unknown();
    expect(hosts).toHaveLength(UNKNOWN_HOSTS);
    expect(hosts[0]).toMatchObject({ host: "srv-b", alerts: 2 });
    expect(hosts.at(-1)).toMatchObject({ host: `x${UNKNOWN_HOSTS + 99}` });
    expect(forgotten).toEqual({ hosts: 101, alerts: 101 });
  });

  it("are cut to a length, whatever the sender wrote", async () => {
    await stages.take({ ...down("a"), host: "h".repeat(60_000) });
    expect((await unknown()).hosts[0]?.host).toHaveLength(255);
  });
});
