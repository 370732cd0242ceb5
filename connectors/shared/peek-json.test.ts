import { expect, it } from "vitest";
import { peekJson } from "./peek-json.ts";

it.each([
  ["its own and those of its objects", '{"a":1,"b":{"c":[{"d":1}],"e":{"f":2}},"g":["h"]}', "a b b.c b.e g"],
  ["the first object of a list", '\ufeff [ {"a":{"b":1}},{"c":1}]', "a a.b"],
  ["no text that is a value", '{"a":"b","c":["d"]}', "a c"],
  ["names beside escaped quotes", String.raw`{"a\"b":"c\\","d":"e\\\"f","g":1}`, String.raw`a\"b d g`],
  ["those before a cut", '{"a":1,"b', "a"],
  ["those before a text that goes on too long", `{"a":"${"x".repeat(20_000)}","b":1}`, "a"],
  ["none of a list in a list", '[["a"]]', ""],
  ["none of a text", "text", ""],
])("tells %s", (_, text, names) => expect([...peekJson(text)].join(" ")).toBe(names));
