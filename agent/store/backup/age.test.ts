import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { describePeer, peer } from "../../../test/support/peer.ts";
import { type Opener, type SealedTo, unwrapFileKey } from "./age-header.ts";
import { identityKey, makeAgeKey, recipientBytes } from "./age-keys.ts";
import { isSealed, openSealed, type Sink, sealingSink } from "./age-stream.ts";

const folder = mkdtempSync(join(tmpdir(), "tocsin-age-"));
afterAll(() => rmSync(folder, { recursive: true }));
const FILE = join(folder, "sealed");
const PIECE = 64 * 1024;
const SEALED_PIECE = PIECE + 16;

/** C2SP age, "The X25519 recipient type" (read 2026-11-23): 32 bytes 0x42. */
const [IDENTITY, RECIPIENT] = [
  "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
  "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
];

function gather(): Sink & { bytes(): Buffer } {
  const parts: Buffer[] = [];
  return {
    write: (bytes) => void parts.push(Buffer.from(bytes)),
    end: () => undefined,
    bytes: () => Buffer.concat(parts),
  };
}

function seal(plain: Buffer, to: SealedTo, step = 10_000): Buffer {
  const out = gather();
  const sink = sealingSink(to, out);
  for (let at = 0; at < plain.length; at += step) sink.write(plain.subarray(at, at + step));
  sink.end();
  return out.bytes();
}

function open(sealed: Buffer, opener: Opener): Buffer {
  writeFileSync(FILE, sealed);
  const out = gather();
  openSealed(FILE, opener, out);
  return out.bytes();
}

const own = identityKey(IDENTITY) as Opener;
const TO: SealedTo = { recipients: [recipientBytes(RECIPIENT) as Buffer] };
const noise = (length: number) => Buffer.from(Array.from({ length }, (_, i) => (i * 7 + (i >> 8)) & 255));
const payloadOf = (sealed: Buffer) => sealed.indexOf("\n", sealed.indexOf("\n---") + 1) + 1 + 16;

describe("keys", () => {
  it("are those of the specification", () => {
    expect(makeAgeKey(Buffer.alloc(32, 0x42))).toEqual({ identity: IDENTITY, recipient: RECIPIENT });
  });

  it("are another each time, and read back", () => {
    const key = makeAgeKey();
    expect(identityKey(key.identity)?.recipient).toEqual(recipientBytes(key.recipient));
    expect(makeAgeKey().identity).not.toBe(key.identity);
  });

  it.each([RECIPIENT.replace("zvk", "zvq"), IDENTITY, "age1", ""])("%s is no recipient", (text) => {
    expect(recipientBytes(text)).toBeUndefined();
  });
});

describe("a header", () => {
  /** The stanza that the specification gives as an example, with the file key that it wraps for the key above. */
  it.each<[string, string, "not_age" | "not_for_this_key"]>([
    ["of another version", "age-encryption.org/v2\n-> X25519 AA\nAA\n--- AA\n", "not_age"],
    ["without an end", "age-encryption.org/v1\n-> X25519 AA\nAA\n", "not_age"],
    [
      "whose body does not end",
      `age-encryption.org/v1\n-> X25519 AA\n${"A".repeat(64)}\n--- ${"A".repeat(43)}\n`,
      "not_age",
    ],
    [
      "of a kind we do not know",
      `age-encryption.org/v1\n-> other AA\n\n--- ${"A".repeat(43)}\n`,
      "not_for_this_key",
    ],
    [
      "that asks for endless work",
      `age-encryption.org/v1\n-> scrypt ${"A".repeat(22)} 30\n${"A".repeat(43)}\n--- ${"A".repeat(43)}\n`,
      "not_for_this_key",
    ],
  ])("%s is refused", (_what, text, refused) => {
    expect(unwrapFileKey(Buffer.from(text), { passphrase: "x" })).toEqual({ refused });
  });

  it("of a passphrase beside another recipient is refused", () => {
    const one = seal(Buffer.from("x"), { passphrase: "quatre mots bien longs", work: 10 }).toString("latin1");
    const stanza = /-> scrypt[\s\S]*?(?=---)/.exec(one)?.[0] ?? "";
    const two = one.replace("---", `${stanza}---`);
    const opener = { passphrase: "quatre mots bien longs" };
    expect(unwrapFileKey(Buffer.from(two, "latin1"), opener)).toEqual({ refused: "not_for_this_key" });
  });
});

describe("a file", () => {
  it.each([0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 200_001])(
    "of %i bytes comes back whole",
    (length) => {
      const plain = noise(length);
      const sealed = seal(plain, TO, 33_333);
      expect(open(sealed, own).equals(plain)).toBe(true);
      expect(isSealed(FILE)).toBe(true);
    },
  );

  it("is opened by each of its recipients, and by nobody else", () => {
    const [first, second, third] = [makeAgeKey(), makeAgeKey(), makeAgeKey()];
    const to = { recipients: [first, second].map(({ recipient }) => recipientBytes(recipient) as Buffer) };
    const sealed = seal(noise(100), to);
    for (const { identity } of [first, second])
      expect(open(sealed, identityKey(identity) as Opener)).toEqual(noise(100));
    expect(() => open(sealed, identityKey(third.identity) as Opener)).toThrow(/does not open it/);
  });

  it("is opened by its passphrase alone", () => {
    const sealed = seal(noise(100), { passphrase: "quatre mots bien longs", work: 10 });
    expect(open(sealed, { passphrase: "quatre mots bien longs" })).toEqual(noise(100));
    expect(() => open(sealed, { passphrase: "quatre mots bien courts" })).toThrow(/does not open it/);
    expect(() => open(sealed, own)).toThrow(/does not open it/);
  });

  const whole = seal(noise(5 * PIECE + 10), TO);
  const from = payloadOf(whole);
  const piece = (n: number) => whole.subarray(from + n * SEALED_PIECE, from + (n + 1) * SEALED_PIECE);
  it.each<[string, Buffer]>([
    ["cut at a piece", whole.subarray(0, from + 3 * SEALED_PIECE)],
    ["cut within a piece", whole.subarray(0, -5)],
    ["cut before its first piece", whole.subarray(0, from)],
    ["cut in its nonce", whole.subarray(0, from - 3)],
    [
      "with two pieces exchanged",
      Buffer.concat([whole.subarray(0, from), piece(1), piece(0), whole.subarray(from + 2 * SEALED_PIECE)]),
    ],
    ["with a piece twice", Buffer.concat([whole.subarray(0, from), piece(0), whole.subarray(from)])],
    [
      "without its second piece",
      Buffer.concat([whole.subarray(0, from), piece(0), whole.subarray(from + 2 * SEALED_PIECE)]),
    ],
    ["with something behind it", Buffer.concat([whole, Buffer.from("x")])],
    [
      "with the end of another",
      Buffer.concat([
        whole.subarray(0, from + SEALED_PIECE),
        seal(noise(5 * PIECE + 10), TO).subarray(from + SEALED_PIECE),
      ]),
    ],
  ])("%s is refused", (_what, sealed) => {
    expect(() => open(sealed, own)).toThrow(/take another copy/);
  });

  it("with one bit changed anywhere is refused", () => {
    const small = seal(noise(300), TO);
    for (let at = 0; at < small.length; at++) {
      const changed = Buffer.from(small);
      changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
      expect(() => open(changed, own), `byte ${at}`).toThrow();
    }
  });
});

describePeer(peer("age", "age", "apt-get install age"), "the age program", () => {
  it("opens what we seal, and we what it seals", () => {
    const key = join(folder, "key");
    writeFileSync(key, `${IDENTITY}\n`);
    const plain = noise(200_000);
    writeFileSync(FILE, seal(plain, TO));
    expect(execFileSync("age", ["-d", "-i", key, FILE], { maxBuffer: 1e6 }).equals(plain)).toBe(true);
    writeFileSync(join(folder, "plain"), plain);
    execFileSync("age", ["-r", RECIPIENT, "-o", join(folder, "theirs"), join(folder, "plain")]);
    expect(open(readFileSync(join(folder, "theirs")), own).equals(plain)).toBe(true);
  });
});
