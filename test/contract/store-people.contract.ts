import { beforeEach, describe, expect, it } from "vitest";
import type { Factors } from "../../agent/core/person.ts";
import { NO_FACTORS } from "../../agent/core/person.ts";
import type { Receipt, Store, Write } from "../../agent/store/store.ts";
import { NIGHT } from "../support/store-samples.ts";

/** What a test of the contract works with; each has its own facility. */
interface Bench {
  store: Store;
  here: string;
  there: string;
}

/** The store's contract for what people prove themselves with: conflicts, replays, ends. */
export function storePeopleContract(bench: () => Bench): void {
  let store: Store;
  let here: string;
  let there: string;
  beforeEach(() => {
    ({ store, here, there } = bench());
  });

  const commit = (writes: Write[], { at = NIGHT, facility = here } = {}): Promise<Receipt> =>
    store.commit({ facility, at, writes });
  const outcome = async (...given: Parameters<typeof commit>) => (await commit(...given)).outcome;
  const credentials = (account: string, totp = "SECRET"): Write => ({
    write: "credentials",
    credentials: { account, password: "argon2id$x", totp, totpStep: 0 },
  });
  const totp = (account: string, step: number): Write => ({ write: "totp", account, step });
  const session = (id: string, account?: string, expires = NIGHT + 10): Write => {
    return { write: "session", id, content: `of ${account ?? "nobody"}`, expires, account };
  };
  const ticket = (hash: string, expires = NIGHT + 10): Write => ({
    write: "ticket",
    hash,
    account: "a1",
    expires,
  });
  const use = (hash: string): Write => ({ write: "ticket_use", hash });
  const withCodes = (...hashes: string[]): Factors => ({
    ...NO_FACTORS,
    recovery: hashes.map((hash) => ({ hash, used: null })),
  });
  const factors = (account: string, revision: number, of: Factors): Write => {
    return { write: "factors", account, revision, factors: of };
  };
  const idsOf = async (account: string, at = NIGHT) =>
    (await store.reads.sessionsOf(here, account, at)).map(({ id }) => id);

  describe("a one-time code", () => {
    it("serves one account once: another account's step, and that of another facility, stand apart", async () => {
      await commit([credentials("a1"), credentials("a2")]);
      await commit([credentials("a1")], { facility: there });
      expect(await outcome([totp("a1", 7)])).toBe("committed");
      expect(await outcome([totp("a2", 7)])).toBe("committed");
      expect(await outcome([totp("a1", 7)], { facility: there })).toBe("committed");
      for (const step of [7, 6, 0, -1]) expect(await outcome([totp("a1", step)])).toBe("conflict");
    });

    it("is used once by two who send it at once", async () => {
      await commit([credentials("a1")]);
      const done = await Promise.all([1, 2, 3].map(() => outcome([totp("a1", 9)])));
      expect(done.sort()).toEqual(["committed", "conflict", "conflict"]);
    });

    it("is not used up by a unit that does not stand", async () => {
      await commit([credentials("a1")]);
      expect(await outcome([totp("a1", 5), use("no such ticket")])).toBe("conflict");
      expect(await outcome([totp("a1", 5)])).toBe("committed");
    });

    it("is nobody's without credentials, and another secret counts its steps anew", async () => {
      expect(await outcome([totp("nobody", 1)])).toBe("conflict");
      await commit([credentials("a1"), totp("a1", 50)]);
      await commit([credentials("a1", "ANOTHER")]);
      expect(await outcome([totp("a1", 3)])).toBe("committed");
    });
  });

  describe("further means", () => {
    it("are none at revision 0, then what was put last", async () => {
      expect(await store.reads.factors(here, "a1")).toEqual({ revision: 0, factors: NO_FACTORS });
      expect(await outcome([factors("a1", 1, withCodes("h1"))])).toBe("committed");
      expect(await outcome([factors("a1", 2, withCodes("h2"))])).toBe("committed");
      expect(await store.reads.factors(here, "a1")).toEqual({ revision: 2, factors: withCodes("h2") });
      expect((await store.reads.factors(there, "a1")).revision).toBe(0);
    });

    it.each([
      ["again from the revision that was replaced", 1],
      ["from one that is yet to come", 3],
      ["from none", 0],
    ])("are not replaced %s", async (_what, revision) => {
      await commit([factors("a1", 1, withCodes("h1"))]);
      expect(await outcome([factors("a1", revision, withCodes("h2"))])).toBe("conflict");
      expect((await store.reads.factors(here, "a1")).factors).toEqual(withCodes("h1"));
    });

    it("change once when two use two codes at once: the other reads anew", async () => {
      await commit([factors("a1", 1, withCodes("h1", "h2"))]);
      const done = await Promise.all(
        ["h1", "h2"].map((hash) => outcome([factors("a1", 2, withCodes(hash))])),
      );
      expect(done.sort()).toEqual(["committed", "conflict"]);
    });

    it("of one unit are each made on what that unit wrote before", async () => {
      const writes = [factors("a1", 1, withCodes("h1")), factors("a1", 2, withCodes("h2"))];
      expect(await outcome(writes)).toBe("committed");
      expect((await store.reads.factors(here, "a1")).revision).toBe(2);
    });
  });

  describe("sessions", () => {
    it("are listed for their account, the one that lasts longest first, without those that ended", async () => {
      await commit([session("s1", "a1", NIGHT + 5), session("s2", "a1", NIGHT + 9), session("s3", "a2")]);
      expect(await idsOf("a1")).toEqual(["s2", "s1"]);
      expect(await idsOf("a1", NIGHT + 5)).toEqual(["s2"]);
      expect(await idsOf("a1", NIGHT + 9)).toEqual([]);
      expect(await store.reads.sessionsOf(there, "a1", NIGHT)).toEqual([]);
    });

    it("end one by one; what has ended, or never was, ends without a conflict", async () => {
      await commit([session("s1", "a1"), session("s2", "a1")]);
      for (const id of ["s1", "s1", "never"])
        expect(await outcome([{ write: "session_end", id }])).toBe("committed");
      expect(await idsOf("a1")).toEqual(["s2"]);
      expect(await store.reads.session(here, "s1", NIGHT)).toBeUndefined();
    });

    it("end all at once for one account, or all but one, and nobody else's", async () => {
      const all = [session("s1", "a1"), session("s2", "a1"), session("s3", "a2"), session("s4")];
      await commit(all);
      await commit([session("s5", "a1")], { facility: there });
      expect(await outcome([{ write: "sessions_end", account: "a1", except: "s2" }])).toBe("committed");
      expect(await idsOf("a1")).toEqual(["s2"]);
      expect(await outcome([{ write: "sessions_end", account: "a1" }])).toBe("committed");
      expect(await idsOf("a1")).toEqual([]);
      expect(await idsOf("a2")).toEqual(["s3"]);
      expect(await store.reads.session(here, "s4", NIGHT)).toBe("of nobody");
      expect((await store.reads.sessionsOf(there, "a1", NIGHT)).map(({ id }) => id)).toEqual(["s5"]);
    });

    it("go to the account that signs in by them: what was nobody's is listed as that account's", async () => {
      await commit([session("s1")]);
      await commit([session("s1", "a1")]);
      expect(await idsOf("a1")).toEqual(["s1"]);
      expect(await outcome([{ write: "sessions_end", account: "a1" }])).toBe("committed");
      expect(await store.reads.session(here, "s1", NIGHT)).toBeUndefined();
    });

    it("that ended come back to nobody, unless they are put anew", async () => {
      await commit([session("s1", "a1")]);
      await commit([{ write: "session_end", id: "s1" }]);
      expect(await store.reads.session(here, "s1", NIGHT)).toBeUndefined();
      await commit([session("s1", "a1")]);
      expect(await store.reads.session(here, "s1", NIGHT)).toBe("of a1");
    });

    it("stand when the unit that would have ended them does not", async () => {
      await commit([session("s1", "a1")]);
      const writes: Write[] = [{ write: "sessions_end", account: "a1" }, use("no such ticket")];
      expect(await outcome(writes)).toBe("conflict");
      expect(await idsOf("a1")).toEqual(["s1"]);
    });
  });

  describe("a ticket", () => {
    it("is made once and used once, by one of those who use it at once", async () => {
      expect(await outcome([ticket("t1")])).toBe("committed");
      expect(await outcome([ticket("t1", NIGHT + 99)])).toBe("conflict");
      const done = await Promise.all([1, 2, 3].map(() => outcome([use("t1")])));
      expect(done.sort()).toEqual(["committed", "conflict", "conflict"]);
      expect(await store.reads.ticket(here, "t1", NIGHT)).toBeUndefined();
    });

    it.each([
      ["in another facility", NIGHT, () => there],
      ["at its very end", NIGHT + 10, () => here],
      ["after its end", NIGHT + 11, () => here],
    ])("is of no use %s", async (_what, at, facility) => {
      await commit([ticket("t1")]);
      expect(await outcome([use("t1")], { at, facility: facility() })).toBe("conflict");
    });

    it("is of use to its last instant", async () => {
      await commit([ticket("t1")]);
      expect(await outcome([use("t1")], { at: NIGHT + 9 })).toBe("committed");
    });

    it("stands when what was to be done with it did not", async () => {
      await commit([ticket("t1")]);
      expect(await outcome([use("t1"), factors("a1", 9, NO_FACTORS)])).toBe("conflict");
      expect(await store.reads.ticket(here, "t1", NIGHT)).toEqual({ account: "a1" });
      expect(await outcome([use("t1"), session("s1", "a1")])).toBe("committed");
    });
  });

  it("writes nothing of these into the journal", async () => {
    const before = (await store.reads.journal(here, 1, 100)).length;
    await commit([credentials("a1")]);
    const kept = (await store.reads.journal(here, 1, 100)).length;
    await commit([
      totp("a1", 1),
      factors("a1", 1, withCodes("h1")),
      session("s1", "a1"),
      ticket("t1"),
      use("t1"),
      { write: "session_end", id: "s1" },
      { write: "sessions_end", account: "a1" },
    ]);
    const entries = await store.reads.journal(here, 1, 100);
    expect(entries).toHaveLength(kept);
    expect(JSON.stringify(entries)).not.toMatch(/SECRET|argon2id|"h1"|"t1"/);
    expect(before).toBeLessThanOrEqual(kept);
  });
}
