import { readFileSync } from "node:fs";
import type { Reading } from "./report.ts";

/** Ticks of a second in /proc, on every Linux there is. */
const TICKS = 100;

/** Measures from now on what a process does: by the clock, and in cores that it keeps busy. */
export function startWatch(pid: number): { read(amount: number): Reading & { cores: number } } {
  const since = { clock: performance.now(), busy: busySeconds(pid) };
  return {
    /** The rate at which `amount` was done since. */
    read(amount) {
      const seconds = (performance.now() - since.clock) / 1000;
      return { value: amount / seconds, cores: (busySeconds(pid) - since.busy) / seconds };
    },
  };
}

/** Time that all threads of a process have run, in it and in the kernel for it (proc_pid_stat(5)). */
function busySeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // The second column, in brackets, may hold spaces.
  const columns = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(columns[11]) + Number(columns[12])) / TICKS;
}
