import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { bodyHash, contentHash, entryHash, GENESIS, type JournalBody } from "./journal.ts";

const sha256 = (...parts: (string | Buffer)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest("hex");

const BODY: JournalBody = {
  facility: "ght-nord",
  seq: 7,
  type: "note.told",
  at: 1_780_790_400_000_000,
  incident: null,
  contentHash: "ab".repeat(32),
};

describe("the hashes of the journal", () => {
  it("begin with 32 zero bytes", () => {
    expect(Buffer.from(GENESIS, "hex")).toEqual(Buffer.alloc(32));
  });

  it("bind a content with its salt, as bytes and as UTF-8", () => {
    const salt = "00ff10".padEnd(32, "7");
    expect(contentHash(salt, "é")).toBe(sha256(Buffer.from(salt, "hex"), Buffer.from("c3a9", "hex")));
  });

  it("bind the canonical JSON of what an entry says in clear, and nothing else it carries", () => {
    const text = `{"at":1780790400000000,"contentHash":"${BODY.contentHash}","facility":"ght-nord","incident":null,"seq":7,"type":"note.told"}`;
    expect(bodyHash(BODY)).toBe(sha256(text));
    expect(bodyHash({ ...BODY, hash: "x", content: "y" } as JournalBody)).toBe(sha256(text));
  });

  it.each(
    Object.entries({
      facility: "ght-sud",
      seq: 8,
      type: "note.hunt",
      at: BODY.at + 1,
      incident: "incident-1",
      contentHash: "cd".repeat(32),
    }),
  )("change with the %s of an entry", (member, value) => {
    expect(bodyHash({ ...BODY, [member]: value })).not.toBe(bodyHash(BODY));
  });

  it("bind the hash before and the body as raw bytes, in this order", () => {
    const [before, body] = ["01".repeat(32), "fe".repeat(32)];
    expect(entryHash(before, body)).toBe(sha256(Buffer.from(before, "hex"), Buffer.from(body, "hex")));
  });
});
