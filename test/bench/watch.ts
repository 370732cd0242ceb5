import { readFileSync } from "node:fs";
import type { Reading } from "./report.ts";

/** Ticks of a second in /proc, on every Linux there is. */
const TICKS = 100;

/** Measures from now on what goes on. */
export interface Watch {
  /** The rate at which `amount` was done since, and the cores that were kept busy. */
  read(amount: number): Reading & { cores: number };
}

/** Measures from now on what a process does: by the clock, and in cores that it keeps busy. */
export const startWatch = (pid: number): Watch => watched(() => busySeconds(pid));

/** The same of all children of the process that a child is of, those included that come and go. */
export function startWatchOfAll(child: number): Watch {
  const parent = Number(columnsOf(child)[1]);
  return watched(() => {
    const [ended, ...living] = [endedSeconds(parent), ...childrenOf(parent).map(busyOrGone)];
    return living.reduce((all, each) => all + each, ended);
  });
}

function watched(busy: () => number): Watch {
  const since = { clock: performance.now(), busy: busy() };
  return {
    read(amount) {
      const seconds = (performance.now() - since.clock) / 1000;
      return { value: amount / seconds, cores: (busy() - since.busy) / seconds };
    },
  };
}

/** Columns of proc_pid_stat(5) from the third on: the second, in brackets, may hold spaces. */
function columnsOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

/** Time that all threads of a process have run, in it and in the kernel for it. */
function busySeconds(pid: number): number {
  const columns = columnsOf(pid);
  return (Number(columns[11]) + Number(columns[12])) / TICKS;
}

/** The same of the children of a process that have ended. */
function endedSeconds(pid: number): number {
  const columns = columnsOf(pid);
  return (Number(columns[13]) + Number(columns[14])) / TICKS;
}

/** Of one that ends meanwhile its parent tells the next time. */
function busyOrGone(pid: number): number {
  try {
    return busySeconds(pid);
  } catch {
    return 0;
  }
}

const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
