import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../config/load.ts";
import { configText } from "./config-text.ts";

const TEXT = configText({
  facilityId: "ch-x",
  facilityName: "CH X",
  kind: "autre",
  mode: "exercise",
  state: "../state",
});

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
});
