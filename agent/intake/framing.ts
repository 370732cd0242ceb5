/** One record cut out of a stream; `cut` when it was longer than the limit. */
export interface Frame {
  /** Valid during the call only. */
  bytes: Uint8Array;
  cut: boolean;
}

export interface FramingFault {
  code: "bad_octet_count" | "record_too_long" | "connection_lost";
  message: string;
  sample: Uint8Array;
}

export interface Framer {
  /** Takes the next bytes of a connection; calls back for each whole record, in order. */
  push(chunk: Uint8Array): void;
  /** The connection ended: a last record without its newline is still one. */
  end(): void;
  /** The connection was lost: a record begun is none, and is told as a fault. */
  lose(because: string): void;
}

const LF = 0x0a;
const CR = 0x0d;
const NUL = 0x00;
const SPACE = 0x20;
const LESS = 0x3c;
const BRACE = 0x7b;
/** Digits that an octet count may have: 9,999,999 bytes. */
const COUNT_DIGITS = 7;
/** How a counted message begins; after anything else a number is the beginning of a line. */
const OPENINGS = ["<", "{", "CEF:", "LEEF:", "\u{feff}<"].map((text) => Buffer.from(text));
const NOTHING = Buffer.alloc(0);

/**
 * Passes over lines that nobody wants, from the beginning of one on; returns where the first begins that is a record to
 * cut out, or the end, which is just after a line feed.
 */
export type Skim = (bytes: Uint8Array, start: number, end: number) => number;

/**
 * Cuts a TCP stream into syslog records (RFC 6587): octet counting and line framing are told apart at each record,
 * since senders mix them. A count is digits, a space, then the `<` of a priority (§3.4.1), or the beginning of a
 * format that goes without; a line ends with LF, CRLF or NUL (§3.4.2).
 * Memory is bounded by `limit` bytes; what is longer is cut and the rest of that record is dropped. Whole lines are
 * first shown to `skim`. (Default: all are records.)
 */
export function framer(
  limit: number,
  onFrame: (frame: Frame) => void,
  onFault: (fault: FramingFault) => void,
  skim: Skim = (_, start) => start,
): Framer {
  /** A record begun; `begun` bytes of it are here, the rest is room. */
  let room: Buffer = NOTHING;
  let begun = 0;
  /** Bytes of a line begun that were looked at for its end. */
  let looked = 0;
  /** Bytes still to drop of a record that was cut: by count, or until its line ends. */
  let skip: number | "line" = 0;
  /** How the record before was framed. */
  let before: "line" | "count" | undefined;

  function push(chunk: Uint8Array): void {
    const bytes = begun === 0 ? chunk : append(chunk);
    const endOf = lineEnds(bytes);
    let from = looked;
    looked = 0;
    let at = 0;
    let lines: number | undefined;
    while (at < bytes.length) {
      // What may be counted is looked at on its own.
      if (skip === 0 && before !== "count" && !isDigit(bytes[at])) {
        lines ??= linesOf(bytes, chunk);
        const next = at < lines ? skim(bytes, at, lines) : at;
        if (next > at) {
          at = next;
          from = 0;
          before = "line";
          continue;
        }
      }
      if (skip === "line") {
        const end = endOf(at);
        if (end < bytes.length) skip = 0;
        at = end + 1;
        continue;
      }
      if (skip > 0) {
        const dropped = Math.min(skip, bytes.length - at);
        skip -= dropped;
        at += dropped;
        continue;
      }
      const byte = bytes[at];
      if (byte === LF || byte === CR || byte === NUL) {
        at++;
        continue;
      }
      const count = octetCount(bytes, at);
      if (count === "more") break;
      if (count !== undefined && !(before === "line" && isForged(bytes, count))) {
        const start = count.start;
        if (count.length > limit) {
          if (bytes.length - start < limit) break;
          before = "count";
          tooLong(`a record of ${count.length} bytes`, bytes, start);
          onFrame({ bytes: bytes.subarray(start, start + limit), cut: true });
          skip = count.length - limit;
          at = start + limit;
          continue;
        }
        if (bytes.length - start < count.length) break;
        before = "count";
        emit(bytes, start, start + count.length, false);
        at = start + count.length;
        continue;
      }
      const end = endOf(Math.max(at, from));
      const again =
        before === "count" && !opens(bytes, at)
          ? nextCount(bytes, Math.max(at, from - COUNT_DIGITS - 2), end)
          : undefined;
      from = 0;
      if (again !== undefined) {
        // Some senders count characters where bytes are meant: their next count is looked for.
        onFault({
          code: "bad_octet_count",
          message: `a record is ${again - at} bytes longer than its count`,
          sample: bytes.subarray(at, Math.min(again, at + 200)),
        });
        at = again;
        continue;
      }
      if (end < bytes.length && end - at <= limit) {
        emit(bytes, at, end, false);
        before = "line";
        at = end + 1;
        continue;
      }
      if (end - at <= limit) {
        looked = end - at;
        break;
      }
      tooLong(`a record of more than ${limit} bytes`, bytes, at);
      emit(bytes, at, at + limit, true);
      before = "line";
      skip = "line";
      at += limit;
    }
    hold(bytes, at);
  }

  /**
   * After a line, a count over the limit or over what begins as other records do is a text that begins like one:
   * who can have a line begin in a stream of lines would else hide those that follow, and hold them back.
   */
  function isForged(bytes: Uint8Array, { start, length }: { start: number; length: number }): boolean {
    if (length > limit) return true;
    const message = bytes.subarray(start, start + length);
    for (let feed = message.indexOf(LF); feed >= 0; feed = message.indexOf(LF, feed + 1))
      if (message[feed + 1] !== BRACE && opens(message, feed + 1) === true) return true;
    return false;
  }

  /** Puts a chunk behind the record begun; the room doubles, so that a record in drops costs no more than whole. */
  function append(chunk: Uint8Array): Uint8Array {
    const needed = begun + chunk.length;
    if (needed > room.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(2 * room.length, limit)));
      room.copy(larger, 0, 0, begun);
      room = larger;
    }
    room.set(chunk, begun);
    begun = needed;
    return room.subarray(0, begun);
  }

  /** Keeps what begins at `at`, apart from the chunk: a slow sender holds no more memory than it sent. */
  function hold(bytes: Uint8Array, at: number): void {
    if (at === 0 && begun > 0) return;
    const left = bytes.subarray(at);
    room = left.length === 0 ? NOTHING : Buffer.allocUnsafeSlow(left.length);
    room.set(left);
    begun = left.length;
  }

  function tooLong(what: string, bytes: Uint8Array, start: number): void {
    const sample = bytes.subarray(start, start + 200);
    onFault({ code: "record_too_long", message: `${what}; ${limit} are kept`, sample });
  }

  function emit(bytes: Uint8Array, start: number, end: number, cut: boolean): void {
    let last = end;
    while (last > start && (bytes[last - 1] === CR || bytes[last - 1] === NUL || bytes[last - 1] === LF))
      last--;
    if (last > start) onFrame({ bytes: bytes.subarray(start, last), cut });
  }

  function release(): Uint8Array {
    const held = room.subarray(0, begun);
    room = NOTHING;
    begun = 0;
    return held;
  }

  return {
    push,
    end() {
      const held = release();
      if (held.length === 0) return;
      const count = octetCount(held, 0);
      if (count !== undefined && count !== "more") {
        onFault({
          code: "bad_octet_count",
          message: `the connection ended ${count.length - (held.length - count.start)} bytes short of the count`,
          sample: held.subarray(0, 200),
        });
        emit(held, count.start, held.length, true);
      } else emit(held, 0, held.length, false);
    },
    lose(because) {
      const held = release();
      if (held.length === 0) return;
      onFault({
        code: "connection_lost",
        message: `${because} after ${held.length} bytes of a record`,
        sample: held.subarray(0, 2000),
      });
    },
  };
}

/** Where the last line ends of bytes that end with a chunk; 0 when a NUL, which ends a line too, stands among them. */
function linesOf(bytes: Uint8Array, chunk: Uint8Array): number {
  const last = chunk.lastIndexOf(LF);
  return last < 0 || bytes.includes(NUL) ? 0 : bytes.length - chunk.length + last + 1;
}

/** Finds where a line ends, asked from ever further places: each byte is looked at once for each of the two ends. */
function lineEnds(bytes: Uint8Array): (from: number) => number {
  let lf = -1;
  let nul = -1;
  const next = (byte: number, from: number) => {
    const at = bytes.indexOf(byte, from);
    return at < 0 ? bytes.length : at;
  };
  return (from) => {
    if (lf < from) lf = next(LF, from);
    if (nul < from) nul = next(NUL, from);
    return lf < nul ? lf : nul;
  };
}

/** Finds the next count of a message with a priority between two places; undefined when there is none. */
function nextCount(bytes: Uint8Array, from: number, end: number): number | undefined {
  for (let less = bytes.indexOf(LESS, from); less >= 0 && less < end; less = bytes.indexOf(LESS, less + 1)) {
    let start = less - 1;
    while (start > from && isDigit(bytes[start - 1])) start--;
    const sure = bytes[less - 1] === SPACE && isDigit(bytes[less + 1]);
    if (sure && typeof octetCount(bytes, start) === "object") return start;
  }
  return undefined;
}

/** Reads `MSG-LEN SP` before an opening; undefined when this is not a count, "more" when that cannot be told yet. */
function octetCount(bytes: Uint8Array, at: number): { start: number; length: number } | "more" | undefined {
  let length = 0;
  for (let i = at; i <= at + COUNT_DIGITS; i++) {
    const byte = bytes[i];
    if (byte === undefined) return i === at ? undefined : "more";
    if (byte === SPACE) {
      if (i === at) return undefined;
      const opening = opens(bytes, i + 1);
      return opening === true ? { start: i + 1, length } : opening;
    }
    if (!isDigit(byte) || (i === at && byte === 0x30)) return undefined;
    length = length * 10 + byte - 0x30;
  }
  return undefined;
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

/** True when one of the openings stands there, "more" when its rest may still come. */
function opens(bytes: Uint8Array, at: number): true | "more" | undefined {
  let found: "more" | undefined;
  for (const opening of OPENINGS) {
    let same = 0;
    while (same < opening.length && bytes[at + same] === opening[same]) same++;
    if (same === opening.length) return true;
    if (at + same >= bytes.length) found = "more";
  }
  return found;
}
