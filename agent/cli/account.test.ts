import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MICROSECONDS, systemClock } from "../core/clock.ts";
import type { Account } from "../core/person.ts";
import { loadSigningKey, makeSigningKey } from "../store/keys.ts";
import { openSqlite } from "../store/sqlite.ts";
import { run } from "./program.ts";

let folder: string;
let out: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-account-"));
  out = [];
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, "write").mockImplementation((text) => out.push(String(text)) > 0);
  mkdirSync(join(folder, "state"));
  writeFileSync(
    join(folder, "tocsin.yml"),
    "facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }\nmode: exercise\nstate_directory: ./state\n",
  );
  makeSigningKey(join(folder, "state/signing-key.pem"));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
});

/** Runs `tocsin account …`; what it printed, and how it ended. */
async function account(...words: string[]) {
  out = [];
  process.exitCode = undefined;
  await run(["node", "tocsin", "account", ...words, "--config", join(folder, "tocsin.yml")]);
  return { text: out.join(""), code: process.exitCode };
}
const make = (login: string, role: string) =>
  account("make", "--login", login, "--person", `Dr ${login}`, "--role", role);

async function withStore<T>(work: (store: ReturnType<typeof openSqlite>) => Promise<T>): Promise<T> {
  const store = openSqlite({
    file: join(folder, "state/tocsin.sqlite"),
    signingKey: loadSigningKey(join(folder, "state/signing-key.pem")),
    clock: systemClock,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
const stored = (login: string) =>
  withStore(async ({ reads }) => (await reads.accountByLogin("ch-x", login))?.content);
const change = (login: string, more: Partial<Account>) =>
  withStore(async (store) => {
    const found = await store.reads.accountByLogin("ch-x", login);
    if (found === undefined) throw new Error("no account");
    const { content, revision } = found;
    const record = { write: "record", kind: "account", id: content.id, revision: revision + 1 } as const;
    const write = { ...record, incident: null, state: content.role, content: { ...content, ...more } };
    return store.commit({ facility: "ch-x", at: systemClock.now(), writes: [write] });
  });

describe("account list", () => {
  it("says that there is none", async () => {
    expect((await account("list")).text).toBe("Aucun compte.\n");
  });

  it("names everyone, the active first, with what waits", async () => {
    await make("anne", "delegate");
    await make("remi", "rssi");
    await make("zoe", "operator");
    await change("remi", { created: 0, reviewed: { at: MICROSECONDS.day, by: "Mme X", outcome: "kept" } });
    await change("anne", { active: false });
    const { text } = await account("list");
    expect(text).toMatch(
      /^remi : Dr remi, RSSI, revu le 02\/01\/1970 \S+ par Mme X\n {2}! à revoir depuis le 02\/01\/1971/,
    );
    expect(text).toContain(
      "zoe : Dr zoe, Opérateur, jamais revu\nanne : Dr anne, Personne déléguée, désactivé",
    );
    const lines = (await account("list", "--json")).text.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).login)).toEqual(["remi", "zoe", "anne"]);
  });
});

describe("account delegation", () => {
  const ACT = ["--document", "DEC-2", "--by", "M. Y, directeur"];

  it("renews a delegation by a new act that follows the one that holds, and the old one stays", async () => {
    await make("anne", "delegate");
    expect(
      (await account("delegation", "anne", "--document", "DEC-1", "--by", "M. Y", "--until", "2099-01-01"))
        .code,
    ).toBe(undefined);
    const { text } = await account(
      "delegation",
      "anne",
      ...ACT,
      "--until",
      "2100-01-01",
      "--published",
      "2098-12-01",
    );
    expect(text).toContain("Dr anne : DEC-2, à compter du 01/01/2099");
    expect(text).toContain("Dr anne peut décider");
    const acts = (await stored("anne"))?.delegations ?? [];
    expect(acts.map(({ document }) => document)).toEqual(["DEC-1", "DEC-2"]);
    expect(acts[1]).toMatchObject({
      from: acts[0]?.until,
      published: "2098-12-01",
      recorded: { by: "tocsin account" },
    });
  });

  it("tells of an end that is near, in the list, until a new act follows", async () => {
    await make("anne", "delegate");
    const soon = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
    await account("delegation", "anne", "--document", "DEC-1", "--by", "M. Y", "--until", soon);
    expect((await account("list")).text).toContain("délégation « DEC-1 » finie le");
    await account("delegation", "anne", ...ACT);
    expect((await account("list")).text).not.toContain("finie le");
  });

  it.each([
    ["nobody", ACT, 1, "no such account"],
    ["remi", ACT, 1, "only a person delegated"],
    ["anne", [...ACT, "--from", "demain"], 2, "--from demain"],
    ["anne", [...ACT, "--until", "2026-02-30"], 2, "--until 2026-02-30"],
    ["anne", [...ACT, "--from", "2030-01-02", "--until", "2030-01-01"], 2, "before the beginning"],
    ["anne", ["--document", "x", "--by", "M. Y"], 2, "--document"],
  ])("refuses %s %j", async (login, words, code, because) => {
    await make("anne", "delegate");
    await make("remi", "rssi");
    const done = await account("delegation", login, ...words);
    expect(done).toMatchObject({ code, text: expect.stringContaining(because) });
    expect((await stored("anne"))?.delegations).toBeUndefined();
  });
});
