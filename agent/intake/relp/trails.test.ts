import { describe, expect, it } from "vitest";
import { steppingClock } from "../../../test/support/store-samples.ts";
import type { Write } from "../../store/store.ts";
import { openTrails, type Trails } from "./trails.ts";

/** The bookmarks of a listener, and how to open it on them. */
function disk() {
  const bookmarks = new Map<string, string>();
  const clock = steppingClock();
  const put = (write: Write) => {
    if (write.write === "bookmark") bookmarks.set(write.name, write.content);
  };
  return {
    bookmarks,
    put,
    open: () => openTrails({ name: "relp", bookmark: async (name) => bookmarks.get(name), clock }),
    /** Stores one message of a session that then leaves. */
    store(trails: Trails, peer: string, number: number, digest = "twelve-chars") {
      const owner = trails.join(peer, () => undefined);
      const trail = trails.begin(owner);
      const { write, stored } = trails.extend(trail, [{ number, digest }]);
      put(write);
      stored();
      trails.leave(owner);
      return trail;
    },
  };
}

describe("what was last stored of a sender", () => {
  it("is remembered after a restart, for its address and once its session has left", async () => {
    const { open, store, put } = disk();
    const trails = await open();
    const owner = trails.join("192.0.2.1", () => undefined);
    const trail = trails.begin(owner);
    const marks = [
      { number: 2, digest: "aaaaaaaaaaaa" },
      { number: 9, digest: "bbbbbbbbbbbb" },
    ];
    const { write, stored } = trails.extend(trail, marks);
    expect([trail.marks, trails.free("192.0.2.1")]).toEqual([[], []]);
    put(write);
    stored();
    store(trails, "192.0.2.2", 5);
    const again = await open();
    expect(again.free("192.0.2.1").map((each) => each.marks)).toEqual([marks]);
    expect(again.free("192.0.2.3")).toEqual([]);
  });

  it("reaches 2048 frames back", async () => {
    const { open } = disk();
    const trails = await open();
    const trail = trails.begin(trails.join("192.0.2.1", () => undefined));
    for (const number of [2, 1000, 2049, 2050])
      trails.extend(trail, [{ number, digest: `${number}` }]).stored();
    expect(trail.marks.map(({ number }) => number)).toEqual([1000, 2049, 2050]);
  });

  it("is forgotten for good after an orderly end, and its place is taken by another", async () => {
    const { open, store, put, bookmarks } = disk();
    const trails = await open();
    put(trails.forget(store(trails, "192.0.2.1", 2)));
    expect((await open()).free("192.0.2.1")).toEqual([]);
    store(trails, "192.0.2.2", 2);
    expect([...bookmarks.keys()]).toEqual(["relp:0"]);
  });

  it("takes no more places than there are, the one used longest ago giving way", async () => {
    const { open, store, bookmarks } = disk();
    const trails = await open();
    for (let i = 0; i < 300; i++) store(trails, `192.0.2.${i}`, 2);
    expect(bookmarks.size).toBe(256);
    const again = await open();
    expect([again.free("192.0.2.43").length, again.free("192.0.2.44").length]).toEqual([0, 1]);
  });

  it("is found behind a place that was begun and never stored", async () => {
    const { open, store } = disk();
    const trails = await open();
    trails.begin(trails.join("192.0.2.1", () => undefined));
    store(trails, "192.0.2.2", 2);
    expect((await open()).free("192.0.2.2")).toHaveLength(1);
  });

  it("wakes the other sessions of its address when it leaves, and tells those that came after it", async () => {
    const { open } = disk();
    const trails = await open();
    const woken: string[] = [];
    const session = (peer: string, name: string) => trails.join(peer, () => void woken.push(name));
    const [a, b] = [session("192.0.2.1", "a"), session("192.0.2.1", "b")];
    session("192.0.2.2", "c");
    expect(trails.before(b)).toEqual([]);
    a.relevant = true;
    expect([trails.before(a), trails.before(b)]).toEqual([[], [a]]);
    trails.leave(a);
    expect([woken, trails.before(b)]).toEqual([["b"], []]);
  });
});
