import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fingerprintOf, loadPublicKey, loadSigningKey, makeSigningKey } from "./keys.ts";

describe("signing key", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-key-"));
    file = join(folder, "key.pem");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is made for its owner alone and loads as the same key", () => {
    const made = makeSigningKey(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(made.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(loadSigningKey(file).fingerprint).toBe(made.fingerprint);
  });

  it("is never replaced", () => {
    makeSigningKey(file);
    const before = readFileSync(file);
    expect(() => makeSigningKey(file)).toThrow(expect.objectContaining({ code: "key_exists" }));
    expect(readFileSync(file)).toEqual(before);
  });

  it.each([0o640, 0o604, 0o660])("is refused with mode %o, and says the command", (mode) => {
    makeSigningKey(file);
    chmodSync(file, mode);
    expect(() => loadSigningKey(file)).toThrow(
      expect.objectContaining({ code: "key_exposed", remedy: `run: chmod 600 ${file}` }),
    );
  });

  it("says that it is missing, and what to do", () => {
    expect(() => loadSigningKey(file)).toThrow(
      expect.objectContaining({
        code: "key_missing",
        where: file,
        remedy: expect.stringContaining("tocsin init"),
      }),
    );
  });

  it("refuses what is no key, and a key of another kind", () => {
    writeFileSync(file, "not a key", { mode: 0o600 });
    expect(() => loadSigningKey(file)).toThrow(expect.objectContaining({ code: "key_invalid" }));
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
    expect(() => loadSigningKey(file)).toThrow(/key of type ec/);
  });

  it("gives its public half from either file", () => {
    const made = makeSigningKey(file);
    const shared = join(folder, "public.pem");
    writeFileSync(shared, made.publicKey.export({ type: "spki", format: "pem" }));
    for (const from of [file, shared]) expect(fingerprintOf(loadPublicKey(from))).toBe(made.fingerprint);
  });
});
