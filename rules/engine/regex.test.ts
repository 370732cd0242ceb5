import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { compileRegexTest } from "./native-regex.ts";
import { fold } from "./subject.ts";

const SOURCES = [
  "\\b(vpn|ssl-?vpn|bastion|accès distant)\\b",
  "stop+ (the )?service",
  "(failed|failures?) .{0,40} (after|following) (\\d+|many)",
  "k?s+[a-c]{2,}",
  "\\d+ of \\d+",
  "force brute|échec",
];

describe("a regular expression", () => {
  const pieces = fc.constantFrom(
    ..."aAbcsSkK éÉ0-.\n\u017f\u212a\u0130".split(""),
    "vpn",
    "VPN",
    "ſſl-VPN",
    "bastion",
    "accès distant",
    "stop the service",
    "ſtop ſervice",
    "failed x after 3",
    "FAILURE ...... following many",
    "3 of 4",
    "Force Brute",
    "x".repeat(300),
  );
  const text = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(""));

  it.each(SOURCES.flatMap((source) => [[source, ""] as const, [source, "i"] as const]))(
    "%s (%s) accepts of long texts what the engine accepts",
    (source, flags) => {
      const test = compileRegexTest(source, flags);
      const engine = RE2JS.compile(source, flags === "i" ? RE2JS.CASE_INSENSITIVE : 0);
      fc.assert(
        fc.property(text, (each) => {
          expect(test(each, fold(each))).toBe(engine.test(each));
        }),
        { numRuns: 300 },
      );
    },
  );

  it("is not run on a long text that lacks what all its matches hold", () => {
    const source = "\\b(data|file|database) exfiltration\\b";
    const long = `a database ${"x ".repeat(200_000)}`;
    const time = (test: (text: string, folded: string) => boolean) => {
      const before = process.threadCpuUsage();
      for (let i = 0; i < 10; i++) test(long, long);
      const { user, system } = process.threadCpuUsage(before);
      return user + system;
    };
    const engine = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
    expect(time(compileRegexTest(source, "i"))).toBeLessThan(time((each) => engine.test(each)) / 4);
  });
});
