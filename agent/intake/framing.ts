/** One record cut out of a stream; `cut` when it was longer than the limit. */
export interface Frame {
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
/** Digits that an octet count may have: 9,999,999 bytes. */
const COUNT_DIGITS = 7;

/**
 * Cuts a TCP stream into syslog records (RFC 6587): octet counting and newline framing are told apart at each
 * record, since senders mix them. A count is digits, a space, then the `<` of a priority (RFC 6587 §3.4.1).
 * Memory is bounded by `limit` bytes; what is longer is cut and the rest of that record is dropped.
 */
export function framer(
  limit: number,
  onFrame: (frame: Frame) => void,
  onFault: (fault: FramingFault) => void,
): Framer {
  let held: Uint8Array = new Uint8Array(0);
  /** Bytes still to drop of a record that was cut: by count, or until its newline. */
  let skip: number | "line" = 0;

  function push(chunk: Uint8Array): void {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    let at = 0;
    while (at < bytes.length) {
      if (skip === "line") {
        const end = bytes.indexOf(LF, at);
        if (end < 0) {
          at = bytes.length;
          break;
        }
        skip = 0;
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
      if (count !== undefined) {
        const start = count.start;
        if (count.length > limit) {
          if (bytes.length - start < limit) break;
          onFault({
            code: "record_too_long",
            message: `a record of ${count.length} bytes; ${limit} are kept`,
            sample: bytes.subarray(start, start + 200),
          });
          onFrame({ bytes: bytes.slice(start, start + limit), cut: true });
          skip = count.length - limit;
          at = start + limit;
          continue;
        }
        if (bytes.length - start < count.length) break;
        emit(bytes, start, start + count.length, false);
        at = start + count.length;
        continue;
      }
      const end = bytes.indexOf(LF, at);
      if (end >= 0 && end - at <= limit) {
        emit(bytes, at, end, false);
        at = end + 1;
        continue;
      }
      if (end < 0 && bytes.length - at <= limit) break;
      onFault({
        code: "record_too_long",
        message: `a record of more than ${limit} bytes; ${limit} are kept`,
        sample: bytes.subarray(at, at + 200),
      });
      emit(bytes, at, at + limit, true);
      skip = "line";
      at += limit;
    }
    held = at >= bytes.length ? new Uint8Array(0) : at === 0 && bytes !== chunk ? bytes : bytes.slice(at);
  }

  function emit(bytes: Uint8Array, start: number, end: number, cut: boolean): void {
    let last = end;
    while (last > start && (bytes[last - 1] === CR || bytes[last - 1] === NUL || bytes[last - 1] === LF))
      last--;
    if (last > start) onFrame({ bytes: bytes.subarray(start, last), cut });
  }

  return {
    push,
    end() {
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
      held = new Uint8Array(0);
    },
    lose(because) {
      if (held.length === 0) return;
      onFault({
        code: "connection_lost",
        message: `${because} after ${held.length} bytes of a record`,
        sample: held.subarray(0, 2000),
      });
      held = new Uint8Array(0);
    },
  };
}

/** Reads `MSG-LEN SP` before a `<`; undefined when this is not a count, "more" when that cannot be told yet. */
function octetCount(bytes: Uint8Array, at: number): { start: number; length: number } | "more" | undefined {
  let length = 0;
  for (let i = at; i <= at + COUNT_DIGITS; i++) {
    const byte = bytes[i];
    if (byte === undefined) return i === at ? undefined : "more";
    if (byte === SPACE) {
      if (i === at) return undefined;
      const next = bytes[i + 1];
      if (next === undefined) return "more";
      return next === LESS && length > 0 ? { start: i + 1, length } : undefined;
    }
    if (byte < 0x30 || byte > 0x39 || (i === at && byte === 0x30)) return undefined;
    length = length * 10 + byte - 0x30;
  }
  return undefined;
}
