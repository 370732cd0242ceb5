/** A figure of the simulation, and the command that measured it. */
interface Figure {
  value: number;
  from: string;
}

const US = 1e-6;
const BUS = "node test/bench/bench.ts bus";
const SHARED = "node test/bench/bench.ts shared";
const TCP = "npm run bench -- tcp, docs/performance.md";
const CORRELATED = "node test/bench/bench.ts correlated";
const ASSUMED = "assumed: measure your own";

/** Seconds of CPU, on one core, unless it says otherwise; medians of the machine that docs/capacity.md names. */
const FIGURES = {
  /** A line that no rule could match. */
  line: { value: 0.5 * US, from: TCP },
  /** One that matches: parsed, matched, explained, sealed. */
  alert: { value: 60 * US, from: TCP },
  publishMessage: { value: 400 * US, from: BUS },
  publishAlert: { value: 6 * US, from: BUS },
  natsMessage: { value: 170 * US, from: BUS },
  natsAlert: { value: 4 * US, from: BUS },
  /** Read from the bus, handed to the store thread and sent to PostgreSQL: the process of the correlator. */
  consumeMessage: { value: 50 * US, from: BUS },
  consumeAlert: { value: 14 * US, from: BUS },
  /** What a transaction costs who asks for it. */
  commit: { value: 300 * US, from: BUS },
  /** Of the same process beside that: a detection is placed in its incident, and what comes of it sealed. */
  detection: { value: 30 * US, from: CORRELATED },
  transaction: { value: 300 * US, from: BUS },
  row: { value: 12 * US, from: BUS },
  /** Journeys that wait for each other in a transaction; bytes of its log, and of each row with its indexes, for an alert of 1.5 kB. */
  journeys: { value: 2, from: "agent/store/postgres/writer.ts: begin and what is known, then the rest" },
  transactionBytes: { value: 800, from: SHARED },
  rowBytes: { value: 2_100, from: SHARED },
  /** Of the log, for a detection that joins an incident. */
  joinBytes: { value: 500, from: ASSUMED },
  /** Wall time of a write that is synced. */
  sync: { value: 1_000 * US, from: SHARED },
  /** Wall time from one machine to another and back. */
  journey: { value: 200 * US, from: ASSUMED },
} as const satisfies Record<string, Figure>;

export type Figures = Record<keyof typeof FIGURES, Figure>;

/** What each piece of work takes, s. */
export interface ServiceTimes {
  line: number;
  alert: number;
  publish: { message: number; alert: number };
  nats: { message: number; alert: number };
  consume: { message: number; alert: number };
  commit: number;
  detection: number;
  postgres: {
    transaction: number;
    row: number;
    journeys: number;
    transactionBytes: number;
    rowBytes: number;
    joinBytes: number;
  };
  sync: number;
  journey: number;
}

const of = (name: keyof Figures) => FIGURES[name].value;

export const SERVICE_TIMES: ServiceTimes = {
  line: of("line"),
  alert: of("alert"),
  publish: { message: of("publishMessage"), alert: of("publishAlert") },
  nats: { message: of("natsMessage"), alert: of("natsAlert") },
  consume: { message: of("consumeMessage"), alert: of("consumeAlert") },
  commit: of("commit"),
  detection: of("detection"),
  postgres: {
    transaction: of("transaction"),
    row: of("row"),
    journeys: of("journeys"),
    transactionBytes: of("transactionBytes"),
    rowBytes: of("rowBytes"),
    joinBytes: of("joinBytes"),
  },
  sync: of("sync"),
  journey: of("journey"),
};

/** What is there. */
export interface Installation {
  facilities: number;
  /** Of each facility. */
  receivers: number;
  /** Of one NATS server: with three replicas each of three writes all. */
  natsCores: number;
  /** Of all machines that correlators run on. */
  hostCores: number;
  postgresCores: number;
  /** Bytes a second that its disk writes in order. */
  diskBytes: number;
  /**
   * Of the server; what one process may take of it at most; and what a facility's correlator, the one that stands by and its
   * web process hold at rest (`SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'tocsin%'`).
   */
  connections: { server: number; process: number; atRest: number };
}

export const INSTALLATION: Installation = {
  facilities: 200,
  receivers: 2,
  natsCores: 8,
  hostCores: 32,
  postgresCores: 16,
  diskBytes: 500e6,
  connections: { server: 1000, process: 15, atRest: 9 },
};
