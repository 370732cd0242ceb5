import { setPriority } from "node:os";

/** Nice values, as Linux has them: more of it is less of a busy processor. */
const NICE = { intake: 5, search: 10 } as const;

/**
 * Has a process, or the calling thread (on Linux, setpriority(2), "C library/kernel differences"), give way to what serves
 * people when the processor is short. Where it is not let, it runs all the same.
 */
export function giveWay(what: keyof typeof NICE, pid = 0): void {
  try {
    setPriority(pid, NICE[what]);
  } catch {
    // A sandbox that forbids it.
  }
}
