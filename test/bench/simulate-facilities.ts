import { type Histogram, histogram } from "./histogram.ts";
import { exponential, openStation, openWorld, type Station, type World } from "./queueing.ts";
import type { Installation, ServiceTimes } from "./simulate-parameters.ts";

/** What comes. */
export interface Load {
  /** Lines a second of all facilities together, when nothing happens, and the part of them that matches. */
  lines: number;
  matching: number;
  /** Facilities whose sources all cry at once, from `from` on until `until`, and what each then sends. */
  storm: { facilities: number; lines: number; matching: number; from: number; until: number };
  seconds: number;
}

export interface Outcome {
  /** Alerts that matched, that PostgreSQL holds, and that stand in an incident, at the end. */
  matched: number;
  committed: number;
  placed: number;
  /** From a line's arrival to its alert in the record, and to its place in an incident, s. */
  toRecord: Histogram;
  toIncident: Histogram;
  /** Share of the time that each was busy; of what is there many times, the busiest. */
  busy: Record<Resource, number>;
  /** The most alerts that ever waited between receivers and the record. */
  longest: number;
  /** When all that the storm brought was in the record, s after its end; undefined when that was not seen. */
  caughtUp: number | undefined;
}

export const RESOURCES = [
  "a receiver",
  "NATS cores",
  "correlator cores",
  "a facility's writer",
  "PostgreSQL cores",
  "PostgreSQL's disk",
] as const;
export type Resource = (typeof RESOURCES)[number];

/** Alerts that came together. */
interface Batch {
  came: number;
  alerts: number;
}

/** Bytes that a listener reads at once, of lines that wait. */
const READ_BYTES = 64 * 1024;
/** Alerts of a message, messages under way, messages of a batch, detections of a turn: as publisher, consumer and pipeline have them. */
const MOST = { message: 270, underWay: 8, batch: 32, turn: 500 };

/** Rows to write: how many, and bytes of each. */
interface Rows {
  many: number;
  bytes: number;
}

/** What all facilities share. */
interface Shared {
  world: World;
  times: ServiceTimes;
  nats: Station;
  hosts: Station;
  /** A transaction of so many alerts or joins, each of so many bytes; `done` once it is durable. */
  transaction(rows: Rows, done: () => void): void;
  committed(batches: readonly Batch[]): void;
  placed(batches: readonly Batch[]): void;
}

/** Plays an installation under a load; the same for one seed. */
export function simulateFacilities(
  load: Load,
  { times, installation, seed }: { times: ServiceTimes; installation: Installation; seed: number },
): Outcome {
  const world = openWorld(seed);
  const [nats, hosts] = [
    openStation(world, installation.natsCores),
    openStation(world, installation.hostCores),
  ];
  const database = openDatabase(world, times, installation);
  const counts = { matched: 0, committed: 0, placed: 0, longest: 0 };
  const [toRecord, toIncident] = [histogram(), histogram()];
  let caughtUp: number | undefined;
  const shared: Shared = {
    ...{ world, times, nats, hosts, transaction: database.transaction },
    committed(batches) {
      for (const { came, alerts } of batches) {
        counts.committed += alerts;
        toRecord.add(world.now() - came, alerts);
      }
      const over = world.now() >= load.storm.until;
      // Less than what a tenth of a second brings is what is always on its way.
      if (over && counts.matched - counts.committed <= (load.lines * load.matching) / 10)
        caughtUp ??= world.now() - load.storm.until;
    },
    placed(batches) {
      for (const { came, alerts } of batches) {
        counts.placed += alerts;
        toIncident.add(world.now() - came, alerts);
      }
    },
  };
  const facilities = Array.from({ length: installation.facilities }, (_, index) => {
    const facility = openFacility(shared, installation.receivers);
    const usual = { lines: load.lines / installation.facilities, matching: load.matching };
    const cries = index < load.storm.facilities;
    const now = () =>
      cries && world.now() >= load.storm.from && world.now() < load.storm.until ? load.storm : usual;
    feed(world, now, (lines, alerts) => {
      counts.matched += alerts;
      counts.longest = Math.max(counts.longest, counts.matched - counts.committed);
      facility.take(lines, { came: world.now(), alerts });
    });
    return facility;
  });
  world.run(load.seconds);
  const most = (of: (facility: Facility) => number) => Math.max(...facilities.map(of));
  return {
    ...counts,
    ...{ toRecord, toIncident, caughtUp },
    busy: {
      "a receiver": most(({ receiving }) => receiving()),
      "NATS cores": nats.busy(),
      "correlator cores": hosts.busy(),
      "a facility's writer": most(({ writing }) => writing()),
      "PostgreSQL cores": database.busy.cores(),
      "PostgreSQL's disk": database.busy.disk(),
    },
  };
}

/** Brings lines: one alert at a time when few come, and what one reading of a socket holds when many do. */
function feed(
  world: World,
  now: () => { lines: number; matching: number },
  take: (lines: number, alerts: number) => void,
): void {
  const LINE_BYTES = 125;
  function next(): void {
    const { lines, matching } = now();
    // What comes in a millisecond is read together.
    const together = Math.min(READ_BYTES / LINE_BYTES, Math.max(lines / 1000, 1 / matching));
    world.after(exponential(world, together / lines), () => {
      take(together, together * matching);
      next();
    });
  }
  next();
}

interface Facility {
  take(lines: number, batch: Batch): void;
  receiving(): number;
  /** Share of the time that its one writer was in a transaction. */
  writing(): number;
}

function openFacility(shared: Shared, receivers: number): Facility {
  const { world, times, nats, hosts } = shared;
  const listening = Array.from({ length: receivers }, () => ({
    intake: openStation(world, 1),
    bus: openStation(world, 1),
    waiting: [] as Batch[],
    busy: false,
    underWay: 0,
  }));
  let turn = 0;
  const stream: Batch[][] = [];
  const detected: Batch[] = [];
  let [consuming, correlating] = [false, false];
  const writer = openWriter(shared);

  function publish(receiver: (typeof listening)[number]): void {
    if (receiver.busy || receiver.underWay === MOST.underWay || receiver.waiting.length === 0) return;
    const message = upTo(receiver.waiting, MOST.message);
    const alerts = sum(message);
    receiver.busy = true;
    receiver.underWay += 1;
    receiver.bus.ask(times.publish.message + alerts * times.publish.alert, () => {
      receiver.busy = false;
      publish(receiver);
      // To the server, from there to those that hold a copy, and back.
      world.after(times.journey, () =>
        nats.ask(times.nats.message + alerts * times.nats.alert, () =>
          world.after(times.journey, () => {
            receiver.underWay -= 1;
            publish(receiver);
            stream.push(message);
            consume();
          }),
        ),
      );
    });
  }

  function consume(): void {
    if (consuming || stream.length === 0) return;
    consuming = true;
    const messages = stream.splice(0, MOST.batch);
    const batches = messages.flat();
    const alerts = sum(batches);
    const read = messages.length * times.consume.message + alerts * times.consume.alert;
    hosts.ask(read + times.commit, () =>
      writer({ many: alerts, bytes: times.postgres.rowBytes }, () => {
        shared.committed(batches);
        for (const batch of batches) detected.push(batch);
        correlate();
        // What is acknowledged makes room for what comes next.
        world.after(times.journey, () => {
          consuming = false;
          consume();
        });
      }),
    );
  }

  function correlate(): void {
    if (correlating || detected.length === 0) return;
    correlating = true;
    const batches = upTo(detected, MOST.turn);
    const alerts = sum(batches);
    hosts.ask(alerts * times.detection + times.commit, () =>
      writer({ many: alerts, bytes: times.postgres.joinBytes }, () => {
        shared.placed(batches);
        correlating = false;
        correlate();
      }),
    );
  }

  return {
    take(lines, batch) {
      const receiver = listening[turn++ % listening.length] as (typeof listening)[number];
      receiver.intake.ask(lines * times.line + batch.alerts * times.alert, () => {
        receiver.waiting.push(batch);
        publish(receiver);
      });
    },
    receiving: () => Math.max(...listening.flatMap(({ intake, bus }) => [intake.busy(), bus.busy()])),
    writing: writer.busy,
  };
}

/** The one connection that writes for a facility: one transaction after the other. */
function openWriter({ world, transaction }: Shared) {
  const waiting: { rows: Rows; done: () => void }[] = [];
  let writing = false;
  let spent = 0;
  function next(): void {
    const first = waiting.shift();
    writing = first !== undefined;
    if (first === undefined) return;
    const began = world.now();
    transaction(first.rows, () => {
      spent += world.now() - began;
      next();
      first.done();
    });
  }
  const write = (rows: Rows, done: () => void) => {
    waiting.push({ rows, done });
    if (!writing) next();
  };
  return Object.assign(write, { busy: () => spent / world.now() });
}

/** PostgreSQL: cores for what is asked, and a log on one disk that all who wait for share a sync of. */
function openDatabase(world: World, times: ServiceTimes, { postgresCores, diskBytes }: Installation) {
  const cores = openStation(world, postgresCores);
  const disk = openStation(world, 1);
  let waiting: { bytes: number; done: () => void }[] = [];
  let syncing = false;
  let written = 0;

  function sync(): void {
    if (syncing || waiting.length === 0) return;
    syncing = true;
    const together = waiting;
    waiting = [];
    const bytes = together.reduce((all, each) => all + each.bytes, 0);
    written += bytes;
    disk.ask(times.sync + bytes / diskBytes, () => {
      syncing = false;
      for (const { done } of together) done();
      sync();
    });
  }

  return {
    transaction({ many, bytes }: Rows, done: () => void): void {
      world.after(times.journey * times.postgres.journeys, () =>
        cores.ask(times.postgres.transaction + many * times.postgres.row, () => {
          waiting.push({ bytes: times.postgres.transactionBytes + many * bytes, done });
          sync();
        }),
      );
    },
    // A sync is shared by all who wait for it: only bytes use it up.
    busy: { cores: cores.busy, disk: () => written / diskBytes / world.now() },
  };
}

/** Takes batches off the front, up to so many alerts, one at least. */
function upTo(batches: Batch[], most: number): Batch[] {
  let alerts = 0;
  let count = 0;
  for (const batch of batches) {
    alerts += batch.alerts;
    if (count > 0 && alerts > most) break;
    count += 1;
  }
  return batches.splice(0, count);
}

const sum = (batches: readonly Batch[]) => batches.reduce((all, { alerts }) => all + alerts, 0);
