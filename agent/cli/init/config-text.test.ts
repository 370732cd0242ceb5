import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../config/load.ts";
import { configText } from "./config-text.ts";
import { PROFILES } from "./profiles.ts";

const GIVEN = {
  facilityId: "ch-x",
  facilityName: "CH X",
  kind: "autre",
  mode: "exercise",
  state: "../state",
};
const TEXT = configText(GIVEN);
const LISTENING = { address: "0.0.0.0", name: "tocsin.ch.example" };

/** What an operator has who takes every `# ` away from the sample lines. */
const UNCOMMENTED = TEXT.replace(/^( +)# (?=- | {2}|silent_)/gm, "$1").replace(
  /^(systems|notify|tools): \[\]$/gm,
  "$1:",
);

describe("configText", () => {
  it("holds a sample of each way in, none of them in force", () => {
    const { loaded } = parseConfig(TEXT, "/nowhere/tocsin.yml", null);
    expect(loaded?.config.sources.map(({ id }) => id)).toEqual([
      "journaux",
      "alertmanager",
      "wazuh",
      "autre",
    ]);
    expect(loaded?.config.systems).toEqual([]);
  });

  it("lacks only the files that its samples name, once they are taken", () => {
    const { problems } = parseConfig(UNCOMMENTED, "/nowhere/tocsin.yml", {});
    expect([...new Set(problems?.map(({ code }) => code))].sort()).toEqual([
      "secret_missing",
      "tls_unreadable",
    ]);
    for (const sample of [
      "transport: tls",
      "transport: relp",
      "scheme: grafana",
      "poll:",
      "silent_after_minutes: 15",
      "id: pacs",
      "id: soc",
    ])
      expect(UNCOMMENTED).toMatch(new RegExp(`^[^#\n]*${sample}`, "m"));
  });

  it("listens to others with TLS alone, and names the address that people open", () => {
    const { problems } = parseConfig(
      configText({ ...GIVEN, listening: LISTENING }),
      "/nowhere/tocsin.yml",
      null,
    );
    // All that it lacks are the files that are made with it.
    expect([...new Set(problems?.map(({ code }) => code))]).toEqual(["tls_unreadable"]);
    expect(problems).toHaveLength(3);
    const text = configText({ ...GIVEN, listening: { address: "::", name: "2001:db8::1" } });
    expect(text).toContain("public_url: https://[2001:db8::1]:8470");
    expect(parseConfig(text, "/nowhere/tocsin.yml", null).problems).toHaveLength(3);
  });

  it.each([
    ["alone", {}],
    ["with a profile", { profile: PROFILES.ch }],
    ["open to others", { listening: LISTENING }],
  ])("says the same in English, %s, with no comment left in French", (_, more) => {
    const [french, english] = (["fr", "en"] as const).map((comments) =>
      configText({ ...GIVEN, ...more, comments }),
    ) as [string, string];
    const bare = (text: string) => text.replace(/ *# .*$/gm, "");
    expect(bare(english)).toBe(bare(french));
    const comments = (text: string) => [...text.matchAll(/# (.*)$/gm)].map(([, comment]) => comment ?? "");
    const said = comments(french);
    // Samples of YAML, and the name of the profile, are the same in both.
    const same = comments(english).filter((comment, i) => comment === said[i]);
    const SAMPLE = /^[ -]*(\w+:( |$)|- \{|- \w+:)/;
    expect(same.filter((comment) => !SAMPLE.test(comment))).toEqual([]);
    const words = comments(english)
      .filter((comment) => !SAMPLE.test(comment))
      .join("\n")
      .replace(/Profile: .*?\. To/, "");
    expect(words.match(/[àâçéèêëîïôûœ]|\b(le|la|les|des|une|sont|pour)\b/g)).toBeNull();
  });

  it("names the command as it is called, and the schema for editors on its first line", () => {
    const text = configText({ ...GIVEN, call: "tocsin", schema: "../docs/schemas/x.json" });
    expect(text).toMatch(/^# yaml-language-server: \$schema=..\/docs\/schemas\/x\.json\n/);
    expect(text).toContain("tocsin check");
    expect(text).not.toContain("npm run");
  });
});
