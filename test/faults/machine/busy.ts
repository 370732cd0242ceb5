import { existsSync } from "node:fs";
import { isMainThread } from "node:worker_threads";

/** Preloaded into a daemon: its main thread is busy and nothing else for as long as the file `TOCSIN_BUSY` exists. */
const file = process.env.TOCSIN_BUSY ?? "";

if (isMainThread)
  setInterval(() => {
    while (existsSync(file));
  }, 20).unref();
