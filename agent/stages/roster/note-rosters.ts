import type { Instant } from "../../core/clock.ts";
import type { Store } from "../../store/store.ts";

/** Where the record keeps the SHA-256 of the rosters that it knows of. */
const BOOKMARK = "rosters";

/** Notes in the journal that the rosters are others than those noted last; undefined when they are not. */
export async function noteRosters(
  { sha256 }: { sha256: string },
  { store, facility, now }: { store: Store; facility: string; now: Instant },
): Promise<{ sha256: string; before: string | null } | undefined> {
  const before = (await store.reads.bookmark(facility, BOOKMARK)) ?? null;
  if (before === sha256) return undefined;
  const content = { sha256, before };
  await store.commit({
    facility,
    at: now,
    writes: [
      { write: "note", what: "rosters_changed", incident: null, content },
      { write: "bookmark", name: BOOKMARK, content: sha256 },
    ],
  });
  return content;
}
