import { describe, expect, it } from "vitest";
import { isPointer, pointTo } from "./json-pointer.ts";

/** The example of RFC 6901 §5. */
const DOCUMENT = JSON.parse(
  '{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\\\j":5,"k\\"l":6," ":7,"m~n":8}',
);

describe("pointTo", () => {
  it.each([
    ["", DOCUMENT],
    ["/foo", ["bar", "baz"]],
    ["/foo/0", "bar"],
    ["/", 0],
    ["/a~1b", 1],
    ["/c%d", 2],
    ["/e^f", 3],
    ["/g|h", 4],
    ["/i\\j", 5],
    ['/k"l', 6],
    ["/ ", 7],
    ["/m~0n", 8],
  ])("finds what %j names", (pointer, expected) => {
    expect(pointTo(DOCUMENT, pointer)).toEqual(expected);
  });

  it.each([
    "/foo/2",
    "/foo/-",
    "/foo/00",
    "/foo/length",
    "/foo/0/0",
    "/toString",
    "/constructor/name",
    "/__proto__",
  ])("finds nothing at %j", (pointer) => {
    expect(pointTo(DOCUMENT, pointer)).toBeUndefined();
  });

  it("reads ~01 as ~1, not as a slash", () => {
    expect(pointTo({ "~1": "tilde", "/": "slash" }, "/~01")).toBe("tilde");
  });
});

it.each([
  ["", true],
  ["/", true],
  ["/a/b~0~1", true],
  ["a", false],
  ["/a~", false],
  ["/a~2", false],
])("takes %j for a pointer: %s", (text, expected) => {
  expect(isPointer(text)).toBe(expected);
});
