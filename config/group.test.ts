import { describe, expect, it } from "vitest";
import { notedSettings } from "../agent/setup.ts";
import { Group } from "./group.ts";
import { parseConfig } from "./load.ts";

const WHOLE = {
  name: "GHT du Val",
  facilities: [
    { id: "ch-x", name: "CH X" },
    { id: "ch-y", name: "CH Y" },
  ],
  members: ["rania.martin"],
};
const STORE = "store: postgres://tocsin_x@127.0.0.1/tocsin";
const read = (more: string) =>
  parseConfig(
    `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }\nmode: observe\n${more}\n`,
    "tocsin.yml",
    {},
  );

describe("Group", () => {
  it.each<[string, object, string]>([
    ["no name", { name: "" }, "name"],
    ["one facility only", { facilities: WHOLE.facilities.slice(1) }, "facilities"],
    [
      "an id that is none",
      { facilities: [{ id: "CH X", name: "x" }, ...WHOLE.facilities] },
      "facilities.0.id",
    ],
    ["a facility twice", { facilities: [...WHOLE.facilities, ...WHOLE.facilities] }, "facilities.2.id"],
    ["nobody who sees it", { members: [] }, "members"],
    ["a name for a login", { members: ["Rania Martin"] }, "members.0"],
    ["a member twice", { members: ["rania", "rania"] }, "members.1"],
    ["what it knows nothing of", { director: "dora" }, ""],
  ])("refuses %s, saying where", (_what, over, path) => {
    const { error } = Group.safeParse({ ...WHOLE, ...over });
    expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
  });
});

describe("a configuration with a group", () => {
  const group = (facilities = WHOLE.facilities) => `group: ${JSON.stringify({ ...WHOLE, facilities })}`;

  it("is taken where the facilities share a record, and noted for the auditor", () => {
    const { loaded, problems } = read(`${STORE}\n${group()}`);
    expect(problems).toBeUndefined();
    expect(loaded?.config.group).toEqual(WHOLE);
    expect(loaded && notedSettings(loaded.config).facility?.get("groupe")).toEqual(WHOLE);
  });

  it.each<[string, string, string]>([
    ["without a shared record", group(), "group_without_shared_record"],
    [
      "that leaves us out",
      `${STORE}\n${group([
        { id: "ch-y", name: "CH Y" },
        { id: "ch-z", name: "CH Z" },
      ])}`,
      "group_without_us",
    ],
  ])("is refused %s", (_what, text, code) => {
    expect(read(text).problems).toMatchObject([{ code }]);
  });
});
