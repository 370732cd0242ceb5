import { describe, expect, it } from "vitest";
import { type DiffLine, textDiff } from "./text-diff.ts";

/** `=same`, `-gone [words]`, `+added [words]`, `~3` lines skipped. */
const told = (lines: readonly DiffLine[]) =>
  lines.map((line) => {
    if (line.kind === "skipped") return `~${line.count}`;
    const sign = { same: "=", gone: "-", added: "+" }[line.kind];
    return (
      sign +
      line.words.map(({ text, marked }) => (marked && line.kind !== "same" ? `[${text}]` : text)).join("")
    );
  });

describe("comparing two texts", () => {
  it.each<[string, string, string, string[]]>([
    ["says nothing of equal texts", "a\nb\nc", "a\nb\nc", ["~3"]],
    [
      "marks the words of a changed line",
      "- Mode : non",
      "- Mode : oui, depuis 02:25",
      ["-- Mode : [non]", "+- Mode : [oui, depuis 02:25]"],
    ],
    [
      "keeps a line around, and skips the rest",
      "1\n2\n3\n4\n5\n6",
      "1\n2\n3\nX\n5\n6",
      ["~2", "=3", "-[4]", "+[X]", "=5", "~1"],
    ],
    ["shows what was only added", "a\nb", "a\nnew\nb", ["=a", "+[new]", "=b"]],
    ["shows what was only taken away", "a\nold\nb", "a\nb", ["=a", "-[old]", "=b"]],
    ["finds what moved down", "a\nb\nc", "x\na\nb\nc", ["+[x]", "=a", "~2"]],
    ["takes an empty text for a line", "", "a", ["-", "+[a]"]],
  ])("%s", (_, before, after, lines) => {
    expect(told(textDiff(before, after))).toEqual(lines);
  });

  it("gives back both texts whole, whatever they are", () => {
    const words = ["a", "b", "", "c d", "c e", "[U+202E]"];
    const text = (seed: number) =>
      Array.from({ length: 40 }, (_, n) => words[(seed * (n + 3) * 7919 + n * n) % words.length]).join("\n");
    for (let seed = 1; seed < 40; seed++) {
      const [before, after] = [text(seed), text(seed + 1)];
      const lines = textDiff(before, after).filter((line) => line.kind !== "skipped");
      const side = (kind: "gone" | "added") =>
        lines
          .filter((line) => line.kind === kind)
          .map((line) => line.words.map((word) => word.text).join(""));
      for (const line of side("gone")) expect(before.split("\n")).toContain(line);
      for (const line of side("added")) expect(after.split("\n")).toContain(line);
    }
  });

  it.each([
    ["lines without number", `${"a\n".repeat(60_000)}b`, `${"c\n".repeat(60_000)}d`],
    ["one line of a million words", "a ".repeat(1_000_000), "b ".repeat(1_000_000)],
    ["one word without end", "a".repeat(2_000_000), "b".repeat(2_000_000)],
  ])("is bounded on %s", (_, before, after) => {
    const from = process.cpuUsage().user;
    textDiff(before, after);
    expect((process.cpuUsage().user - from) / 1000).toBeLessThan(10_000);
  });
});
