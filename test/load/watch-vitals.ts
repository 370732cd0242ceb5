import { readdirSync, readFileSync } from "node:fs";

/** What a process holds at an instant. */
export interface Vitals {
  /** Since the watch began, seconds. */
  at: number;
  /** Resident, all threads, MB. */
  rss: number;
  /** Open file descriptors. */
  files: number;
}

/** Reads what a process holds every so often, until it is ended. */
export function watchVitals(pid: number, seconds = 1): { readonly seen: readonly Vitals[]; end(): void } {
  const begin = performance.now();
  const seen: Vitals[] = [];
  const look = () => {
    const files = readdirSync(`/proc/${pid}/fd`).length;
    seen.push({ at: (performance.now() - begin) / 1000, rss: memoryOf(pid), files });
  };
  look();
  const looking = setInterval(look, seconds * 1000);
  return { seen, end: () => clearInterval(looking) };
}

/** Resident memory of a process, MB (proc_pid_status(5)). */
export function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  return Number(kilobytes) / 1024;
}
