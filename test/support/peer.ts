import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, it } from "vitest";

/** A program that some tests run for real. */
export interface Peer {
  name: string;
  command: string;
  /** The command that installs it, shown when it is missing. */
  install: string;
  present: boolean;
}

/** Looks a program up on PATH; `install` is the command that a person types to have it. */
export function peer(name: string, command: string, install: string): Peer {
  return { name, command, install, present: onPath(command) !== undefined };
}

/** The compiler of what is loaded before a program, to stand between it and the disk or names. */
export const gcc = peer("gcc", "gcc", "apt-get install gcc libc6-dev");

/** Groups tests that need peers: skipped by name when one is missing, failed when TOCSIN_REQUIRE_PEERS=1. */
export function describePeer(needed: Peer | Peer[], title: string, body: () => void): void {
  const missing = missingOf(needed);
  if (missing.length === 0) return void describe(title, body);
  if (required()) return void describe(title, () => void it(absence(missing), () => refuse(missing)));
  describe.skip(`${title} (${absence(missing)})`, body);
}

/** The same for one test; `timeout` in ms. */
export function itPeer(
  needed: Peer | Peer[],
  title: string,
  body: () => void | Promise<void>,
  timeout = 30_000,
): void {
  const missing = missingOf(needed);
  if (missing.length === 0) return void it(title, body, timeout);
  if (required()) return void it(`${title} (${absence(missing)})`, () => refuse(missing));
  it.skip(`${title} (${absence(missing)})`, body);
}

function missingOf(needed: Peer | Peer[]): Peer[] {
  return [needed].flat().filter((candidate) => !candidate.present);
}

function required(): boolean {
  return process.env.TOCSIN_REQUIRE_PEERS === "1";
}

function absence(missing: Peer[]): string {
  return missing.map(({ name, install }) => `${name} is missing: ${install}`).join("; ");
}

function refuse(missing: Peer[]): never {
  throw new Error(`TOCSIN_REQUIRE_PEERS=1, but ${absence(missing)}`);
}

/** Where a program stands on PATH; undefined when it is nowhere. */
export function onPath(command: string): string | undefined {
  // Debian keeps daemons in /usr/sbin, which an ordinary user's PATH leaves out.
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  for (const folder of folders.filter((each) => each !== "")) {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return join(folder, command);
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
