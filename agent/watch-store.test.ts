import { expect, it, vi } from "vitest";
import { TocsinError } from "./core/errors.ts";
import { kindOfTrouble, type StoreTrouble } from "./core/store-trouble.ts";
import type { Store, Unit } from "./store/store.ts";
import { watchStore } from "./watch-store.ts";

const NOW = 1_800_000_000_000_000;
const UNIT: Unit = { facility: "chv", at: NOW, writes: [] };
const full = () => new TocsinError({ code: "store_full", message: "database or disk is full" });

/** A store that does as it is told, watched. */
function scene(every = 1, disk?: () => Promise<string | undefined>) {
  const parts = { fails: undefined as Error | undefined, commits: 0 };
  const changes: (StoreTrouble["kind"] | null)[] = [];
  const watch = watchStore(
    {
      async commit() {
        parts.commits++;
        if (parts.fails !== undefined) throw parts.fails;
        return { outcome: "committed", alerts: [] };
      },
    } as unknown as Store,
    {
      facility: "chv",
      clock: { now: () => NOW },
      log: { error: () => undefined, info: () => undefined },
      changed: (trouble) => changes.push(trouble?.kind ?? null),
      every,
      ...(disk && { disk }),
    },
  );
  return { parts, changes, watch };
}

it("tells that nothing can be written, and finds out by itself when it can again", async () => {
  const { parts, changes, watch } = scene();
  parts.fails = full();
  await expect(watch.store.commit(UNIT)).rejects.toThrow("full");
  expect(watch.trouble()).toMatchObject({ kind: "full", since: NOW });
  await vi.waitUntil(() => parts.commits > 3);
  expect(changes).toEqual(["full"]);
  parts.fails = undefined;
  await vi.waitUntil(() => watch.trouble() === null);
  expect(changes).toEqual(["full", null]);
  await watch.stop();
});

it.each(["unit_malformed", "store_closed"])("takes %s for no trouble of the disk", async (code) => {
  const { parts, changes, watch } = scene();
  parts.fails = new TocsinError({ code, message: "no" });
  await expect(watch.store.commit(UNIT)).rejects.toThrow("no");
  expect(changes).toEqual([]);
  await watch.stop();
});

it("asks the disk when the database says only that it failed", async () => {
  const { parts, watch } = scene(60_000, async () => "EROFS: read-only file system, open 'writable'");
  parts.fails = new TocsinError({ code: "store_failed", message: "disk I/O error" });
  await expect(watch.store.commit(UNIT)).rejects.toThrow("I/O");
  await vi.waitUntil(() => watch.trouble()?.kind === "read_only");
  await watch.stop();
});

it("takes no small success for room on a full disk", async () => {
  const { parts, watch } = scene(60_000);
  parts.fails = full();
  await expect(watch.store.commit(UNIT)).rejects.toThrow("full");
  parts.fails = undefined;
  await watch.store.commit(UNIT);
  expect(watch.trouble()).toMatchObject({ kind: "full" });
  await watch.stop();
});

it("believes another thread, whichever it hears from last", async () => {
  const { changes, watch } = scene(60_000);
  watch.heard("database or disk is full");
  watch.heard("attempt to write a readonly database");
  watch.heard(undefined);
  watch.heard("disk I/O error");
  expect(changes).toEqual(["full", "read_only", null, "other"]);
  await watch.stop();
});

it.each([
  ["database or disk is full", "full"],
  ["ENOSPC: no space left on device, write", "full"],
  ["attempt to write a readonly database", "read_only"],
  ["EROFS: read-only file system, open 'x'", "read_only"],
  ["database is locked", "locked"],
  ["disk I/O error", "other"],
] as const)("takes %j for %s", (because, kind) => {
  expect(kindOfTrouble(because)).toBe(kind);
});
