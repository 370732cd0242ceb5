import { beforeEach, describe, expect, it } from "vitest";
import type { NoteKind } from "../../agent/core/journal.ts";
import type { Store, Write } from "../../agent/store/store.ts";
import { NIGHT, samples } from "../support/store-samples.ts";

/** The store's contract for its journal. */
export function storeJournalContract(bench: () => { store: Store; here: string; there: string }): void {
  let store: Store;
  let make: ReturnType<typeof samples>;
  let here: string;
  let there: string;
  beforeEach(() => {
    ({ store, here, there } = bench());
    make = samples();
  });
  const commit = (writes: Write[]) => store.commit({ facility: here, at: NIGHT, writes });

  describe("journal", () => {
    it("holds one entry for all the alerts that a unit stores, and one for each record", async () => {
      const incident = make.incident();
      await commit([make.alert(), make.incidentPut(incident), make.alert(), make.alert()]);
      const entries = await store.reads.journal(here, 1, 10);
      expect(entries.map(({ seq, type, incident }) => [seq, type, incident])).toEqual([
        [1, "alerts", null],
        [2, "incident.put", incident.id],
      ]);
      expect(JSON.parse(entries[0]?.content ?? "").digests).toHaveLength(3);
      expect((await store.reads.journalOf(here, incident.id)).map(({ seq }) => seq)).toEqual([2]);
    });

    it("links its entries", async () => {
      await commit([{ write: "note", what: "told", incident: null, content: { a: 1 } }]);
      await commit([{ write: "note", what: "unmasked", incident: "i1", content: { b: 2 } }]);
      const [one, two] = await store.reads.journal(here, 1, 10);
      expect(one).toMatchObject({ type: "note.told", previous: "0".repeat(64), content: '{"a":1}' });
      expect(two?.previous).toBe(one?.hash);
      expect(one?.salt).not.toBe(two?.salt);
      expect(await store.reads.journal(here, 2, 10)).toEqual([two]);
    });

    it("signs a head once and refuses to sign nothing", async () => {
      expect(await store.checkpoint(here)).toBeUndefined();
      await commit([make.alert()]);
      const checkpoint = await store.checkpoint(here);
      expect(checkpoint).toMatchObject({ facility: here, seq: 1 });
      expect(await store.checkpoint(here)).toEqual(checkpoint);
      expect(await store.reads.checkpoints(here)).toEqual([checkpoint]);
    });

    it("gives what changed since an entry, each record once, at its present revision", async () => {
      const incident = make.incident({ id: "i1", reference: "2026-0001" });
      await commit([make.incidentPut(incident), { write: "note", what: "told", incident: null, content: 1 }]);
      const first = await store.reads.changedSince(here, 0, 10);
      expect(first).toMatchObject([{ kind: "incident", id: "i1", revision: 1, entry: 1, created: 1 }]);
      await commit([make.incidentPut({ ...incident, because: "other" }, 2)]);
      const [changed, ...more] = await store.reads.changedSince(here, 2, 10);
      expect(changed).toMatchObject({ revision: 2, entry: 3, created: 1, content: { because: "other" } });
      expect(more).toEqual([]);
      expect(await store.reads.changedSince(here, 3, 10)).toEqual([]);
      expect(await store.reads.changedSince(there, 0, 10)).toEqual([]);
      const touched = { kind: "incident", id: "i1", revision: 2, incident: "i1", entry: 3 };
      expect(await store.reads.touchedSince(here, 2, 10)).toEqual([touched]);
      expect(await store.reads.touchedSince(here, 3, 10)).toEqual([]);
      expect(await store.reads.touchedSince(there, 0, 10)).toEqual([]);
    });

    it("gives the entries about the house of some types and of a time, the latest of them, in order", async () => {
      const note = (what: NoteKind, incident: string | null): Write => ({
        ...{ write: "note", what, incident, content: what },
      });
      await commit([
        make.alert(),
        note("rules", null),
        note("told", null),
        note("rules", "i1"),
        note("rules", null),
      ]);
      const asked = { types: ["note.rules", "note.settings"], from: NIGHT, before: NIGHT + 1, limit: 10 };
      const seqs = async (over: object) =>
        (await store.reads.journalOfHouse(here, { ...asked, ...over })).map(({ seq }) => seq);
      expect(await seqs({})).toEqual([2, 5]);
      expect(await seqs({ limit: 1 })).toEqual([5]);
      expect(await seqs({ from: NIGHT + 1, before: NIGHT + 2 })).toEqual([]);
      expect(await seqs({ before: NIGHT })).toEqual([]);
    });

    it("tells the journal's end and the last signed head", async () => {
      expect(await store.reads.journalEnd(here)).toEqual({ head: null, checkpoint: null });
      await commit([make.alert()]);
      const checkpoint = await store.checkpoint(here);
      await commit([make.alert()]);
      expect(await store.reads.journalEnd(here)).toMatchObject({ head: { seq: 2, at: NIGHT }, checkpoint });
    });

    it("gives the stored bytes of an incident's alerts with their place in the journal", async () => {
      await commit([make.alert(), make.alert({}, 2)]);
      await commit([{ write: "join", incident: "i1", detections: [2, 3] }]);
      const evidence = await store.reads.evidenceOf(here, "i1", 10);
      expect(evidence).toHaveLength(1);
      expect(evidence[0]).toMatchObject({ entry: 1, position: 1 });
    });
  });
}
