import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../config/load.ts";
import { commandScene, openHouse } from "../test/support/command-scene.ts";
import { realDesk } from "../test/support/real-desk.ts";
import { NIGHT } from "../test/support/store-samples.ts";
import { MICROSECONDS } from "./core/clock.ts";
import { scheduleRetention } from "./run-retention.ts";
import { stateFiles } from "./setup.ts";
import { checkpointsFileOf } from "./store/checkpoints.ts";
import { loadSigningKey } from "./store/keys.ts";
import type { Store } from "./store/store.ts";
import { verifyDatabase } from "./store/verify.ts";
import type { Log } from "./telemetry/log.ts";

const scene = commandScene("retention-chore");
const SAID = "Le PACS est tombé à 2 h, a dit Zélie Quint.";
const REMI = { id: "acc-remi", name: "Rémi Roux", role: "rssi", active: true } as const;

/** Runs what the daemon does at a start, and waits until it said what came of it. */
async function purgedAt(store: Store, now: number): Promise<Record<string, unknown>> {
  const { loaded } = loadConfig(scene.config);
  if (loaded === undefined) throw new Error("no configuration");
  const told = Promise.withResolvers<Record<string, unknown>>();
  const hear = (message: string, fields?: Record<string, unknown>) => told.resolve({ message, ...fields });
  const log = { info: hear, warn: hear, error: hear } as unknown as Log;
  const chore = scheduleRetention({ loaded, store, clock: { now: () => now }, log, reread: async () => {} });
  const said = await told.promise;
  await chore.stop();
  return said;
}

describe("the nightly purge", () => {
  it("takes, as years pass, what has had its time, leaves what is open, and the record still verifies", async () => {
    const store = openHouse(scene);
    const rules =
      "{ public_archives: false, evidence_days: 300, attachments_days: 300, dossiers_days: 700, access_days: 300 }";
    writeFileSync(scene.config, `${readFileSync(scene.config, "utf8")}retention: ${rules}\n`);
    const reports = join(scene.folder, "state", "bilans");
    mkdirSync(reports);
    writeFileSync(join(reports, "bilan-2026-06-01.txt"), "x");

    const clock = { instant: NIGHT, now: () => clock.instant };
    const desk = await realDesk({ store, clock });
    const open = async (form: string) => {
      const source = { who: "self", name: "" } as const;
      const statement = { form, kinds: ["degraded_mode" as const], systems: ["pacs"], source, text: SAID };
      const done = await desk.openByHand(statement, REMI);
      if (done.outcome !== "opened") throw new Error(done.because);
      return done.incident;
    };
    const ended = await open(desk.newForm());
    const running = await open(desk.newForm());
    const read = {
      write: "note",
      what: "dossier_read",
      incident: running,
      content: { account: REMI.id },
    } as const;
    await store.commit({ facility: "chv", at: NIGHT, writes: [read] });
    const stored = await store.reads.record("chv", "incident", ended);
    if (stored === undefined) throw new Error("no incident");
    const closure = { at: NIGHT, writer: "Dr Girard", reason: SAID, from: "set_aside" as const };
    const content = { ...stored.content, state: "closed" as const, closure };
    const put = { kind: "incident", id: ended, revision: stored.revision + 1, incident: ended } as const;
    await store.commit({
      facility: "chv",
      at: NIGHT,
      writes: [{ write: "record", ...put, state: "closed", content }],
    });

    const year = 366 * MICROSECONDS.day;
    expect(await purgedAt(store, NIGHT + year)).toEqual({
      message: "erased by the rules of conservation",
      access: 1,
      reports: 1,
    });
    expect(existsSync(join(reports, "bilan-2026-06-01.txt"))).toBe(false);
    expect((await store.reads.record("chv", "incident", ended))?.content.erased).toBeUndefined();

    clock.instant = NIGHT + 2 * year;
    expect(await purgedAt(store, clock.instant)).toEqual({
      message: "erased by the rules of conservation",
      dossiers: 1,
    });
    const files = stateFiles(join(scene.folder, "state"));
    await store.checkpoint("chv");
    const { publicKey } = loadSigningKey(files.signingKey);
    expect(verifyDatabase(files.database, publicKey, checkpointsFileOf(files.database)).ok).toBe(true);

    // A daemon that starts then reads what is left, and works on.
    const later = await realDesk({ store, clock });
    expect((await later.dossier(running))?.facts[0]?.text).toBe(SAID);
    expect((await later.dossier(ended))?.facts).toEqual([]);
    expect((await later.incidents({ limit: 10 })).map(({ incident }) => incident.id).toSorted()).toEqual(
      [ended, running].toSorted(),
    );
    await open(later.newForm());
    await store.close();
  });

  it("says that it was not finished, and ends the daemon over nothing", async () => {
    const store = openHouse(scene);
    const failing: Store = {
      ...store,
      reads: { ...store.reads, byState: () => Promise.reject(new Error("disk")) },
    };
    expect(await purgedAt(failing, NIGHT)).toEqual({
      message: "purge not finished; the next one goes on",
      error: "disk",
    });
    await store.close();
  });
});
