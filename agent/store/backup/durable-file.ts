import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { TocsinError } from "../../core/errors.ts";
import type { Sink } from "./age-stream.ts";

/** A file on its way: under its name only once it is whole and on the disk. */
export interface DurableFile extends Sink {
  /** Gives it its name; throws `file_exists` rather than replace another, unless told to. */
  keep(): void;
  /** Takes away what was written. */
  discard(): void;
}

const PARTIAL = ".partial";

/** Begins a file that is written aside, mode 0600; a kill leaves only what is called `.partial`. */
export function durableFile(file: string, { replace = false } = {}): DurableFile {
  const aside = `${file}.${process.pid}${PARTIAL}`;
  refuseExisting(file, replace);
  const output = openSync(aside, "wx", 0o600);
  let open = true;
  const close = () => {
    if (open) closeSync(output);
    open = false;
  };
  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(output, bytes, at);
    },
    end() {
      fsyncSync(output);
      close();
    },
    keep() {
      if (replace) renameSync(aside, file);
      else nameOnce(aside, file);
      syncFolder(dirname(file));
    },
    discard() {
      close();
      rmSync(aside, { force: true });
    },
  };
}

/**
 * Takes away what writers that ended in the middle left in a folder, for files whose name begins so; nobody in this process
 * may be writing one. In a container the number of the process is the same after each start.
 */
export function sweepPartial(folder: string, prefix: string): void {
  for (const name of readdirSync(folder)) {
    const pid = /\.(\d+)\.partial$/.exec(name)?.[1];
    if (name.startsWith(prefix) && pid !== undefined && !isOther(Number(pid)))
      rmSync(join(folder, name), { force: true });
  }
}

/** Makes the names in a folder durable, where its file system can. */
export function syncFolder(folder: string): void {
  let opened: number | undefined;
  try {
    opened = openSync(folder, "r");
    fsyncSync(opened);
  } catch {
    // A share that syncs no folder keeps its names in its own way.
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}

/** Whether another process than this one has that number and lives on this machine. */
export function isOther(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function nameOnce(aside: string, file: string): void {
  try {
    linkSync(aside, file);
    unlinkSync(aside);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "EEXIST") throw exists(file);
    // A USB key or a share without hard links: nobody else writes a name with this date.
    refuseExisting(file, false);
    renameSync(aside, file);
  }
}

function refuseExisting(file: string, replace: boolean): void {
  if (!replace && existsSync(file)) throw exists(file);
}

function exists(file: string): TocsinError {
  return new TocsinError({
    code: "file_exists",
    where: file,
    message: `${basename(file)} is there already; nothing is ever written over it`,
    remedy: "give another name, or a folder",
  });
}
