import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";

/** Far beyond those to come. */
const LATER = 900;
/** One that reads and writes of the release before would not notice. */
const STEP = "ALTER TABLE records ADD COLUMN of_later TEXT";

/**
 * Preloaded into a daemon or a command (`node --import`): it then is of a later release, which has one more step of the
 * schema, in each of its threads.
 */
registerHooks({
  load(url, context, next) {
    if (!url.endsWith("/agent/store/migrations.ts")) return next(url, context);
    const source = readFileSync(fileURLToPath(url), "utf8");
    const later = `{ version: ${LATER}, name: "of a later release", sql: ["${STEP}"] }`;
    const made = source.replace("\n];", `\n  ${later},\n];`);
    if (made === source) throw new Error("the steps of the schema are written otherwise now");
    return { format: "module-typescript", source: made, shortCircuit: true };
  },
});
