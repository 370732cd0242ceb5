import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { anIncident, NIGHT, said } from "../../../test/support/incident.ts";
import { MASKS } from "../../../test/support/masks.ts";
import type { Fact } from "../../core/fact.ts";
import { makeSigningKey } from "../../store/keys.ts";
import { openSqlite } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import { findEntries } from "./find-entries.ts";
import { openRegister } from "./open-register.ts";

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-register-"));
  const signingKey = makeSigningKey(join(folder, "key.pem"));
  store = openSqlite({ file: join(folder, "t.sqlite"), signingKey, clock: { now: () => NIGHT } });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const register = () =>
  openRegister({ reads: store.reads, facility: "chv", systems: new Map(), masks: MASKS });
async function put(id: string, revision: number, because: string): Promise<void> {
  const content = anIncident({ id, reference: `ref-${id}`, because, systems: ["pacs"] });
  const record = { write: "record", kind: "incident", state: content.state, incident: id, revision } as const;
  await store.commit({ facility: "chv", at: NIGHT, writes: [{ ...record, id, content }] });
}
async function state(fact: Fact): Promise<void> {
  const record = {
    write: "record",
    kind: "fact",
    revision: 1,
    state: null,
    incident: fact.incident,
  } as const;
  await store.commit({ facility: "chv", at: NIGHT, writes: [{ ...record, id: fact.id, content: fact }] });
}

it("kept up to date says the same as read anew, newest first", async () => {
  const kept = register();
  for (let i = 0; i < 300; i += 1) await put(`i-${i}`, 1, "first");
  await kept.whole();
  await put("i-7", 2, "second");
  await put("i-new", 1, "first");
  expect(await kept.refresh()).toEqual({ behind: false, done: 1 });
  const anew = register();
  await anew.whole();
  expect(kept.entries()).toEqual(anew.entries());
  expect(kept.entries()[0]?.incident.id).toBe("i-new");
  expect(findEntries(kept.entries(), { words: "second" }).map(({ incident }) => incident.id)).toEqual([
    "i-7",
  ]);
});

it("says how far it is while it is first read, and waits for nothing", async () => {
  await put("i-1", 1, "x");
  const fresh = register();
  expect((await fresh.refresh()).behind).toBe(true);
  await fresh.whole();
  expect((await fresh.refresh()).behind).toBe(false);
});

it("holds no patient's identity, and finds nobody by it", async () => {
  await put("i-1", 1, "patient DUPONT Jean, NIR 1 85 05 78 006 084 91");
  const opened = register();
  await opened.whole();
  expect(JSON.stringify(opened.entries())).not.toContain("85 05 78");
  expect(findEntries(opened.entries(), { words: "006" })).toEqual([]);
});

it("says nothing of a dossier under the secret of national defence but its reference", async () => {
  await put("i-1", 1, "Intrusion au laboratoire.");
  await state({ ...said("defence_secret", true), incident: "i-1" });
  const opened = register();
  await opened.whole();
  const [entry] = opened.entries();
  expect(entry).toMatchObject({ secret: true, incident: { because: "", systems: [] } });
  expect(findEntries(opened.entries(), { words: "laboratoire" })).toEqual([]);
  expect(findEntries(opened.entries(), { words: "ref-i-1" })).toHaveLength(1);
});
