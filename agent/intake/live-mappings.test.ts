import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { openLiveMappings } from "./live-mappings.ts";

const root = mkdtempSync(join(tmpdir(), "live-mappings-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder: string;
let count = 0;
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
const mapping = (name: string, action: string) => `mapping: ${name}
title: ${name}
reference: [{ url: "https://example.org/doc", read: 2026-11-22 }]
over: [generic]
when: { product: ${name} }
set: { event.action: ${action} }
`;
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
  write("one.yml", mapping("one", "opened"));
  write("two.yml", mapping("two", "opened"));
});

type Live = ReturnType<typeof openLiveMappings>;
const actions = (live: Live) =>
  ["one", "two"].map((product) => {
    const parsed = live.catalogue().named("generic")?.parse(JSON.stringify({ product }), {
      received: 0,
      zone: "UTC",
    });
    return parsed?.alert?.event?.action;
  });

describe("openLiveMappings", () => {
  it("puts changed, new and removed mappings in force at a reload, and not before", () => {
    const live = openLiveMappings([folder]);
    write("one.yml", mapping("one", "closed"));
    rmSync(join(folder, "two.yml"));
    write("three.yml", mapping("three", "opened"));
    expect(actions(live)).toEqual(["opened", "opened"]);
    expect(live.reload()).toBe("changed");
    expect(actions(live)).toEqual(["closed", undefined]);
    expect(live.catalogue().named("three")).toBeDefined();
  });

  it("keeps the present catalogue, the very same, while nothing differs", () => {
    const live = openLiveMappings([folder]);
    const catalogue = live.catalogue();
    write("one.yml", mapping("one", "opened"));
    expect(live.reload()).toBe("unchanged");
    expect(live.catalogue()).toBe(catalogue);
  });

  it.each([
    ["that is no YAML", "mapping: ["],
    ["of an unknown format", mapping("two", "closed").replace("generic", "nonsense")],
    ["that takes the name of another", mapping("one", "other")],
  ])("keeps the last good version of a mapping %s, takes the others, and says both", (_what, broken) => {
    const live = openLiveMappings([folder]);
    write("two.yml", broken);
    write("one.yml", mapping("one", "closed"));
    expect(live.reload()).toBe("changed");
    expect(actions(live)).toEqual(["closed", "opened"]);
    expect(live.report()).toMatchObject({
      kept: ["two"],
      refused: [{ where: expect.stringContaining("two.yml") }],
    });
    write("two.yml", mapping("two", "closed"));
    expect(live.reload()).toBe("changed");
    expect(actions(live)).toEqual(["closed", "closed"]);
    expect(live.report()).toMatchObject({ loaded: 2, kept: [], refused: [] });
  });

  it("says what is refused, and what is kept, even when the mappings in force stay the same", () => {
    const live = openLiveMappings([folder]);
    write("two.yml", "mapping: [");
    expect(live.reload()).toBe("unchanged");
    expect(live.report()).toMatchObject({
      loaded: 2,
      kept: ["two"],
      refused: [{ where: expect.stringMatching(/two\.yml:1/) }],
    });
    // A second time too: what is kept stays.
    expect(live.reload()).toBe("unchanged");
    expect(actions(live)).toEqual(["opened", "opened"]);
  });

  it("keeps every mapping of a folder that is not there any more", () => {
    const live = openLiveMappings([folder]);
    rmSync(folder, { recursive: true });
    expect(live.reload()).toBe("unchanged");
    expect(live.report()).toMatchObject({ kept: ["one", "two"] });
  });
});
