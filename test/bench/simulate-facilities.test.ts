import { expect, it } from "vitest";
import { type Load, simulateFacilities } from "./simulate-facilities.ts";
import { INSTALLATION, type Installation, SERVICE_TIMES } from "./simulate-parameters.ts";

const QUIET: Load = {
  ...{ lines: 100_000, matching: 0.008, seconds: 5 },
  storm: { facilities: 0, lines: 40_000, matching: 0.05, from: 1, until: 2 },
};
const play = (load: Load, installation: Partial<Installation> = {}, seed = 7) =>
  simulateFacilities(load, {
    times: SERVICE_TIMES,
    installation: { ...INSTALLATION, facilities: 20, ...installation },
    seed,
  });

it("is the same for the same seed, and another for another", () => {
  const [one, same, other] = [play(QUIET), play(QUIET), play(QUIET, {}, 8)];
  expect(same.busy).toEqual(one.busy);
  expect(same.matched).toBe(one.matched);
  expect(other.busy).not.toEqual(one.busy);
});

it("brings what matches, loses nothing and takes the sum of its parts when nothing waits", () => {
  const { matched, committed, placed, toRecord } = play({ ...QUIET, lines: 2_500 });
  expect(Math.abs(matched / (2_500 * 0.008 * 5) - 1)).toBeLessThan(0.2);
  expect([committed, placed]).toEqual([matched, matched]);
  const { line, alert, publish, nats, consume, commit, postgres, sync, journey } = SERVICE_TIMES;
  const stages = [publish, nats, consume].map(({ message, alert: each }) => message + each);
  const ofDatabase = postgres.transaction + postgres.row + (postgres.journeys + 2) * journey + sync;
  const disk = (postgres.transactionBytes + postgres.rowBytes) / INSTALLATION.diskBytes;
  const sum = line / 0.008 + alert + stages.reduce((all, each) => all + each, 0) + commit + ofDatabase + disk;
  expect(Math.abs(toRecord.quantile(0.5) / sum - 1)).toBeLessThan(0.03);
});

it("keeps its stations as busy as the work that is offered them", () => {
  const { busy, matched } = play(QUIET, { natsCores: 1 });
  const { nats } = SERVICE_TIMES;
  const offered = (matched / QUIET.seconds) * (nats.message + nats.alert);
  expect(Math.abs(busy["NATS cores"] / offered - 1)).toBeLessThan(0.05);
});

it("falls behind where there is too little, and says where", () => {
  const { matched, committed, busy, longest } = play({ ...QUIET, lines: 4_000_000 }, { postgresCores: 1 });
  expect(committed).toBeLessThan(matched * 0.9);
  expect(longest).toBeGreaterThan(matched / 10);
  expect(busy["PostgreSQL cores"]).toBeGreaterThan(0.95);
});

it("catches up after a storm", () => {
  const { caughtUp, matched, committed } = play({ ...QUIET, storm: { ...QUIET.storm, facilities: 5 } });
  expect(matched).toBeGreaterThan(5 * 2_000 * 0.9);
  expect(caughtUp).toBeLessThan(2);
  expect(matched - committed).toBeLessThan(100);
});
