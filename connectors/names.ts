import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { once } from "../agent/core/once.ts";

/** The mappings that come with the program. */
export const SHIPPED_MAPPINGS = join(import.meta.dirname, "products");
/** The cases of a mapping lie beside it under this ending; they are no mappings. */
export const CASES_ENDING = ".cases.yml";

/** True of a file that holds a mapping, by its name. */
export const isMapping = (name: string) => /\.ya?ml$/i.test(name) && !name.endsWith(CASES_ENDING);

/** The names of those that come with the program: each file is called as its mapping is. */
export const shippedNames = once(() =>
  readdirSync(SHIPPED_MAPPINGS)
    .filter(isMapping)
    .map((file) => basename(file, ".yml"))
    .toSorted(),
);

/** All that a source may name when nobody adds to it: the formats, each a folder, `auto`, and mappings; none is read. */
export const connectorNames = once((): readonly string[] => [
  ...readdirSync(join(import.meta.dirname, "inbound")).toSorted(),
  "auto",
  ...shippedNames(),
]);
