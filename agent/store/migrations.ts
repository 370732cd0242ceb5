import { ground } from "./migrations/001-ground.ts";
import { bookmarks } from "./migrations/002-bookmarks.ts";
import { movedDetections } from "./migrations/003-moved-detections.ts";
import { changes } from "./migrations/004-changes.ts";
import { people } from "./migrations/005-people.ts";
import { unsent } from "./migrations/006-unsent.ts";
import { attachments } from "./migrations/007-attachments.ts";
import { texts } from "./migrations/008-texts.ts";
import { erasedAttachments } from "./migrations/009-erased-attachments.ts";
import { retention } from "./migrations/010-retention.ts";
import { dataKeys } from "./migrations/011-data-keys.ts";
import { effectsByKind } from "./migrations/012-effects-by-kind.ts";
import { leases } from "./migrations/013-leases.ts";
import { groups } from "./migrations/014-groups.ts";
import type { Migration } from "./migrations/migration.ts";

/** All steps of the schema, in order. */
export const MIGRATIONS: readonly Migration[] = [
  ground,
  bookmarks,
  movedDetections,
  changes,
  people,
  unsent,
  attachments,
  texts,
  erasedAttachments,
  retention,
  dataKeys,
  effectsByKind,
  leases,
  groups,
];

/** The schema this program reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.at(-1)?.version ?? 0;
