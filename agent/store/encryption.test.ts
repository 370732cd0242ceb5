import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleRing } from "../../test/support/key-ring.ts";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { sha256Hex } from "../core/sha256.ts";
import { checkpointsFileOf } from "./checkpoints.ts";
import type { KeyRing } from "./cipher/key-ring.ts";
import { makeSigningKey, type SigningKey } from "./keys.ts";
import { openSqliteReads } from "./sqlite/reads.ts";
import { reencrypt, rotate } from "./sqlite/reencrypt.ts";
import { openSqlite } from "./sqlite.ts";
import type { Unit } from "./store.ts";
import { verifyDatabase } from "./verify.ts";

const HERE = "chv";
/** In everything that is typed, received or kept: none of it may be found in a file. */
const WORD = "glycine";
const bytes = Buffer.from(`une pièce jointe, ${WORD}, et la suite`);
const sha256 = sha256Hex(bytes);

let folder: string;
let file: string;
let key: SigningKey;
let ring: KeyRing;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-encryption-"));
  file = join(folder, "t.sqlite");
  key = makeSigningKey(join(folder, "key.pem"));
  ring = sampleRing();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const clock = steppingClock();
const open = (given?: KeyRing) => openSqlite({ file, signingKey: key, clock, ring: given });
const verified = (given?: KeyRing) => verifyDatabase(file, key.publicKey, checkpointsFileOf(file), given);
const code = (wanted: string) => expect.objectContaining({ code: wanted });

/** One of everything that is sealed. */
function everything(n = 0): Unit {
  const make = samples();
  const id = `n-${n}`;
  const note = {
    ...{ id, incident: "i", at: NIGHT, about: NIGHT, author: { account: "a", name: "A" }, text: WORD },
    attachments: [{ name: "a.txt", type: "text/plain", size: bytes.length, sha256 }],
  };
  const alert = make.alert({ id: `alert-${n}` }, 1);
  if (alert.write === "alert") alert.alert.alert = { message: WORD };
  return {
    facility: HERE,
    at: NIGHT,
    writes: [
      alert,
      { write: "attachment_piece", sha256, position: 0, bytes },
      { write: "attachment", sha256, size: bytes.length },
      { write: "record", kind: "logbook", id, revision: 1, incident: "i", state: null, content: note },
      { write: "join", incident: "i", detections: [n + 1] },
      { write: "note", what: "told", incident: "i", content: { WORD } },
      {
        write: "quarantine",
        entry: { source: "s", received: NIGHT, code: "c", message: WORD, sample: WORD },
      },
      {
        write: "plan",
        effect: { key: `e-${n}`, kind: "notify", incident: "i", due: NIGHT, payload: { WORD } },
      },
      { write: "claim", key: `e-${n}`, fence: 0, owner: "o" },
      { write: "settle", key: `e-${n}`, fence: 1, state: "uncertain", because: WORD },
      { write: "credentials", credentials: { account: "a", password: WORD, totp: WORD, totpStep: n } },
      { write: "session", id: "s", content: WORD, expires: NIGHT * 2, account: "a" },
      { write: "unsent", account: "a", incident: "i", field: "f", content: WORD },
    ],
  };
}

async function fill(given: KeyRing | undefined, from = 0, count = 3): Promise<void> {
  const store = open(given);
  for (let n = from; n < from + count; n++)
    expect(await store.commit(everything(n))).toMatchObject({ outcome: "committed" });
  await store.close();
}

/** Files beside the database, its log of writes included, that hold the word. */
const spoken = () => readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(WORD));

/** What readers are told, whatever is in the file. */
async function told(given: KeyRing | undefined) {
  const reads = openSqliteReads(file, given);
  try {
    return {
      journal: await reads.journal(HERE, 1, 1000),
      notes: await reads.ofIncident(HERE, "logbook", "i"),
      detections: await reads.detectionsOf(HERE, "i", 100),
      effects: await reads.effectsOf(HERE, "i"),
      quarantine: await reads.quarantine(HERE, 10),
      credentials: await reads.credentials(HERE, "a"),
      session: await reads.session(HERE, "s", NIGHT),
      unsent: await reads.unsent(HERE, "a", "i"),
      piece: Buffer.from((await reads.attachmentPiece(HERE, sha256, 0)) ?? []),
    };
  } finally {
    reads.close();
  }
}

describe("an encrypted record", () => {
  it("holds no word of it in the file nor in its log of writes, while it is open and after", async () => {
    const store = open(ring);
    await store.commit(everything());
    expect(existsSync(`${file}-wal`)).toBe(true);
    expect(spoken()).toEqual([]);
    await store.close();
    expect(spoken()).toEqual([]);
    expect(verified(ring)).toMatchObject({ ok: true });
    expect((await told(ring)).piece).toEqual(bytes);
  });

  it.each([
    ["without a key", () => undefined, "store_sealed"],
    ["with another key of the same id", () => sampleRing(), "store_key_wrong"],
    ["with keys of other ids", () => sampleRing("autre"), "store_key_unknown"],
  ])("is neither read nor written %s", async (_, given, wanted) => {
    await fill(ring, 0, 1);
    const other = given();
    expect(() => openSqliteReads(file, other)).toThrow(code(wanted));
    expect(() => open(other)).toThrow(code(wanted));
    expect(verified(ring)).toMatchObject({ ok: true });
  });

  it("is proven without its key as far as its chain and signatures go, and that is said", async () => {
    await fill(ring);
    const report = verified();
    expect(report).toMatchObject({
      ok: true,
      facilities: [{ erased: 0, checkpoint: { seq: expect.any(Number) } }],
    });
    expect(report.cannotProve.map((limit) => limit.code)).toContain("sealed");
    change("UPDATE journal SET at = at + 1 WHERE seq = 2");
    expect(verified().facilities[0]?.firstBroken).toMatchObject({ seq: 2, code: "entry_body" });
  });

  it.each([
    ["a content of the journal", "journal_contents", "content", "entry_content"],
    ["a salt", "journal_contents", "salt", "entry_content"],
    ["a record", "records", "content", "record_differs"],
    ["an alert", "alerts", "content", "alert_differs"],
    ["a piece of an attachment", "attachment_pieces", "bytes", "attachment_differs"],
    ["a refused record", "quarantine", "content", "value_damaged"],
    ["an effect", "effects", "payload", "value_damaged"],
    ["a password", "credentials", "password", "value_damaged"],
    ["a secret of codes", "credentials", "totp", "value_damaged"],
    ["a session", "sessions", "content", "value_damaged"],
  ])(
    "tells %s that was altered as damage, to verify and to who reads it",
    async (_, table, column, wanted) => {
      await fill(ring, 0, 2);
      // One row only: the others are read as before.
      change(
        `UPDATE ${table} SET ${column} = substr(${column}, 1, length(${column}) - 1) || X'00'
      WHERE rowid = (SELECT MIN(rowid) FROM ${table})`,
        table,
      );
      const { faults, facilities, ok } = verified(ring);
      expect(ok).toBe(false);
      expect([...faults, facilities[0]?.firstBroken].map((each) => each?.code)).toContain(wanted);
      await expect(told(ring)).rejects.toThrow(code("value_damaged"));
    },
  );

  it("takes neither the value of another row nor clear text for its own", async () => {
    await fill(ring, 0, 2);
    change("UPDATE alerts SET content = (SELECT content FROM alerts WHERE id = 'alert-1')");
    await expect(told(ring)).rejects.toThrow(code("value_damaged"));
    change("UPDATE alerts SET content = '{}'");
    await expect(told(ring)).rejects.toThrow(code("value_damaged"));
    change("UPDATE credentials SET password = 'un mot de passe à lui'");
    const reads = openSqliteReads(file, ring);
    await expect(reads.credentials(HERE, "a")).rejects.toThrow(code("value_damaged"));
    reads.close();
  });

  it("goes on beside a damaged row", async () => {
    await fill(ring);
    change("UPDATE alerts SET content = X'00' WHERE id = 'alert-0'");
    await fill(ring, 3, 1);
    expect((await told(ring).catch((error) => error.code)) as string).toBe("value_damaged");
    const reads = openSqliteReads(file, ring);
    expect(await reads.alert(HERE, "alert-3")).toMatchObject({ alert: { message: WORD } });
    reads.close();
  });

  it("keeps a used code used when credentials are put again with the same secret", async () => {
    await fill(ring, 0, 3);
    const store = open(ring);
    const credentials = { account: "a", password: "autre", totp: WORD, totpStep: 0 };
    await store.commit({ facility: HERE, at: NIGHT, writes: [{ write: "credentials", credentials }] });
    expect(await store.reads.credentials(HERE, "a")).toMatchObject({ totpStep: 2 });
    await store.close();
  });
});

describe("keys", () => {
  it("are put under another outer key while rows stay as they are, and only the new one opens then", async () => {
    await fill(ring);
    const before = await told(ring);
    const next = sampleRing("coffre-2027");
    const both = { current: next.current, keys: [...ring.keys, ...next.keys] };
    // A daemon holds it open meanwhile.
    const running = open(ring);
    expect(rotate(file, both)).toEqual(["coffre"]);
    await running.commit(everything(3));
    await running.close();
    expect(rotate(file, both)).toEqual([]);
    expect((await told(next)).notes.slice(0, 3)).toEqual(before.notes);
    expect(() => openSqliteReads(file, ring)).toThrow(code("store_key_unknown"));
    expect(verified(next)).toMatchObject({ ok: true });
  });

  it.each(["in clear", "encrypted, then changed beside a daemon that had begun to encrypt"])(
    "encrypt a record that was %s, and leave no word of it but in the copy",
    async (state) => {
      await fill(undefined);
      if (state !== "in clear") await fill(ring, 3, 2);
      const before = await told(state === "in clear" ? undefined : ring);
      expect(spoken()).not.toEqual([]);
      const { copy, rows } = reencrypt({ file, ring, clock, to: "sealed" });
      expect(rows).toBeGreaterThan(10);
      expect(spoken()).toEqual([copy?.slice(folder.length + 1)]);
      expect(await told(ring)).toEqual(before);
      expect(verified(ring)).toMatchObject({ ok: true });
      expect(() => openSqliteReads(file)).toThrow(code("store_sealed"));
      // Whole from now on: clear text is damage.
      change("UPDATE unsent SET content = 'clair'");
      await expect(told(ring)).rejects.toThrow(code("value_damaged"));
    },
  );

  it("are changed for a new data key, which leaves nothing under the former one", async () => {
    await fill(ring);
    const before = await told(ring);
    const stored = () => rawAlert();
    const [was] = [stored()];
    reencrypt({ file, ring, clock, to: "sealed" });
    expect(await told(ring)).toEqual(before);
    expect(Buffer.from(stored()).readUInt32BE(1)).toBe(Buffer.from(was).readUInt32BE(1) + 1);
    expect(readFileSync(file).includes(Buffer.from(was).subarray(17))).toBe(false);
    expect(verified(ring)).toMatchObject({ ok: true });
  });

  it("go on where they were cut off, and can be read at every moment in between", async () => {
    await fill(undefined, 0, 5);
    const before = await told(undefined);
    for (const units of [1, 2, 3]) {
      const crash = new Error("cut off");
      let left = units;
      const progress = () => {
        left -= 1;
        if (left === 0) throw crash;
      };
      expect(() => reencrypt({ file, ring, clock, to: "sealed", progress })).toThrow(crash);
      expect(await told(ring)).toEqual(before);
      expect(verified(ring)).toMatchObject({ ok: true });
    }
    reencrypt({ file, ring, clock, to: "sealed" });
    expect(await told(ring)).toEqual(before);
    expect(reencrypt({ file, ring, clock, to: "clear" })).toMatchObject({ copy: expect.any(String) });
    expect(await told(undefined)).toEqual(before);
    expect(verified()).toMatchObject({ ok: true });
  });

  it("cannot open a copy that was made under one that is lost", async () => {
    await fill(ring);
    const copy = join(folder, "copy.sqlite");
    copyFileSync(file, copy);
    rotate(file, { current: "b", keys: [...ring.keys, ...sampleRing("b").keys] });
    expect(() => openSqliteReads(copy, sampleRing("b"))).toThrow(code("store_key_unknown"));
    openSqliteReads(copy, ring).close();
  });
});

function rawAlert(): Uint8Array {
  const database = new DatabaseSync(file, { readOnly: true });
  const row = database.prepare("SELECT content FROM alerts ORDER BY first_detection LIMIT 1").get();
  database.close();
  return row?.content as Uint8Array;
}

/** Changes the file as somebody who has it would. */
function change(sql: string, table = ""): void {
  const database = new DatabaseSync(file);
  // Tables without a rowid are told by their key.
  const keyed = table === "journal_contents" ? sql.replaceAll("rowid", "seq") : sql;
  database.exec(`PRAGMA foreign_keys = OFF; ${keyed}`);
  database.close();
}
