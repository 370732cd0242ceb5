import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import { kindOfTrouble, remedyOf, type StoreTrouble } from "./core/store-trouble.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";

/** Between two tries to write while nothing can be, ms: it is over as soon as it is, whether anything arrives or not. */
const TRY_EVERY = 2000;

/** Knows whether the record can be written, from all who write, and finds out by itself when it can again. */
export interface StoreWatch {
  /** The store, watched. */
  store: Store;
  trouble(): StoreTrouble | null;
  /** Told by another thread: why a commit failed, or nothing when one did not. */
  heard(because: string | undefined): void;
  stop(): Promise<void>;
}

/** Tries to write in a folder, and says why that cannot be; a disk that hangs keeps nobody waiting but who asks. */
export async function tryDisk(folder: string): Promise<string | undefined> {
  const file = join(folder, "writable");
  try {
    await writeFile(file, Buffer.alloc(4096), { mode: 0o600 });
    await rm(file, { force: true });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Watches a store; what no disk is to blame for, such as a conflict, is its caller's. */
export function watchStore(
  watched: Store,
  parts: {
    facility: string;
    clock: Clock;
    log: Pick<Log, "error" | "info">;
    /** Told when it begins and when it is over. */
    changed: (trouble: StoreTrouble | null) => void;
    /** Why nothing can be written where the database is, as the system tells; nothing when something can. */
    disk?: () => Promise<string | undefined>;
    /** What to do about it. (Default: by the kind of trouble, of a disk of this machine.) */
    remedy?: string | undefined;
    /** (Default: 2 s.) */
    every?: number;
  },
): StoreWatch {
  const { facility, clock, log, changed, every = TRY_EVERY } = parts;
  let trouble: StoreTrouble | null = null;
  let trying: NodeJS.Timeout | undefined;
  let underWay: Promise<unknown> = Promise.resolve();
  let open = true;

  function heard(said: string | undefined, tried = false): void {
    if (said === undefined) {
      // What is small may find a place where nothing else does: only what was tried for it proves that there is room.
      if (trouble === null || (trouble.kind === "full" && !tried)) return;
      log.info("the record can be written again", { after: Math.round((clock.now() - trouble.since) / 1e6) });
      trouble = null;
      clearTimeout(trying);
      changed(null);
      return;
    }
    const known = trouble;
    // What the disk itself said stands: of that, SQLite tells no more than that it failed.
    if (known !== null && kindOfTrouble(said) === "other") return;
    tell(said, known);
    if (known === null && trouble?.kind === "other") void askDisk();
  }

  function tell(because: string, known: StoreTrouble | null): void {
    const kind = kindOfTrouble(because);
    trouble = { kind, because, since: known?.since ?? clock.now() };
    if (known === null) plan();
    if (known?.kind === kind) return;
    log.error("the record cannot be written: nothing is acknowledged", {
      because,
      remedy: parts.remedy ?? remedyOf(kind),
    });
    changed(trouble);
  }

  async function askDisk(): Promise<void> {
    const because = await parts.disk?.();
    if (because !== undefined && trouble?.kind === "other") tell(because, trouble);
  }

  function plan(): void {
    if (!open) return;
    trying = setTimeout(() => {
      // As much as a storm's first unit weighs: room for one byte is no room.
      const content = String(clock.now()).padEnd(TRIED_BYTES, " ");
      const write = { write: "bookmark" as const, name: "writable", content };
      underWay = watched.commit({ facility, at: clock.now(), writes: [write] }).then(
        () => heard(undefined, true),
        (error: unknown) => {
          heard(messageOf(error));
          plan();
        },
      );
    }, every).unref();
  }

  return {
    store: {
      ...watched,
      async commit(unit) {
        try {
          const receipt = await watched.commit(unit);
          heard(undefined);
          return receipt;
        } catch (error) {
          if (isOfDisk(error)) heard(messageOf(error));
          throw error;
        }
      },
    },
    trouble: () => trouble,
    heard,
    async stop() {
      open = false;
      clearTimeout(trying);
      await underWay;
    },
  };
}

const TRIED_BYTES = 64 * 1024;

/** What the store refuses of itself says nothing of the disk. */
const REFUSALS: readonly unknown[] = ["unit_malformed", "store_closed"];

function isOfDisk(error: unknown): boolean {
  return !REFUSALS.includes((error as { code?: unknown } | null)?.code);
}
