import { HERE } from "../../support/namespaces.ts";
import { HOSTS, type HostName } from "./cluster.ts";

/** Something that is done to a cluster at an instant, ms after the beginning. */
export type Fault = { at: number } & (
  | { fault: "kill" | "stop"; target: HostName }
  | { fault: "pause"; target: HostName; lasts: number }
  | { fault: "cut"; from: string; to: string; ways: "one" | "both"; lasts: number }
);

/** Between two faults, and how long those last that end, ms. */
const BETWEEN = { least: 500, most: 5_000 };
const LASTS = { least: 300, most: 9_000 };

/** The faults of a run of so many ms: the same for the same seed. */
export function planFaults(seed: number, ms: number): Fault[] {
  const random = randomOf(seed);
  const between = ({ least, most }: typeof LASTS) => Math.round(least + random() * (most - least));
  const oneOf = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const faults: Fault[] = [];
  for (let at = between(BETWEEN); at < ms; at += between(BETWEEN)) {
    const fault = oneOf(["kill", "kill", "stop", "pause", "cut", "cut", "cut"] as const);
    if (fault === "kill" || fault === "stop") faults.push({ at, fault, target: oneOf(HOSTS) });
    else if (fault === "pause") faults.push({ at, fault, target: oneOf(HOSTS), lasts: between(LASTS) });
    else {
      const from = oneOf([...HOSTS, HERE]);
      const to = oneOf([...HOSTS, HERE].filter((host) => host !== from));
      faults.push({
        at,
        fault,
        from,
        to,
        ways: oneOf(["one", "both", "both"] as const),
        lasts: between(LASTS),
      });
    }
  }
  return faults;
}

/** Says a fault in a few words. */
export function sayFault(fault: Fault): string {
  const at = `${(fault.at / 1000).toFixed(1)} s`;
  if (fault.fault === "cut")
    return `${at} cut ${fault.from} ${fault.ways === "one" ? "→" : "↔"} ${fault.to} for ${fault.lasts} ms`;
  return `${at} ${fault.fault} ${fault.target}${fault.fault === "pause" ? ` for ${fault.lasts} ms` : ""}`;
}

/** mulberry32: small, and the same everywhere. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
