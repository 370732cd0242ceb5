import { randomFillSync } from "node:crypto";
import type { Clock } from "./clock.ts";

/** Makes a new identifier: a UUIDv7 in text (RFC 9562 §5.7), ordered by time within one process. */
export type NewId = () => string;

/** Ids for which random bytes are asked at once: each question costs as much as a hundred of them. */
const AT_ONCE = 128;

/** Fills buffers from a supply of random bytes, each used once. */
function supply(): (into: Uint8Array) => void {
  const bytes = new Uint8Array(AT_ONCE * 16);
  let used = bytes.length;
  return (into) => {
    if (used + into.length > bytes.length) {
      randomFillSync(bytes);
      used = 0;
    }
    into.set(bytes.subarray(used, used + into.length));
    used += into.length;
  };
}

/** Builds the id maker of a process; `random` fills the buffer it is given. */
export function uuidv7(clock: Clock, random: (into: Uint8Array) => void = supply()): NewId {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  let last = 0;
  let sequence = 0;
  return () => {
    random(bytes);
    const now = Math.floor(clock.now() / 1000);
    if (now > last) {
      last = now;
      sequence = view.getUint16(6) & 0x7ff;
    } else if (++sequence > 0xfff) {
      // RFC 9562 §6.2: a counter that overflows borrows from the future rather than repeat.
      last += 1;
      sequence = 0;
    }
    view.setUint32(0, Math.floor(last / 0x10000));
    view.setUint16(4, last % 0x10000);
    view.setUint16(6, 0x7000 | sequence);
    view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
    const hex = Buffer.from(bytes).toString("hex");
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}
