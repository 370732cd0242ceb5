import { describe, expect, it } from "vitest";
import { fc } from "../../../test/support/property.ts";
import { findRepeats, type Mark } from "./repeats.ts";

/** `a@3 b@5`: the message a in frame 3, b in frame 5. */
const marks = (text: string): Mark[] =>
  text
    .split(" ")
    .filter((each) => each !== "")
    .map((each) => {
      const [digest = "", number] = each.split("@");
      return { digest, number: Number(number) };
    });

function verdict(pasts: string[], first: string, seen?: number, last?: boolean): string {
  const received = marks(first);
  const found = findRepeats(
    pasts.map((past) => ({ marks: marks(past) })),
    received,
    { seen: seen ?? received.at(-1)?.number ?? 0, last },
  );
  return found.verdict === "repeats" ? `${found.repeats} at +${found.offset}` : found.verdict;
}

describe("the first messages of a session", () => {
  it.each([
    ["nothing is remembered", [], "a@2", "new"],
    ["they were never stored", ["a@10 b@11"], "c@2", "new"],
    ["the last stored one is repeated", ["a@10 b@11"], "b@2", "1 at +9"],
    ["the last stored ones are repeated", ["a@10 b@11 c@14"], "b@2 c@5", "2 at +9"],
    ["new ones follow the repeats", ["a@10 b@11"], "a@2 b@3 c@4", "2 at +8"],
    ["frames without interest come before", ["a@10 b@20"], "b@11", "1 at +9"],
    ["one stored in between is missing", ["a@10 b@11 c@12"], "a@2 c@4", "new"],
    ["an earlier frame would have been relevant", ["a@10 b@11"], "b@5", "new"],
    ["they stand at other distances", ["a@10 b@15"], "a@2 b@4", "new"],
    ["the place would be before the sender's first", ["a@2"], "a@9", "new"],
    ["they are the past of another sender of the address", ["x@10 y@11", "a@7"], "a@2 b@3", "1 at +5"],
  ])("when %s", (_, pasts, first, expected) => {
    expect(verdict(pasts, first)).toBe(expected);
  });

  it.each([
    ["more repeats must follow", "a@2", 3, "wait"],
    ["the frame has come that should be the next repeat", "a@2", 4, "new"],
    ["that frame is the next repeat", "a@2 b@4", 4, "2 at +8"],
  ])("when %s", (_, first, seen, expected) => {
    expect(verdict(["a@10 b@12"], first, seen)).toBe(expected);
  });

  it("are new when they stop before the last that was stored", () => {
    expect(verdict(["a@10 b@11 c@12"], "a@2 b@3")).toBe("wait");
    expect(verdict(["a@10 b@11 c@12"], "a@2 b@3", 3, true)).toBe("new");
  });

  it.each([
    ["known by one that the past holds once", "a@10 b@11 a@12", "a@2 b@3 a@4", "3 at +8"],
    ["kept when all are identical", "a@10 a@11 a@12", "a@2 a@3 a@4", "new"],
    ["kept when they alternate", "a@10 b@11 a@12 b@13", "a@2 b@3 a@4 b@5", "new"],
    ["kept when what the past holds once is not among them", "c@9 a@10 a@11", "a@2 a@3", "new"],
  ])("that resemble others are %s", (_, past, first, expected) => {
    expect(verdict([past], first)).toBe(expected);
  });

  it("are known exactly, wherever a sender of distinct messages was cut off", () => {
    const frames = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(frames, fc.nat(), fc.nat(), fc.integer({ min: 0, max: 20 }), (sent, cutAt, ackAt, more) => {
        // Frames 2… were sent, of which some are relevant; the first `received` were stored, `answered` of them known.
        const received = cutAt % (sent.length + 1);
        const answered = ackAt % (received + 1);
        const relevant = (from: number, to: number, shift: number) =>
          sent
            .slice(from, to)
            .flatMap((each, i) => (each ? [{ number: from + i + 2 - shift, digest: `m${from + i}` }] : []));
        const past = { marks: relevant(0, received, 0) };
        const again = relevant(answered, sent.length, answered);
        const later = Array.from({ length: more }, (_, i) => ({
          number: sent.length - answered + 2 + i,
          digest: `n${i}`,
        }));
        const all = [...again, ...later];
        if (all.length === 0) return;
        const found = findRepeats([past], all, { seen: sent.length - answered + 1 + more });
        expect(found.verdict === "repeats" ? found.repeats : 0).toBe(relevant(answered, received, 0).length);
        expect(found.verdict).not.toBe("wait");
      }),
    );
  });
});
