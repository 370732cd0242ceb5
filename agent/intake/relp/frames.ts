/** One frame: `TXNR SP COMMAND SP DATALEN [SP DATA] LF` (RELP 0.0.1, "RELP FRAME"). */
export interface RelpFrame {
  /** 1 to 999,999,999; 0 is a hint, which nobody answers. */
  txnr: number;
  command: string;
  /** The beginning of the data when `cut`; valid during the call only. */
  data: Uint8Array;
  /** Its data was longer than the limit. */
  cut: boolean;
  /** Bytes of data as the sender counted them. */
  length: number;
}

export interface RelpFault {
  code: "relp_bad_frame" | "relp_bad_transaction" | "relp_not_open" | "relp_bad_offers";
  message: string;
  /** What was read of the header. */
  sample: Uint8Array;
}

const LF = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
/** Digits of TXNR and of DATALEN, letters of COMMAND. */
const DIGITS = 9;
const LETTERS = 32;
/** Room first taken for data that comes in pieces; a frame that only promises much takes no more. */
const FIRST_ROOM = 4096;
const NOTHING = Buffer.alloc(0);
const SYSLOG = Buffer.from("syslog");

type State = "txnr" | "command" | "length" | "data" | "rest" | "trailer" | "dead";

/**
 * Cuts the bytes of a connection into RELP frames, however the network cut them.
 *
 * Takes the bytes as they come; calls back for each whole frame, in order, and for nothing after a fault. Of data
 * longer than `limit` the beginning is kept, so that memory is bounded by it.
 */
export function relpFrames(
  limit: number,
  onFrame: (frame: RelpFrame) => void,
  onFault: (fault: RelpFault) => void,
): (chunk: Uint8Array) => void {
  let state: State = "txnr";
  /** The header as it was read: what a fault shows, and where the command is cut from. */
  const header = Buffer.alloc(DIGITS + LETTERS + DIGITS + 4);
  let read = 0;
  /** Where the field being read began in the header. */
  let field = 0;
  let txnr = 0;
  let length = 0;
  let command = "";
  /** Data kept apart because its frame goes on in another chunk. */
  let room = NOTHING;
  let kept = 0;
  /** Data of the present frame that stands in the present chunk. */
  let whole: Uint8Array | undefined;
  /** Bytes of data over the limit that are still to be dropped. */
  let rest = 0;

  function fail(message: string): void {
    state = "dead";
    whole = undefined;
    room = NOTHING;
    onFault({ code: "relp_bad_frame", message, sample: header.subarray(0, read) });
  }

  function number(byte: number, before: number): number {
    return before * 10 + byte - ZERO;
  }

  /** Takes one byte of the header. */
  function head(byte: number): void {
    header[read++] = byte;
    const size = read - 1 - field;
    const digit = byte >= ZERO && byte <= ZERO + 9;
    switch (state) {
      case "txnr":
        if (digit && size < DIGITS) txnr = number(byte, txnr);
        else if (byte === SPACE && size > 0) next("command");
        else fail("a frame begins with a transaction number of 1 to 9 digits and a space");
        return;
      case "command":
        if (isLetter(byte) && size < LETTERS) return;
        if (byte === SPACE && size > 0) {
          command = commandIn(header, field, read - 1);
          next("length");
        } else fail("a command is 1 to 32 letters and a space");
        return;
      case "length":
        if (digit && size < DIGITS) length = number(byte, length);
        else if (byte === SPACE && size > 0 && length > 0) begin();
        else if (byte === LF && size > 0 && length === 0) end();
        else fail("a length is 1 to 9 digits, then a space and the data, or a newline when it is 0");
    }
  }

  function next(following: State): void {
    state = following;
    field = read;
  }

  function begin(): void {
    state = "data";
    kept = 0;
    rest = Math.max(0, length - limit);
  }

  function end(): void {
    const data = whole ?? room.subarray(0, kept);
    onFrame({ txnr, command, data, cut: length > limit, length });
    state = "txnr";
    read = field = txnr = length = kept = 0;
    room = NOTHING;
    whole = undefined;
  }

  /** Puts bytes apart; the room doubles, so that data in drops costs no more than whole. */
  function keep(bytes: Uint8Array): void {
    if (kept + bytes.length > room.length) {
      const most = Math.min(length, limit);
      const larger = Buffer.allocUnsafeSlow(
        Math.min(most, Math.max(kept + bytes.length, 2 * room.length, FIRST_ROOM)),
      );
      room.copy(larger, 0, 0, kept);
      room = larger;
    }
    room.set(bytes, kept);
    kept += bytes.length;
  }

  function push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      switch (state) {
        case "dead":
          return;
        case "data": {
          const wanted = Math.min(length, limit) - kept;
          const piece = chunk.subarray(at, at + wanted);
          at += piece.length;
          if (kept === 0 && piece.length === wanted) whole = piece;
          else keep(piece);
          if (piece.length === wanted) state = rest > 0 ? "rest" : "trailer";
          break;
        }
        case "rest": {
          const dropped = Math.min(rest, chunk.length - at);
          at += dropped;
          rest -= dropped;
          if (rest === 0) state = "trailer";
          break;
        }
        case "trailer":
          if (chunk[at++] === LF) end();
          else fail(`a newline was to follow ${length} bytes of data`);
          break;
        default:
          head(chunk[at++] as number);
      }
    }
    if (whole !== undefined) {
      const piece = whole;
      whole = undefined;
      keep(piece);
    }
  }

  return push;
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

function commandIn(header: Buffer, from: number, to: number): string {
  if (to - from === SYSLOG.length && SYSLOG.compare(header, from, to) === 0) return "syslog";
  return header.toString("latin1", from, to);
}
