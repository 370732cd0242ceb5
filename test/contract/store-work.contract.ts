import { beforeEach, describe, expect, it } from "vitest";
import type { Effect } from "../../agent/core/effect.ts";
import type { Receipt, Store, Write } from "../../agent/store/store.ts";
import { NIGHT } from "../support/store-samples.ts";

const COMMITTED: Receipt = { outcome: "committed", alerts: [] };

/** What a test of the contract works with; each has its own facility. */
interface Bench {
  store: Store;
  here: string;
  commit(writes: Write[]): Promise<Receipt>;
}

/** The store's contract for what is not record: effects, credentials, sessions, tickets, refused input. */
export function storeWorkContract(bench: () => Bench): void {
  let store: Store;
  let here: string;
  let commit: Bench["commit"];
  beforeEach(() => {
    ({ store, here, commit } = bench());
  });

  describe("effects", () => {
    const plan = (key: string, due = NIGHT, payload: unknown = { to: "anne" }): Write => ({
      write: "plan",
      effect: { key, kind: "notify", incident: "i1", due, payload },
    });
    const claim = (key: string, fence: number): Write => ({ write: "claim", key, fence, owner: "main-1" });
    const settle = (key: string, fence: number, state: Effect["state"], due?: number): Write => ({
      write: "settle",
      key,
      fence,
      state,
      because: "said so",
      ...(due === undefined ? {} : { due }),
    });
    const effect = async (key: string) =>
      (await store.reads.effectsOf(here, "i1")).find((candidate) => candidate.key === key);

    it("plans a key once: a second plan changes nothing", async () => {
      await commit([plan("n1")]);
      expect(await commit([plan("n1", NIGHT + 5, { to: "other" })])).toEqual(COMMITTED);
      expect(await effect("n1")).toEqual({
        key: "n1",
        kind: "notify",
        incident: "i1",
        due: NIGHT,
        state: "planned",
        attempt: 0,
        owner: null,
        fence: 0,
        payload: { to: "anne" },
        because: null,
      });
    });

    it("gives a planned effect to one claimant only", async () => {
      await commit([plan("n1")]);
      const receipts = await Promise.all([commit([claim("n1", 0)]), commit([claim("n1", 0)])]);
      expect(receipts.map(({ outcome }) => outcome)).toEqual(["committed", "conflict"]);
      expect(await effect("n1")).toMatchObject({ state: "claimed", fence: 1, attempt: 1, owner: "main-1" });
    });

    it("refuses the settlement of an older claim", async () => {
      await commit([plan("n1"), claim("n1", 0), settle("n1", 1, "planned"), claim("n1", 1)]);
      expect(await commit([settle("n1", 1, "done")])).toMatchObject({
        because: "effect n1 has fence 2, not 1",
      });
      expect(await commit([settle("n1", 2, "done")])).toEqual(COMMITTED);
      expect(await effect("n1")).toMatchObject({ state: "done", attempt: 2, because: "said so" });
    });

    it.each([
      ["planned", "done"],
      ["planned", "claimed"],
      ["done", "planned"],
      ["cancelled", "planned"],
      ["failed", "done"],
    ] as const)("refuses to settle from %s to %s", async (from, to) => {
      await commit([plan("n1")]);
      let fence = 0;
      if (from === "done" || from === "failed") {
        await commit([claim("n1", 0), settle("n1", 1, from)]);
        fence = 1;
      }
      if (from === "cancelled") await commit([settle("n1", 0, "cancelled")]);
      expect(await commit([settle("n1", fence, to)])).toMatchObject({ outcome: "conflict" });
      expect(await effect("n1")).toMatchObject({ state: from });
    });

    it("frees its owner and moves its time when it is planned again", async () => {
      await commit([
        plan("n1"),
        claim("n1", 0),
        settle("n1", 1, "uncertain"),
        settle("n1", 1, "planned", NIGHT + 60),
      ]);
      expect(await effect("n1")).toMatchObject({
        state: "planned",
        due: NIGHT + 60,
        owner: null,
        fence: 1,
      });
    });

    it("gives what is due by due time, and not what is later or taken", async () => {
      await commit([
        plan("later", NIGHT + 2),
        plan("second", NIGHT),
        plan("first", NIGHT - 9),
        plan("taken", NIGHT - 20),
      ]);
      await commit([claim("taken", 0)]);
      expect((await store.reads.effectsDue(here, NIGHT, 10)).map(({ key }) => key)).toEqual([
        "first",
        "second",
      ]);
      expect((await store.reads.effectsDue(here, NIGHT, 1)).map(({ key }) => key)).toEqual(["first"]);
      const found = await store.reads.effectsIn(here, ["claimed", "planned"], 2);
      expect(found.map(({ key }) => key)).toEqual(["taken", "first"]);
    });
  });

  describe("people", () => {
    const credentials = (totp: string, totpStep: number): Write => ({
      write: "credentials",
      credentials: { account: "a1", password: "argon2id$x", totp, totpStep },
    });
    const totp = (step: number): Write => ({ write: "totp", account: "a1", step });

    it("takes each one-time code once, and none older than the last", async () => {
      expect(await commit([totp(5)])).toMatchObject({ outcome: "conflict" });
      await commit([credentials("SECRET", 0), totp(5)]);
      expect(await commit([totp(5)])).toMatchObject({ outcome: "conflict" });
      expect(await commit([totp(4)])).toMatchObject({ outcome: "conflict" });
      expect(await commit([totp(6)])).toEqual(COMMITTED);
    });

    it("keeps a used code used when only the password changes, and starts anew with a new secret", async () => {
      await commit([credentials("SECRET", 0), totp(9), credentials("SECRET", 0)]);
      expect((await store.reads.credentials(here, "a1"))?.totpStep).toBe(9);
      await commit([credentials("OTHER", 0)]);
      expect((await store.reads.credentials(here, "a1"))?.totpStep).toBe(0);
    });

    it("journals that credentials changed, without them", async () => {
      await commit([credentials("SECRET", 0)]);
      const [entry] = await store.reads.journal(here, 1, 10);
      expect(entry).toMatchObject({ type: "note.credentials_changed", content: '{"account":"a1"}' });
    });

    it("uses a ticket once, before its end", async () => {
      const ticket = (hash: string, expires: number): Write => ({
        write: "ticket",
        hash,
        account: "a1",
        expires,
      });
      const use = (hash: string): Write => ({ write: "ticket_use", hash });
      await commit([ticket("t1", NIGHT + 1), ticket("t2", NIGHT)]);
      expect(await store.reads.ticket(here, "t1", NIGHT)).toEqual({ account: "a1" });
      expect(await store.reads.ticket(here, "t1", NIGHT + 1)).toBeUndefined();
      const receipts = await Promise.all([
        commit([use("t1")]),
        commit([use("t1")]),
        commit([use("t2")]),
        commit([use("t3")]),
      ]);
      expect(receipts.map(({ outcome }) => outcome)).toEqual([
        "committed",
        "conflict",
        "conflict",
        "conflict",
      ]);
      expect(await store.reads.ticket(here, "t1", NIGHT)).toBeUndefined();
    });

    it("keeps a session until its end or its closing", async () => {
      const session = (content: string): Write => ({
        write: "session",
        id: "s1",
        content,
        expires: NIGHT + 10,
      });
      await commit([session("one")]);
      await commit([session("two")]);
      expect(await store.reads.session(here, "s1", NIGHT + 9)).toBe("two");
      expect(await store.reads.session(here, "s1", NIGHT + 10)).toBeUndefined();
      await commit([{ write: "session_end", id: "s1" }]);
      expect(await store.reads.session(here, "s1", NIGHT)).toBeUndefined();
    });
  });

  describe("quarantine", () => {
    it("keeps the newest 200 of each source, with a bounded sample", async () => {
      const refuse = (source: string, index: number): Write => ({
        write: "quarantine",
        entry: {
          source,
          received: NIGHT + index,
          code: "framing",
          message: `${index}`,
          sample: "é".repeat(5000),
        },
      });
      await commit([
        refuse("quiet", 0),
        ...Array.from({ length: 250 }, (_, index) => refuse("loud", index + 1)),
      ]);
      const kept = await store.reads.quarantine(here, 1000);
      expect(kept).toHaveLength(201);
      expect(kept[0]?.message).toBe("250");
      expect(kept.at(-1)).toMatchObject({ source: "quiet" });
      expect(kept.at(-2)).toMatchObject({ source: "loud", message: "51" });
      expect(Buffer.byteLength(kept[0]?.sample ?? "")).toBeLessThanOrEqual(2048);
    });
  });
}
