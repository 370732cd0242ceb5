import { cpus, loadavg } from "node:os";
import Table from "cli-table3";

/** One thing measured, beside what it is measured against in the same run. */
export interface Measure {
  what: string;
  /** In the unit of its table. */
  value: number;
  /** The peer and what it did with the same, or how to install it where it is missing. */
  against: string;
  /** In the unit of its table; undefined where the peer is missing. */
  peer: number | undefined;
  /** What DESIGN's budget or the issue asks for, in the unit of its table. */
  goal?: number | undefined;
}

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Prints measures as a table; figures depend on the machine, ratios much less. */
export function report(
  title: string,
  measures: readonly Measure[],
  { unit = "a second", less = false }: { unit?: string; /** Less is better. */ less?: boolean } = {},
): void {
  const table = new Table({
    head: [title, unit, "goal", "against", unit, "ratio"],
    colAligns: ["left", "right", "right", "left", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { what, value, against, peer, goal } of measures) {
    const reached = goal === undefined || (less ? value <= goal : value >= goal);
    table.push([
      what,
      count.format(value),
      goal === undefined ? "" : `${less ? "at most " : ""}${count.format(goal)}${reached ? "" : " (missed)"}`,
      against,
      peer === undefined ? "" : count.format(peer),
      peer === undefined ? "" : (value / peer).toPrecision(3),
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
