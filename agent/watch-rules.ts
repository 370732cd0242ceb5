import { createHash } from "node:crypto";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "./core/clock.ts";

/** How often the files are looked at, ms. */
const LOOK_EVERY = 2000;
/** A look may take one part in so many of the time: thousands of files are looked at more seldom. */
const SHARE = 50;

/**
 * Watches the files of rules, meanings and mappings, and calls `changed` when they differ and have then stood still for a
 * look: what is being copied or checked out is waited for. Returns how to stop.
 *
 * By name, size, inode and times, so that network shares and mounted volumes, which tell of no change, work too.
 */
export function watchRules(files: readonly string[], clock: Clock, changed: () => void): () => void {
  let open = true;
  let told: string | undefined;
  let last: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const paths = new Set(files);

  async function look(): Promise<void> {
    const began = clock.now();
    const found = await digestOf(paths);
    if (!open) return;
    told ??= found;
    if (found === last && found !== told) {
      told = found;
      changed();
    }
    last = found;
    const took = (clock.now() - began) / 1000;
    timer = setTimeout(look, Math.max(LOOK_EVERY, took * SHARE)).unref();
  }
  void look();
  return () => {
    open = false;
    clearTimeout(timer);
  };
}

async function digestOf(paths: ReadonlySet<string>): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) await add(path, true);
  return hash.digest("hex");

  async function add(path: string, named: boolean): Promise<void> {
    // What is gone differs from what was there, and is no error here.
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    if (found === undefined) return void hash.update(`${path} gone\n`);
    if (found.isDirectory()) {
      const names = await readdir(path).catch(() => []);
      for (const name of names.sort()) if (!name.startsWith(".")) await add(join(path, name), false);
    } else if (named || /\.ya?ml$/i.test(path)) {
      hash.update(`${path} ${found.size} ${found.ino} ${found.mtimeNs} ${found.ctimeNs}\n`);
    }
  }
}
