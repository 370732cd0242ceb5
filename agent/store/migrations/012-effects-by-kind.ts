import type { Migration } from "./migration.ts";

/** Finds what is due of one kind without passing over what waits of the others. */
export const effectsByKind: Migration = {
  version: 12,
  name: "effects by kind",
  sql: ["CREATE INDEX effects_waiting ON effects (facility, kind, due) WHERE state = 'planned'"],
};
