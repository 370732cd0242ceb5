import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { GENESIS, type JournalEntry } from "../../core/journal.ts";
import { entryFault } from "../proof.ts";
import { type Chain, type EntryRow, openChain } from "./chain.ts";
import { atOnce, type Sql, type Statement } from "./sql.ts";

const HERE = "ght-nord";
const NOTE = { type: "note.told", at: 5, incident: "incident-1", content: '{"copies":1}' };
const ALERTS = { type: "alerts", at: 7, incident: null, content: '{"digests":["aa","bb"]}' };
const shown = ({ type, at, incident, content }: EntryRow) => ({ type, at, incident, content });
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** A record that holds what `rows` say of journals, cursors and alerts, and the chain opened on it. */
function openedOn(rows = "") {
  const database = new DatabaseSync(":memory:");
  database.exec(`CREATE TABLE journal (facility TEXT, seq INTEGER, hash TEXT);
    CREATE TABLE cursors (facility TEXT, name TEXT, position INTEGER);
    CREATE TABLE alerts (facility TEXT, first_detection INTEGER, detections INTEGER); ${rows}`);
  const written: EntryRow[][] = [];
  const asked = (text: string): Pick<Statement, "get"> => ({
    // biome-ignore lint/correctness/useYield: this engine answers at once
    *get(...values) {
      return database.prepare(text).get(...values);
    },
  });
  const chain: Chain = atOnce(
    openChain(
      asked as unknown as Sql,
      // biome-ignore lint/correctness/useYield: this engine answers at once
      function* (entries) {
        written.push([...entries]);
      },
      HERE,
    ),
  );
  return { chain, written, flush: () => atOnce(chain.flush()) };
}

/** The first thing wrong with each entry, read from one hash on. */
function faultsIn(rows: readonly EntryRow[], from: string): (string | undefined)[] {
  let previous = from;
  return rows.map((row) => {
    const wrong = entryFault(row as JournalEntry, previous);
    previous = row.hash;
    return wrong;
  });
}

describe("openChain", () => {
  it("begins an empty journal at its first entry, detections at 1", () => {
    const { chain } = openedOn();
    expect(chain.head()).toEqual({ seq: 0, hash: GENESIS });
    expect([chain.detections(3), chain.detections(1), chain.detections(2)]).toEqual([1, 4, 5]);
  });

  it("goes on after the last entry of its own facility", () => {
    const { chain } = openedOn(`INSERT INTO journal VALUES
      ('${HERE}', 1, 'a'), ('${HERE}', 9, 'c'), ('${HERE}', 8, 'b'), ('else', 20, 'd')`);
    expect(chain.head()).toEqual({ seq: 9, hash: "c" });
  });

  it.each([
    ["after the last alert's, an alert without any included", "", 12],
    ["after those that were erased", `('${HERE}', 'erased_detections', 30)`, 30],
    ["where alerts go further than what was erased", `('${HERE}', 'erased_detections', 4)`, 12],
    ["whatever other cursors say", `('${HERE}', 'else', 50), ('else', 'erased_detections', 50)`, 12],
  ])("numbers detections %s", (_where, cursors, first) => {
    const { chain } = openedOn(`INSERT INTO alerts VALUES
        ('${HERE}', 1, 1), ('${HERE}', 10, 0), ('${HERE}', 10, 2), ('${HERE}', 2, 5), ('else', 90, 9);
      ${cursors && `INSERT INTO cursors VALUES ${cursors};`}`);
    expect(chain.detections(1)).toBe(first);
  });
});

describe("flush", () => {
  it("writes entries that each bind the one before, salted anew, and says how many", () => {
    const head = sha256("before");
    const { chain, written, flush } = openedOn(`INSERT INTO journal VALUES ('${HERE}', 4, '${head}')`);
    expect([chain.append(NOTE), chain.append({ ...NOTE, incident: null }), flush()]).toEqual([5, 6, 2]);
    const [rows = []] = written;
    expect(rows.map(shown)).toEqual([NOTE, { ...NOTE, incident: null }]);
    expect(rows.map(({ facility, seq }) => [facility, seq])).toEqual([
      [HERE, 5],
      [HERE, 6],
    ]);
    expect(rows[0]?.previous).toBe(head);
    expect(faultsIn(rows, head)).toEqual([undefined, undefined]);
    expect(rows[0]?.salt).not.toBe(rows[1]?.salt);
    expect(chain.head()).toEqual({ seq: 6, hash: rows[1]?.hash });
  });

  it("goes on from what it wrote, with nothing of it left", () => {
    const { chain, written, flush } = openedOn();
    chain.append(NOTE);
    chain.digest("aa", 7);
    flush();
    chain.digest("cc", 8);
    expect([chain.append(NOTE), flush()]).toEqual([4, 2]);
    expect(written.map((rows) => rows.length)).toEqual([2, 2]);
    expect(written[1]?.map(shown)).toEqual([{ ...ALERTS, at: 8, content: '{"digests":["cc"]}' }, NOTE]);
    expect(faultsIn(written.flat(), GENESIS)).toEqual([undefined, undefined, undefined, undefined]);
    expect(written.flat().map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  });

  it("writes nothing when there is nothing", () => {
    const { chain, written, flush } = openedOn();
    expect([flush(), written, chain.head()]).toEqual([0, [], { seq: 0, hash: GENESIS }]);
  });
});

describe("digest", () => {
  it("gathers the alerts of a group in one entry, where the first of them stands", () => {
    const { chain, written, flush } = openedOn();
    chain.append(NOTE);
    expect([chain.digest("aa", 7), chain.append(NOTE), chain.digest("bb", 8)]).toEqual([
      { seq: 2, position: 0 },
      3,
      { seq: 2, position: 1 },
    ]);
    expect(flush()).toBe(3);
    expect(written[0]?.map(shown)).toEqual([NOTE, ALERTS, NOTE]);
    expect(faultsIn(written.flat(), GENESIS)).toEqual([undefined, undefined, undefined]);
  });
});

describe("mark", () => {
  it("takes back what a unit in conflict added, and only that", () => {
    const { chain, written, flush } = openedOn();
    chain.append(NOTE);
    chain.digest("aa", 7);
    chain.detections(2);
    const back = chain.mark();
    chain.append({ ...NOTE, incident: "incident-2" });
    chain.digest("cc", 8);
    chain.detections(5);
    back();
    expect([chain.digest("bb", 9), chain.detections(1)]).toEqual([{ seq: 2, position: 1 }, 3]);
    expect([flush(), written[0]?.map(shown)]).toEqual([2, [NOTE, ALERTS]]);
  });

  it("takes back the first alert of a group with its entry", () => {
    const { chain, written, flush } = openedOn();
    const back = chain.mark();
    chain.digest("aa", 7);
    back();
    expect([chain.append(NOTE), flush(), written[0]?.map(shown)]).toEqual([1, 1, [NOTE]]);
  });
});
