import type { Problem } from "../core/errors.ts";
import { type BusParty, type BusSettings, busNames } from "./bus.ts";
import { connectBus, problemOfBus, waited } from "./connect.ts";
import { managerOf, streamInfo, streamProblem, versionProblem } from "./streams.ts";

/** Connects once, within some seconds, and says what would keep the bus from serving; nothing when nothing would. */
export async function checkBus(settings: BusSettings, party: BusParty, seconds = 5): Promise<Problem[]> {
  const link = connectBus(settings, party);
  const there = new AbortController();
  const unwatch = link.watch(({ connected, problem }) => {
    if (connected || (problem !== undefined && problem.code !== "bus_away")) there.abort();
  });
  try {
    await waited(seconds * 1000, there.signal);
    const nats = link.nats();
    if (nats === undefined) return [link.status().problem ?? problemOfBus(new Error("no answer"))];
    const found = await streamInfo(await managerOf(nats), party.facility);
    const old = versionProblem(nats.info?.version, settings);
    const wrong = found === undefined ? notMade(party.facility) : streamProblem(found, settings);
    return [old, wrong].filter((problem) => problem !== undefined);
  } catch (error) {
    return [link.status().problem ?? problemOfBus(error)];
  } finally {
    unwatch();
    await link.close();
  }
}

function notMade(facility: string): Problem {
  return {
    code: "bus_stream_missing",
    where: busNames(facility).stream,
    message: "the stream does not exist yet",
    remedy: "start the correlator, which makes it, or make it as docs/bus.md says",
  };
}
