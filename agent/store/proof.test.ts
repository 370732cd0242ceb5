import { describe, expect, it } from "vitest";
import { bodyHash, contentHash, entryHash, GENESIS, type JournalEntry } from "../core/journal.ts";
import { ALWAYS_UNPROVEN, entryFault, FAULTS, fault, faultList } from "./proof.ts";

const SALT = "0123456789abcdef".repeat(2);

/** An entry whose hashes are those of what it says. */
function entryOf(over: Partial<JournalEntry> = {}): JournalEntry {
  const [salt, content] = [SALT, '{"copies":1}'];
  const said = { facility: "ght-nord", seq: 1, type: "note.told", at: 1, incident: null };
  const body = { ...said, contentHash: contentHash(salt, content), ...over };
  const hashes = { previous: GENESIS, bodyHash: bodyHash(body) };
  const entry = { ...body, ...hashes, ...over };
  return { ...entry, hash: entryHash(entry.previous, entry.bodyHash), salt, content, ...over };
}

describe("entryFault", () => {
  it("finds nothing wrong with an entry that is what its hashes say, erased or not", () => {
    expect(entryFault(entryOf(), GENESIS)).toBeUndefined();
    expect(entryFault(entryOf({ salt: null, content: null }), GENESIS)).toBeUndefined();
  });

  it.each<[string, Partial<JournalEntry>, string]>([
    ["that names another hash before it", { previous: "01".repeat(32) }, "entry_link"],
    ["whose body hashes otherwise", { bodyHash: "01".repeat(32) }, "entry_body"],
    ["whose hash is another", { hash: "01".repeat(32) }, "entry_hash"],
    ["whose content lost its salt", { salt: null }, "entry_content"],
    ["whose salt lost its content", { content: null }, "entry_content"],
    ["whose content is another", { content: '{"copies":2}' }, "entry_content"],
    ["whose salt is another", { salt: SALT.replace("0", "1") }, "entry_content"],
    ["whose salt is spelt otherwise", { salt: SALT.toUpperCase() }, "entry_content"],
    ["whose salt goes on after what hexadecimal reads", { salt: `${SALT}\n` }, "entry_content"],
    ["whose salt is longer", { salt: `${SALT}zz` }, "entry_content"],
    ["that cannot be hashed", { at: Number.NaN }, "entry_unreadable"],
  ])("finds an entry %s", (_what, over, code) => {
    const sound = entryOf();
    expect(entryFault({ ...sound, ...over }, GENESIS)).toBe(code);
  });

  it.each([
    ["an odd digit more", 33],
    ["a byte less", 30],
    ["nothing", 0],
  ])("takes no salt with %s, even where its hash agrees", (_what, length) => {
    const salt = SALT.padEnd(64, "0").slice(0, length);
    const entry = entryOf({ contentHash: contentHash(salt, '{"copies":1}'), salt });
    expect(entryFault(entry, GENESIS)).toBe("entry_content");
  });

  it.each([
    ["before it", `${"é".repeat(2)}${SALT}`],
    ["after it", `${SALT}é`],
  ])("takes no salt with more text %s, even where its hash agrees", (_where, salt) => {
    const entry = entryOf({ contentHash: contentHash(salt, '{"copies":1}'), salt });
    expect(entryFault(entry, GENESIS)).toBe("entry_content");
  });
});

describe("fault", () => {
  it.each(Object.entries(FAULTS))("says %s in a sentence of its own", (code, because) => {
    expect(because).toMatch(/^[a-zé][^\n]{15,}$/);
    expect(Object.values(FAULTS).filter((each) => each === because)).toHaveLength(1);
    expect(fault(3, code as keyof typeof FAULTS)).toStrictEqual({ seq: 3, code, because });
  });

  it("adds what is known besides, and the entry through which it may lie, when that is another", () => {
    const because = `${FAULTS.tail_cut} (ligne 4)`;
    expect(fault(3, "tail_cut", "ligne 4", 3)).toStrictEqual({ seq: 3, code: "tail_cut", because });
    expect(fault(3, "tail_cut", "ligne 4", 9)).toEqual({ seq: 3, through: 9, code: "tail_cut", because });
  });
});

describe("faultList", () => {
  it("keeps the earliest fault, the first of two at one entry, and counts them all", () => {
    const faults = faultList();
    expect([faults.first(), faults.count()]).toEqual([undefined, 0]);
    const [later, earlier, again] = [fault(5, "entry_link"), fault(2, "entry_body"), fault(2, "entry_hash")];
    for (const each of [later, earlier, again, later]) faults.add(each);
    expect(faults.first()).toBe(earlier);
    expect(faults.count()).toBe(4);
  });
});

describe("ALWAYS_UNPROVEN", () => {
  it("says what no hash proves: the truth of what was told, the clock, and who else had the key", () => {
    expect(ALWAYS_UNPROVEN.map(({ code }) => code)).toEqual(["truth", "time", "key"]);
    for (const { because } of ALWAYS_UNPROVEN) expect(because).toMatch(/^que [^\n]{30,}$/);
  });
});
