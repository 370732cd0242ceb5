import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { fairShare, networkOf } from "./fair-share.ts";

describe("fairShare", () => {
  it("gives a newcomer the oldest place of whoever has the most", () => {
    const share = fairShare<string>(3);
    for (const member of ["a1", "b1", "a2"]) expect(share.enter(member, member.charAt(0))).toBeUndefined();
    expect(share.enter("c1", "c")).toBe("a1");
  });

  it("turns away a newcomer who would have as many as whoever has the most", () => {
    const share = fairShare<string>(2);
    for (const member of ["a1", "b1"]) share.enter(member, member.charAt(0));
    expect(share.enter("a2", "a")).toBe("a2");
    expect(share.enter("c1", "c")).toBe("c1");
  });

  it("gives a place that was left to anyone", () => {
    const share = fairShare<string>(1);
    share.enter("a1", "a");
    share.leave("a1", "a");
    share.leave("a1", "a");
    expect(share.enter("a2", "a")).toBeUndefined();
    expect(share.enter("a3", "a")).toBe("a3");
  });

  it("never lets in more than there are places, nor keeps a group from as many as any other has", () => {
    const step = fc.record({ group: fc.constantFrom("a", "b", "c", "d"), leave: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 60 }), (places, steps) => {
        const share = fairShare<number>(places);
        const inside = new Map<number, string>();
        const sizeOf = (group: string) => [...inside.values()].filter((each) => each === group).length;
        for (const [member, { group, leave }] of steps.entries()) {
          const [first] = [...inside].find(([, each]) => each === group) ?? [];
          if (leave && first !== undefined) {
            share.leave(first, group);
            inside.delete(first);
            continue;
          }
          const gone = share.enter(member, group);
          if (gone === member) {
            expect(inside.size).toBe(places);
            for (const each of "abcd") expect(sizeOf(each)).toBeLessThanOrEqual(sizeOf(group) + 1);
          } else {
            if (gone !== undefined) inside.delete(gone);
            inside.set(member, group);
          }
          expect(inside.size).toBeLessThanOrEqual(places);
        }
      }),
    );
  });
});

describe("networkOf", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2::7", "20010db800010002"],
    ["2001:db8:1:2:ffff:0:1:2", "20010db800010002"],
    ["2001:db8:1:3::7", "20010db800010003"],
    ["fe80::1%eth0", "fe80000000000000"],
    ["", ""],
  ])("takes %s for %s", (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
