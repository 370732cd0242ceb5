import type { KeyObject } from "node:crypto";
import type { Instant } from "../core/clock.ts";
import { fingerprintOf } from "../store/keys.ts";
import { checkpointHolds } from "../store/read-checkpoints.ts";
import { openReading } from "../store/sqlite/connection.ts";
import { type Anchor, anchoredBytes } from "./anchors-file.ts";
import { checkTimestamp } from "./timestamp.ts";

/** What one anchor says of a journal. */
export type Compared = { facility: string; seq: number; at: Instant } & (
  | { outcome: "same"; stamped: Instant | null; unproven: string | null }
  /** `forged`: the entry of this number is another now. `cut`: there is none. `foreign`: no signature of this key. */
  | { outcome: "forged" | "cut" | "foreign" }
);

/**
 * Compares a journal with the signed heads that third parties hold: what they were given and is not so any more was
 * written anew, by whoever holds the key.
 */
export async function compareAnchors(
  database: string,
  anchors: readonly Anchor[],
  { publicKey, authority }: { publicKey: KeyObject; authority?: string | undefined },
): Promise<Compared[]> {
  const record = openReading(database);
  try {
    const entry = record.prepare("SELECT hash FROM journal WHERE facility = ? AND seq = ?");
    const compared: Compared[] = [];
    for (const { checkpoint, token } of anchors) {
      const { facility, seq, at } = checkpoint;
      const ours = checkpoint.key === fingerprintOf(publicKey) && checkpointHolds(checkpoint, publicKey);
      const hash = entry.get(facility, seq)?.hash;
      if (!ours || hash === undefined || hash !== checkpoint.hash) {
        const outcome = !ours ? "foreign" : hash === undefined ? "cut" : "forged";
        compared.push({ facility, seq, at, outcome });
        continue;
      }
      const stamp =
        token === undefined || authority === undefined
          ? undefined
          : await checkTimestamp(Buffer.from(token, "base64"), anchoredBytes(checkpoint), authority);
      const stamped = stamp !== undefined && "at" in stamp ? stamp.at : null;
      const unproven = stamp !== undefined && "because" in stamp ? stamp.because : null;
      compared.push({ facility, seq, at, outcome: "same", stamped, unproven });
    }
    return compared;
  } finally {
    record.close();
  }
}
