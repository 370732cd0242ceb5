import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { matchAlert } from "../../rules/engine/rule-set.ts";
import { plainFolders } from "../../rules/meanings/load-rule-folders.ts";
import type { Claim } from "../core/claim.ts";
import type { Clock } from "../core/clock.ts";
import type { Unit } from "../store/store.ts";
import { type LiveRules, openLiveRules } from "./live-rules.ts";
import { noteRules, type RuleChange } from "./note-rules.ts";

const root = mkdtempSync(join(tmpdir(), "live-rules-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Every look at it is a millisecond later: slices end soon. */
const clock = (): Clock => {
  let now = 0;
  return { now: () => (now += 1000) };
};
const rule = (id: string, word: string) =>
  `title: ${id}\nid: ${id}\nlogsource: {category: alert}\ndetection: {sel: {message|contains: ${word}}, condition: sel}\n`;

let folder: string;
let count = 0;
const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
beforeEach(() => {
  folder = join(root, String(count++));
  mkdirSync(folder);
  write("a.yml", rule("a", "alpha"));
  write("b.yml", rule("b", "bravo"));
});

async function open(meanings: string[] = []): Promise<LiveRules> {
  const live = openLiveRules({ folders: plainFolders([folder], meanings), options: {}, clock: clock() });
  await live.makeGate();
  return live;
}

function matched(live: LiveRules, message: string): string[] {
  const bytes = Buffer.from(message);
  const found = matchAlert(live.set(), { event: { module: "generic" }, message }).map(
    (match) => match.rule.id,
  );
  // Whatever matches must pass the gate.
  if (found.length > 0) expect(live.gate().scan(bytes, 0, bytes.length)).toBe(true);
  return found;
}

describe("openLiveRules", () => {
  it("puts changed, new and removed rules in force at a reload, and not before", async () => {
    const live = await open();
    const { hash } = live.report();
    write("a.yml", rule("a", "other"));
    write("c.yml", rule("c", "charlie"));
    rmSync(join(folder, "b.yml"));
    expect(matched(live, "alpha bravo charlie other")).toEqual(["a", "b"]);
    expect(await live.reload()).toBe("changed");
    expect(matched(live, "alpha bravo charlie")).toEqual(["c"]);
    expect(matched(live, "other")).toEqual(["a"]);
    expect(live.report().hash).not.toBe(hash);
  });

  it("keeps the present set, the very same, while nothing differs", async () => {
    const live = await open();
    const set = live.set();
    write("a.yml", rule("a", "alpha"));
    expect(await live.reload()).toBe("unchanged");
    expect(live.set()).toBe(set);
  });

  it("keeps the last good version of a file that is refused now, takes the others, and says both", async () => {
    const live = await open();
    write("a.yml", "title: [");
    write("b.yml", rule("b", "beta"));
    expect(await live.reload()).toBe("changed");
    expect(matched(live, "alpha beta bravo")).toEqual(["b", "a"]);
    expect(live.report()).toMatchObject({
      loaded: 2,
      kept: ["a"],
      refused: [{ where: expect.stringContaining("a.yml:1") }],
    });
    write("a.yml", rule("a", "again"));
    await live.reload();
    expect(matched(live, "alpha again")).toEqual(["a"]);
    expect(live.report()).toMatchObject({ kept: [], refused: [] });
  });

  it("says what is refused even when the set in force stays the same", async () => {
    const live = await open();
    write("a.yml", "title: [");
    expect(await live.reload()).toBe("unchanged");
    expect(live.report()).toMatchObject({ loaded: 2, kept: ["a"], refused: [{ code: "yaml_invalid" }] });
    expect(matched(live, "alpha")).toEqual(["a"]);
  });

  it("keeps every rule of a folder that is not there any more", async () => {
    const live = await open();
    rmSync(folder, { recursive: true });
    expect(await live.reload()).toBe("unchanged");
    expect(live.report()).toMatchObject({ loaded: 2, kept: ["a", "b"] });
  });

  it("takes new meanings, and keeps the last good ones of a file that is refused", async () => {
    const file = join(root, `meanings-${count}.yml`);
    const meaning = (cause: string) =>
      writeFileSync(file, `meanings: [{ rules: { id: a }, cause: ${cause} }]`);
    meaning("malware");
    const live = await open([file]);
    const cause = () =>
      matchAlert(live.set(), { event: { module: "x" }, message: "alpha" })[0]?.rule.meaning?.cause;
    meaning("phishing");
    expect(cause()).toBe("malware");
    expect(await live.reload()).toBe("changed");
    expect(cause()).toBe("phishing");
    meaning("nonsense");
    expect(await live.reload()).toBe("unchanged");
    expect(cause()).toBe("phishing");
    expect(live.report()).toMatchObject({
      kept: [file],
      refused: [{ message: expect.stringContaining("cause") }],
    });
  });

  const filter = (word: string, rules = "a") => `title: Kept quiet
id: quiet
logsource: {category: alert}
filter: {rules: [${rules}], sel: {message|contains: ${word}}, condition: not sel}
`;
  it.each([
    ["that cannot be read", "title: [", "quiet.yml:1"],
    ["without a condition", filter("never").replace(", condition: not sel", ""), "quiet.yml:4"],
    ["that joins no rule any more", filter("never", "nobody"), "quiet.yml"],
  ])("keeps the last good version of a filter %s, and says both", async (_what, broken, where) => {
    write("quiet.yml", filter("hush"));
    const live = await open();
    write("quiet.yml", broken);
    expect(await live.reload()).toBe("unchanged");
    expect(matched(live, "alpha hush")).toEqual([]);
    expect(live.report()).toMatchObject({
      kept: ["quiet"],
      refused: [{ where: expect.stringContaining(where) }],
    });
    write("quiet.yml", filter("psst"));
    expect(await live.reload()).toBe("changed");
    expect(matched(live, "alpha hush")).toEqual(["a"]);
    expect(matched(live, "alpha psst")).toEqual([]);
    expect(live.report()).toMatchObject({ kept: [], refused: [] });
    rmSync(join(folder, "quiet.yml"));
    await live.reload();
    expect(matched(live, "alpha psst")).toEqual(["a"]);
  });

  it("applies the last good filter to a rule that changes while the filter is broken", async () => {
    write("quiet.yml", filter("hush"));
    const live = await open();
    write("quiet.yml", "title: [");
    write("a.yml", rule("a", "other"));
    expect(await live.reload()).toBe("changed");
    expect(matched(live, "other hush")).toEqual([]);
    expect(matched(live, "other")).toEqual(["a"]);
  });

  it("makes the gate anew when readers write other things, though the rules stay the same", async () => {
    write(
      "a.yml",
      rule("a", "alpha").replace("category: alert", "category: firewall").replace("alpha", "deny"),
    );
    write("b.yml", rule("b", "deny").replace("category: alert", "category: firewall"));
    let claims: Claim[] = [{ field: "observer.type", value: "firewall", holds: [["sentinel-1"]] }];
    const live = openLiveRules({
      folders: plainFolders([folder]),
      options: {},
      claims: () => claims,
      clock: clock(),
    });
    const passes = (record: string) => live.gate().scan(Buffer.from(record), 0, record.length);
    expect(passes("sentinel-2 says deny")).toBe(true);
    await live.makeGate();
    expect(passes("sentinel-2 says deny")).toBe(false);
    claims = [...claims, { field: "observer.type", value: "firewall", holds: [["sentinel-2"]] }];
    expect(await live.reload()).toBe("unchanged");
    expect(passes("sentinel-2 says deny")).toBe(true);
  });

  it("lets others work while it reads", async () => {
    for (let i = 0; i < 40; i++) write(`${i}.yml`, rule(`r${i}`, `word${i}`));
    const live = await open();
    for (let i = 0; i < 40; i++) write(`${i}.yml`, rule(`r${i}`, `other${i}`));
    let turns = 0;
    let going = true;
    const count = () => {
      turns++;
      if (going) setImmediate(count);
    };
    setImmediate(count);
    await live.reload();
    going = false;
    expect(turns).toBeGreaterThan(10);
  });
});

describe("noteRules", () => {
  function notes() {
    const units: Unit[] = [];
    let kept: string | undefined;
    return {
      units,
      parts: {
        what: "rules" as const,
        facility: "f",
        bookmark: async () => kept,
        commit: async (unit: Unit) => {
          units.push(unit);
          for (const each of unit.writes) if (each.write === "bookmark") kept = each.content;
          return { outcome: "committed" as const, alerts: [] };
        },
        now: 5,
      },
    };
  }

  it("notes the first set, then each change with its hash and what differs, and nothing when nothing does", async () => {
    const { units, parts } = notes();
    const live = await open();
    const first = await noteRules(live.report(), parts);
    expect(first).toMatchObject({
      before: null,
      added: ["a", "b"],
      counts: { added: 2, removed: 0, changed: 0 },
    });
    expect((await noteRules(live.report(), parts)).before).toBe(first.hash);
    expect(units).toHaveLength(1);

    write("a.yml", rule("a", "other"));
    write("c.yml", rule("c", "charlie"));
    rmSync(join(folder, "b.yml"));
    await live.reload();
    const change = await noteRules(live.report(), parts);
    expect(units[1]).toMatchObject({
      facility: "f",
      at: 5,
      writes: [
        { write: "note", what: "rules", incident: null, content: change },
        { write: "bookmark", name: "rules" },
      ],
    });
    expect(change).toEqual({
      hash: live.report().hash,
      before: first.hash,
      loaded: 2,
      refused: [],
      kept: [],
      added: ["c"],
      removed: ["b"],
      changed: ["a"],
      counts: { added: 1, removed: 1, changed: 1 },
    } satisfies RuleChange);
  });

  it("does not note that there have never been any", async () => {
    const { units, parts } = notes();
    const none = { ...(await open()).report(), versions: new Map(), loaded: 0 };
    await noteRules(none, parts);
    expect(units).toEqual([]);
  });

  it("bounds what it lists, not what it counts", async () => {
    const { parts } = notes();
    const versions = new Map(Array.from({ length: 2500 }, (_, i) => [`rule ${i}`, "v"]));
    const change = await noteRules({ ...(await open()).report(), versions }, parts);
    expect(change.added).toHaveLength(1000);
    expect(change.counts.added).toBe(2500);
  });
});
