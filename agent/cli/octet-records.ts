const LF = 0x0a;
const SPACE = 0x20;
const LESS = 0x3c;
/** Digits that a count may have: 9,999,999 bytes. */
const DIGITS = 7;

/** One record; `cut` when the recording ends before it does. */
export interface OctetRecord {
  bytes: Buffer;
  cut: boolean;
}

/** Takes pieces of a stream; gives back each whole record, in order. */
export interface OctetReader {
  push(chunk: Buffer): OctetRecord[];
  /** The stream ended: what is left is a record too. */
  end(): OctetRecord[];
}

/**
 * Cuts a recording into its counted records (RFC 6587 §3.4.1), which may hold anything, also nothing.
 *
 * Lines between them are records, as senders that mix both write. A number is a count before the `<` of a priority, or
 * when the recording ends or goes on with another record where the count says; else it begins a line. Of a line longer
 * than `longest` bytes, little more than these is kept.
 */
export function octetReader(longest: number): OctetReader {
  let pieces: Buffer[] = [];
  let length = 0;
  /** What the record begun waits for: that so many bytes are there, or the end of its line. */
  let wanted: number | "line" = 0;

  function take(ended: boolean): OctetRecord[] {
    const held = pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
    const records: OctetRecord[] = [];
    let at = 0;
    wanted = 0;
    for (;;) {
      // What ends a line, or a counted record by habit, is no record.
      while (isTrailer(held[at])) at++;
      if (at >= held.length) break;
      const count = countAt(held, at, ended);
      if (count === "more") break;
      if (count !== undefined) {
        const after = count.start + count.length;
        if (after > held.length && !ended) {
          wanted = after - at;
          break;
        }
        records.push({ bytes: held.subarray(count.start, after), cut: after > held.length });
        at = after;
        continue;
      }
      const end = held.indexOf(LF, at);
      if (end < 0 && !ended) {
        wanted = "line";
        break;
      }
      records.push({ bytes: held.subarray(at, end < 0 ? held.length : end), cut: false });
      at = end < 0 ? held.length : end + 1;
    }
    const rest = held.subarray(at);
    pieces = rest.length === 0 ? [] : [rest];
    length = rest.length;
    return records;
  }

  return {
    push(chunk) {
      const end = wanted === "line" ? chunk.indexOf(LF) : 0;
      const piece = end > 0 && length > longest ? chunk.subarray(end) : chunk;
      if (end < 0 && length > longest) return [];
      pieces.push(piece);
      length += piece.length;
      return end < 0 || (wanted !== "line" && length < wanted) ? [] : take(false);
    },
    end: () => take(true),
  };
}

/** Reads a count; undefined when this is none, "more" when the bytes that tell are still to come. */
function countAt(
  bytes: Buffer,
  at: number,
  ended: boolean,
): { start: number; length: number } | "more" | undefined {
  let end = at;
  while (end < at + DIGITS && isDigit(bytes[end])) end++;
  if (end === at) return undefined;
  if (end >= bytes.length) return ended ? undefined : "more";
  if (bytes[end] !== SPACE) return undefined;
  const start = end + 1;
  const length = Number(bytes.toString("latin1", at, end));
  if (bytes[start] === LESS) return { start, length };
  const after = start + length;
  if (after > bytes.length || (after === bytes.length && !ended)) return ended ? undefined : "more";
  const next = bytes[after];
  return after === bytes.length || isDigit(next) || isTrailer(next) || next === LESS
    ? { start, length }
    : undefined;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** Line feed, carriage return, NUL. */
function isTrailer(byte: number | undefined): boolean {
  return byte === LF || byte === 0x0d || byte === 0;
}
