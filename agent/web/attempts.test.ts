import { describe, expect, it } from "vitest";
import { attempts, placeOf } from "./attempts.ts";

const keysOf = (login: string, place: string) =>
  [
    { width: "narrow", key: `${place} ${login}` },
    { width: "wide", key: place },
  ] as const;

describe("attempts", () => {
  it("holds one person back at one place, and nobody elsewhere", async () => {
    const limits = attempts();
    for (let i = 0; i < 8; i++) await limits.take(keysOf("director", "192.0.2.1"));
    expect(await limits.take(keysOf("director", "192.0.2.1"))).toMatchObject({ outcome: "wait" });
    expect(await limits.take(keysOf("director", "192.0.2.2"))).toEqual({ outcome: "allowed" });
    expect(await limits.take(keysOf("delegate", "192.0.2.1"))).toEqual({ outcome: "allowed" });
  });

  it("holds a place back that tries many names", async () => {
    const limits = attempts();
    for (let i = 0; i < 40; i++) await limits.take(keysOf(`name-${i}`, "192.0.2.1"));
    expect(await limits.take(keysOf("another", "192.0.2.1"))).toMatchObject({ outcome: "wait" });
  });

  it("does not count attempts that succeed", async () => {
    const limits = attempts();
    for (let i = 0; i < 60; i++) {
      expect(await limits.take(keysOf("director", "192.0.2.1"))).toEqual({ outcome: "allowed" });
      await limits.succeeded(keysOf("director", "192.0.2.1"));
    }
  });
});

describe("placeOf", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    [undefined, "unknown"],
  ])("reads %s as %s", (address, place) => {
    expect(placeOf(address)).toBe(place);
  });
});
