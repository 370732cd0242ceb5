import { describe, expect, it } from "vitest";
import { hashPassword, verifyPassword } from "./password.ts";

describe("password", () => {
  it("accepts the password hashed, typed on any keyboard, and no other", async () => {
    const hashed = await hashPassword("clé à molette é");
    expect(hashed).toMatch(/^argon2id\$m=\d+,t=\d+,p=\d+\$[^$]+\$[^$]+$/);
    expect(await verifyPassword("cle\u0301 a\u0300 molette e\u0301", hashed)).toBe(true);
    expect(await verifyPassword("clé à molette", hashed)).toBe(false);
  });

  it("salts: the same password hashes to something else each time", async () => {
    expect(await hashPassword("a")).not.toBe(await hashPassword("a"));
  });

  it.each([
    ["nobody", undefined],
    ["what is no hash", "plain"],
    ["an empty hash", ""],
  ])("says no for %s", async (_what, hashed) => {
    expect(await verifyPassword("", hashed)).toBe(false);
  });
});
