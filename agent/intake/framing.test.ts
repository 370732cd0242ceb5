import { describe, expect, it } from "vitest";
import { compileGate } from "../../rules/engine/gate.ts";
import { readRules } from "../../rules/engine/read.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { fc } from "../../test/support/property.ts";
import { framer, type Skim } from "./framing.ts";

function cut(chunks: (string | Uint8Array)[], limit = 1000, skim?: Skim) {
  const frames: string[] = [];
  const faults: string[] = [];
  const each = framer(
    limit,
    (frame) => frames.push(Buffer.from(frame.bytes).toString() + (frame.cut ? "…" : "")),
    (fault) => faults.push(fault.code),
    skim,
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
    ["lines that end with NUL alone", ["<1>a\0<2>b\0{}\0"], ["<1>a", "<2>b", "{}"]],
    ["a NUL that comes apart", ["<1>a", "\0", "<2>b", "\0"], ["<1>a", "<2>b"]],
    ["octet counting", ["4 <1>a4 <2>b"], ["<1>a", "<2>b"]],
    ["octet counting with its own line end", ["5 <1>a\n6 <2>b\r\n4 <3>c\n"], ["<1>a", "<2>b", "<3>c"]],
    ["octet counting with a NUL inside", ["6 <1>a\0b4 <2>c"], ["<1>a\0b", "<2>c"]],
    [
      "octet counting of formats without priority",
      ['7 {"a":1}10 CEF:0|a|b|8 LEEF:1.07 \u{feff}<1>a'],
      ['{"a":1}', "CEF:0|a|b|", "LEEF:1.0", "\u{feff}<1>a"],
    ],
    [
      "a line that begins like one of these",
      ["12 CEphalopods\n7 LEEks\n3 \n9"],
      ["12 CEphalopods", "7 LEEks", "3 ", "9"],
    ],
    ["no count in zeros, nor in too many digits", ["0 <1>a\n12345678 <2>b\n"], ["0 <1>a", "12345678 <2>b"]],
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

  it.each([
    ["characters where bytes are meant", ["7 <1>été!4 <2>b"], ["<1>ét\u{fffd}", "<2>b"]],
    ["the same, cut anywhere", ["7 <1>é", "t", "é!4", " ", "<", "2", ">b"], ["<1>ét\u{fffd}", "<2>b"]],
  ])("finds the next record after a count of %s", (_, chunks, expected) => {
    expect(cut(chunks)).toEqual({ frames: expected, faults: ["bad_octet_count"] });
  });

  it.each([
    ["a count over the limit", ["<1>a\n9999999 <x\n<2>b\n<3>c\n"], ["<1>a", "9999999 <x", "<2>b", "<3>c"]],
    ["a count over the lines that follow", ["<1>a\n60 <x\n<2>b\n<3>c\n"], ["<1>a", "60 <x", "<2>b", "<3>c"]],
    [
      "the same, cut anywhere",
      ["<1>a\n6", "0 ", "<", "x\n", "<2>b", "\n<", "3>c\n"],
      ["<1>a", "60 <x", "<2>b", "<3>c"],
    ],
    ["a count over a line of CEF", ["CEF:0|a\n40 {\nCEF:0|b\n"], ["CEF:0|a", "40 {", "CEF:0|b"]],
    ["a count over all of the lines", ["<1>a\n14 <x\n<2>b\n<3>c\n"], ["<1>a", "14 <x", "<2>b", "<3>c"]],
  ])("hides no line of a stream of lines behind a text that begins like %s", (_, chunks, expected) => {
    expect(cut(chunks, 100)).toEqual({ frames: expected, faults: [] });
  });

  it.each([
    ["several lines", ["<1>a\n10 <2>b\nc\n{d}<3>e\n"], ["<1>a", "<2>b\nc\n{d}", "<3>e"]],
    ["lines of the other framing", ["4 <1>a11 <2>b\n<3>c\nd4 <4>e"], ["<1>a", "<2>b\n<3>c\nd", "<4>e"]],
  ])("still reads a counted message of %s", (_, chunks, expected) => {
    expect(cut(chunks, 100)).toEqual({ frames: expected, faults: [] });
  });

  it("looks for no count inside a line of another format that follows a counted record", () => {
    expect(cut(['4 <1>a{"b":"4 <2>c"}\n<3>4 <4>\n'])).toEqual({
      frames: ["<1>a", '{"b":"4 <2>c"}', "<3>4 <4>"],
      faults: [],
    });
  });

  it("says when a connection ends before the count is reached", () => {
    expect(cut(["20 <1>short"])).toEqual({ frames: ["<1>short…"], faults: ["bad_octet_count"] });
  });

  it("reads the same records however the stream is cut", () => {
    const record = fc
      .string({ minLength: 1, maxLength: 30 })
      .map((text) => `<13>${text.replaceAll(/[\r\n\0]/g, "_")}`);
    const framed = fc.tuple(record, fc.constantFrom("count", "\n", "\r\n", "\0", "\0\n"));
    fc.assert(
      fc.property(
        fc.array(framed, { maxLength: 20 }),
        fc.array(fc.nat(200), { maxLength: 20 }),
        (records, cuts) => {
          const stream = Buffer.concat(
            records.map(([text, framing]) =>
              Buffer.from(framing === "count" ? `${Buffer.byteLength(text)} ${text}` : text + framing),
            ),
          );
          const places = [...new Set(cuts.filter((place) => place < stream.length))].sort((a, b) => a - b);
          const chunks = [0, ...places].map((place, i) => stream.subarray(place, places[i] ?? stream.length));
          expect(cut(chunks).frames).toEqual(records.map(([text]) => text));
        },
      ),
    );
  });

  it("takes a long record that comes byte by byte at the cost of one that comes whole", () => {
    const length = 2 ** 21;
    const frames: number[] = [];
    const each = framer(
      length,
      (frame) => frames.push(frame.bytes.length),
      () => undefined,
    );
    const drop = Buffer.from("x");
    // Copied or searched anew for each byte, this would be 2 TB of work.
    for (let i = 0; i < length; i++) each.push(drop);
    each.push(Buffer.from("\n7000 "));
    for (let i = 0; i < 7000; i++) each.push(Buffer.from("<"));
    expect(frames).toEqual([length, 7000]);
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

  it("with a gate that skims, misses no record that passes it, and counts as many", () => {
    const rule =
      "title: t\nid: t\ndetection: { s: [vssadmin], condition: s }\nlogsource: { category: alert }\n";
    const gate = compileGate(compileRules(readRules(rule, "rule.yml").rules));
    const piece = fc.constantFrom(
      ..."\n|\r\n|\0|\0\n|<1>vssadmin|vssad|min|<2>quiet|{}|4 <1>a|12 <1>vssadmin|30 <1>not whole|99 <1>|7|x".split(
        "|",
      ),
    );
    const stream = fc.array(fc.array(piece, { maxLength: 12 }), { maxLength: 12 });
    const passes = (text: string) => text.includes("vssadmin");
    let skimmed = 0;
    fc.assert(
      fc.property(stream, fc.constantFrom(12, 1000), (parts, limit) => {
        const chunks = parts.map((pieces) => pieces.join(""));
        let skipped = 0;
        const skim: Skim = (bytes, start, end) => {
          const { at, lines } = gate.skim(bytes, start, end, limit);
          skipped += lines;
          return at;
        };
        const whole = cut(chunks, limit);
        const gated = cut(chunks, limit, skim);
        expect(gated.frames.filter(passes)).toEqual(whole.frames.filter(passes));
        expect(gated.frames.length + skipped).toBe(whole.frames.length);
        expect(gated.faults).toEqual(whole.faults);
        skimmed += skipped;
      }),
      { numRuns: 5000 },
    );
    expect(skimmed).toBeGreaterThan(100);
  });
});
