import { expect, it } from "vitest";
import { stopParts } from "./stop-parts.ts";

const never = () => new Promise(() => undefined);

it.each([
  { what: "when all end", hung: [] },
  { what: "when one hangs", hung: ["effects"] },
  { what: "when two hang", hung: ["pages", "effects"] },
])("stops every part in order $what, and names those that did not", async ({ hung }) => {
  const order: string[] = [];
  const said: unknown[] = [];
  const parts = ["pages", "effects", "store"].map((part) => ({
    part,
    stop: () => {
      order.push(part);
      return (hung as string[]).includes(part) ? never() : Promise.resolve();
    },
  }));
  const log = {
    warn: () => undefined,
    error: (message: string, fields?: object) => said.push({ message, ...fields }),
  };
  expect(await stopParts(parts, { log, patience: 20, least: 5 })).toEqual(hung);
  expect(order).toEqual(["pages", "effects", "store"]);
  expect(said).toEqual(
    hung.map((part) => ({ message: "part did not stop in time: it is left behind", part })),
  );
});

it("goes on after a part that throws, which has stopped all the same", async () => {
  const said: unknown[] = [];
  const log = { error: () => undefined, warn: (_: string, fields?: object) => said.push(fields) };
  const parts = [{ part: "pages", stop: () => Promise.reject(new Error("no")) }];
  expect(await stopParts(parts, { log })).toEqual([]);
  expect(said).toEqual([{ part: "pages", error: "no" }]);
});
