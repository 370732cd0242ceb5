import { createRequire } from "node:module";
import { once } from "./once.ts";

/** The reader of YAML that knows places: loaded for who asks where something stands, which no sound start does. */
export const placingYaml = once(() => createRequire(import.meta.url)("yaml") as typeof import("yaml"));
