import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { aFact, anIncident } from "../../test/support/incident.ts";
import { uuidv7 } from "../core/id.ts";
import { passingMasks, setupOf, stateFiles } from "../setup.ts";
import { carry } from "../stages/pipeline.ts";
import { changesOf, newWork } from "../stages/work.ts";
import { makeSigningKey } from "../store/keys.ts";
import { lockState } from "../store/lock.ts";
import { openSqliteReads } from "../store/sqlite/reads.ts";
import { openSqlite } from "../store/sqlite.ts";
import { requalifyInstalled, tryRequalify } from "./requalify.ts";

const root = mkdtempSync(join(tmpdir(), "tocsin-requalify-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const clock = { now: () => Date.UTC(2026, 10, 15, 2) * 1000 };

/** The same installation with other packs enabled. */
function loaded(regimes: string): LoadedConfig {
  const file = join(root, "tocsin.yml");
  writeFileSync(
    file,
    `facility: { id: ch-exemple, name: CH, kind: etablissement_de_sante }\nmode: observe\nstate_directory: state\nregimes: [${regimes}]\n`,
  );
  const { loaded, problems } = loadConfig(file);
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  return loaded;
}

beforeAll(async () => {
  const config = loaded("sante-2022");
  mkdirSync(config.stateDirectory);
  const files = stateFiles(config.stateDirectory);
  const store = openSqlite({ file: files.database, signingKey: makeSigningKey(files.signingKey), clock });
  const setup = setupOf(config, uuidv7(clock), passingMasks(config));
  const work = newWork(anIncident());
  work.facts.push(aFact("malicious_action_suspected"), aFact("health_data_affected"));
  carry(work, setup, clock.now());
  await store.commit({ facility: "ch-exemple", at: clock.now(), writes: changesOf(work).writes });
  await store.close();
});

const journal = async () => {
  const reads = openSqliteReads(stateFiles(join(root, "state")).database);
  const entries = await reads.journal("ch-exemple", 1, 1000);
  reads.close();
  return entries.map(({ type }) => type);
};

it("says what another pack would change and changes nothing, even beside a daemon", async () => {
  const before = await journal();
  const lock = lockState(join(root, "state"));
  const found = await tryRequalify(loaded("sante-2022, rgpd-33"), clock);
  expect(found).toMatchObject({
    dry_run: true,
    dossiers: 1,
    packs: { added: expect.arrayContaining([{ id: "rgpd-33", version: expect.any(String) }]) },
    differing: [{ reference: "2026-0001", regimes: [{ regime: "rgpd-33", verdict: { before: null } }] }],
  });
  await expect(requalifyInstalled(loaded("sante-2022, rgpd-33"), clock)).rejects.toMatchObject({
    code: "state_in_use",
    remedy: expect.stringContaining("--dry-run"),
  });
  lock.release();
  expect(await journal()).toEqual(before);
});

it("commits the same once the daemon is stopped, with the difference in the journal, and then finds nothing more", async () => {
  const config = loaded("sante-2022, rgpd-33");
  const tried = await tryRequalify(config, clock);
  const done = await requalifyInstalled(config, clock);
  expect({ ...done, dry_run: true }).toEqual(tried);
  expect(await journal()).toEqual(expect.arrayContaining(["note.law_packs", "qualification.put"]));
  expect(await requalifyInstalled(config, clock)).toMatchObject({ packs: null, differing: [] });
});
