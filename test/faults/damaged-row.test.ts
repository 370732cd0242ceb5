import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, describe, expect, it } from "vitest";
import { keyRingOf } from "../../agent/key-ring.ts";
import { stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../agent/store/keys.ts";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import { loadConfig } from "../../config/load.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";

let house: House | undefined;
let daemon: Daemon | undefined;
afterEach(async () => {
  await daemon?.end("SIGKILL");
  house?.remove();
  [house, daemon] = [undefined, undefined];
});

/** Two incidents that have nothing to do with each other. */
const PRINTER = {
  host: "imprimante-4",
  message: 'Problem: Service "ipp" is not running on imprimante-4, severity High',
};

const databaseOf = ({ directory }: House) => stateFiles(join(directory, "state")).database;

function ringOf({ config }: House) {
  const { loaded } = loadConfig(config);
  if (loaded === undefined) throw new Error("no configuration");
  return keyRingOf(loaded);
}

/** Runs SQL on the file, as whoever repairs a disk would find it. */
function inFile<T>(of: House, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(databaseOf(of));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

/** What a verification finds: the chain, and what of the tables differs from it. */
function verified(of: House) {
  const file = databaseOf(of);
  const { signingKey } = stateFiles(join(of.directory, "state"));
  const report = verifyDatabase(file, loadPublicKey(signingKey), checkpointsFileOf(file), ringOf(of));
  return { broken: report.facilities.map(({ firstBroken }) => firstBroken), faults: report.faults };
}

/** Reads what is not damaged, as lists of the daemon do. */
async function references(of: House): Promise<string[]> {
  const reads = openSqliteReads(databaseOf(of), ringOf(of), () => undefined);
  try {
    const found = await reads.byState(FACILITY, "incident", [], { limit: 10 });
    return found.map(({ content }) => content.reference).sort();
  } finally {
    reads.close();
  }
}

const idNamed = (of: House, reference: string) =>
  inFile(of, (database) =>
    String(
      database.prepare("SELECT id FROM records WHERE kind = 'incident' AND name = ?").get(reference)?.id,
    ),
  );

/** One row of a dossier, as SQL finds it. */
const ROWS = {
  incident: "records WHERE kind = 'incident' AND id = ?",
  fact: "records WHERE id = (SELECT MIN(id) FROM records WHERE kind = 'fact' AND incident = ?)",
  links: "records WHERE kind = 'links' AND id = ?",
  alert: "alerts WHERE id = (SELECT MIN(alert) FROM joined WHERE incident = ?)",
};

describe.each([
  ["in clear", false],
  ["encrypted", true],
])("a record %s of which one row is damaged", (_, encrypted) => {
  it.each(["incident", "fact", "links", "alert"] as const)(
    "is served but for what hangs on that row, which is named and left as it is: %s",
    { timeout: 90_000 },
    async (kind) => {
      const more = encrypted ? "encryption: { keys: [{ id: coffre, key: { file: coffre.key } }] }\n" : "";
      const here = await makeHouse({ more });
      house = here;
      if (encrypted)
        writeFileSync(join(here.directory, "coffre.key"), randomBytes(32).toString("base64"), {
          mode: 0o600,
        });
      let running = await startDaemon(here);
      daemon = running;
      const { generic } = here.tokens;
      await post(running, "generic", generic, relevant("first"));
      await eventually("the first", async () => ((await references(here)).length === 1 ? true : undefined));
      await post(running, "generic", generic, PRINTER);
      await eventually("the second", async () => ((await references(here)).length === 2 ? true : undefined));
      const [reference = "", other = ""] = await references(here);
      await running.end("SIGTERM");

      const id = idNamed(here, reference);
      const rows = ROWS[kind];
      const content = (file: DatabaseSync) => file.prepare(`SELECT content FROM ${rows}`).get(id)?.content;
      const damaged = inFile(here, (file) => {
        const stored = content(file);
        const cut = typeof stored === "string" ? stored.slice(0, 30) : (stored as Uint8Array).slice(0, -1);
        file.prepare(`UPDATE ${rows.replace(" WHERE", " SET content = ? WHERE")}`).run(cut, id);
        return content(file);
      });
      const before = verified(here);
      expect(before.broken).not.toEqual([undefined]);

      running = await startDaemon(here);
      daemon = running;
      await post(running, "generic", generic, relevant("again"));
      await post(running, "generic", generic, { ...PRINTER, host: "imprimante-5" });
      await eventually("what arrived since to be sorted", async () =>
        (await references(here)).length > (kind === "incident" ? 1 : 2) ? true : undefined,
      );
      expect(await references(here)).toContain(other);
      expect((await fetch(`${running.operations}/readyz`)).status).toBe(200);
      expect(await metric(running, "tocsin_damaged_rows")).toBe(1);
      const told = running.log.filter(({ level }) => level === "error");
      expect(told).toEqual([
        expect.objectContaining({
          message: "a row of the record cannot be read: what it belongs to is set apart",
          reference,
          remedy: expect.stringContaining("tocsin verify"),
        }),
      ]);
      expect(await running.end("SIGTERM")).toBe(0);
      expect(inFile(here, content)).toEqual(damaged);
      expect(verified(here)).toEqual(before);
    },
  );
});
