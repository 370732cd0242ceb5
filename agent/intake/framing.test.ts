import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { framer } from "./framing.ts";

function cut(chunks: (string | Uint8Array)[], limit = 1000) {
  const frames: string[] = [];
  const faults: string[] = [];
  const each = framer(
    limit,
    (frame) => frames.push(Buffer.from(frame.bytes).toString() + (frame.cut ? "…" : "")),
    (fault) => faults.push(fault.code),
  );
  for (const chunk of chunks) each.push(typeof chunk === "string" ? Buffer.from(chunk) : chunk);
  each.end();
  return { frames, faults };
}

describe("framer", () => {
  it.each([
    ["newline framing", ["<1>a\n<2>b\n"], ["<1>a", "<2>b"]],
    ["a last record without newline", ["<1>a\n<2>b"], ["<1>a", "<2>b"]],
    ["CRLF and NUL trailers", ["<1>a\r\n<2>b\0\n\0<3>c\0"], ["<1>a", "<2>b", "<3>c"]],
    ["octet counting", ["4 <1>a4 <2>b"], ["<1>a", "<2>b"]],
    ["octet counting with a newline inside", ["6 <1>a\nb4 <2>c"], ["<1>a\nb", "<2>c"]],
    ["both mixed on one connection", ["4 <1>a<2>b\n4 <3>c\n<4>d\n"], ["<1>a", "<2>b", "<3>c", "<4>d"]],
    ["a line that begins with digits", ["2026 was a year\n12 monkeys\n"], ["2026 was a year", "12 monkeys"]],
    [
      "records cut anywhere by the network",
      ["1", "1 <1>", "abc de", "fg\n<2", ">b", "\n"],
      ["<1>abc defg", "<2>b"],
    ],
  ])("reads %s", (_, chunks, expected) => {
    expect(cut(chunks)).toEqual({ frames: expected, faults: [] });
  });

  it("keeps the beginning of a record over the limit, drops its rest and goes on", () => {
    expect(cut([`<1>${"x".repeat(50)}\n<2>b\n`], 10)).toEqual({
      frames: ["<1>xxxxxxx…", "<2>b"],
      faults: ["record_too_long"],
    });
    expect(cut(["53 <1>", "x".repeat(50), "<2>b\n"], 10)).toEqual({
      frames: ["<1>xxxxxxx…", "<2>b"],
      faults: ["record_too_long"],
    });
  });

  it("says when a connection ends before the count is reached", () => {
    expect(cut(["20 <1>short"])).toEqual({ frames: ["<1>short…"], faults: ["bad_octet_count"] });
  });

  it("reads the same records however the stream is cut", () => {
    const record = fc
      .string({ minLength: 1, maxLength: 30 })
      .map((text) => `<13>${text.replaceAll(/[\r\n\0]/g, "_")}`);
    const framed = fc.tuple(record, fc.boolean());
    fc.assert(
      fc.property(
        fc.array(framed, { maxLength: 20 }),
        fc.array(fc.nat(200), { maxLength: 20 }),
        (records, cuts) => {
          const stream = Buffer.concat(
            records.map(([text, counted]) =>
              Buffer.from(counted ? `${Buffer.byteLength(text)} ${text}` : `${text}\n`),
            ),
          );
          const places = [...new Set(cuts.filter((place) => place < stream.length))].sort((a, b) => a - b);
          const chunks = [0, ...places].map((place, i) => stream.subarray(place, places[i] ?? stream.length));
          expect(cut(chunks).frames).toEqual(records.map(([text]) => text));
        },
      ),
    );
  });

  it("holds nothing of an endless line beyond the limit", () => {
    const frames: number[] = [];
    const each = framer(
      1000,
      (frame) => frames.push(frame.bytes.length),
      () => undefined,
    );
    for (let i = 0; i < 100; i++) each.push(Buffer.alloc(1000, 0x78));
    each.end();
    expect(frames).toEqual([1000]);
  });
});
