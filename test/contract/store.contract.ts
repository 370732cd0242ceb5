import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Account } from "../../agent/core/person.ts";
import type { Receipt, Store, Write } from "../../agent/store/store.ts";
import { NIGHT, record, samples } from "../support/store-samples.ts";
import { storeAlertsContract } from "./store-alerts.contract.ts";
import { storeAttachmentsContract } from "./store-attachments.contract.ts";
import { storeJournalContract } from "./store-journal.contract.ts";
import { storePeopleContract } from "./store-people.contract.ts";
import { storeRetentionContract } from "./store-retention.contract.ts";
import { storeWorkContract } from "./store-work.contract.ts";

/** A store opened for the suite, empty; every test has facilities of its own. */
export interface OpenedStore {
  store: Store;
  /** Closes it and removes what it wrote. */
  dispose(): Promise<void>;
}

const COMMITTED: Receipt = { outcome: "committed", alerts: [] };

/** What every adapter of the store must do. */
export function storeContract(name: string, open: () => Promise<OpenedStore>): void {
  describe(`store: ${name}`, () => {
    let opened: OpenedStore;
    let store: Store;
    let make: ReturnType<typeof samples>;
    let here: string;
    let there: string;
    let tests = 0;

    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.dispose());
    beforeEach(() => {
      tests += 1;
      [here, there] = [`ght-nord-${tests}`, `ght-sud-${tests}`];
      make = samples();
    });

    const commit = (writes: Write[], facility: string = here) =>
      store.commit({ facility, at: NIGHT, writes });

    it("finds the journal's last puts of one kind of record of an incident, the latest first", async () => {
      const [first, other] = [make.incident(), make.incident()];
      await commit([make.incidentPut(first), make.incidentPut(other)]);
      const again = {
        write: "record",
        kind: "incident",
        id: first.id,
        incident: first.id,
        state: null,
      } as const;
      await commit([{ ...again, revision: 2, content: first }]);
      await commit([{ ...again, revision: 3, content: first }]);
      const puts = await store.reads.putsOf(here, "incident", first.id, 2);
      expect(puts.map(({ type, content }) => [type, JSON.parse(content ?? "{}").revision])).toEqual([
        ["incident.put", 3],
        ["incident.put", 2],
      ]);
      expect(await store.reads.putsOf(here, "fact", first.id, 2)).toEqual([]);
      expect(await store.reads.putsOf(there, "incident", first.id, 2)).toEqual([]);
    });

    it("keeps what a person types by field, apart from the record, and forgets it when told or after a week", async () => {
      const unsent = (field: string, content: string | null, at = NIGHT) =>
        store.commit({
          facility: here,
          at,
          writes: [{ write: "unsent", account: "a", incident: "i", field, content }],
        });
      await unsent("x", "one");
      await unsent("y", "other");
      await unsent("x", "two", NIGHT + 1);
      expect(await store.reads.unsent(here, "a", "i")).toEqual([
        { field: "x", at: NIGHT + 1, content: "two" },
        { field: "y", at: NIGHT, content: "other" },
      ]);
      for (const [account, incident] of [
        ["b", "i"],
        ["a", "j"],
      ] as const)
        expect(await store.reads.unsent(here, account, incident)).toEqual([]);
      await unsent("y", null);
      expect(await store.reads.unsent(here, "a", "i")).toHaveLength(1);
      expect(await store.reads.journal(here, 0, 10)).toEqual([]);
      await unsent("z", "late", NIGHT + 8 * 86_400_000_000);
      expect((await store.reads.unsent(here, "a", "i")).map(({ field }) => field)).toEqual(["z"]);
    });

    describe("units", () => {
      it("applies nothing of a unit in which one write cannot stand, and names that write", async () => {
        const incident = make.incident();
        const receipt = await commit([
          make.incidentPut(incident),
          make.alert(),
          { write: "cursor", name: "correlate", from: 5, to: 9 },
        ]);
        expect(receipt).toEqual({
          outcome: "conflict",
          write: 2,
          because: expect.stringContaining("stands at 0"),
        });
        expect(await store.reads.record(here, "incident", incident.id)).toBeUndefined();
        expect(await store.reads.countAlerts(here)).toBe(0);
        expect(await store.reads.journal(here, 1, 10)).toEqual([]);
      });

      it("lets the other units of a group stand when one is in conflict", async () => {
        const [first, second] = [make.alert(), make.alert()];
        const [a, b, c] = await Promise.all([
          commit([first]),
          commit([make.alert(), { write: "claim", key: "unknown", fence: 0, owner: "main" }]),
          commit([second]),
        ]);
        expect([a.outcome, b.outcome, c.outcome]).toEqual(["committed", "conflict", "committed"]);
        const found = await store.reads.detectionsAfter(here, 0, 10);
        expect(found.map(({ detection }) => [detection.seq, detection.alert])).toEqual([
          [1, first.alert.id],
          [2, second.alert.id],
        ]);
      });

      it("rejects alone a unit that JSON cannot carry", async () => {
        const [good, bad] = await Promise.allSettled([
          commit([make.alert()]),
          commit([{ write: "note", what: "told", incident: null, content: { value: Number.NaN } }]),
        ]);
        expect(good).toMatchObject({ status: "fulfilled", value: { outcome: "committed" } });
        expect(bad).toMatchObject({ status: "rejected", reason: { code: "not_canonical" } });
      });

      it("keeps what an attacker writes: lone surrogates, NUL, numeric and prototype keys", async () => {
        const fields = JSON.parse(
          '{"10":"a","9":"b","__proto__":"c","nul\\u0000":"\\u0000","\\ud800":"\\udfff!"}',
        );
        const write = make.alert({ eventId: "\ud800\0", alert: { message: "\ud800 end", fields } });
        expect(await commit([write])).toEqual({ outcome: "committed", alerts: ["stored"] });
        const kept = await store.reads.alert(here, write.alert.id);
        expect(kept?.alert.message).toBe("\ufffd end");
        expect(JSON.stringify(kept?.alert.fields)).toBe(
          '{"9":"b","10":"a","__proto__":"c","nul\\u0000":"\\u0000","\ufffd":"\ufffd!"}',
        );
        expect((await commit([{ ...write, alert: { ...write.alert, id: make.newId() } }])).outcome).toBe(
          "committed",
        );
        expect(await store.reads.countAlerts(here)).toBe(1);
      });
    });

    describe("records", () => {
      it.each([
        ["a second insertion", 1],
        ["a skipped revision", 3],
      ])("refuses %s and keeps what stands", async (_what, revision) => {
        const incident = make.incident();
        await commit([make.incidentPut(incident)]);
        const receipt = await commit([make.incidentPut({ ...incident, alerts: 99 }, revision)]);
        expect(receipt).toMatchObject({
          outcome: "conflict",
          write: 0,
          because: expect.stringContaining("revision 1"),
        });
        expect(await store.reads.record(here, "incident", incident.id)).toEqual({
          revision: 1,
          content: incident,
        });
      });

      it("lets one of two concurrent changes of a revision stand", async () => {
        const incident = make.incident();
        await commit([make.incidentPut(incident)]);
        const receipts = await Promise.all([
          commit([make.incidentPut({ ...incident, alerts: 2 }, 2)]),
          commit([make.incidentPut({ ...incident, alerts: 3 }, 2)]),
        ]);
        expect(receipts.map(({ outcome }) => outcome)).toEqual(["committed", "conflict"]);
        expect((await store.reads.record(here, "incident", incident.id))?.content.alerts).toBe(2);
      });

      it("gives an incident's records oldest first, whatever changed since", async () => {
        const incident = make.incident();
        const { declaration, decision, delivery } = make.declared(incident.id);
        await commit([make.incidentPut(incident), declaration, decision, delivery]);
        await commit([make.incidentPut({ ...incident, alerts: 2 }, 2)]);
        expect(await store.reads.ofIncident(here, "decision", incident.id)).toHaveLength(1);
        expect((await store.reads.ofIncident(here, "incident", incident.id))[0]?.revision).toBe(2);
      });

      it("gives all that is held of incidents together, as one by one, and nothing of others", async () => {
        const made = [make.incident(), make.incident(), make.incident()];
        for (const each of made) {
          const { declaration, decision, delivery } = make.declared(each.id);
          const effect = {
            key: `n:${each.id}`,
            kind: "notify",
            incident: each.id,
            due: 1,
            payload: {},
          } as const;
          await commit([make.incidentPut(each), declaration, decision, delivery, { write: "plan", effect }]);
        }
        const [first, second] = made.map(({ id }) => id) as [string, string];
        const held = await store.reads.ofIncidents(here, [second, "none", first]);
        expect([...held.keys()].sort()).toEqual([first, second].sort());
        for (const id of [first, second]) {
          const { records, effects } = held.get(id) ?? { records: new Map(), effects: [] };
          expect([...records.keys()].sort()).toEqual(["decision", "declaration", "delivery", "incident"]);
          for (const [kind, list] of records)
            expect(list).toEqual(await store.reads.ofIncident(here, kind, id));
          expect(effects).toEqual(await store.reads.effectsOf(here, id));
          expect(effects).toHaveLength(1);
        }
      });

      it("pages by state, newest first, without repeating or skipping", async () => {
        const states = ["candidate", "open", "closed"] as const;
        const made = Array.from({ length: 12 }, (_, index) =>
          make.incident({ state: states[index % 3] as "open" }),
        );
        await commit(made.map((incident) => make.incidentPut(incident)));
        const wanted = made.filter(({ state }) => state !== "closed").map(({ id }) => id);
        const seen: string[] = [];
        for (let after: string | undefined; ; after = seen.at(-1)) {
          const page = await store.reads.byState(here, "incident", ["open", "candidate"], {
            limit: 3,
            after,
          });
          if (page.length === 0) break;
          seen.push(...page.map(({ content }) => content.id));
        }
        expect(seen).toEqual(wanted.reverse());
        expect(
          (await store.reads.byState(here, "incident", [], { limit: 5 })).map(({ content }) => content.id),
        ).toEqual(
          made
            .slice(7)
            .map(({ id }) => id)
            .reverse(),
        );
        expect(await store.reads.countByState(here, "incident")).toEqual({
          candidate: 4,
          open: 4,
          closed: 4,
        });
      });

      it("refuses a second account of the same login, and finds the account by it", async () => {
        const account = (id: string, login: string): Account => ({
          id,
          login,
          name: "Anne Morel",
          role: "delegate",
          function: "",
          email: "",
          phone: "",
          active: true,
          created: NIGHT,
        });
        const put = (content: Account) =>
          record({ kind: "account", id: content.id, revision: 1, incident: null, state: null, content });
        await commit([put(account("a1", "anne"))]);
        expect(await commit([put(account("a2", "anne"))])).toMatchObject({ outcome: "conflict" });
        expect((await store.reads.accountByLogin(here, "anne"))?.content.id).toBe("a1");
        expect(await store.reads.accountByLogin(here, "ann")).toBeUndefined();
      });
    });

    describe("bookmarks", () => {
      it("keep the last text of each name, of each facility, and only of units that stand", async () => {
        const put = (content: string): Write => ({ write: "bookmark", name: "relp:lines", content });
        expect(await store.reads.bookmark(here, "relp:lines")).toBeUndefined();
        expect(await commit([put("a"), put("b")])).toEqual(COMMITTED);
        await commit([put("c"), { write: "cursor", name: "x", from: 5, to: 9 }]);
        await commit([put("other")], there);
        expect(await store.reads.bookmark(here, "relp:lines")).toBe("b");
        expect(await store.reads.bookmark(there, "relp:lines")).toBe("other");
      });
    });

    describe("cursors", () => {
      it("moves only from where it stands", async () => {
        expect(await store.reads.cursor(here, "correlate")).toBe(0);
        expect(await commit([{ write: "cursor", name: "correlate", from: 0, to: 12 }])).toEqual(COMMITTED);
        expect(await commit([{ write: "cursor", name: "correlate", from: 0, to: 3 }])).toMatchObject({
          outcome: "conflict",
          because: expect.stringContaining("stands at 12"),
        });
        expect(await store.reads.cursor(here, "correlate")).toBe(12);
      });
    });

    storeWorkContract(() => ({ store, commit, here }));
    storeAlertsContract(() => ({ store, here, there }));
    storeAttachmentsContract(() => ({ store, here, there }));
    storePeopleContract(() => ({ store, here, there }));
    storeRetentionContract(() => ({ store, here, there }));

    storeJournalContract(() => ({ store, here, there }));

    describe("facilities", () => {
      it("share nothing: the same keys stand side by side", async () => {
        const id = make.newId();
        const incident = make.incident({ id, reference: "2026-0001" });
        const writes = (): Write[] => [
          make.alert({ id, eventId: "e1" }),
          { write: "join", incident: id, detections: [1] },
          make.incidentPut(incident),
          { write: "cursor", name: "correlate", from: 0, to: 1 },
          { write: "plan", effect: { key: "k", kind: "clock", incident: id, due: NIGHT, payload: null } },
          { write: "claim", key: "k", fence: 0, owner: "main" },
          { write: "credentials", credentials: { account: "a1", password: "p", totp: "t", totpStep: 0 } },
          { write: "totp", account: "a1", step: 1 },
          { write: "session", id: "s", content: "c", expires: NIGHT + 1 },
          { write: "ticket", hash: "h", account: "a1", expires: NIGHT + 1 },
          {
            write: "quarantine",
            entry: { source: "siem", received: NIGHT, code: "c", message: "m", sample: "s" },
          },
        ];
        const [first, second] = await Promise.all([commit(writes()), commit(writes(), there)]);
        expect([first, second]).toEqual(Array(2).fill({ outcome: "committed", alerts: ["stored"] }));
        expect(await store.reads.facilities()).toEqual(expect.arrayContaining([here, there]));
        expect((await store.reads.journal(there, 1, 1))[0]?.seq).toBe(1);
        await commit([
          { write: "session_end", id: "s" },
          { write: "ticket_use", hash: "h" },
        ]);
        expect(await store.reads.session(there, "s", NIGHT)).toBe("c");
        expect(await store.reads.ticket(there, "h", NIGHT)).toEqual({ account: "a1" });
      });

      it("see nothing of each other", async () => {
        await commit([make.alert(), { write: "note", what: "told", incident: "i", content: null }]);
        const { reads } = store;
        expect(await reads.countAlerts(there)).toBe(0);
        expect(await reads.detectionsAfter(there, 0, 10)).toEqual([]);
        expect(await reads.journalOf(there, "i")).toEqual([]);
        expect(await reads.checkpoints(there)).toEqual([]);
        expect(await reads.quarantine(there, 10)).toEqual([]);
      });
    });
  });
}
