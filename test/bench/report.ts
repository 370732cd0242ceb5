import { cpus } from "node:os";
import Table from "cli-table3";

/** One thing measured, beside what it is measured against in the same run. */
export interface Measure {
  what: string;
  /** Operations a second. */
  rate: number;
  against: string;
  /** Operations a second of the peer. */
  peer: number;
  /** What DESIGN's budget or the issue asks for, operations a second. */
  goal?: number | undefined;
}

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** Prints measures as a table; figures depend on the machine, ratios much less. */
export function report(title: string, measures: readonly Measure[]): void {
  const table = new Table({
    head: [title, "a second", "goal", "against", "a second", "ratio"],
    colAligns: ["left", "right", "right", "left", "right", "right"],
    style: { head: [], border: [] },
  });
  for (const { what, rate, against, peer, goal } of measures) {
    table.push([
      what,
      count.format(rate),
      goal === undefined ? "" : count.format(goal),
      against,
      count.format(peer),
      (rate / peer).toPrecision(3),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** Says what the figures were measured on. */
export function reportMachine(): void {
  const [cpu] = cpus();
  process.stdout.write(`node ${process.version}, ${cpus().length} × ${cpu?.model ?? "unknown processor"}\n`);
}
