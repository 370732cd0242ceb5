import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sampleRing } from "../../test/support/key-ring.ts";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { HERE, rehash, sql, tamperedRecord } from "../../test/support/tampered-record.ts";
import { checkpointsFileOf } from "./checkpoints.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store } from "./store.ts";
import { type VerifyReport, verifyDatabase } from "./verify.ts";

const record = tamperedRecord();
const here = ({ facilities }: VerifyReport) => facilities.find(({ facility }) => facility === HERE);
const verified = (tamper: (database: DatabaseSync, file: string) => void) =>
  here(record().verifyAfter(tamper));
const counted = (...tamper: Parameters<typeof verified>) => verified(...tamper)?.faults;

/** Changes the content of an entry and hashes all again from another, as whoever has the file but no key can. */
const forged = (content: number, from: number) => (database: DatabaseSync) => {
  database.exec(
    `UPDATE journal_contents SET content = content || ' ' WHERE facility = '${HERE}' AND seq = ${content}`,
  );
  rehash(database, from);
};
/** Takes away the checkpoints from an entry on, in the table and in the file beside it. */
const unsigned =
  (from: number, tamper: (database: DatabaseSync) => void) => (database: DatabaseSync, file: string) => {
    database.exec(`DELETE FROM checkpoints WHERE seq >= ${from}`);
    writeFileSync(checkpointsFileOf(file), "");
    database.exec(`DELETE FROM checkpoints WHERE facility <> '${HERE}'`);
    tamper(database);
  };

describe("what is told of a journal", () => {
  it("is its last entry, the last signed head that holds, and what is gone", () => {
    let head: unknown;
    let at: unknown;
    const report = verified((database) => {
      head = database.prepare("SELECT hash FROM journal WHERE facility = ? AND seq = 8").get(HERE)?.hash;
      at = database.prepare("SELECT at FROM checkpoints WHERE facility = ? AND seq = 8").get(HERE)?.at;
    });
    expect(report).toStrictEqual({
      facility: HERE,
      entries: 8,
      head,
      checkpoint: { seq: 8, at },
      faults: 0,
      erased: 0,
      alertsGone: 0,
      attachmentsGone: 0,
    });
  });

  it("is nothing where no entry and no signed head is left", () => {
    const report = verified(unsigned(1, sql("DELETE FROM journal")));
    expect(report).toMatchObject({ entries: 0, head: null, checkpoint: null });
  });
});

describe("a chain that was tampered with", () => {
  it.each([
    ["one entry", "= 6", { seq: 6, code: "entry_missing" }],
    ["several", "IN (6, 7)", { seq: 6, through: 7, code: "entry_missing" }],
  ])("is told to lack %s, from where to where", (_what, which, fault) => {
    const because = "cette entrée manque";
    const report = verified(sql(`DELETE FROM journal WHERE facility = '${HERE}' AND seq ${which}`));
    expect(report?.firstBroken).toStrictEqual({ ...fault, because });
  });

  it("is told not to follow what comes before, where an entry names another", () => {
    const report = verified(sql(`UPDATE journal SET previous = hash WHERE facility = '${HERE}' AND seq = 6`));
    expect(report?.firstBroken).toMatchObject({ seq: 6, code: "entry_link" });
  });

  it("is told once for an entry that is missing: the one after it follows what it names", () => {
    // Besides the entry: the declaration it described, and the content it had.
    expect(counted(sql(`DELETE FROM journal WHERE facility = '${HERE}' AND seq = 6`))).toBe(3);
  });

  it("is told to contradict a signed head, unless an entry found broken since the head before explains it", () => {
    const because =
      "le journal a été réécrit : il contredit un point de contrôle signé (point de contrôle n° 8)";
    const head = { seq: 6, through: 8, code: "chain_forged", because };
    // Once by the table of heads, once by the file beside it.
    expect(verified(forged(8, 8))).toMatchObject({ firstBroken: head, faults: 2 });
    // Broken at the signed head itself: what comes after it is not explained by that.
    const broken = sql(
      `UPDATE journal_contents SET content = content || ' ' WHERE facility = '${HERE}' AND seq = 5`,
    );
    const alone = counted(broken) ?? 0;
    const both = counted((database) => {
      broken(database);
      forged(8, 8)(database);
    });
    expect(both).toBe(alone + 2);
  });

  it.each([
    ["broken", `UPDATE journal SET previous = hash WHERE facility = '${HERE}' AND seq = 6`],
    ["missing", `DELETE FROM journal WHERE facility = '${HERE}' AND seq = 6`],
  ])("is not told to contradict a signed head as well where an entry is %s", (_what, tamper) => {
    const both = counted((database) => {
      database.exec(tamper);
      forged(8, 8)(database);
    });
    expect(both).toBe(counted(sql(tamper)));
  });

  it("says nothing of the tables by a content that was altered, or by an entry that cannot be hashed", () => {
    // The content itself, and the row that it accounts for no more.
    expect(
      counted(sql(`UPDATE journal_contents SET content = '{}' WHERE facility = '${HERE}' AND seq = 7`)),
    ).toBe(2);
    expect(counted(sql(`UPDATE journal SET at = 9e999 WHERE facility = '${HERE}' AND seq = 7`))).toBe(1);
  });

  it.each([
    ["whose content is none", forgedText("{"), 7, "entry_unreadable"],
    [
      "that cannot be read",
      sql("UPDATE journal SET at = 9007199254740993 WHERE seq = 7"),
      7,
      "entry_unreadable",
    ],
  ])("is told to be unreadable at an entry %s", (_what, tamper, seq, code) => {
    const because = expect.stringMatching(/^elle est illisible \(.+\)$/);
    expect(verified(unsigned(6, tamper))?.firstBroken).toEqual({ seq, code, because });
  });

  it.each([
    ["whose row is gone", "DELETE FROM checkpoints", "checkpoint_removed"],
    ["of another key", "UPDATE checkpoints SET signer = '0000000000000000'", "checkpoint_key"],
    ["whose date was changed", "UPDATE checkpoints SET at = at + 1", "checkpoint_signature"],
  ])("takes no signed head %s for one", (_what, text, code) => {
    const found = verified(sql(`${text} WHERE facility = '${HERE}' AND seq = 5`));
    expect(found?.firstBroken).toMatchObject({ seq: 5, code });
  });

  it("takes no head that cannot be read for signed", () => {
    const found = verified(sql(`UPDATE checkpoints SET at = 9e999 WHERE facility = '${HERE}' AND seq = 5`));
    expect(found?.firstBroken).toMatchObject({ seq: 5, code: "checkpoint_signature" });
  });
});

/** Writes something else in place of the decision, and hashes all again. */
function forgedText(text: string) {
  return (database: DatabaseSync) => {
    database.exec(`UPDATE journal_contents SET content = '${text}' WHERE facility = '${HERE}' AND seq = 7`);
    rehash(database, 7);
  };
}

describe("an encrypted journal without its key", () => {
  let file: string;
  beforeAll(async () => {
    file = join(record().folder, "encrypted.db");
    const { key: signingKey } = record();
    const store = openSqlite({ file, signingKey, clock: steppingClock(), ring: sampleRing() });
    const make = samples();
    await store.commit({
      facility: HERE,
      at: NIGHT,
      writes: [make.alert(), make.incidentPut(make.incident())],
    });
    await store.close();
  });
  afterAll(() => rmSync(file));

  it("is proven as far as its chain and signatures go, its contents passed over", () => {
    const report = verifyDatabase(file, record().key.publicKey, checkpointsFileOf(file));
    expect(report).toMatchObject({
      ok: true,
      facilities: [{ entries: 2, faults: 0, erased: 0, checkpoint: { seq: 2 } }],
    });
  });
});

describe("a content that the journal declares erased", () => {
  let store: Store;
  let files = 0;
  let file: string;
  beforeEach(async () => {
    file = join(record().folder, `erased-${++files}.db`);
    store = openSqlite({ file, signingKey: record().key, clock: steppingClock() });
    const note = { write: "note", incident: null } as const;
    const content = { entries: [2], alerts: [], policy: "notes, 13 mois" };
    for (const [what, said] of [
      ["told", 1],
      ["told", 2],
      ["erased", content],
    ] as const)
      await store.commit({ facility: HERE, at: NIGHT, writes: [{ ...note, what, content: said }] });
  });
  afterEach(() => store.close());

  const found = async (text: string, signed = true) => {
    if (signed) await store.checkpoint(HERE);
    const database = new DatabaseSync(file);
    database.exec(text);
    database.close();
    return here(verifyDatabase(file, record().key.publicKey, checkpointsFileOf(file)));
  };
  const GONE = "DELETE FROM journal_contents WHERE seq = 2;";
  const removed = { seq: 2, code: "content_removed" };

  it("is counted once it is gone", async () => {
    expect(await found("")).toMatchObject({ faults: 0, erased: 0 });
    expect(await found(GONE)).toMatchObject({ faults: 0, erased: 1 });
  });

  it.each([
    ["is not signed", GONE, false],
    ["was altered", `${GONE} UPDATE journal_contents SET content = content || ' ' WHERE seq = 3`, true],
    ["cannot be read", `${GONE} UPDATE journal SET at = 9007199254740993 WHERE seq = 3`, true],
    ["names another", `${GONE} DELETE FROM journal_contents WHERE seq = 1`, true],
  ])("was taken away where what declares it %s", async (what, text, signed) => {
    const first = what === "names another" ? { ...removed, seq: 1 } : removed;
    expect((await found(text, signed))?.firstBroken).toMatchObject(first);
  });
});
