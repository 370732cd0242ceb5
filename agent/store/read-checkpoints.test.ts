import { generateKeyPairSync, sign } from "node:crypto";
import fs, { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import type { Checkpoint } from "../core/journal.ts";
import { checkpointsFileOf, openCheckpointsLog, signCheckpoint } from "./checkpoints.ts";
import { CheckpointLine, checkpointHolds, readCheckpointsFile } from "./read-checkpoints.ts";

const folder = mkdtempSync(join(tmpdir(), "tocsin-checkpoints-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "checkpoints.jsonl");

const pair = generateKeyPairSync("ed25519");
const fingerprint = "0123456789abcdef";
const HEAD = { facility: "ght-nord", seq: 8, hash: "ab".repeat(32), at: 17 };
const STATEMENT = `{"at":17,"facility":"ght-nord","hash":"${HEAD.hash}","key":"${fingerprint}","seq":8}`;
const SIGNED: Checkpoint = {
  ...HEAD,
  key: fingerprint,
  signature: sign(null, Buffer.from(STATEMENT), pair.privateKey).toString("base64url"),
};
const lineOf = ({ facility, seq, hash, at, key, signature }: Checkpoint) =>
  `{"at":${at},"facility":"${facility}","hash":"${hash}","key":"${key}","seq":${seq},"signature":"${signature}"}`;

describe("a signed head", () => {
  it("is the canonical JSON of the head and its key, signed with Ed25519", () => {
    expect(signCheckpoint(HEAD, { ...pair, fingerprint })).toEqual(SIGNED);
    expect(checkpointHolds(SIGNED, pair.publicKey)).toBe(true);
  });

  it.each<[string, Partial<Checkpoint>]>([
    ["another facility", { facility: "ght-sud" }],
    ["another entry", { seq: 9 }],
    ["another hash", { hash: "cd".repeat(32) }],
    ["another date", { at: 18 }],
    ["another key's name", { key: "fedcba9876543210" }],
    ["no signature", { signature: "" }],
    ["a signature spelt with padding", { signature: `${SIGNED.signature}==` }],
    ["a signature with more after it", { signature: `${SIGNED.signature}!` }],
  ])("does not hold with %s", (_what, over) => {
    expect(checkpointHolds({ ...SIGNED, ...over }, pair.publicKey)).toBe(false);
  });

  it("does not hold by another key", () => {
    expect(checkpointHolds(SIGNED, generateKeyPairSync("ed25519").publicKey)).toBe(false);
  });
});

describe("CheckpointLine", () => {
  it.each<[string, Record<string, unknown>]>([
    ["an entry before the first", { seq: 0 }],
    ["part of an entry", { seq: 1.5 }],
    ["part of an instant", { at: 1.5 }],
    ["no facility", { facility: undefined }],
    ["a short hash", { hash: "ab".repeat(31) }],
    ["a hash in capitals", { hash: "AB".repeat(32) }],
    ["text before its hash", { hash: `x${HEAD.hash}` }],
    ["text after its hash", { hash: `${HEAD.hash}x` }],
    ["a short key", { key: fingerprint.slice(1) }],
    ["a key in capitals", { key: fingerprint.toUpperCase() }],
    ["text before its key", { key: `x${fingerprint}` }],
    ["text after its key", { key: `${fingerprint}x` }],
    ["a short signature", { signature: SIGNED.signature.slice(1) }],
    ["a signature in other letters", { signature: "+".repeat(86) }],
    ["text before its signature", { signature: `+${SIGNED.signature}` }],
    ["text after its signature", { signature: `${SIGNED.signature}+` }],
    ["something else besides", { more: 1 }],
  ])("refuses %s", (_what, over) => {
    expect(CheckpointLine.safeParse(SIGNED).success).toBe(true);
    expect(CheckpointLine.safeParse({ ...SIGNED, ...over }).success).toBe(false);
  });
});

describe("readCheckpointsFile", () => {
  const read = (text: string) => {
    writeFileSync(file, text);
    return readCheckpointsFile(file);
  };

  it("gives nothing where there is no file, and passes on what else is wrong with it", () => {
    expect(readCheckpointsFile(join(folder, "none"))).toBeUndefined();
    expect(() => readCheckpointsFile(folder)).toThrow(/EISDIR/);
  });

  it("reads each whole line, in order", () => {
    const later = { ...SIGNED, seq: 9 };
    expect(read(`${lineOf(SIGNED)}\n${lineOf(later)}\n`)).toEqual({
      checkpoints: [SIGNED, later],
      torn: false,
      unreadable: [],
    });
  });

  it.each([
    ["no JSON", "{"],
    ["not a checkpoint", "{}"],
    ["spelt otherwise", lineOf(SIGNED).replace(",", ", ")],
    ["empty", ""],
  ])("numbers a line that is %s", (_what, line) => {
    expect(read(`${lineOf(SIGNED)}\n${line}\n`)).toEqual({
      checkpoints: [SIGNED],
      torn: false,
      unreadable: [2],
    });
  });

  it("tells a last line that was cut from one that is wrong", () => {
    expect(read(`${lineOf(SIGNED)}\n{"at":17`)).toEqual({
      checkpoints: [SIGNED],
      torn: true,
      unreadable: [],
    });
  });
});

describe("openCheckpointsLog", () => {
  it("stands beside the database, for its owner only, and appends one line for each", () => {
    const log = checkpointsFileOf(join(folder, "record.db"));
    expect(log).toBe(join(folder, "record.db.checkpoints.jsonl"));
    const open = openCheckpointsLog(log);
    open.append(SIGNED);
    open.append({ ...SIGNED, seq: 9 });
    open.close();
    expect(statSync(log).mode & 0o777).toBe(0o600);
    expect(readFileSync(log, "utf8")).toBe(`${lineOf(SIGNED)}\n${lineOf({ ...SIGNED, seq: 9 })}\n`);
    expect(() => open.append(SIGNED)).toThrow(/EBADF/);
  });

  it.each([
    ["removes a line that a crash had cut", `${lineOf(SIGNED)}\n`, '{"at":17'],
    ["leaves whole lines as they are", `${lineOf(SIGNED)}\n`, ""],
    ["removes a first line that is cut", "", "{"],
  ])("%s", (_what, whole, cut) => {
    writeFileSync(file, whole);
    appendFileSync(file, cut);
    const log = openCheckpointsLog(file);
    expect(readFileSync(file, "utf8")).toBe(whole);
    log.append(SIGNED);
    log.close();
    expect(readFileSync(file, "utf8")).toBe(`${whole}${lineOf(SIGNED)}\n`);
  });

  it("syncs each line, and leaves no half of one that the disk refused", () => {
    writeFileSync(file, "");
    const log = openCheckpointsLog(file);
    log.append(SIGNED);
    const fsync = spied("fsyncSync");
    log.append(SIGNED);
    expect(fsync).toHaveBeenCalledTimes(1);
    const { writeSync } = fs;
    let left = 40;
    spied("writeSync", (fd: number, bytes: Buffer, from: number) => {
      if (left === 0) throw new Error("ENOSPC");
      const taken = Math.min(left, 25, bytes.length - from);
      left -= taken;
      return writeSync(fd, bytes, from, taken);
    });
    expect(() => log.append(SIGNED)).toThrow("ENOSPC");
    const line = `${lineOf(SIGNED)}\n`;
    expect(readFileSync(file, "utf8")).toBe(line.repeat(2));
    left = 1000;
    log.append(SIGNED);
    log.close();
    expect(readFileSync(file, "utf8")).toBe(line.repeat(3));
  });
});

/** What the module of files does in place of one of its functions, for those who imported it by name too. */
function spied(name: "fsyncSync" | "writeSync", does?: (...given: never[]) => unknown) {
  const spy = vi.spyOn(fs, name);
  if (does !== undefined) spy.mockImplementation(does as never);
  syncBuiltinESMExports();
  return spy;
}
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});
