import { randomOf } from "../cluster/plan-faults.ts";
import type { Condition, HookMood } from "./machine.ts";
import { MOODS, type Mood } from "./portal.ts";

/** Something that is done to a machine at an instant, ms after the beginning. */
export type MachineFault = { at: number } & (
  | { fault: "kill" | "stop" }
  | { fault: "pause"; lasts: number }
  | { fault: "condition"; condition: Condition; lasts: number }
  | { fault: "clock"; ms: number }
  | { fault: "portal"; mood: Mood; lasts: number }
  | { fault: "hook"; mood: HookMood; lasts: number }
);

/** Between two faults, and how long those last that end, ms. */
const BETWEEN = { least: 500, most: 4_000 };
const LASTS = { least: 300, most: 6_000 };
const MINUTE = 60_000;
/** A clock goes on further than it goes back: what is decided on the way is by codes of one time each. */
const CLOCK = { back: 5 * MINUTE, on: 20 * MINUTE };
const CONDITIONS: readonly Condition[] = [
  "disk full",
  "disk slow",
  "disk held",
  "disk read-only",
  "names gone",
  "names held",
  "main thread busy",
];
const HOOK_MOODS: readonly HookMood[] = ["hangs", "resets", "refuses", "lies"];

/** The faults of a run of so many ms: the same for the same seed. */
export function planMachineFaults(seed: number, ms: number): MachineFault[] {
  const random = randomOf(seed);
  const between = ({ least, most }: typeof LASTS) => Math.round(least + random() * (most - least));
  const oneOf = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const faults: MachineFault[] = [];
  for (let at = between(BETWEEN); at < ms; at += between(BETWEEN)) {
    const fault = oneOf([
      "kill",
      "stop",
      "pause",
      "condition",
      "condition",
      "clock",
      "portal",
      "portal",
      "hook",
    ] as const);
    if (fault === "kill" || fault === "stop") faults.push({ at, fault });
    else if (fault === "pause") faults.push({ at, fault, lasts: between(LASTS) });
    else if (fault === "clock")
      faults.push({ at, fault, ms: between({ least: -CLOCK.back, most: CLOCK.on }) });
    else {
      const lasts = between(LASTS);
      if (fault === "condition") faults.push({ at, fault, condition: oneOf(CONDITIONS), lasts });
      else if (fault === "portal")
        faults.push({ at, fault, mood: oneOf(Object.keys(MOODS) as Mood[]), lasts });
      else faults.push({ at, fault, mood: oneOf(HOOK_MOODS), lasts });
    }
  }
  return faults;
}

/** Says a fault in a few words. */
export function sayMachineFault({ at, ...fault }: MachineFault): string {
  const [what, ...about] = Object.values(fault);
  return `${(at / 1000).toFixed(1)} s ${what} ${about.join(" for ")}${about.length > 0 ? " ms" : ""}`.trim();
}
