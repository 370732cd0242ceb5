import { expect, it } from "vitest";
import { bech32, readBech32 } from "./bech32.ts";

const PLAIN = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

it("writes what it read", () => {
  const read = readBech32(PLAIN);
  expect(read).toMatchObject({ prefix: "age" });
  expect(read?.bytes).toHaveLength(32);
  expect(bech32("age", read?.bytes ?? Buffer.alloc(0))).toBe(PLAIN);
  expect(readBech32(PLAIN.toUpperCase())).toEqual(read);
});

it.each([
  ["a letter that is another", PLAIN.replace("zvk", "zvq")],
  ["two letters exchanged", PLAIN.replace("kyg", "ykg")],
  ["letters of both cases", PLAIN.replace("zvk", "ZVK")],
  ["a letter that is none of its own", PLAIN.replace("zvk", "zbk")],
  ["no prefix", PLAIN.slice(3)],
  ["a text that is cut", PLAIN.slice(0, -1)],
  ["nothing", ""],
  ["what is far too long", `age1${"q".repeat(500)}`],
])("does not read %s", (_what, text) => {
  expect(readBech32(text)).toBeUndefined();
});
