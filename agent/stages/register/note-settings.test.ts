import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { NIGHT } from "../../../test/support/incident.ts";
import { sha256Hex } from "../../core/sha256.ts";
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

it.each([
  {
    what: "a delay",
    before: { pacs: { delay: 30, hosts: ["a"] } },
    after: { pacs: { delay: 60, hosts: ["a"] } },
    values: [{ what: "systems.pacs.delay", before: "30", after: "60" }],
  },
  {
    what: "one of a list, and a member that is gone",
    before: { pacs: { hosts: ["a"], room: "b12" } },
    after: { pacs: { hosts: ["a", "b"] } },
    values: [
      { what: "systems.pacs.hosts", before: "a", after: "a, b" },
      { what: "systems.pacs.room", before: "b12", after: null },
    ],
  },
  {
    what: "the path of an address, which may be a password",
    before: { hook: { url: "https://talk.example.org/hooks/one-secret" } },
    after: { hook: { url: "https://talk.example.org/hooks/two-secret" } },
    values: [
      {
        what: "systems.hook.url",
        before: expect.stringMatching(/^https:\/\/talk\.example\.org\/… \([0-9a-f]{12}\)$/),
        after: expect.stringMatching(/^https:\/\/talk\.example\.org\/… /),
      },
    ],
  },
])(
  "tell the old and the new value of $what, with the hash of both states",
  async ({ before, after, values }) => {
    await note(before);
    await note(after);
    const asked = { types: ["note.settings"], from: 0, before: NIGHT + 1, limit: 10 };
    const [first, second] = (await store.reads.journalOfHouse("chv", asked))
      .toSorted((a, b) => a.seq - b.seq)
      .map(({ content }) => JSON.parse(content ?? "null"));
    expect(second).toMatchObject({ values, before: first.hash });
    expect(JSON.stringify([first, second])).not.toContain("-secret");
  },
);

it("follow what an earlier release had noted by hash alone", async () => {
  const digest = sha256Hex('{"delay":30}');
  const content = JSON.stringify({ systems: { pacs: digest, dpi: digest } });
  await store.commit({
    facility: "chv",
    at: NIGHT,
    writes: [{ write: "bookmark", name: "settings", content }],
  });
  expect(await note({ pacs: { delay: 30 }, dpi: { delay: 5 } })).toEqual({
    systems: { added: [], removed: [], changed: ["dpi"] },
  });
});

it("are noted once, by id, without a value", async () => {
  await note({ pacs: { host: "srv-secret" } });
  await note({ pacs: { host: "srv-secret" } });
  const asked = { types: ["note.settings"], from: 0, before: NIGHT + 1, limit: 10 };
  const entries = await store.reads.journalOfHouse("chv", asked);
  expect(entries).toHaveLength(1);
  expect(entries[0]?.content).not.toContain("srv-secret");
});
