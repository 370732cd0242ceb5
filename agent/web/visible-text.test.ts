import { describe, expect, it } from "vitest";
import { escapeHtml } from "./templates.ts";
import { boundedText, visibleText } from "./visible-text.ts";

describe("visibleText", () => {
  it.each([
    ["an escape sequence", "\u001b[31mrouge", "␛[31mrouge"],
    ["a bidi override", "facture\u202egpj.exe", "facture[U+202E]gpj.exe"],
    ["a zero width space", "pa\u200bcs", "pa[U+200B]cs"],
    ["a carriage return that hides", "bon\rmauvais", "bon␍mauvais"],
    ["a C1 control", "a\u009bb", "a[U+009B]b"],
    ["a tag character", "a\u{e0041}b", "a[U+E0041]b"],
    ["a tower of marks", `a${"\u0301".repeat(9)}b`, `a${"\u0301".repeat(4)}[+5 signes combinants]b`],
    ["a lone surrogate", "a\ud800b", "a[U+D800]b"],
  ])("shows %s", (_what, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });

  it("keeps what people write: lines, tabs, French blanks, emoji, accents", () => {
    const text = "Où ?\n\tÀ l’hôpital\u202f: « café »\u00a0! 🏥";
    expect(visibleText(text)).toBe(text);
  });
});

describe("boundedText", () => {
  it("says how long a cut text was", () => {
    expect(boundedText("abcdef", 3)).toEqual({ text: "abc", cut: 6 });
    expect(boundedText("abc", 3)).toEqual({ text: "abc", cut: null });
  });
});

describe("escapeHtml", () => {
  it("leaves no way out of text or of an attribute", () => {
    expect(escapeHtml(`"><script>'&`)).toBe("&quot;&gt;&lt;script&gt;&#39;&amp;");
  });
});
