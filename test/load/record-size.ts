import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { House } from "../support/daemon.ts";

/** Size of the record of a house with what is written ahead of it, MB. */
export function recordSize({ directory }: House): number {
  const folder = join(directory, "state");
  const files = readdirSync(folder).filter((name) => name.startsWith("tocsin.sqlite"));
  return files.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) / 2 ** 20;
}
