import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BOUNDED, fc } from "../../../test/support/property.ts";
import { NIGHT, record, samples, steppingClock } from "../../../test/support/store-samples.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import type { Account } from "../../core/person.ts";
import type { RetentionRules } from "../../core/retention.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { verifyBundle, writeBundle } from "../../store/bundle.ts";
import { checkpointsFileOf } from "../../store/checkpoints.ts";
import { makeSigningKey, type SigningKey } from "../../store/keys.ts";
import { openSqlite } from "../../store/sqlite.ts";
import type { Store, Write } from "../../store/store.ts";
import { verifyDatabase } from "../../store/verify.ts";
import { type PurgeParts, purge } from "./purge.ts";

const HERE = "ght-nord";
const YEAR = 366 * MICROSECONDS.day;
const RULES: RetentionRules = {
  unmatched_days: 180,
  candidates_days: 365,
  evidence_days: 365,
  attachments_days: 365,
  dossiers_days: 730,
  accounts_days: 365,
  access_days: 365,
  quarantine_days: 30,
  reports_days: 365,
  public_archives: false,
};
/** What only an alert, a note of a dossier, an attachment and a sign-in say. */
const SAID = {
  alert: "pacs-secret-7f3a",
  text: "Le scanner de Mme Fabre",
  file: "octets-du-fichier",
  person: "Zélie Quint",
};

/** What stands in each text of dossiers that are to go. */
const MARK = "MOT-EFFACE";

let folder: string;
let file: string;
let key: SigningKey;
let store: Store;
let make: ReturnType<typeof samples>;
let detections: number;

function fresh(): void {
  folder = mkdtempSync(join(tmpdir(), "tocsin-purge-"));
  file = join(folder, "tocsin.db");
  key = makeSigningKey(join(folder, "key.pem"));
  store = openSqlite({ file, signingKey: key, clock: steppingClock() });
  make = samples();
  detections = 0;
}
beforeEach(fresh);
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const commit = async (writes: Write[], at = NIGHT) => {
  const receipt = await store.commit({ facility: HERE, at, writes });
  expect(receipt).toMatchObject({ outcome: "committed" });
};
const alert = (): Write => {
  detections += 1;
  return make.alert({ alert: { message: SAID.alert, host: { name: "pacs-01" } } as never });
};

/** A dossier with two alerts, a fact, a note with a file, and what was planned for it; closed that night unless told. */
async function dossier(over: Partial<Incident> = {}, state: Incident["state"] = "closed"): Promise<Incident> {
  const content = make.incident({ state: "open", because: SAID.text, ...over });
  const { id } = content;
  await commit([alert(), alert()]);
  await commit([
    make.incidentPut(content),
    { write: "join", incident: id, detections: [detections - 1, detections] },
  ]);
  const bytes = Buffer.from(`${SAID.file} ${id}`);
  const sha256 = sha256Hex(bytes.toString());
  const attached = { name: "photo.jpg", type: "image/jpeg", size: bytes.length, sha256 };
  const note = { id: make.newId(), incident: id, at: NIGHT, about: NIGHT, text: SAID.text };
  await commit([
    { write: "attachment_piece", sha256, position: 0, bytes },
    { write: "attachment", sha256, size: bytes.length },
    record({
      kind: "logbook",
      id: note.id,
      revision: 1,
      incident: id,
      state: null,
      content: { ...note, author: { account: "a", name: SAID.person }, attachments: [attached] },
    }),
    { write: "note", what: "dossier_read", incident: id, content: { account: "a", name: SAID.person } },
    {
      write: "plan",
      effect: { key: `k:${id}`, kind: "clock", incident: id, due: NIGHT, payload: SAID.text },
    },
  ]);
  const closure = { at: NIGHT, writer: SAID.person, reason: "Rétabli.", from: "facts_ended" as const };
  const last = {
    ...content,
    state,
    ...(state === "closed" && over.closed_by === undefined ? { closure } : {}),
  };
  await commit([make.incidentPut(last, 2)]);
  return last;
}

const parts = (over: Partial<PurgeParts> = {}): PurgeParts => ({
  ...{ store, facility: HERE, rules: RULES, now: NIGHT + YEAR, zone: "Europe/Paris", apply: true },
  sorted: detections,
  ...over,
});
const counted = async (over: Partial<PurgeParts> = {}) => {
  const report = await purge(parts(over));
  const lines = report.lines.filter(({ count }) => count > 0).map(({ kind, count }) => [kind, count]);
  return { ...report, counts: Object.fromEntries(lines) };
};
const verified = async () => {
  await store.checkpoint(HERE);
  return verifyDatabase(file, key.publicKey, checkpointsFileOf(file));
};
const incidentNow = async (id: string) => (await store.reads.record(HERE, "incident", id))?.content;
/** Which words still stand in the files of the database. */
const standing = () => {
  const bytes = [file, `${file}-wal`].map((each) => readFileSync(each, "latin1")).join("");
  return Object.values(SAID).filter((word) => bytes.includes(Buffer.from(word).toString("latin1")));
};

describe("a purge", () => {
  it("only looks unless told to apply, and tells the same counts as it then takes away", async () => {
    await dossier();
    await commit([alert()]);
    const before = await store.reads.journalEnd(HERE);
    const planned = await counted({ apply: false });
    expect(planned.counts).toEqual({ unmatched: 1, evidence: 1, attachments: 1, access: 1 });
    expect(await store.reads.journalEnd(HERE)).toEqual(before);
    expect((await counted()).counts).toEqual(planned.counts);
    expect((await counted()).counts).toEqual({});
  });

  it("takes the alerts and files of a closed dossier first, and its texts when their time is over too", async () => {
    const { id } = await dossier();
    await counted();
    expect(await incidentNow(id)).toMatchObject({
      because: SAID.text,
      evidence_erased: { at: NIGHT + YEAR, policy: "alertes des dossiers clos, 365 jours" },
      attachments_erased: { policy: "pièces jointes des dossiers clos, 365 jours" },
    });
    expect(await store.reads.detectionsOf(HERE, id, 10)).toEqual([]);
    expect(await store.reads.ofIncident(HERE, "logbook", id)).toHaveLength(1);
    expect(standing()).toEqual([SAID.text, SAID.person]);
    expect((await verified()).ok).toBe(true);

    expect((await counted({ now: NIGHT + 2 * YEAR })).counts).toEqual({ dossiers: 1 });
    expect(await incidentNow(id)).toMatchObject({
      state: "closed",
      because: "Contenu effacé le 08/06/2028 selon la règle « dossiers clos, 730 jours ».",
      erased: { at: NIGHT + 2 * YEAR, policy: "dossiers clos, 730 jours", closed: NIGHT },
    });
    expect(await store.reads.ofIncident(HERE, "logbook", id)).toEqual([]);
    expect(await store.reads.effectsOf(HERE, id)).toEqual([]);
    expect(standing()).toEqual([]);
    expect((await verified()).ok).toBe(true);
  });

  it.each(["candidate", "open", "in_review", "approved", "declared", "facts_ended"] as const)(
    "never touches what is %s, however old",
    async (state) => {
      const { id } = await dossier({}, state);
      const report = await counted({ now: NIGHT + 100 * YEAR });
      expect(report).toMatchObject({ counts: { access: 1 }, running: 1 });
      expect(await incidentNow(id)).toMatchObject({ because: SAID.text });
      expect(await store.reads.detectionsOf(HERE, id, 10)).toHaveLength(2);
    },
  );

  it("takes what was only watched by a rule of its own, and leaves the list that is signed", async () => {
    const { id } = await dossier({ closed_by: "machine" });
    const closing = {
      ...{ id: make.newId(), incident: id, reference: "2026-0001", writer: null, at: NIGHT },
      by: "machine",
      ...{ month: "2026-06", because: "Panne finie.", regime: "r", regime_version: "1", reopened: null },
    } as const;
    await commit([
      record({
        kind: "closing",
        id: closing.id,
        revision: 1,
        incident: id,
        state: "2026-06",
        content: closing,
      }),
    ]);
    expect((await counted()).counts).toEqual({ candidates: 1, access: 1 });
    expect(await store.reads.byState(HERE, "closing", ["2026-06"], { limit: 5 })).toHaveLength(1);
    expect(standing()).toEqual([]);
    expect((await verified()).ok).toBe(true);
  });

  it("leaves a dossier whose conservation is suspended, and says so", async () => {
    const held = await dossier({
      holds: [{ at: NIGHT, writer: "Anne Morel", reason: "contentieux en cours", lifted: null }],
    });
    const report = await counted({ now: NIGHT + 3 * YEAR });
    expect(report.counts).toEqual({ access: 1 });
    expect(report.held.map(({ reference }) => reference)).toEqual([held.reference]);
    expect(standing()).toEqual([SAID.alert, SAID.text, SAID.file, SAID.person]);
  });

  it("purges what was merged with what it became, and keeps what a running incident shares", async () => {
    const into = await dossier();
    await dossier({ merged_into: into.id }, "merged");
    const running = await dossier({}, "open");
    // The running one takes over an alert of the closed one.
    await commit([{ write: "join", incident: running.id, detections: [1] }]);
    await counted({ now: NIGHT + 3 * YEAR });
    expect(await store.reads.countAlerts(HERE)).toBe(3);
    expect(await store.reads.detectionsOf(HERE, running.id, 10)).toHaveLength(3);
    expect((await verified()).ok).toBe(true);
  });

  it("stops at a proposal where dossiers are public archives, until a visa on its list is recorded", async () => {
    const rules = { ...RULES, public_archives: true };
    const { id, reference } = await dossier();
    const report = await counted({ rules, now: NIGHT + 3 * YEAR });
    expect(report.counts).toEqual({ access: 1 });
    expect(report.proposed.map((each) => each.reference)).toEqual([reference]);
    const by = { at: NIGHT, account: "d", name: "Dr Paul Girard" };
    const visa = { by: "Archives", date: "2029-01-04", reference: "V-12", recorded: by };
    const listed = { incident: id, reference, occurred: NIGHT, closed: NIGHT };
    const content = { id: "e1", made: by, policy: "p", dossiers: [listed], sha256: "0".repeat(64) };
    const put = (revision: number, state: "proposed" | "authorised") =>
      commit([
        record({
          ...{ kind: "elimination", id: "e1", revision, incident: null, state },
          content: { ...content, state, visa: state === "authorised" ? visa : null },
        }),
      ]);
    await put(1, "proposed");
    expect((await counted({ rules, now: NIGHT + 3 * YEAR })).counts).toEqual({});
    await put(2, "authorised");
    expect((await counted({ rules, now: NIGHT + 3 * YEAR })).counts).toEqual({ dossiers: 1 });
    expect((await incidentNow(id))?.erased?.policy).toBe("dossiers clos, 730 jours, visa V-12");
  });

  it("takes from a closed account whose it was, and lets nobody in by it", async () => {
    const account: Account = {
      ...{ id: "acc-1", login: "zelie", name: SAID.person, role: "operator", function: "SIO" },
      ...{ email: "zelie@example.org", phone: "", active: true, created: NIGHT },
    };
    const put = (content: Account, revision: number) =>
      record({ kind: "account", id: "acc-1", revision, incident: null, state: "operator", content });
    const credentials = { account: "acc-1", password: "p", totp: "t", totpStep: 0 };
    await commit([put(account, 1), { write: "credentials", credentials }]);
    expect((await counted()).counts).toEqual({});
    await commit([put({ ...account, active: false }, 2)]);
    expect((await counted()).counts).toEqual({ accounts: 1 });
    expect((await store.reads.record(HERE, "account", "acc-1"))?.content).toMatchObject({
      name: "Compte effacé",
      role: "operator",
      active: false,
      email: "",
    });
    expect(await store.reads.credentials(HERE, "acc-1")).toBeUndefined();
    expect(standing()).toEqual([]);
    expect((await counted()).counts).toEqual({});
    expect((await verified()).ok).toBe(true);
  });

  it("forgets refused records and weekly reports that are old enough", async () => {
    const refused = (received: number): Write => ({
      write: "quarantine",
      entry: { source: "siem", received, code: "c", message: "m", sample: SAID.text },
    });
    await commit([refused(NIGHT), refused(NIGHT + YEAR - 1)]);
    const removed: string[] = [];
    const reports = {
      before: (at: number) => [{ name: "bilan-2025-01-06.txt", at: at - 1 }],
      remove: (name: string) => removed.push(name),
    };
    expect((await counted({ reports, apply: false })).counts).toEqual({ quarantine: 1, reports: 1 });
    expect(removed).toEqual([]);
    expect((await counted({ reports })).counts).toEqual({ quarantine: 1, reports: 1 });
    expect(removed).toEqual(["bilan-2025-01-06.txt"]);
    expect(await store.reads.quarantine(HERE, 10)).toHaveLength(1);
  });

  it("leaves a dossier that cannot be archived, says why, and goes on with the others", async () => {
    const [bad, good] = [await dossier(), await dossier()];
    const archive = async (one: { id: string }) => {
      if (one.id === bad.id) throw new Error("no space left");
    };
    const report = await counted({ archive, now: NIGHT + 3 * YEAR });
    expect(report.unarchived).toEqual([{ reference: bad.reference, because: "no space left" }]);
    expect((await incidentNow(bad.id))?.erased).toBeUndefined();
    expect((await incidentNow(good.id))?.erased).toBeDefined();
  });

  it("gives the numbers of detections that were erased to nobody else", async () => {
    await commit([alert()]);
    await counted();
    expect(await store.reads.countAlerts(HERE)).toBe(0);
    await store.close();
    store = openSqlite({ file, signingKey: key, clock: steppingClock() });
    await commit([alert()]);
    expect((await store.reads.detectionsAfter(HERE, 0, 10)).map(({ detection }) => detection.seq)).toEqual([
      2,
    ]);
    expect((await verified()).ok).toBe(true);
  });

  it("leaves a bundle of the erased dossier that tells what is gone, and is whole", async () => {
    const { id } = await dossier();
    await counted({ now: NIGHT + 3 * YEAR });
    await store.checkpoint(HERE);
    const { reads } = store;
    const input = { reads, facility: HERE, incident: id, created: NIGHT, exercise: false, key };
    expect(verifyBundle(await writeBundle(input))).toMatchObject({
      ok: true,
      cannotProve: expect.arrayContaining([expect.objectContaining({ code: "erased" })]),
    });
  });

  it.each([
    ["a content that stayed", "DELETE FROM journal_contents WHERE seq = 1"],
    ["the mark of an erased dossier", "DELETE FROM records WHERE kind = 'incident'"],
    [
      "a declaration of erasure",
      "DELETE FROM journal_contents WHERE seq IN (SELECT seq FROM journal WHERE type = 'note.erased')",
    ],
  ])("leaves tampering to be found: %s that is taken away", async (_what, sql) => {
    await dossier();
    await counted({ now: NIGHT + 3 * YEAR });
    expect((await verified()).ok).toBe(true);
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    expect((await verified()).ok).toBe(false);
  });
});

describe("a purge that is cut off", () => {
  /** A store that dies at its nth unit. */
  const dying = (units: number): Store => {
    let left = units;
    return {
      ...store,
      async commit(unit) {
        if (left-- <= 0) throw new Error("killed");
        return store.commit(unit);
      },
    };
  };

  it("verifies wherever it was cut, and comes to the same end when it is repeated", async () => {
    let whole = false;
    for (let units = 1; !whole; units++) {
      await store.close();
      rmSync(folder, { recursive: true });
      fresh();
      const into = await dossier();
      const merged = await dossier({ merged_into: into.id }, "merged");
      await commit([alert()]);
      const now = NIGHT + 3 * YEAR;
      whole = await purge(parts({ store: dying(units), now })).then(
        () => true,
        () => false,
      );
      expect((await verified()).ok, `${units} units`).toBe(true);
      await purge(parts({ now }));
      expect((await incidentNow(into.id))?.erased).toEqual({
        at: now,
        policy: "dossiers clos, 730 jours",
        closed: NIGHT,
      });
      expect((await incidentNow(merged.id))?.erased?.left).toBeUndefined();
      expect(standing(), `${units} units`).toEqual([]);
      expect(await store.reads.countAlerts(HERE)).toBe(0);
      expect((await verified()).ok).toBe(true);
      expect(units).toBeLessThan(100);
    }
  });
});

describe("after any purge", () => {
  const dossiers = fc.array(
    fc.record({
      goes: fc.boolean(),
      alerts: fc.integer({ min: 1, max: 12 }),
      length: fc.integer({ min: 1, max: 6000 }),
      revisions: fc.integer({ min: 1, max: 6 }),
    }),
    { minLength: 2, maxLength: 25 },
  );

  it("verification passes, and the files hold nothing of what went and all of what stays", async () => {
    await fc.assert(
      fc.asyncProperty(dossiers, async (asked) => {
        await store.close();
        rmSync(folder, { recursive: true });
        fresh();
        const made = asked.map((each) => ({ ...each, content: make.incident({ state: "open" }) }));
        const text = (goes: boolean, length: number) =>
          `${goes ? MARK : "MOT-GARDE"} `.repeat(length / 10 + 1);
        // Written across each other, so that pages of the file hold both.
        for (let revision = 1; revision <= 6; revision++)
          for (const { goes, length, revisions, content } of made) {
            if (revision > revisions) continue;
            const because = text(goes, (length * revision) % 6000);
            await commit([make.incidentPut({ ...content, because }, revision)]);
          }
        for (const { goes, length, alerts, content } of made)
          for (let n = 0; n < alerts; n++) {
            const join: Write = { write: "join", incident: content.id, detections: [detections + 1] };
            detections += 1;
            await commit([make.alert({ alert: { message: text(goes, length / (n + 1)) } as never }), join]);
          }
        const closure = { at: NIGHT, writer: "Anne", reason: "Rétabli.", from: "declared" as const };
        for (const { goes, revisions, content } of made)
          if (goes) await commit([make.incidentPut({ ...content, state: "closed", closure }, revisions + 1)]);
        // In the file itself, not only in its log of writes.
        const database = new DatabaseSync(file);
        database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
        database.close();
        await purge(parts({ now: NIGHT + 3 * YEAR }));
        expect((await verified()).ok).toBe(true);
        const bytes = [file, `${file}-wal`].map((each) => readFileSync(each, "latin1")).join("");
        expect(bytes.includes(MARK)).toBe(false);
        const kept = made.filter(({ goes }) => !goes);
        expect(bytes.includes("MOT-GARDE")).toBe(kept.length > 0);
        for (const { content, alerts } of kept)
          expect(await store.reads.detectionsOf(HERE, content.id, 20)).toHaveLength(alerts);
      }),
      { ...BOUNDED, numRuns: 15 },
    );
  }, 30_000);
});
