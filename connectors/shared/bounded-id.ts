import { createHash } from "node:crypto";

/** Characters of an event's identity. */
const LONGEST = 512;

/** An identity within its bound: a longer one ends with a digest of the whole, so that no two become one. */
export function boundedId(id: string): string {
  if (id.length <= LONGEST) return id;
  const digest = createHash("sha256").update(id, "utf16le").digest("hex");
  return `${id.slice(0, LONGEST - digest.length - 1)}~${digest}`;
}
