/**
 * Copies a text that is kept after its record: a part of a longer text keeps the whole of it in memory.
 */
export function ownText(part: string): string {
  return Buffer.from(part, "utf16le").toString("utf16le");
}
