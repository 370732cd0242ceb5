import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import type { Finding, Looked } from "./finding.ts";

/** Seconds of difference from which one-time codes fail, and from which somebody should look. */
const CODES_FAIL = 30;
const DOUBTFUL = 5;

/** What this machine says of its own clock. */
export interface ClockHints {
  /** True when it is kept by a time server; undefined when it does not say. */
  synchronised(): Promise<boolean | undefined>;
}

/**
 * Compares our clock with those of who answered, in ms by which ours is ahead; without any, asks the machine whether its
 * clock is kept. Nobody outside of the configuration is asked.
 */
export async function checkTime(ahead: readonly number[], hints: ClockHints = KERNEL): Promise<Looked> {
  // Of several the one in the middle: one server whose clock is wrong says nothing of ours.
  const sorted = ahead.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle !== undefined) {
    const seconds = Math.round(Math.abs(middle) / 1000);
    if (seconds < DOUBTFUL) return { findings: [] };
    const finding: Finding = {
      level: seconds < CODES_FAIL ? "advice" : "problem",
      code: "clock_skewed",
      where: "clock",
      message: `this machine is ${seconds} s ${middle > 0 ? "ahead of" : "behind"} the servers that it was asked to reach: dates of the record and one-time codes are wrong by as much`,
      remedy: "set the clock, and have it kept (chrony, systemd-timesyncd)",
    };
    return { findings: [finding] };
  }
  const synchronised = await hints.synchronised();
  if (synchronised === undefined)
    return { findings: [], unknown: "nothing here tells whether the clock is right" };
  if (synchronised) return { findings: [] };
  const message = "the clock of this machine is not kept by a time server";
  const remedy = "enable one (chrony, systemd-timesyncd): dates of the record and one-time codes stand on it";
  return { findings: [{ level: "advice", code: "clock_unkept", where: "clock", message, remedy }] };
}

const KERNEL: ClockHints = {
  synchronised: () =>
    new Promise((resolve) => {
      if (existsSync("/run/systemd/timesync/synchronized")) return resolve(true);
      const given = ["show", "--property=NTPSynchronized", "--value"];
      execFile("timedatectl", given, { timeout: 2000 }, (error, said) => {
        const word = error === null ? said.trim() : "";
        resolve(word === "yes" ? true : word === "no" ? false : undefined);
      });
    }),
};
