import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";
import {
  type Load,
  type Outcome,
  RESOURCES,
  type Resource,
  simulateFacilities,
} from "./simulate-facilities.ts";
import { INSTALLATION, type Installation, SERVICE_TIMES } from "./simulate-parameters.ts";

const SEED = 20_261_123;
const LINES = 1_000_000;
const MATCHING = 0.008;
/** What the sources of one facility send when ransomware runs through it. */
const STORM = { lines: 40_000, matching: 0.05 };
/** Alerts that a search for what breaks sends; how far behind the end of one may be, as a part of them. */
const SEARCH = { full: 20_000, tiny: 400, behind: 0.1, steps: 7 };
const MS = 1000;

/** Measured times carried on to 200 facilities and 1,000,000 lines a second: how long an alert is on its way, and what breaks. */
export function benchSimulate({ tiny }: BenchOptions): {
  times: Measure[];
  loads: Measure[];
  connections: Measure[];
} {
  const seconds = tiny ? { storm: 0.2, all: 0.6 } : { storm: 3, all: 8 };
  const storm = (facilities: number): Load => ({
    ...{ lines: LINES, matching: MATCHING, seconds: seconds.all },
    storm: { ...STORM, facilities, from: 1 / 10, until: 1 / 10 + seconds.storm },
  });
  const scenarios: [string, Load][] = [
    ["quiet", storm(0)],
    ["a storm at one", storm(1)],
    ["a storm at ten", storm(10)],
    ["a storm at all", storm(INSTALLATION.facilities)],
  ];
  const own = { times: SERVICE_TIMES, installation: INSTALLATION, seed: SEED };
  return {
    times: scenarios.flatMap(([name, load]) => measuresOf(name, simulateFacilities(load, own))),
    loads: [...breaking(tiny), alone(tiny)],
    connections: connections(INSTALLATION),
  };
}

function measuresOf(name: string, outcome: Outcome): Measure[] {
  const { toRecord, toIncident, busy, matched, committed, longest, caughtUp } = outcome;
  const ms = (value: number) => Math.round(value * MS);
  const late = matched - committed;
  const waited = `most that waited: ${count(longest)}; ${caughtUp === undefined ? `${count(late)} behind at the end` : `caught up ${caughtUp.toFixed(1)} s after it`}`;
  return [
    {
      what: `${name}: in the record, p99`,
      own: { value: ms(toRecord.quantile(0.99)) },
      against: `median ${ms(toRecord.quantile(0.5))} ms; ${waited}`,
      peer: undefined,
    },
    {
      what: `${name}: in an incident, p99`,
      own: { value: ms(toIncident.quantile(0.99)) },
      against: busiest(busy)
        .slice(0, 3)
        .map(([resource, share]) => `${resource} ${percent(share)}`)
        .join(", "),
      peer: undefined,
    },
  ];
}

const count = (value: number) => Math.round(value).toLocaleString("en");
const percent = (share: number) => `${Math.round(share * 100)} %`;

const busiest = (busy: Outcome["busy"]): [Resource, number][] =>
  RESOURCES.map((resource): [Resource, number] => [resource, busy[resource]]).sort(([, a], [, b]) => b - a);

type More = (installation: Installation) => Installation;
/** Four times as much of each; of what a facility does in order there cannot be more. */
const MORE: Readonly<Record<string, More>> = {
  receivers: (old) => ({ ...old, receivers: old.receivers * 4 }),
  "cores of NATS": (old) => ({ ...old, natsCores: old.natsCores * 4 }),
  "cores of correlators": (old) => ({ ...old, hostCores: old.hostCores * 4 }),
  "cores of PostgreSQL": (old) => ({ ...old, postgresCores: old.postgresCores * 4 }),
  "PostgreSQL's disk": (old) => ({ ...old, diskBytes: old.diskBytes * 4 }),
};
const IN_ORDER = "what one facility does in order";

/** What breaks first, and what next once there is four times as much of that, at so many lines a second of all facilities. */
function breaking(tiny: boolean): Measure[] {
  const measures: Measure[] = [];
  let installation = INSTALLATION;
  for (const name of ["first", "second", "third"]) {
    const { lines, broken } = limitOf(installation, tiny);
    measures.push({
      what: `all facilities evenly: breaks ${name}`,
      own: { value: lines },
      against: broken,
      peer: undefined,
    });
    const more = MORE[broken];
    if (more === undefined) break;
    installation = more(installation);
  }
  return measures;
}

/** A single facility with all to itself. */
function alone(tiny: boolean): Measure {
  const { lines, broken } = limitOf({ ...INSTALLATION, facilities: 1 }, tiny);
  return {
    what: "one facility, the others silent: breaks first",
    own: { value: lines },
    against: `${broken}, at ${count(lines * MATCHING)} matching alerts a second`,
    peer: undefined,
  };
}

/** The load up to which all that comes is placed, searched by halves; and of what more helps beyond it. */
function limitOf(installation: Installation, tiny: boolean): { lines: number; broken: string } {
  const alerts = tiny ? SEARCH.tiny : SEARCH.full;
  const late = (lines: number, there = installation): number => {
    const none = { ...STORM, facilities: 0, from: 0, until: 0 };
    const load: Load = { lines, matching: MATCHING, storm: none, seconds: alerts / (lines * MATCHING) };
    const { matched, placed } = simulateFacilities(load, {
      times: SERVICE_TIMES,
      installation: there,
      seed: SEED,
    });
    return (matched - placed) / matched;
  };
  let [least, most] = [10_000, 100_000_000];
  for (let step = 0; step < SEARCH.steps; step++) {
    const middle = Math.sqrt(least * most);
    if (late(middle) <= SEARCH.behind) least = middle;
    else most = middle;
  }
  const beyond = late(most * 1.5);
  const [best] = Object.entries(MORE)
    .map(([name, more]) => ({ name, gained: beyond - late(most * 1.5, more(installation)) }))
    .sort((a, b) => b.gained - a.gained);
  return { lines: least, broken: best !== undefined && best.gained > 0.02 ? best.name : IN_ORDER };
}

/** Connections to PostgreSQL: a correlator, one that stands by and a web process of each facility. */
function connections({ facilities, connections: { server, process, atRest } }: Installation): Measure[] {
  const row = (what: string, each: number): Measure => ({
    what: `${facilities} facilities, three processes each, ${what}`,
    own: { value: facilities * each },
    goal: server,
    against: `a server of ${server} connections has room for ${Math.floor(server / each)} facilities`,
    peer: undefined,
  });
  return [row("at rest", atRest), row("at most", 3 * process)];
}
