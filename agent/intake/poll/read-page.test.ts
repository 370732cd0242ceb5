import { describe, expect, it } from "vitest";
import { fc } from "../../../test/support/property.ts";
import { PollFault } from "./poll-fault.ts";
import { readClock, readPage } from "./read-page.ts";

const hit = { _index: "i", _id: "1", _source: { a: 1 }, sort: [5, 1] };
const answer = (over: object, hits: unknown[] = [hit]) => ({
  timed_out: false,
  _shards: { total: 3, successful: 3, failed: 0 },
  hits: { hits },
  ...over,
});

describe("readPage", () => {
  it("reads documents with their times", () => {
    expect(readPage(answer({ pit_id: "v" }))).toEqual({
      hits: [{ index: "i", id: "1", source: { a: 1 }, time: 5, sort: [5, 1] }],
      whole: true,
      shards: 3,
      view: "v",
    });
  });

  it.each([
    ["all answered", {}, true],
    ["a search ran out of time", { timed_out: true }, false],
    ["a shard failed", { _shards: { total: 3, failed: 1 } }, false],
    ["other clusters answered", { _clusters: { total: 2, successful: 2, skipped: 0 } }, true],
    ["another cluster was left out", { _clusters: { total: 2, successful: 1, skipped: 1 } }, false],
    ["another cluster answered in part", { _clusters: { total: 2, partial: 1 } }, false],
  ])("says whether it is whole: %s", (_what, over, whole) => {
    expect(readPage(answer(over)).whole).toBe(whole);
  });

  it.each([
    ["no hits", { hits: {} }, undefined],
    ["no shards", { _shards: {} }, undefined],
    ["a hit that is none", {}, [null]],
    ["a hit without index", {}, [{ ...hit, _index: undefined }]],
    ["a hit without id", {}, [{ ...hit, _id: 1 }]],
    ["a hit without what it was sorted by", {}, [{ ...hit, sort: undefined }]],
    ["a hit whose id is endless", {}, [{ ...hit, _id: "x".repeat(10_000) }]],
    ["a hit sorted by a text", {}, [{ ...hit, sort: ["2026-11-15", 1] }]],
    ["a hit sorted by more than a number holds", {}, [{ ...hit, sort: [2 ** 60, 1] }]],
  ])("finds an answer with %s malformed", (_what, over, hits) => {
    expect(() => readPage(answer(over, hits))).toThrow(expect.objectContaining({ kind: "malformed" }));
  });

  it("takes a source that is no object for none", () => {
    for (const source of [undefined, null, 1, "x", []])
      expect(readPage(answer({}, [{ ...hit, _source: source }])).hits[0]?.source).toBeUndefined();
  });

  it("throws nothing but malformed, whatever the answer", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue(), (value, hits) => {
        for (const read of [
          () => readPage(value),
          () => readClock(value),
          () => readPage(answer({}, [hits])),
        ]) {
          try {
            read();
          } catch (error) {
            if (!(error instanceof PollFault) || error.kind !== "malformed") throw error;
          }
        }
      }),
    );
  });
});
