import { ground } from "./migrations/001-ground.ts";
import { bookmarks } from "./migrations/002-bookmarks.ts";
import { movedDetections } from "./migrations/003-moved-detections.ts";
import type { Migration } from "./migrations/migration.ts";

/** All steps of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [ground, bookmarks, movedDetections];

/** The schema this program reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)?.version ?? 0;
