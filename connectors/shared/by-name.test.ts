import { expect, it } from "vitest";
import { byName } from "./by-name.ts";

it("works each name out once, until there are more than it keeps", () => {
  const asked: string[] = [];
  const lengthOf = byName(2, (name) => asked.push(name));
  for (const name of ["a", "b", "a", "b", "c", "a"]) lengthOf(name);
  expect(asked).toEqual(["a", "b", "c", "a"]);
});

it("keeps no name that is longer than names are", () => {
  const asked: string[] = [];
  const answer = byName(2, (name) => asked.push(name));
  const long = "n".repeat(65);
  expect([answer(long), answer(long)]).toEqual([1, 2]);
});
