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

/** A table of measures, as it is drawn. */
export interface Drawn {
  title: string;
  unit: string;
  /** Less is better. */
  less: boolean;
  measures: readonly Measure[];
}

const count = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const inAll = ({ value }: Reading) => value;
const perCore = ({ value, cores = 1 }: Reading) => value / cores;

/** Writes measures as rows of Markdown, as docs/performance.md has them. */
export function markdownOf({ title, less, measures }: Drawn): string {
  const rows = measures.map(({ what, own, goal, against, peer }) => {
    const { all, each } = ratiosOf(own, peer);
    const beside = peer === undefined ? against : `${against}: ${count.format(peer.value)}`;
    const cells = [
      what,
      count.format(own.value),
      goalOf(own, goal, less),
      beside,
      all,
      own.cores ? each : "",
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [`| **${title}** | | | | | |`, ...rows].join("\n");
}

function goalOf(own: Reading, goal: number | undefined, less: boolean): string {
  if (goal === undefined) return "";
  const reached = less ? own.value <= goal : own.value >= goal;
  return `${less ? "at most " : ""}${count.format(goal)}${reached ? "" : " (missed)"}`;
}

/** Ours by the peer's, as a whole and by the cores kept busy; too short a measure has none. */
function ratiosOf(own: Reading, peer: Reading | undefined): { all: string; each: string } {
  const ratio = (of: (reading: Reading) => number) => {
    const quotient = peer === undefined ? 0 : of(own) / of(peer);
    return quotient > 0 && Number.isFinite(quotient) ? quotient.toPrecision(3) : "";
  };
  return { all: ratio(inAll), each: ratio(perCore) };
}

/** Prints measures as a table; figures depend on the machine and on what else it does, ratios a core much less. */
export function report({ title, unit, less, measures }: Drawn): void {
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
    const { all, each } = ratiosOf(own, peer);
    table.push([
      what,
      count.format(own.value),
      ...cores(own),
      goalOf(own, goal, less),
      against,
      peer === undefined ? "" : count.format(peer.value),
      ...cores(peer),
      all,
      ...(busy ? [each] : []),
    ]);
  }
  process.stdout.write(`${table.toString()}\n`);
}

/** Says what the figures are measured on. */
export function machineNow(): string {
  const [cpu] = cpus();
  const load = loadavg()[0]?.toFixed(1);
  return `node ${process.version}, ${cpus().length} × ${cpu?.model ?? "unknown processor"}, load ${load}`;
}
