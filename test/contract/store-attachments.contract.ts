import { createHash } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import type { Receipt, Store, Write } from "../../agent/store/store.ts";
import { NIGHT } from "../support/store-samples.ts";

/** What a test of the contract works with; each has its own facility. */
interface Bench {
  store: Store;
  here: string;
  there: string;
}

const PIECES = [Buffer.from([0, 1, 2, 250]), Buffer.from("fin")];
const WHOLE = Buffer.concat(PIECES);
const SHA256 = createHash("sha256").update(WHOLE).digest("hex");

/** The store's contract for the bytes of attachments. */
export function storeAttachmentsContract(bench: () => Bench): void {
  let store: Store;
  let here: string;
  let there: string;
  beforeEach(() => {
    ({ store, here, there } = bench());
  });

  const piece = (position: number, bytes: Uint8Array = PIECES[position] ?? Buffer.of()): Write => ({
    write: "attachment_piece",
    sha256: SHA256,
    position,
    bytes,
  });
  const keep = (size = WHOLE.length): Write => ({ write: "attachment", sha256: SHA256, size });
  const commit = (writes: Write[], at = NIGHT): Promise<Receipt> =>
    store.commit({ facility: here, at, writes });
  async function read(facility = here): Promise<Buffer> {
    const found: Uint8Array[] = [];
    for (let n = 0; ; n++) {
      const bytes = await store.reads.attachmentPiece(facility, SHA256, n);
      if (bytes === undefined) return Buffer.concat(found);
      found.push(bytes);
    }
  }

  describe("attachments", () => {
    it("gives back the bytes of what is kept, piece by piece, to its own facility only", async () => {
      await commit([piece(0)]);
      await commit([piece(1)]);
      expect((await commit([keep()])).outcome).toBe("committed");
      expect(await read()).toEqual(WHOLE);
      expect(await read(there)).toEqual(Buffer.of());
    });

    it("shows nothing of what is not kept yet, and journals nothing of it", async () => {
      await commit([piece(0)]);
      expect(await read()).toEqual(Buffer.of());
      expect(await store.reads.journal(here, 1, 10)).toEqual([]);
    });

    it.each<[string, Write[]]>([
      ["nothing was put", []],
      ["a piece is missing", [piece(0)]],
      ["a piece is another", [piece(0), piece(1, Buffer.from("fit"))]],
      ["there is a piece too many", [piece(0), piece(1), piece(2, Buffer.from("x"))]],
    ])("refuses to keep an attachment of which %s, with its whole unit", async (_, before) => {
      if (before.length > 0) await commit(before);
      const note: Write = { write: "note", what: "told", incident: null, content: {} };
      expect(await commit([note, keep()])).toMatchObject({ outcome: "conflict", write: 1 });
      expect(await read()).toEqual(Buffer.of());
      expect(await store.reads.journal(here, 1, 10)).toEqual([]);
    });

    it("refuses another size than that of its bytes, also once it is kept", async () => {
      await commit([piece(0), piece(1)]);
      expect((await commit([keep(6)])).outcome).toBe("conflict");
      await commit([keep()]);
      expect((await commit([keep(6)])).outcome).toBe("conflict");
    });

    it("refuses a piece of what was not begun", async () => {
      expect((await commit([piece(1)])).outcome).toBe("conflict");
    });

    it("is kept once, whoever attaches the same bytes again, and nothing overwrites it", async () => {
      await commit([piece(0), piece(1), keep()]);
      expect((await commit([piece(0, Buffer.from("autre chose")), piece(1), keep()])).outcome).toBe(
        "committed",
      );
      expect(await read()).toEqual(WHOLE);
    });

    const by = { account: "acc-1", name: "Rémi Roux" };
    const erase = (sha256 = SHA256): Write => ({
      write: "attachment_erasure",
      erased: { sha256, by, because: "Photo d'un patient." },
    });

    it("takes the bytes of what was kept away, with who and why in a journal that is signed at once", async () => {
      await commit([piece(0), piece(1), keep()]);
      expect(await store.reads.erasedAttachments(here, [SHA256])).toEqual([]);
      expect((await commit([erase()], NIGHT + 5)).outcome).toBe("committed");
      expect(await read()).toEqual(Buffer.of());
      const told = { sha256: SHA256, at: NIGHT + 5, by, because: "Photo d'un patient." };
      expect(await store.reads.erasedAttachments(here, ["0".repeat(64), SHA256, SHA256])).toEqual([told]);
      expect(await store.reads.erasedAttachments(there, [SHA256])).toEqual([]);
      const { head, checkpoint } = await store.reads.journalEnd(here);
      expect(checkpoint).toMatchObject({ seq: head?.seq, hash: head?.hash });
      const [entry] = await store.reads.journal(here, head?.seq ?? 0, 1);
      expect(entry).toMatchObject({ type: "note.erased", incident: null });
      expect(JSON.parse(entry?.content ?? "")).toEqual({
        entries: [],
        alerts: [],
        attachments: [SHA256],
        policy: "demande motivée",
        by,
        because: "Photo d'un patient.",
      });
    });

    it.each<[string, Write[]]>([
      ["is not there", []],
      ["no note keeps yet", [piece(0), piece(1)]],
      ["was erased before", [piece(0), piece(1), keep(), erase()]],
    ])("refuses to erase what %s, with its whole unit", async (_, before) => {
      if (before.length > 0) await commit(before);
      const length = (await store.reads.journal(here, 1, 10)).length;
      const note: Write = { write: "note", what: "told", incident: null, content: {} };
      expect(await commit([note, erase()])).toMatchObject({ outcome: "conflict", write: 1 });
      expect(await store.reads.journal(here, 1, 10)).toHaveLength(length);
    });

    it("never keeps again what was erased", async () => {
      await commit([piece(0), piece(1), keep(), erase()]);
      await commit([piece(0), piece(1)]);
      expect(await commit([keep()])).toMatchObject({
        outcome: "conflict",
        because: expect.stringContaining("erased"),
      });
      expect(await read()).toEqual(Buffer.of());
    });

    it("forgets after a day what no note kept, and never what one did", async () => {
      const other = createHash("sha256").update("b").digest("hex");
      const begin: Write = {
        write: "attachment_piece",
        sha256: other,
        position: 0,
        bytes: Buffer.from("b"),
      };
      await commit([piece(0), piece(1)]);
      await commit([begin, { write: "attachment", sha256: other, size: 1 }]);
      const later = NIGHT + MICROSECONDS.day + 1;
      const third = createHash("sha256").update("c").digest("hex");
      await commit(
        [{ write: "attachment_piece", sha256: third, position: 0, bytes: Buffer.from("c") }],
        later,
      );
      expect((await commit([keep()], later)).outcome).toBe("conflict");
      expect(await store.reads.attachmentPiece(here, other, 0)).toEqual(new Uint8Array(Buffer.from("b")));
    });
  });
}
