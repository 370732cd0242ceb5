/** A simulated world: what happens, in order of time; instants and durations are seconds. */
export interface World {
  now(): number;
  /** Has something happen after a while; what is to happen at one instant happens in the order it was asked. */
  after(seconds: number, happen: () => void): void;
  /** Lets all happen until an instant. */
  run(until: number): void;
  /** Numbers from 0 to 1, the same at every run. */
  random(): number;
}

/** Servers before which work waits in one line. */
export interface Station {
  /** Work that takes so long once it is begun; `done` is called at its end. */
  ask(seconds: number, done: () => void): void;
  /** What waits now, what is under way left out, and the most that ever did. */
  waiting(): number;
  longest(): number;
  /** Share of the time since the beginning that its servers were busy. */
  busy(): number;
}

/** Begins a world at instant 0. */
export function openWorld(seed: number): World {
  const random = numbersOf(seed);
  const times: number[] = [];
  const orders: number[] = [];
  const happenings: (() => void)[] = [];
  let now = 0;
  let asked = 0;

  const before = (a: number, b: number) => {
    const [one = 0, other = 0] = [times[a], times[b]];
    return one < other || (one === other && (orders[a] ?? 0) < (orders[b] ?? 0));
  };

  function swap(a: number, b: number): void {
    [times[a], times[b]] = [times[b] as number, times[a] as number];
    [orders[a], orders[b]] = [orders[b] as number, orders[a] as number];
    [happenings[a], happenings[b]] = [happenings[b] as () => void, happenings[a] as () => void];
  }

  /** Takes the first off the heap. */
  function next(): () => void {
    const first = happenings[0] as () => void;
    now = times[0] as number;
    const last = times.length - 1;
    swap(0, last);
    times.pop();
    orders.pop();
    happenings.pop();
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      if (left >= last) break;
      const least = right < last && before(right, left) ? right : left;
      if (!before(least, at)) break;
      swap(least, at);
      at = least;
    }
    return first;
  }

  return {
    now: () => now,
    random,
    after(seconds, happen) {
      let at = times.push(now + seconds) - 1;
      orders.push(asked++);
      happenings.push(happen);
      for (let parent = (at - 1) >> 1; at > 0 && before(at, parent); parent = (at - 1) >> 1) {
        swap(at, parent);
        at = parent;
      }
    },
    run(until) {
      while ((times[0] ?? Number.POSITIVE_INFINITY) <= until) next()();
      now = until;
    },
  };
}

/** Builds a station of so many servers, who take what came first. */
export function openStation(world: World, servers: number): Station {
  let line: { seconds: number; done: () => void }[] = [];
  let head = 0;
  let free = servers;
  let longest = 0;
  let spent = 0;

  function begin({ seconds, done }: { seconds: number; done: () => void }): void {
    free -= 1;
    world.after(seconds, () => {
      spent += seconds;
      free += 1;
      const next = line[head];
      if (next !== undefined) {
        head += 1;
        begin(next);
      }
      done();
    });
    if (head > 10_000) {
      line = line.slice(head);
      head = 0;
    }
  }

  return {
    ask(seconds, done) {
      if (free > 0) return begin({ seconds, done });
      line.push({ seconds, done });
      longest = Math.max(longest, line.length - head);
    },
    waiting: () => line.length - head,
    longest: () => longest,
    busy: () => (world.now() === 0 ? 0 : Math.min(1, spent / world.now() / servers)),
  };
}

/** A duration of the exponential distribution, as between things that know nothing of each other. */
export const exponential = (world: World, mean: number) => -mean * Math.log(1 - world.random());

/** Numbers that look like chance, the same for one seed (splitmix32). */
function numbersOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}
