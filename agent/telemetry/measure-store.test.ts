import { AggregatorRegistry, Registry } from "prom-client";
import { expect, it } from "vitest";
import type { Store, Unit } from "../store/store.ts";
import { measureStore } from "./measure-store.ts";

const UNIT: Unit = { facility: "ch-exemple", at: 0, writes: [] };

function scene() {
  const answers: { resolve(): void; reject(): void }[] = [];
  const registry = new Registry();
  const store = measureStore(
    {
      commit: () =>
        new Promise((resolve, reject) =>
          answers.push({
            resolve: () => resolve({ outcome: "committed", alerts: [] }),
            reject: () => reject(new Error("disk full")),
          }),
        ),
    } as unknown as Store,
    registry,
  );
  return { answers, registry, store };
}

const value = (text: string, name: string) => Number(text.match(new RegExp(`^${name} (.*)$`, "m"))?.[1]);

it("counts what waits, what was answered and what failed, and hands both on", async () => {
  const { answers, registry, store } = scene();
  const [good, bad] = [store.commit(UNIT), store.commit(UNIT)];
  expect(value(await registry.metrics(), "tocsin_store_commits_waiting")).toBe(2);
  answers[0]?.resolve();
  answers[1]?.reject();
  await expect(good).resolves.toEqual({ outcome: "committed", alerts: [] });
  await expect(bad).rejects.toThrow("disk full");
  const text = await registry.metrics();
  expect(value(text, "tocsin_store_commits_waiting")).toBe(0);
  expect(value(text, "tocsin_store_commit_duration_seconds_count")).toBe(2);
  expect(value(text, "tocsin_store_commit_failures_total")).toBe(1);
});

it("of two threads is shown as one", async () => {
  const scenes = [scene(), scene()];
  for (const { answers, store } of scenes) {
    const done = store.commit(UNIT);
    answers[0]?.resolve();
    await done;
  }
  const all = await Promise.all(scenes.map(({ registry }) => registry.getMetricsAsJSON()));
  const text = await AggregatorRegistry.aggregate(all).metrics();
  expect(value(text, "tocsin_store_commit_duration_seconds_count")).toBe(2);
});
