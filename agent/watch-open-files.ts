import { open } from "node:fs/promises";
import type { Log } from "./telemetry/log.ts";

/** Between two tries to open a file, ms. */
const TRY_EVERY = 2000;
/** Descriptors that must be free, lest what one thread opens fail. */
const NEEDED = 8;
/** Tries in a row that succeed before it is over: whoever floods us comes back as soon as there is room. */
const OVER_AFTER = 3;
/** What keeps the daemon from being ready while hardly anything can be opened. */
const CAUSE = "open files";

/** Finds out when this process may open hardly any more files and connections, which the system takes away without a word. */
export function watchOpenFiles(parts: {
  causes: Pick<Set<string>, "add" | "delete">;
  log: Pick<Log, "error" | "info">;
  /** Opens files and lets them go; rejects with the code of the system. */
  tryOpen?: () => Promise<void>;
  /** (Default: 2 s.) */
  every?: number;
}): { stop(): Promise<void> } {
  const { causes, log, tryOpen = openSome, every = TRY_EVERY } = parts;
  let short = false;
  let good = 0;
  let underWay = Promise.resolve();

  async function look(): Promise<void> {
    const code = await tryOpen().then(
      () => undefined,
      (error: NodeJS.ErrnoException) => error.code,
    );
    // Any other failure is not of this.
    const now = code === "EMFILE" || code === "ENFILE";
    good = now ? 0 : good + 1;
    if (now === short || (short && good < OVER_AFTER)) return;
    short = now;
    if (!now) {
      causes.delete(CAUSE);
      log.info("files and connections can be opened again");
      return;
    }
    causes.add(CAUSE);
    log.error(
      "hardly any more files or connections can be opened: new ones are closed, messages may not leave",
      {
        because: code,
        remedy:
          "see who holds so many (ss -tnp); raise LimitNOFILE of the service (ulimit -n), or lower limits.connections",
      },
    );
  }

  const timer = setInterval(() => {
    underWay = underWay.then(look);
  }, every);
  return {
    async stop() {
      clearInterval(timer);
      await underWay;
    },
  };
}

/** Opens as many as a message that leaves and a copy that is written need, at once. */
async function openSome(): Promise<void> {
  const opened = await Promise.allSettled(Array.from({ length: NEEDED }, () => open(import.meta.filename)));
  await Promise.all(opened.map((each) => (each.status === "fulfilled" ? each.value.close() : undefined)));
  const failed = opened.find((each) => each.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
