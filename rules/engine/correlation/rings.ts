/**
 * The events of many groups in order of their time, in a few typed arrays: 12 bytes an event, 8 more for each column.
 *
 * A group has one ring of a class of sizes; it moves to the next when full. Events are told by their index from the
 * oldest, 0.
 */
export interface Rings {
  /** Events that a group holds. */
  count(slot: number): number;
  /** Time of an event, µs. */
  time(slot: number, index: number): number;
  /** Low 32 bits of what the caller knows the event by. */
  ref(slot: number, index: number): number;
  value(slot: number, index: number): number;
  due(slot: number, index: number): number;
  setDue(slot: number, index: number, due: number): void;
  /** Puts an event behind all that are not later; returns its index. Of equal times, `ordered` keeps values in order. */
  insert(slot: number, event: RingEvent): number;
  dropOldest(slot: number, howMany: number): void;
  /** Keeps the events that `keep` says; returns how many were dropped. */
  retain(slot: number, keep: (index: number) => boolean): number;
  /** Index of the first event not before a time. */
  since(slot: number, time: number): number;
  /** Forgets every event of a group. */
  clear(slot: number): void;
  /** Bytes of the arrays. */
  bytes(): number;
}

interface RingEvent {
  time: number;
  ref: number;
  value: number;
  due: number;
}

/** What is kept of each event beside its time and reference. */
export interface RingColumns {
  values: boolean;
  dues: boolean;
  /** Of equal times, the smaller value comes first. */
  ordered: boolean;
}

const NOTHING = new Float64Array(0);

/** Events in a ring of a class: 4, 6, 8, 12, 16, 24… */
const SIZES = Int32Array.from({ length: 40 }, (_, kind) => (kind & 1 ? 6 : 4) * 2 ** (kind >> 1));
const sizeOf = (kind: number) => SIZES[kind] as number;

function kindFor(count: number): number {
  let kind = 0;
  while (sizeOf(kind) < count) kind += 1;
  return kind;
}

export function createRings(columns: RingColumns): Rings {
  let times = new Float64Array(256);
  let refs = new Uint32Array(256);
  let values = columns.values ? new Float64Array(256) : NOTHING;
  let dues = columns.dues ? new Float64Array(256) : NOTHING;
  let used = 0;
  /** Places of rings that were left, by class, and their events in all. */
  let free: number[][] = [];
  let idle = 0;

  let offsets = new Int32Array(64);
  let kinds = new Int8Array(64).fill(-1);
  let starts = new Int32Array(64);
  let counts = new Int32Array(64);

  function reserve(kind: number): number {
    const left = free[kind]?.pop();
    if (left !== undefined) {
      idle -= sizeOf(kind);
      return left;
    }
    if (used + sizeOf(kind) > times.length) {
      // Groups that grow together leave small rings that none will take: those are gathered before more is asked for.
      const live = used - idle + sizeOf(kind);
      const room = idle * 4 > used ? Math.ceil(live * 1.1) : Math.ceil(times.length * 1.25);
      moveInto(Math.max(room, live, 256));
    }
    const at = used;
    used += sizeOf(kind);
    return at;
  }

  /** Moves every ring, side by side, into arrays of another length. */
  function moveInto(room: number): void {
    const from = { times, refs, values, dues };
    times = new Float64Array(room);
    refs = new Uint32Array(room);
    if (columns.values) values = new Float64Array(room);
    if (columns.dues) dues = new Float64Array(room);
    used = 0;
    for (let slot = 0; slot < kinds.length; slot += 1) {
      const kind = kinds[slot] as number;
      if (kind < 0) continue;
      const at = offsets[slot] as number;
      const end = at + sizeOf(kind);
      times.set(from.times.subarray(at, end), used);
      refs.set(from.refs.subarray(at, end), used);
      if (columns.values) values.set(from.values.subarray(at, end), used);
      if (columns.dues) dues.set(from.dues.subarray(at, end), used);
      offsets[slot] = used;
      used += sizeOf(kind);
    }
    free = [];
    idle = 0;
  }

  function release(slot: number): void {
    const kind = kinds[slot] as number;
    if (kind < 0) return;
    const places = free[kind] ?? [];
    free[kind] = places;
    places.push(offsets[slot] as number);
    idle += sizeOf(kind);
    kinds[slot] = -1;
  }

  function admit(slot: number): void {
    if (slot < kinds.length) return;
    const room = Math.max(slot + 1, kinds.length * 2);
    const before = kinds.length;
    offsets = grown(offsets, new Int32Array(room));
    kinds = grown(kinds, new Int8Array(room));
    kinds.fill(-1, before);
    starts = grown(starts, new Int32Array(room));
    counts = grown(counts, new Int32Array(room));
  }

  /** Where an event lies in the arrays. */
  function place(slot: number, index: number): number {
    const size = sizeOf(kinds[slot] as number);
    const at = (starts[slot] as number) + index;
    return (offsets[slot] as number) + (at >= size ? at - size : at);
  }

  function copy(from: number, to: number): void {
    times[to] = times[from] as number;
    refs[to] = refs[from] as number;
    if (columns.values) values[to] = values[from] as number;
    if (columns.dues) dues[to] = dues[from] as number;
  }

  /** Moves a group's events to a ring of another size. */
  function resize(slot: number, kind: number): void {
    const count = counts[slot] as number;
    const to = reserve(kind);
    for (let index = 0; index < count; index += 1) copy(place(slot, index), to + index);
    release(slot);
    offsets[slot] = to;
    kinds[slot] = kind;
    starts[slot] = 0;
  }

  function makeRoom(slot: number): void {
    admit(slot);
    const kind = kinds[slot] as number;
    if (kind < 0) {
      offsets[slot] = reserve(0);
      kinds[slot] = 0;
      starts[slot] = 0;
      counts[slot] = 0;
      return;
    }
    const count = counts[slot] as number;
    if (count === sizeOf(kind)) resize(slot, kind + 1);
    else if (kind > 4 && count * 4 < sizeOf(kind)) resize(slot, kindFor(count + 1 + (count >> 1)));
  }

  const isAfter = (at: number, event: RingEvent) => {
    const time = times[at] as number;
    return (
      time > event.time || (columns.ordered && time === event.time && (values[at] as number) > event.value)
    );
  };

  function drop(slot: number, howMany: number): void {
    const size = sizeOf(kinds[slot] as number);
    starts[slot] = ((starts[slot] as number) + howMany) % size;
    counts[slot] = (counts[slot] as number) - howMany;
  }

  return {
    count: (slot) => (slot < kinds.length && (kinds[slot] as number) >= 0 ? (counts[slot] as number) : 0),
    time: (slot, index) => times[place(slot, index)] as number,
    ref: (slot, index) => refs[place(slot, index)] as number,
    value: (slot, index) => values[place(slot, index)] as number,
    due: (slot, index) => dues[place(slot, index)] as number,
    setDue(slot, index, due) {
      dues[place(slot, index)] = due;
    },
    insert(slot, event) {
      makeRoom(slot);
      let index = counts[slot] as number;
      counts[slot] = index + 1;
      let to = place(slot, index);
      while (index > 0) {
        const from = place(slot, index - 1);
        if (!isAfter(from, event)) break;
        copy(from, to);
        to = from;
        index -= 1;
      }
      times[to] = event.time;
      refs[to] = event.ref;
      if (columns.values) values[to] = event.value;
      if (columns.dues) dues[to] = event.due;
      return index;
    },
    dropOldest: drop,
    retain(slot, keep) {
      const count = counts[slot] as number;
      let kept = 0;
      for (let index = 0; index < count; index += 1) {
        if (!keep(index)) continue;
        if (kept !== index) copy(place(slot, index), place(slot, kept));
        kept += 1;
      }
      counts[slot] = kept;
      return count - kept;
    },
    since(slot, time) {
      let low = 0;
      let high = counts[slot] as number;
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((times[place(slot, middle)] as number) < time) low = middle + 1;
        else high = middle;
      }
      return low;
    },
    clear(slot) {
      if (slot >= kinds.length) return;
      release(slot);
      counts[slot] = 0;
    },
    bytes: () =>
      [times, refs, values, dues, offsets, kinds, starts, counts].reduce(
        (sum, one) => sum + one.byteLength,
        0,
      ),
  };
}

/** Copies an array into a larger one. */
function grown<T extends Int32Array | Int8Array>(from: T, into: T): T {
  into.set(from as never);
  return into;
}
