import { describe, expect, it } from "vitest";
import { exponential, openStation, openWorld } from "./queueing.ts";

/** What waits on average before a station until it is begun, s, of so many that come at random. */
function meanWait(parts: {
  servers: number;
  arrivals: number;
  many: number;
  service: (draw: (mean: number) => number) => number;
}): { wait: number; busy: number } {
  const world = openWorld(20_261_123);
  const station = openStation(world, parts.servers);
  let [sum, count] = [0, 0];
  function arrive(): void {
    const came = world.now();
    const seconds = parts.service((mean) => exponential(world, mean));
    station.ask(seconds, () => {
      sum += world.now() - came - seconds;
      count += 1;
    });
    world.after(exponential(world, 1 / parts.arrivals), arrive);
  }
  arrive();
  world.run(parts.many / parts.arrivals);
  return { wait: sum / count, busy: station.busy() };
}

/** Probability that who comes must wait (Erlang C), for servers and the work offered to them. */
function erlangC(servers: number, offered: number): number {
  let lost = 1;
  for (let server = 1; server <= servers; server++) lost = (offered * lost) / (server + offered * lost);
  return lost / (1 - (offered / servers) * (1 - lost));
}

/** By how much a value differs from the one of theory, as a part of it. */
const awayFrom = (value: number, theory: number) => Math.abs(value / theory - 1);

describe("a station", () => {
  it.each([0.5, 0.8, 0.9])("has the mean wait of M/M/1 at a load of %f", (load) => {
    const { wait, busy } = meanWait({
      servers: 1,
      arrivals: load,
      many: 1_000_000,
      service: (draw) => draw(1),
    });
    expect(busy).toBeCloseTo(load, 2);
    expect(awayFrom(wait, load / (1 - load))).toBeLessThan(0.03);
  });

  it.each([0.5, 0.8, 0.9])("has the mean wait of M/D/1 at a load of %f", (load) => {
    const { wait, busy } = meanWait({ servers: 1, arrivals: load, many: 1_000_000, service: () => 1 });
    expect(busy).toBeCloseTo(load, 2);
    // Pollaczek and Khinchine.
    expect(awayFrom(wait, load / (2 * (1 - load)))).toBeLessThan(0.03);
  });

  it.each([2, 8])("has the mean wait of M/M/c with %i servers, which work is 0.8 of", (servers) => {
    const { wait } = meanWait({
      servers,
      arrivals: 0.8 * servers,
      many: 1_000_000,
      service: (draw) => draw(1),
    });
    expect(awayFrom(wait, erlangC(servers, 0.8 * servers) / (servers - 0.8 * servers))).toBeLessThan(0.03);
  });

  it("takes what came first, and says what waits", () => {
    const world = openWorld(1);
    const station = openStation(world, 2);
    const ended: string[] = [];
    for (const name of ["a", "b", "c", "d"]) station.ask(1, () => ended.push(`${name} ${world.now()}`));
    expect(station.waiting()).toBe(2);
    world.run(1);
    expect(station.waiting()).toBe(0);
    world.run(4);
    expect(ended).toEqual(["a 1", "b 1", "c 2", "d 2"]);
    expect(station.longest()).toBe(2);
    expect(station.busy()).toBe(0.5);
  });
});

it("is the same world for the same seed, and another for another", () => {
  const drawn = (seed: number) => {
    const world = openWorld(seed);
    return Array.from({ length: 100 }, () => world.random());
  };
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
  for (const number of drawn(7)) expect(number >= 0 && number < 1).toBe(true);
});
