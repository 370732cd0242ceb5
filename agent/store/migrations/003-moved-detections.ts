import type { Migration } from "./migration.ts";

/** A detection is in the incident that joined it last: finds the others that did. */
export const movedDetections: Migration = {
  version: 3,
  name: "moved-detections",
  sql: [`CREATE INDEX joined_of_detection ON joined (facility, detection, journal_seq)`],
};
