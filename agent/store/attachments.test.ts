import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NIGHT, record, samples, steppingClock } from "../../test/support/store-samples.ts";
import type { Delivery } from "../core/delivery.ts";
import type { Exchange } from "../core/exchange.ts";
import { sha256Hex } from "../core/sha256.ts";
import { verifyBundle, writeBundle } from "./bundle.ts";
import { checkpointsFileOf } from "./checkpoints.ts";
import { makeSigningKey, type SigningKey } from "./keys.ts";
import { openSqlite } from "./sqlite.ts";
import type { Store, Write } from "./store.ts";
import { verifyDatabase } from "./verify.ts";

const HERE = "ght-nord";
const FILES = [Buffer.from("capture d'écran"), Buffer.from([0xff, 0, 0x0a, 1, 2, 3])];
const [FIRST, SECOND] = FILES.map((bytes) => sha256Hex(bytes)) as [string, string];

/** An incident with one note and its two attachments, the second in two pieces; entries 1 and 2 of the journal. */
describe("attachments in the proof", () => {
  let folder: string;
  let origin: string;
  let key: SigningKey;
  let store: Store;
  let incident: string;
  let bundle: Buffer;
  let copies = 0;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-attached-"));
    origin = join(folder, "origin.db");
    key = makeSigningKey(join(folder, "key.pem"));
    store = openSqlite({ file: origin, signingKey: key, clock: steppingClock() });
    const make = samples();
    const ours = make.incident();
    incident = ours.id;
    const attachments = FILES.map((bytes, n) => ({
      name: `pièce ${n + 1}.bin`,
      type: "image/png",
      size: bytes.length,
      sha256: sha256Hex(bytes),
    }));
    const author = { account: "a1", name: "Anne Morel" };
    const content = { id: make.newId(), incident, at: NIGHT, about: NIGHT, author, text: "Vu.", attachments };
    const piece = (sha256: string, position: number, bytes: Uint8Array): Write => ({
      write: "attachment_piece",
      sha256,
      position,
      bytes,
    });
    const [first, second] = FILES as [Buffer, Buffer];
    const units: Write[][] = [
      [make.incidentPut(ours)],
      [piece(FIRST, 0, first)],
      [piece(SECOND, 0, second.subarray(0, 2)), piece(SECOND, 1, second.subarray(2))],
      [
        ...attachments.map(({ sha256, size }): Write => ({ write: "attachment", sha256, size })),
        record({ kind: "logbook", id: content.id, revision: 1, incident, state: null, content }),
      ],
      // Begun by somebody who left the form.
      [piece("ab".repeat(32), 0, Buffer.from("en cours"))],
    ];
    for (const writes of units) {
      const receipt = await store.commit({ facility: HERE, at: NIGHT, writes });
      if (receipt.outcome !== "committed") throw new Error(receipt.because);
    }
    await store.checkpoint(HERE);
    bundle = await write();
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const write = (reads = store.reads) =>
    writeBundle({ reads, facility: HERE, incident, created: NIGHT, exercise: false, key });
  const verdictOf = (bytes: Uint8Array) => verifyBundle(bytes, { publicKey: key.publicKey });

  function verifyAfter(sql: string) {
    const file = join(folder, `copy-${++copies}.db`);
    // Into the file itself, so that a copy of it is whole.
    const live = new DatabaseSync(origin);
    live.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    live.close();
    copyFileSync(origin, file);
    copyFileSync(checkpointsFileOf(origin), checkpointsFileOf(file));
    const database = new DatabaseSync(file);
    database.exec("PRAGMA foreign_keys = OFF");
    database.exec(sql);
    database.close();
    return verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
  }

  it("are whole while nobody touched them, whatever is being sent", () => {
    expect(verifyAfter("")).toMatchObject({ ok: true, facilities: [{ entries: 2, faults: 0 }] });
  });

  it.each([
    [
      "a byte changed",
      `UPDATE attachment_pieces SET bytes = X'00' WHERE sha256 = '${FIRST}'`,
      "attachment_differs",
    ],
    [
      "a piece taken away",
      `DELETE FROM attachment_pieces WHERE sha256 = '${SECOND}' AND position = 1`,
      "attachment_differs",
    ],
    [
      "a piece added",
      `INSERT INTO attachment_pieces VALUES ('${HERE}', '${FIRST}', 9, X'00', NULL)`,
      "attachment_differs",
    ],
    [
      "pieces exchanged",
      `UPDATE attachment_pieces SET position = 5 WHERE sha256 = '${SECOND}' AND position = 0`,
      "attachment_differs",
    ],
    ["another size", `UPDATE attachments SET size = 1 WHERE sha256 = '${FIRST}'`, "attachment_differs"],
    ["its bytes taken away", `DELETE FROM attachment_pieces WHERE sha256 = '${FIRST}'`, "attachment_missing"],
    ["it taken away", `DELETE FROM attachments WHERE sha256 = '${FIRST}'`, "attachment_missing"],
    [
      "it set back to what is not kept",
      `UPDATE attachments SET size = NULL WHERE sha256 = '${FIRST}'`,
      "attachment_missing",
    ],
  ])("show %s as tampering, at the entry of the note", (_, sql, code) => {
    const report = verifyAfter(sql);
    expect(report.ok).toBe(false);
    expect(report.facilities[0]?.firstBroken).toMatchObject({ seq: 2, code });
  });

  it("show one that no note names", () => {
    const report = verifyAfter(
      `INSERT INTO attachments VALUES ('${HERE}', '${"cd".repeat(32)}', 0, 3, NULL)`,
    );
    expect(report.facilities[0]?.firstBroken).toMatchObject({ code: "attachment_extra" });
  });

  it("leave with the bundle, each as a line of base64 after the JSON, and are read from it", () => {
    expect(verdictOf(bundle)).toMatchObject({ ok: true, attachments: 2, faults: 0 });
    const [, ...lines] = bundle.toString().split("\n");
    const read = lines.slice(0, -1).map((line) => Buffer.from(line, "base64"));
    expect(read.map((bytes) => sha256Hex(bytes))).toEqual([FIRST, SECOND].sort());
  });

  it("cannot be changed in a bundle by a byte, cut, added to or exchanged", () => {
    const json = bundle.indexOf(0x0a) + 1;
    for (let at = json; at < bundle.length; at++) {
      const changed = Buffer.from(bundle);
      changed[at] = (changed[at] as number) ^ 1;
      expect(verdictOf(changed)).toMatchObject({ ok: false, unreadable: "bundle_attachments" });
      expect(verdictOf(bundle.subarray(0, at))).toMatchObject({ unreadable: "bundle_attachments" });
    }
    const [first = "", ...lines] = bundle.toString().split("\n");
    for (const other of [[...lines, ""], lines.slice(0, -1).reverse().concat(""), ["", ...lines]])
      expect(verdictOf(Buffer.from([first, ...other].join("\n")))).toMatchObject({
        unreadable: "bundle_attachments",
      });
  });

  it("are missed in a bundle that was written without the bytes that a note names", async () => {
    const reads = { ...store.reads, attachmentPiece: async () => undefined };
    expect(verdictOf(await write(reads))).toMatchObject({
      ok: false,
      attachments: 0,
      firstBroken: { code: "attachment_missing" },
    });
  });
});

describe("files of other records than notes", () => {
  const make = samples();
  const [message, sent, receipt] = ["message", "sent", "receipt"].map((text) => Buffer.from(text));
  const named = (bytes: Buffer | undefined) => ({
    name: "piece",
    type: "text/plain",
    size: bytes?.length ?? 0,
    sha256: sha256Hex(bytes ?? ""),
  });
  const keep = (bytes: Buffer | undefined): Write[] => [
    { write: "attachment_piece", sha256: named(bytes).sha256, position: 0, bytes: bytes ?? Buffer.alloc(0) },
    { write: "attachment", sha256: named(bytes).sha256, size: bytes?.length ?? 0 },
  ];

  it("are verified and leave with the bundle: of an exchange, and what a delivery sent and received", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tocsin-named-"));
    const file = join(folder, "tocsin.db");
    const key = makeSigningKey(join(folder, "key.pem"));
    const store = openSqlite({ file, signingKey: key, clock: steppingClock() });
    const ours = make.incident();
    const by = { account: "a1", name: "Anne Morel" };
    const exchange: Exchange = {
      id: make.newId(),
      incident: ours.id,
      thread: "t",
      party: "cert_sante",
      name: "",
      direction: "received",
      at: NIGHT,
      way: "mail",
      kind: "other",
      subject: "Reçu",
      text: "",
      attachments: [named(message)],
      state: "recorded",
      written: NIGHT,
      by,
    };
    const delivery: Delivery = {
      id: make.newId(),
      incident: ours.id,
      declaration: "d",
      version: 1,
      sha256: "",
      kind: "declaration",
      channel: "portail",
      reach: "authority",
      state: "delivered",
      attempts: [{ at: NIGHT, outcome: "delivered", because: "Reçu", sent: named(sent) }],
      reference: "S-1",
      planned: NIGHT,
      settled: NIGHT,
      exercise: false,
      receipts: [named(receipt)],
    };
    const told = { revision: 1, incident: ours.id };
    const writes: Write[] = [
      make.incidentPut(ours),
      ...[message, sent, receipt].flatMap(keep),
      record({ kind: "exchange", id: exchange.id, state: exchange.state, content: exchange, ...told }),
      record({ kind: "delivery", id: delivery.id, state: delivery.state, content: delivery, ...told }),
    ];
    expect(await store.commit({ facility: HERE, at: NIGHT, writes })).toMatchObject({ outcome: "committed" });
    await store.checkpoint(HERE);
    const input = {
      reads: store.reads,
      facility: HERE,
      incident: ours.id,
      created: NIGHT,
      exercise: false,
      key,
    };
    const bundle = await writeBundle(input);
    // Nobody approved what this delivery sent: that is all that is wrong with it.
    expect(verifyBundle(bundle, { publicKey: key.publicKey })).toMatchObject({
      attachments: 3,
      faults: 1,
      firstBroken: { code: "delivery_unapproved" },
    });
    await store.close();
    const check = () => verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
    expect(check()).toMatchObject({ ok: true });
    for (const bytes of [message, sent, receipt]) {
      const { sha256 } = named(bytes);
      const live = new DatabaseSync(file);
      live.exec(`UPDATE attachment_pieces SET bytes = X'00' WHERE sha256 = '${sha256}'`);
      live.close();
      expect(check().facilities[0]?.firstBroken).toMatchObject({ code: "attachment_differs" });
      const back = new DatabaseSync(file);
      back.prepare("UPDATE attachment_pieces SET bytes = ? WHERE sha256 = ?").run(bytes ?? null, sha256);
      back.close();
    }
    rmSync(folder, { recursive: true });
  });
});

describe("an attachment that was erased", () => {
  let folder: string;
  let file: string;
  let key: SigningKey;
  let store: Store;
  const make = samples();
  const incidents: string[] = [];
  const [bytes, other] = [Buffer.from("photo d'un patient ".repeat(4000)), Buffer.from("autre pièce")];
  const because = "Photo d'un patient, jointe par erreur.";

  const write = (writes: Write[]) => store.commit({ facility: HERE, at: NIGHT, writes });
  async function attach(...files: Buffer[]): Promise<string> {
    const ours = make.incident();
    const attachments = files.map((each, n) => ({
      name: `${n}.jpg`,
      type: "image/jpeg",
      size: each.length,
      sha256: sha256Hex(each),
    }));
    const author = { account: "a1", name: "Anne Morel" };
    const told = { at: NIGHT, about: NIGHT, author, text: "Vu.", attachments };
    const content = { id: make.newId(), incident: ours.id, ...told };
    await write([
      make.incidentPut(ours),
      ...attachments.flatMap(({ sha256, size }, n): Write[] => [
        { write: "attachment_piece", sha256, position: 0, bytes: files[n] as Buffer },
        { write: "attachment", sha256, size },
      ]),
      record({ kind: "logbook", id: content.id, revision: 1, incident: ours.id, state: null, content }),
    ]);
    return ours.id;
  }
  const erase = () =>
    write([
      {
        write: "attachment_erasure",
        erased: { sha256: sha256Hex(bytes), by: { account: "a2", name: "Rémi Roux" }, because },
      },
    ]);
  const verified = () => verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
  const change = (sql: string) => {
    const database = new DatabaseSync(file);
    database.exec(`PRAGMA foreign_keys = OFF; ${sql}`);
    database.close();
  };
  const bundle = async (incident: string) => {
    const input = { reads: store.reads, facility: HERE, incident, created: NIGHT, exercise: false, key };
    return verifyBundle(await writeBundle(input), { publicKey: key.publicKey });
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-erased-"));
    file = join(folder, "tocsin.db");
    key = makeSigningKey(join(folder, "key.pem"));
    store = openSqlite({ file, signingKey: key, clock: steppingClock() });
    incidents.splice(0, 2, await attach(bytes, other), await attach(bytes));
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it("leaves the journal intact from the first instant, and says what it proves no more", async () => {
    await erase();
    const report = verified();
    expect(report).toMatchObject({ ok: true, facilities: [{ faults: 0, attachmentsGone: 1 }] });
    expect(report.cannotProve.map(({ code }) => code)).toContain("attachments_gone");
  });

  it("leaves none of its bytes in the files", async () => {
    const holds = () =>
      [file, `${file}-wal`].some(
        (each) => existsSync(each) && readFileSync(each).includes("d'un patient photo"),
      );
    expect(holds()).toBe(true);
    await erase();
    expect(holds()).toBe(false);
  });

  it.each([
    ["another one taken away too", `DELETE FROM attachment_pieces`, "attachment_missing"],
    [
      "its bytes put back",
      `INSERT INTO attachment_pieces SELECT facility, '${sha256Hex(bytes)}', 0, X'00', NULL FROM attachments LIMIT 1`,
      "attachment_stays",
    ],
    ["its row saying another entry", "UPDATE attachments SET erased = 1", "attachment_differs"],
    ["its row saying none", "UPDATE attachments SET erased = NULL", "attachment_differs"],
    [
      "its row taken away",
      `DELETE FROM attachments WHERE sha256 = '${sha256Hex(bytes)}'`,
      "attachment_missing",
    ],
    [
      "the words of the declaration taken away",
      "DELETE FROM journal_contents WHERE seq IN (SELECT erased FROM attachments)",
      "attachment_differs",
    ],
  ])("shows %s as tampering", async (_, sql, code) => {
    await erase();
    change(sql);
    expect(verified().facilities[0]?.firstBroken).toMatchObject({ code });
  });

  it("is explained in the bundle of each incident that had it", async () => {
    await erase();
    for (const [n, incident] of incidents.entries()) {
      const verdict = await bundle(incident);
      expect(verdict).toMatchObject({ ok: true, attachments: 1 - n, faults: 0 });
      expect("cannotProve" in verdict && verdict.cannotProve.map(({ code }) => code)).toContain(
        "attachments_gone",
      );
    }
  });
});
