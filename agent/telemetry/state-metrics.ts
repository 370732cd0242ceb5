import type { Clock, Instant } from "../core/clock.ts";
import type { Deadline } from "../core/deadline.ts";
import { EFFECT_KINDS, type Effect } from "../core/effect.ts";
import type { CanaryView, CopyView, HouseView } from "../core/house-view.ts";
import { IncidentState } from "../core/incident.ts";
import type { Reads } from "../store/store.ts";
import { Gauge, type Registry } from "./prometheus.ts";

/** Effects of a kind that are counted at most: what waits beyond them changes nothing for whoever is woken. */
const MOST_COUNTED = 500;

/** What is looked at when the metrics are read. */
export interface StateParts {
  registry: Registry;
  facility: string;
  clock: Clock;
  reads: Pick<Reads, "damaged" | "effectsDue" | "journalEnd">;
  /** Incidents as lists show them. */
  entries(): readonly {
    incident: { state: IncidentState };
    deadlines: readonly Pick<Deadline, "regime" | "due" | "met" | "void">[];
  }[];
  house: Pick<HouseView, "canary" | "causes" | "certificates" | "copies" | "disk" | "kit">;
  /** When the pipeline last went through without failing; undefined before the first time. */
  advanced(): Instant | undefined;
}

/** Shows how things stand, looked at when it is scraped; what cannot be read is left out. */
export function stateMetrics(parts: StateParts): void {
  const { registry, facility, clock, reads, entries, house, advanced } = parts;

  function gauge<Label extends string>(
    config: { name: string; help: string; labelNames?: Label[] },
    look: () => Looked<Label> | Promise<Looked<Label>>,
  ): void {
    new Gauge<Label>({
      ...config,
      registers: [registry],
      async collect() {
        // Emptied and not set to zero: no bytes left is not the same as unknown.
        if (config.labelNames === undefined) this.remove();
        else this.reset();
        const found = await (async () => look())().catch(() => []);
        for (const { labels = {}, value } of found) this.set(labels, value);
      },
    });
  }

  gauge({ name: "tocsin_ready", help: "1 while nothing keeps the daemon from serving" }, () => [
    { value: house.causes().length === 0 ? 1 : 0 },
  ]);
  gauge(
    {
      name: "tocsin_pipeline_last_success_timestamp_seconds",
      help: "When the pipeline last went through without failing, unix seconds; it goes every second",
    },
    () => secondsOf(advanced()),
  );

  gauge({ name: "tocsin_incidents", help: "Incidents by state", labelNames: ["state"] }, () => {
    const counts = new Map<IncidentState, number>(IncidentState.options.map((state) => [state, 0]));
    for (const { incident } of entries()) counts.set(incident.state, (counts.get(incident.state) ?? 0) + 1);
    return [...counts].map(([state, value]) => ({ labels: { state }, value }));
  });
  gauge(
    { name: "tocsin_clocks_running", help: "Clocks of duties that are not met", labelNames: ["regime"] },
    () => byRegime(running(entries()), (clocks) => clocks.length),
  );
  gauge(
    {
      name: "tocsin_clock_next_due_timestamp_seconds",
      help: "The earliest end of the clocks of duties that are not met, unix seconds",
      labelNames: ["regime"],
    },
    () =>
      byRegime(
        running(entries()).filter(({ due }) => due !== null),
        (clocks) => Math.min(...clocks.map(({ due }) => due ?? 0)) / 1_000_000,
      ),
  );

  const dueByKind = (limit: number) =>
    Promise.all(
      EFFECT_KINDS.map(async (kind) => ({
        kind,
        due: await reads.effectsDue(facility, clock.now(), limit, [kind]),
      })),
    );
  gauge(
    {
      name: "tocsin_effects_due",
      help: "Messages, filings and clocks whose time has come and that wait, 500 of each kind at most",
      labelNames: ["kind"],
    },
    async () =>
      (await dueByKind(MOST_COUNTED)).map(({ kind, due }) => ({ labels: { kind }, value: due.length })),
  );
  gauge(
    {
      name: "tocsin_effects_late_seconds",
      help: "For how long the oldest of what waits has been due; 0 when nothing does",
      labelNames: ["kind"],
    },
    async () => {
      const now = clock.now();
      const lateness = (due: readonly Effect[]) => Math.max(0, (now - (due[0]?.due ?? now)) / 1_000_000);
      return (await dueByKind(1)).map(({ kind, due }) => ({ labels: { kind }, value: lateness(due) }));
    },
  );

  gauge(
    { name: "tocsin_journal_unsigned_entries", help: "Entries of the journal after its last checkpoint" },
    async () => {
      const { head, checkpoint } = await reads.journalEnd(facility);
      return [{ value: (head?.seq ?? 0) - (checkpoint?.seq ?? 0) }];
    },
  );
  gauge(
    {
      name: "tocsin_journal_checkpoint_timestamp_seconds",
      help: "When the head of the journal was last signed, unix seconds",
    },
    async () => secondsOf((await reads.journalEnd(facility)).checkpoint?.at),
  );

  gauge(
    { name: "tocsin_damaged_rows", help: "Rows of the record that were found unreadable since the start" },
    () => [{ value: reads.damaged().length }],
  );
  gauge({ name: "tocsin_disk_free_bytes", help: "Free space where the state directory is" }, () =>
    bytesOf(house.disk().free),
  );
  gauge({ name: "tocsin_database_bytes", help: "Size of the database" }, () =>
    bytesOf(house.disk().database),
  );
  gauge({ name: "tocsin_database_log_bytes", help: "Size of the database's write-ahead log" }, () =>
    bytesOf(house.disk().log),
  );
  const copies = (worth: (copy: CopyView) => number | null) => () =>
    house.copies().flatMap((copy) => {
      const value = worth(copy);
      return value === null ? [] : [{ labels: { kind: copy.kind }, value }];
    });
  const kinds = ["kind" as const];
  gauge(
    {
      name: "tocsin_copy_last_timestamp_seconds",
      help: "When the last whole copy of the installation was made, unix seconds; 0 when there is none",
      labelNames: kinds,
    },
    copies(({ last }) => (last ?? 0) / 1_000_000),
  );
  gauge(
    { name: "tocsin_copy_interval_seconds", help: "Between two copies, as configured", labelNames: kinds },
    copies(({ every }) => every / 1_000_000),
  );
  gauge(
    {
      name: "tocsin_copy_failing",
      help: "1 while the last attempt to make a copy failed",
      labelNames: kinds,
    },
    copies(({ problem }) => (problem === null ? 0 : 1)),
  );
  gauge(
    { name: "tocsin_copy_bytes", help: "Size of the last copy made since the start", labelNames: kinds },
    copies(({ bytes }) => bytes),
  );
  const canaries = (worth: (way: CanaryView["ways"][number]) => number | null) => () =>
    house.canary().ways.flatMap((way) => {
      const value = worth(way);
      return value === null ? [] : [{ labels: { way: way.name }, value }];
    });
  const ways = ["way" as const];
  gauge(
    {
      name: "tocsin_canary_last_success_timestamp_seconds",
      help: "When the synthetic record last came through a way in, unix seconds; 0 while it has not since the start",
      labelNames: ways,
    },
    canaries(({ last }) => (last ?? 0) / 1_000_000),
  );
  gauge(
    {
      name: "tocsin_canary_failing",
      help: "1 while the synthetic record has not come through a way in twice in a row",
      labelNames: ways,
    },
    canaries(({ failing }) => (failing ? 1 : 0)),
  );
  gauge(
    {
      name: "tocsin_canary_round_trip_seconds",
      help: "How long the last synthetic record took from its sending until it was stored for good",
      labelNames: ways,
    },
    canaries(({ took }) => (took === null ? null : took / 1_000_000)),
  );
  gauge(
    {
      name: "tocsin_canary_interval_seconds",
      help: "Between two rounds of synthetic records, as configured",
      labelNames: ways,
    },
    canaries(() => (house.canary().every ?? 0) / 1_000_000),
  );
  gauge({ name: "tocsin_kit_stale", help: "1 when the paper kit has to be printed anew" }, () => [
    { value: house.kit().stale === null ? 0 : 1 },
  ]);
  gauge(
    {
      name: "tocsin_certificate_not_after_timestamp_seconds",
      help: "When the certificate of a listener ends, the first of them where it has several, unix seconds",
      labelNames: ["where"],
    },
    () => {
      const ends = Map.groupBy(house.certificates(), ({ where }) => where);
      return [...ends].flatMap(([where, each]) => {
        const until = each.flatMap((one) => (one.until === null ? [] : [one.until]));
        return until.length === 0 ? [] : [{ labels: { where }, value: Math.min(...until) / 1_000_000 }];
      });
    },
  );
}

/** What a look found: a value for each set of labels. */
type Looked<Label extends string> = { labels?: Partial<Record<Label, string>>; value: number }[];

function secondsOf(at: Instant | undefined): Looked<never> {
  return at === undefined ? [] : [{ value: at / 1_000_000 }];
}

function bytesOf(bytes: number | null): Looked<never> {
  return bytes === null ? [] : [{ value: bytes }];
}

type RunningClock = Pick<Deadline, "regime" | "due">;

/** What was set aside, or is told of in another dossier, has no clock that anybody watches. */
function running(entries: ReturnType<StateParts["entries"]>): RunningClock[] {
  return entries
    .filter(({ incident }) => incident.state !== "set_aside" && incident.state !== "merged")
    .flatMap(({ deadlines }) => deadlines.filter((each) => each.met === null && each.void !== true));
}

function byRegime(
  clocks: readonly RunningClock[],
  worth: (clocks: readonly RunningClock[]) => number,
): Looked<"regime"> {
  return [...Map.groupBy(clocks, ({ regime }) => regime)].map(([regime, each]) => ({
    labels: { regime },
    value: worth(each),
  }));
}
