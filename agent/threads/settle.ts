import { flushCompileCache } from "node:module";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** After how long what a start has left is given back, ms. */
const SETTLED = 5000;

/** Ends the start of a thread: its compiled code is written down, and its garbage is soon given back. */
export function settle(): void {
  // Else it is written at the end, which a power cut or a kill does not wait for.
  flushCompileCache();
  setTimeout(collect, SETTLED).unref();
}

/** V8 collects by what is allocated: an idle thread would keep twice what it needs for as long as nothing happens. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc") as NodeJS.GCFunction;
  gc({ type: "major", execution: "sync", flavor: "last-resort" });
}
