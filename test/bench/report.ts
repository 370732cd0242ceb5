import { cpus, loadavg } from "node:os";
import Table from "cli-table3";

/** What was read of one program. */
export interface Reading {
  /** In the unit of its table. */
  value: number;
  /** Cores it kept busy meanwhile. */
  cores?: number;
}

/** One thing measured, beside what it is measured against in the same run. */
export interface Measure {
  what: string;
  own: Reading;
  /** What DESIGN's budget or the issue asks for, in the unit of its table. */
  goal?: number | undefined;
  /** The peer and what it did with the same, or how to install it where it is missing. */
  against: string;
  /** Undefined where the peer is missing. */
  peer: Reading | undefined;
}

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const inAll = ({ value }: Reading) => value;
const perCore = ({ value, cores = 1 }: Reading) => value / cores;

/** Prints measures as a table; figures depend on the machine and on what else it does, ratios a core much less. */
export function report(
  title: string,
  measures: readonly Measure[],
  { unit = "a second", less = false }: { unit?: string /** Less is better. */; less?: boolean } = {},
): void {
  const busy = measures.some(({ own }) => own.cores !== undefined);
  const cores = (reading?: Reading) => (busy ? [reading?.cores?.toFixed(2) ?? ""] : []);
  const head = busy
    ? [title, unit, "cores", "goal", "against", unit, "cores", "ratio", "a core"]
    : [title, unit, "goal", "against", unit, "ratio"];
  const table = new Table({
    head,
    colAligns: head.map((name) => (name === title || name === "against" ? "left" : "right")),
    style: { head: [], border: [] },
  });
  for (const { what, own, goal, against, peer } of measures) {
    const reached = goal === undefined || (less ? own.value <= goal : own.value >= goal);
    // Too short a measure has no ratio.
    const ratio = (of: (reading: Reading) => number) => {
      const quotient = peer === undefined ? 0 : of(own) / of(peer);
      return quotient > 0 && Number.isFinite(quotient) ? quotient.toPrecision(3) : "";
    };
    table.push([
      what,
      count.format(own.value),
      ...cores(own),
      goal === undefined ? "" : `${less ? "at most " : ""}${count.format(goal)}${reached ? "" : " (missed)"}`,
      against,
      peer === undefined ? "" : count.format(peer.value),
      ...cores(peer),
      ratio(inAll),
      ...(busy ? [ratio(perCore)] : []),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** Says what the figures are measured on. */
export function reportMachine(): void {
  const [cpu] = cpus();
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(
    `node ${process.version}, ${cpus().length} × ${cpu?.model ?? "unknown processor"}, load ${load}\n`,
  );
}
