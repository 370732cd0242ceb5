import { beforeEach, describe, expect, it } from "vitest";
import type { PlannedErasure, Receipt, Store, Write } from "../../agent/store/store.ts";
import { NIGHT, record, samples } from "../support/store-samples.ts";

/** What a test of the contract works with; each has its own facility. */
interface Bench {
  store: Store;
  here: string;
  there: string;
}

/** The store's contract for what rules of conservation take away. */
export function storeRetentionContract(bench: () => Bench): void {
  let store: Store;
  let here: string;
  let there: string;
  let make: ReturnType<typeof samples>;
  beforeEach(() => {
    ({ store, here, there } = bench());
    make = samples();
  });

  const commit = (writes: Write[], at = NIGHT, facility = here): Promise<Receipt> =>
    store.commit({ facility, at, writes });
  const erase = (erasure: Omit<PlannedErasure, "policy">) =>
    commit([{ write: "erasure", erasure: { policy: "règle", ...erasure } }], NIGHT + 9);
  const note = (what: "told" | "signed_in", incident: string | null): Write => ({
    write: "note",
    what,
    incident,
    content: { what },
  });
  const erasures = async () => {
    const entries = await store.reads.journal(here, 1, 100);
    return entries.flatMap(({ type, content }) =>
      type === "note.erased" ? [JSON.parse(content ?? "")] : [],
    );
  };
  const contents = async () =>
    (await store.reads.journal(here, 1, 100)).map(({ content }) => content !== null);

  describe("an erasure by a rule", () => {
    it("takes content and salt of entries away with their rows, and declares it in a journal signed at once", async () => {
      const incident = make.incident();
      const { id } = incident;
      await commit([make.alert(), make.incidentPut(incident)]);
      await commit([{ write: "join", incident: id, detections: [1] }, note("told", id)]);
      const left = await store.reads.entriesLeft(here, id, 0, 10);
      expect(left.map(({ type }) => type)).toEqual(["incident.put", "joined", "note.told"]);
      expect(left[2]).toEqual({ seq: 4, type: "note.told", at: NIGHT, size: '{"what":"told"}'.length });
      await erase({ entries: [3, 2, 4, 4] });
      expect(await store.reads.entriesLeft(here, id, 0, 10)).toEqual([]);
      expect(await store.reads.record(here, "incident", id)).toBeUndefined();
      expect(await store.reads.detectionsOf(here, id, 10)).toEqual([]);
      expect((await store.reads.journalOf(here, id)).map(({ salt, content }) => [salt, content])).toEqual(
        Array(3).fill([null, null]),
      );
      expect(await erasures()).toEqual([{ entries: [2, 3, 4], alerts: [], policy: "règle" }]);
      const { head, checkpoint } = await store.reads.journalEnd(here);
      expect(checkpoint).toMatchObject({ seq: head?.seq, hash: head?.hash });
    });

    it("keeps a record whose earlier revisions go", async () => {
      const incident = make.incident();
      await commit([make.incidentPut(incident)]);
      await commit([make.incidentPut({ ...incident, because: "Autre." }, 2)]);
      await erase({ entries: [1] });
      expect((await store.reads.record(here, "incident", incident.id))?.content.because).toBe("Autre.");
      expect(await contents()).toEqual([false, true, true]);
    });

    it("declares alerts by the digests that the journal holds, and gives their numbers to nobody else", async () => {
      const [first, second] = [make.alert(), make.alert()];
      await commit([first, second]);
      const digests = JSON.parse((await store.reads.journal(here, 1, 1))[0]?.content ?? "").digests;
      await erase({ alerts: [second.alert.id, "unknown"] });
      expect(await erasures()).toEqual([{ entries: [], alerts: [digests[1]], policy: "règle" }]);
      await commit([make.alert()]);
      const seqs = (await store.reads.detectionsAfter(here, 0, 10)).map(({ detection }) => detection.seq);
      expect(seqs).toEqual([1, 3]);
    });

    it("repeated, writes nothing more", async () => {
      await commit([note("told", "i"), make.alert({ id: "a" })]);
      await erase({ entries: [1], alerts: ["a"] });
      const { head } = await store.reads.journalEnd(here);
      expect(await erase({ entries: [1], alerts: ["a"] })).toMatchObject({ outcome: "committed" });
      expect((await store.reads.journalEnd(here)).head).toEqual(head);
    });

    it.each(["an erasure", "the digests of alerts"])(
      "refuses to erase %s, with its whole unit",
      async (which) => {
        await commit([make.alert(), note("told", "i")]);
        await erase({ entries: [2] });
        const entries = which === "an erasure" ? [3] : [1];
        const done = await commit([
          note("told", "i"),
          { write: "erasure", erasure: { policy: "règle", entries } },
        ]);
        expect(done).toMatchObject({
          outcome: "conflict",
          write: 1,
          because: expect.stringContaining("never"),
        });
        expect(await contents()).toEqual([true, false, true]);
      },
    );

    it("touches nothing of another facility", async () => {
      await commit([note("told", "i")], NIGHT, there);
      await commit([note("told", "i"), note("told", "i")]);
      await erase({ entries: [1] });
      expect((await store.reads.journal(there, 1, 9)).map(({ content }) => content)).toEqual([
        '{"what":"told"}',
      ]);
    });

    it("ends what was planned for an incident, and the means of an account", async () => {
      const plan = (incident: string): Write => ({
        write: "plan",
        effect: { key: incident, kind: "clock", incident, due: NIGHT, payload: null },
      });
      const credentials = { account: "a1", password: "p", totp: "t", totpStep: 0 };
      await commit([
        ...[plan("i"), plan("j")],
        { write: "credentials", credentials },
        { write: "session", id: "s", content: "c", expires: NIGHT + 1, account: "a1" },
        { write: "ticket", hash: "h", account: "a1", expires: NIGHT + 1 },
      ]);
      await erase({ effectsOf: "i", meansOf: "a1" });
      expect(await store.reads.effectsOf(here, "i")).toEqual([]);
      expect(await store.reads.effectsOf(here, "j")).toHaveLength(1);
      expect(await store.reads.credentials(here, "a1")).toBeUndefined();
      expect(await store.reads.session(here, "s", NIGHT)).toBeUndefined();
      expect(await store.reads.ticket(here, "h", NIGHT)).toBeUndefined();
    });
  });

  describe("what a rule would take", () => {
    it("is told of traces of access by their time, whatever they are about, and of nothing else", async () => {
      await commit([note("signed_in", null), note("told", null)], NIGHT);
      await commit([note("signed_in", "i")], NIGHT + 2);
      await commit([note("signed_in", null)], NIGHT + 5);
      const left = (before: number, after = { at: 0, seq: 0 }) =>
        store.reads.accessLeft(here, { after, before, limit: 10 }).then((all) => all.map(({ seq }) => seq));
      expect(await left(NIGHT + 5)).toEqual([1, 3]);
      expect(await left(NIGHT + 6, { at: NIGHT + 2, seq: 3 })).toEqual([4]);
      await erase({ entries: [1] });
      expect(await left(NIGHT + 6)).toEqual([3, 4]);
    });

    it("is told of alerts that joined nothing, and not of those that another incident still holds", async () => {
      await commit([make.alert({ id: "a" }), make.alert({ id: "b" }), make.alert({ id: "c" }, 2)]);
      await commit([
        { write: "join", incident: "i", detections: [2, 3] },
        { write: "join", incident: "j", detections: [4] },
      ]);
      expect(await store.reads.unjoinedAlerts(here, { from: 1, to: 9 })).toEqual([{ id: "a", at: NIGHT }]);
      const left = async (released: string[]) =>
        (await store.reads.alertsLeft(here, "i", { released, limit: 9 })).map(({ alert }) => alert);
      expect(await left(["i"])).toEqual(["b"]);
      expect(await left(["i", "j"])).toEqual(["b", "c"]);
    });

    it("is told of refused records, which are forgotten 500 at once", async () => {
      const refused = (received: number): Write => ({
        write: "quarantine",
        entry: { source: "siem", received, code: "c", message: "m", sample: "s" },
      });
      await commit([refused(NIGHT), refused(NIGHT + 1), refused(NIGHT + 5)]);
      const before = { count: 2, oldest: NIGHT, newest: NIGHT + 1 };
      expect(await store.reads.quarantineBefore(here, NIGHT + 5)).toEqual(before);
      await commit([{ write: "quarantine_end", before: NIGHT + 5 }]);
      expect(await store.reads.quarantineBefore(here, NIGHT + 5)).toEqual({
        count: 0,
        oldest: null,
        newest: null,
      });
      expect(await store.reads.quarantine(here, 9)).toHaveLength(1);
    });

    it("is told of attachments that only what is released names", async () => {
      const sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
      const named = (incident: string) =>
        record({
          ...{ kind: "logbook", id: incident, revision: 1, incident, state: null },
          content: {
            ...{
              id: incident,
              incident,
              at: NIGHT,
              about: NIGHT,
              author: { account: "a", name: "A" },
              text: "",
            },
            attachments: [{ name: "x", type: "", size: 3, sha256 }],
          },
        });
      await commit([
        { write: "attachment_piece", sha256, position: 0, bytes: Buffer.from("abc") },
        { write: "attachment", sha256, size: 3 },
        ...[named("i"), named("j")],
      ]);
      expect(await store.reads.attachmentsLeft(here, [sha256, "0".repeat(64)])).toEqual([sha256]);
      await erase({ attachments: [sha256] });
      expect(await store.reads.attachmentsLeft(here, [sha256])).toEqual([]);
      expect(await store.reads.erasedAttachments(here, [sha256])).toEqual([
        { sha256, at: NIGHT + 9, by: { account: "", name: "" }, because: "règle" },
      ]);
    });
  });
}
