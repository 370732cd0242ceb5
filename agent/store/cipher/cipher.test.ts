import { randomBytes } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { sampleRing } from "../../../test/support/key-ring.ts";
import { NIGHT } from "../../../test/support/store-samples.ts";
import { keyBytes } from "../../core/key-bytes.ts";
import { dataKeys } from "../migrations/011-data-keys.ts";
import { openCipher, SEAL_BYTES } from "./cipher.ts";
import { addDataKey, dataKeysOf, rewrap, unwrapAll } from "./data-keys.ts";
import type { KeyRing } from "./key-ring.ts";

const keyNumbered = (number: number, whole = true) => ({
  ...{ number, made: NIGHT, wrappedBy: "coffre", whole, sealed: 0 },
  key: new Uint8Array(randomBytes(32)),
});

describe("a cipher", () => {
  const keys = [keyNumbered(1, false), keyNumbered(2)];
  const cipher = openCipher(() => keys);
  const place = ["chv", "a"] as const;
  const sealed = cipher.seal("alerts.content", place, "un mot connu");

  it.each(["", "é", '{"a":1}', "x".repeat(70_000)])("gives back what it sealed", (text) => {
    const stored = cipher.seal("records.content", ["chv", "fact", "a", 1], text);
    expect(stored.length).toBe(Buffer.byteLength(text) + SEAL_BYTES);
    expect(cipher.open("records.content", ["chv", "fact", "a", 1], stored)).toBe(text);
  });

  it("gives bytes back as bytes", () => {
    const bytes = randomBytes(1000);
    const stored = cipher.seal("attachment_pieces.bytes", ["chv", "f", 0], bytes);
    expect(Buffer.from(cipher.open("attachment_pieces.bytes", ["chv", "f", 0], stored))).toEqual(bytes);
  });

  it("never seals alike", () => {
    const all = Array.from({ length: 3000 }, () => cipher.seal("alerts.content", place, "x"));
    const nonces = new Set(all.map((each) => Buffer.from(each.subarray(5, 17)).toString("hex")));
    expect(nonces.size).toBe(3000);
    expect(Buffer.from(sealed).includes("connu")).toBe(false);
  });

  it.each([
    ["another row", () => cipher.open("alerts.content", ["chv", "b"], sealed)],
    ["another facility", () => cipher.open("alerts.content", ["chu", "a"], sealed)],
    ["another column", () => cipher.open("sessions.content", place, sealed)],
    ["parts of a name joined otherwise", () => cipher.open("alerts.content", ["chv,a", ""], sealed)],
    ["one bit changed", () => cipher.open("alerts.content", place, changed(sealed, 20))],
    ["another nonce", () => cipher.open("alerts.content", place, changed(sealed, 6))],
    ["another tag", () => cipher.open("alerts.content", place, changed(sealed, sealed.length - 1))],
    ["another version", () => cipher.open("alerts.content", place, changed(sealed, 0))],
    ["another data key", () => cipher.open("alerts.content", place, changed(sealed, 4))],
    ["the end cut", () => cipher.open("alerts.content", place, sealed.subarray(0, 30))],
    ["nothing", () => cipher.open("alerts.content", place, new Uint8Array())],
    ["clear text in a record that is encrypted whole", () => cipher.open("alerts.content", place, "clair")],
  ])("refuses %s as damage", (_, open) => {
    expect(open).toThrow(expect.objectContaining({ code: "value_damaged" }));
  });

  it("reads clear text as long as not everything is sealed", () => {
    const begun = openCipher(() => [keyNumbered(1, false)]);
    expect(begun.open("alerts.content", place, "clair")).toBe("clair");
  });

  it("asks for the keys again when a value names one that came since", () => {
    let known = [keys[0] as (typeof keys)[0]];
    const before = openCipher(() => known);
    known = keys;
    expect(before.open("alerts.content", place, sealed)).toBe("un mot connu");
  });
});

describe("data keys", () => {
  const ring = sampleRing("coffre-2026");
  const held = () => {
    const database = new DatabaseSync(":memory:");
    database.exec(dataKeys.sql[0] as string);
    addDataKey(database, ring, { number: 1, made: NIGHT, whole: false, file: "t" });
    return database;
  };
  const unwrapped = (database: DatabaseSync, given: KeyRing) => unwrapAll(database, given, "t");

  it("stay the same under another outer key", () => {
    const database = held();
    const [before] = unwrapped(database, ring);
    const next = sampleRing("coffre-2027");
    const both = { current: next.current, keys: [...ring.keys, ...next.keys] };
    rewrap(database, both, { number: 1, whole: true, file: "t" });
    expect(unwrapped(database, next)).toEqual([{ ...before, wrappedBy: "coffre-2027", whole: true }]);
    expect(() => unwrapped(database, ring)).toThrow(expect.objectContaining({ code: "store_key_unknown" }));
  });

  it("open with a key that is given by hand, whatever its id", () => {
    const [{ key } = { key: new Uint8Array() }] = ring.keys;
    expect(unwrapped(held(), { current: "", keys: [{ id: "", key }] })).toHaveLength(1);
  });

  it.each([
    ["a key of the same id that is another", () => held(), sampleRing("coffre-2026")],
    ["a claim that everything is sealed", () => altered("UPDATE data_keys SET whole = 1"), ring],
    ["another number", () => altered("UPDATE data_keys SET number = 2"), ring],
    ["a cut wrapping", () => altered("UPDATE data_keys SET wrapped = X'00'"), ring],
  ])("refuse %s", (_, database, given) => {
    const found = database();
    expect(() => unwrapped(found, given)).toThrow(expect.objectContaining({ code: "store_key_wrong" }));
    expect(dataKeysOf(found)).toHaveLength(1);
  });

  function altered(sql: string): DatabaseSync {
    const database = held();
    database.exec(sql);
    return database;
  }
});

it.each([
  ["", false],
  ["AAAA", false],
  [randomBytes(32).toString("hex"), false],
  [randomBytes(31).toString("base64"), false],
  [randomBytes(33).toString("base64"), false],
  [`${"A".repeat(42)}B=`, false],
  [randomBytes(32).toString("base64"), true],
  [`${randomBytes(32).toString("base64")}\n`, true],
])("takes %j as a key: %s", (text, good) => {
  expect(keyBytes(text)?.length).toBe(good ? 32 : undefined);
});

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
