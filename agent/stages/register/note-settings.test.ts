import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { makeSigningKey } from "../../store/keys.ts";
import { openSqlite } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import { noteSettings } from "./note-settings.ts";

let folder: string;
let store: Store;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-settings-"));
  const signingKey = makeSigningKey(join(folder, "key.pem"));
  store = openSqlite({ file: join(folder, "t.sqlite"), signingKey, clock: { now: () => NIGHT } });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const note = (systems: Record<string, unknown>) =>
  noteSettings({ systems: new Map(Object.entries(systems)) }, { store, facility: "chv", now: NIGHT });
const pacs = { delay: 30 };

it.each([
  { what: "the same", after: { pacs }, change: undefined },
  {
    what: "a delay changed",
    after: { pacs: { delay: 60 } },
    change: { added: [], removed: [], changed: ["pacs"] },
  },
  { what: "a system more", after: { pacs, dpi: {} }, change: { added: ["dpi"], removed: [], changed: [] } },
  { what: "a system less", after: {}, change: { added: [], removed: ["pacs"], changed: [] } },
  { what: "only a token", after: { pacs: { ...pacs, token: "x" } }, change: undefined },
])("settings with $what since the last start are noted as such", async ({ after, change }) => {
  await note({ pacs });
  expect((await note(after))?.systems).toEqual(change);
});

it("are noted once, by id, without a value", async () => {
  await note({ pacs: { host: "srv-secret" } });
  await note({ pacs: { host: "srv-secret" } });
  const asked = { types: ["note.settings"], from: 0, before: NIGHT + 1, limit: 10 };
  const entries = await store.reads.journalOfHouse("chv", asked);
  expect(entries).toHaveLength(1);
  expect(entries[0]?.content).not.toContain("srv-secret");
});
