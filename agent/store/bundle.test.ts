import { sign } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { bodyHash, contentHash, entryHash } from "../core/journal.ts";
import { type BundleVerdict, verifyBundle, writeBundle } from "./bundle.ts";
import type { Bundle, ShownEntry } from "./bundle-format.ts";
import { signCheckpoint } from "./checkpoints.ts";
import { makeSigningKey, type SigningKey } from "./keys.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store, Write } from "./store.ts";

const HERE = "ght-nord";

let folder: string;
let key: SigningKey;
let store: Store;
let incident: string;
let bytes: Buffer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-bundle-"));
  key = makeSigningKey(join(folder, "key.pem"));
  store = openSqlite({ file: join(folder, "tocsin.db"), signingKey: key, clock: steppingClock() });
  const make = samples();
  const [ours, other] = [make.incident(), make.incident({ because: "Une autre affaire, confidentielle." })];
  incident = ours.id;
  const { declaration, decision, delivery } = make.declared(incident);
  const commit = async (...writes: Write[]) => {
    const receipt = await store.commit({ facility: HERE, at: NIGHT, writes });
    if (receipt.outcome !== "committed") throw new Error(receipt.because);
  };
  await commit(make.incidentPut(other));
  await store.checkpoint(HERE);
  await commit(make.alert({}, 2), make.alert());
  await commit(make.incidentPut(ours), { write: "join", incident, detections: [1, 2] });
  await commit(make.incidentPut({ ...other, alerts: 5 }, 2));
  await commit(declaration);
  await commit(decision);
  await commit(delivery);
  await store.checkpoint(HERE);
  bytes = await write();
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const write = (over: Partial<Parameters<typeof writeBundle>[0]> = {}) =>
  writeBundle({
    reads: store.reads,
    facility: HERE,
    incident,
    created: NIGHT,
    exercise: false,
    key,
    ...over,
  });

const faultOf = (verdict: BundleVerdict) =>
  "unreadable" in verdict ? verdict.unreadable : verdict.firstBroken;

/** Changes the bundle and signs it again: what someone who holds the key could hand over. */
function forged(change: (bundle: Bundle) => void, { rehash = false } = {}): BundleVerdict {
  const { signature: _, ...bundle } = JSON.parse(bytes.toString()) as Bundle;
  change(bundle as Bundle);
  if (rehash) rehashChain(bundle as Bundle);
  const signature = sign(null, Buffer.from(canonicalJson(bundle)), key.privateKey).toString("base64url");
  return verifyBundle(Buffer.from(`${canonicalJson({ ...bundle, signature })}\n`), {
    publicKey: key.publicKey,
  });
}

function rehashChain(bundle: Bundle): void {
  let head = bundle.previous;
  for (const entry of bundle.chain) {
    if ("type" in entry) {
      entry.contentHash = contentHash(entry.salt as string, entry.content as string);
      entry.bodyHash = bodyHash({ ...entry, facility: bundle.facility });
    }
    head = entryHash(head, entry.bodyHash);
  }
  const end = bundle.checkpoints.at(-1) as Bundle["checkpoints"][number];
  bundle.checkpoints.splice(-1, 1, signCheckpoint({ ...end, hash: head }, key));
}

const shown = (bundle: Bundle, type: string) =>
  bundle.chain.find((entry) => "type" in entry && entry.type === type) as ShownEntry;

function rewrite(entry: ShownEntry, from: string | RegExp, to: string): void {
  const before = entry.content as string;
  entry.content = before.replace(from, to);
  expect(entry.content).not.toBe(before);
}

describe("bundle", () => {
  it("is whole, offline, with the facility's key", () => {
    const verdict = verifyBundle(bytes, { publicKey: key.publicKey });
    expect(verdict).toMatchObject({
      ok: true,
      incident,
      alerts: 1,
      shown: 6,
      entries: 7,
      keyKnown: true,
      faults: 0,
    });
  });

  it("names the key that signed, to be compared, when none is given", () => {
    const verdict = verifyBundle(bytes);
    expect(verdict).toMatchObject({ ok: true, keyKnown: false, key: key.fingerprint });
    expect(JSON.stringify(verdict)).toContain(
      `signé par la clé ${key.fingerprint}, à comparer avec celle de l'établissement`,
    );
  });

  it("shows nothing of another incident", () => {
    const text = bytes.toString();
    expect(text).not.toContain("confidentielle");
    const bundle = JSON.parse(text) as Bundle;
    expect(bundle.chain.filter((entry) => !("type" in entry))).toEqual([
      { seq: expect.any(Number), bodyHash: expect.any(String) },
    ]);
  });

  it("is the canonical JSON and a line end, the same at every writing", async () => {
    expect(bytes.toString()).toBe(`${canonicalJson(JSON.parse(bytes.toString()))}\n`);
    expect(await write()).toEqual(bytes);
  });

  it("says that it is an exercise", async () => {
    const verdict = verifyBundle(await write({ exercise: true }));
    expect(verdict).toMatchObject({ ok: true, exercise: true });
    expect(JSON.stringify(verdict)).toContain("EXERCICE");
  });

  it("is refused by another facility's key", () => {
    const other = makeSigningKey(join(folder, "other.pem"));
    expect(verifyBundle(bytes, { publicKey: other.publicKey })).toMatchObject({
      ok: false,
      unreadable: "bundle_key",
    });
  });

  it("shows a flipped bit, a changed byte and a cut, wherever they are", () => {
    const random = generator(20260607);
    const missed: string[] = [];
    for (let round = 0; round < 300; round++) {
      const at = Math.floor(random() * bytes.length);
      const bit = Buffer.from(bytes);
      bit[at] = (bit[at] as number) ^ (1 << Math.floor(random() * 8));
      const byte = Buffer.from(bytes);
      byte[at] = ((byte[at] as number) + 1 + Math.floor(random() * 255)) % 256;
      for (const [what, altered] of [
        ["bit", bit],
        ["byte", byte],
        ["cut", bytes.subarray(0, at)],
      ] as const) {
        if (verifyBundle(altered).ok) missed.push(`${what} at ${at}`);
      }
    }
    expect(missed).toEqual([]);
  });

  it.each([
    ["a space", (text: string) => text.replace(":", ": ")],
    ["a second line end", (text: string) => `${text}\n`],
    ["no line end", (text: string) => text.trimEnd()],
    ["a byte order mark", (text: string) => `\ufeff${text}`],
    [
      "a member twice",
      (text: string) => text.replace('"exercise":false', '"exercise":true,"exercise":false'),
    ],
    ["another escape", (text: string) => text.replace("ght-nord", "ght\\u002dnord")],
    ["another member", (text: string) => text.replace("{", '{"a":1,')],
    [
      "upper-case hexadecimal",
      (text: string) =>
        text.replace(/"bodyHash":"[0-9a-f]+"/, (hex) => `"bodyHash"${hex.slice(10).toUpperCase()}`),
    ],
    ["loose base64", (text: string) => text.replace(/"publicKey":"([^"]+)="/, '"publicKey":"$1"')],
    [
      "another base64 alphabet",
      (text: string) => text.replace(/"signature":"([^"]+)"\}\n$/, '"signature":"$1=="}\n'),
    ],
  ])("refuses %s", (_what, change) => {
    const altered = change(bytes.toString());
    expect(altered).not.toBe(bytes.toString());
    expect(verifyBundle(Buffer.from(altered))).toMatchObject({ ok: false, unreadable: expect.any(String) });
  });

  it("says of a file that is no bundle that it is none, and of a cut one that it is damaged", () => {
    expect(faultOf(verifyBundle(Buffer.from("%PDF-1.7")))).toBe("bundle_unknown");
    expect(faultOf(verifyBundle(bytes.subarray(0, bytes.length / 2)))).toBe("bundle_damaged");
  });

  describe("signed again by someone who holds the key", () => {
    it.each([
      [
        "an entry's date",
        "incident.put",
        "entry_body",
        (entry: ShownEntry) => {
          entry.at += 1;
        },
      ],
      [
        "an entry's content",
        "incident.put",
        "entry_content",
        (entry: ShownEntry) => rewrite(entry, "PACS", "PACs"),
      ],
      [
        "an entry's salt",
        "joined",
        "entry_content",
        (entry: ShownEntry) => {
          entry.salt = "0".repeat(32);
        },
      ],
      [
        "another incident's entry shown as ours",
        "incident.put",
        "entry_body",
        (entry: ShownEntry) => {
          entry.incident = "x";
        },
      ],
    ] as const)("shows %s", (_what, type, code, change) => {
      let seq = 0;
      const verdict = forged((bundle) => {
        const entry = shown(bundle, type);
        seq = entry.seq;
        change(entry);
      });
      expect(faultOf(verdict)).toMatchObject({ seq, code });
    });

    it("shows a hidden entry replaced, by the checkpoint", () => {
      const verdict = forged((bundle) => {
        const entry = bundle.chain.find((candidate) => !("type" in candidate));
        if (entry !== undefined) entry.bodyHash = "0".repeat(64);
      });
      expect(faultOf(verdict)).toMatchObject({ code: "chain_forged", through: 8 });
    });

    it("shows an entry taken out, and the end taken off", () => {
      expect(faultOf(forged((bundle) => bundle.chain.splice(2, 1)))).toMatchObject({ code: "entry_missing" });
      expect(faultOf(forged((bundle) => bundle.chain.pop()))).toMatchObject({ code: "tail_cut" });
    });

    it("shows an alert changed, taken out or added", () => {
      const change = (text = "") => text.replace("locked", "l0cked");
      expect(faultOf(forged((bundle) => bundle.alerts.splice(0, 1, change(bundle.alerts[0]))))).toMatchObject(
        {
          code: "alert_differs",
        },
      );
      expect(faultOf(forged((bundle) => bundle.alerts.pop()))).toMatchObject({ code: "joined_differs" });
      expect(faultOf(forged((bundle) => bundle.alerts.push('{"id":"x"}')))).toMatchObject({
        code: "alert_differs",
      });
    });

    it("shows a text that is not the one decided on, though the whole chain was hashed again", () => {
      const verdict = forged((bundle) => rewrite(shown(bundle, "declaration.put"), "02:14", "03:14"), {
        rehash: true,
      });
      expect(faultOf(verdict)).toMatchObject({ code: "declaration_text" });
    });

    it("shows a decision on another text", () => {
      const zeros = `"sha256":"${"0".repeat(64)}"`;
      const verdict = forged(
        (bundle) => rewrite(shown(bundle, "decision.put"), /"sha256":"[0-9a-f]{64}"/, zeros),
        {
          rehash: true,
        },
      );
      expect(faultOf(verdict)).toMatchObject({ code: "decision_text" });
    });

    it("shows a delivery of a version that nobody approved", () => {
      const verdict = forged(
        (bundle) => rewrite(shown(bundle, "delivery.put"), '"version":1', '"version":2'),
        {
          rehash: true,
        },
      );
      expect(faultOf(verdict)).toMatchObject({ code: "delivery_unapproved" });
    });
  });

  it("is not written when no checkpoint reaches the incident's last entry, nor for an unknown incident", async () => {
    const note: Write = { write: "note", what: "bundled", incident, content: { copies: 1 } };
    await store.commit({ facility: HERE, at: NIGHT, writes: [note] });
    await expect(write()).rejects.toMatchObject({ code: "bundle_unsigned" });
    await expect(write({ incident: "unknown" })).rejects.toMatchObject({ code: "bundle_empty" });
    await store.checkpoint(HERE);
    expect(verifyBundle(await write())).toMatchObject({ ok: true, shown: 7 });
  });
});

/** Mulberry32: the same places at every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
