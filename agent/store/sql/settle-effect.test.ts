import { describe, expect, it } from "vitest";
import { EffectState } from "../../core/effect.ts";
import type { Bulk } from "./bulk.ts";
import type { Place } from "./place.ts";
import { atOnce, type Row, type Sql } from "./sql.ts";
import { prepareWrites } from "./writes.ts";

const PLACE = { facility: "ch-exemple", at: 7 } as Place;
const KEY = "notify:1";

/** The writes on a record whose one effect is this row, and what they put. */
function writesOn(effect: Row | undefined) {
  const put: unknown[][] = [];
  const statement = (text: string) => ({
    // biome-ignore lint/correctness/useYield: this engine answers at once
    *get(...values: unknown[]) {
      return text.startsWith("SELECT state, fence FROM effects") && values[1] === KEY ? effect : undefined;
    },
    put: (...values: unknown[]) => put.push(values),
  });
  const seal = (column: string, row: string[], value: string) => `${column}:${row}:${value}`;
  const columns = { seal, shown: String, tried: String, clear: String };
  const writes = prepareWrites(Object.assign(statement, columns) as unknown as Sql, {} as Bulk);
  return { put, apply: (...write: Parameters<typeof writes.apply>) => atOnce(writes.apply(...write)) };
}

const settlement = (state: EffectState, over: object = {}) =>
  ({ write: "settle", key: KEY, fence: 3, state, because: "Raison.", ...over }) as const;

/** The states that each state may be settled to: what the table says, but never `claimed`. */
const SETTLED: Record<EffectState, EffectState[]> = {
  planned: ["cancelled"],
  claimed: ["planned", "done", "failed", "uncertain"],
  uncertain: ["planned", "done", "failed", "cancelled"],
  done: [],
  failed: ["planned"],
  cancelled: [],
};

describe("an effect", () => {
  it.each(EffectState.options.flatMap((from) => EffectState.options.map((to) => [from, to] as const)))(
    "goes from %s to %s only where the table says so",
    (from, to) => {
      const { apply, put } = writesOn({ state: from, fence: 3 });
      const refused = apply(PLACE, settlement(to, { due: 9 }));
      if (SETTLED[from].includes(to)) {
        expect(refused).toBeUndefined();
        const because = `effects.because:ch-exemple,${KEY}:Raison.`;
        expect(put).toEqual([[to, because, 9, to, "ch-exemple", KEY]]);
      } else expect([refused, put]).toEqual([`effect ${KEY} cannot go from ${from} to ${to}`, []]);
    },
  );

  it("keeps when it is due where nothing else is said", () => {
    const { apply, put } = writesOn({ state: "claimed", fence: 3 });
    apply(PLACE, settlement("done"));
    expect(put[0]?.[2]).toBeNull();
  });

  it.each(EffectState.options)("that is %s is claimed only while it is planned", (state) => {
    const { apply, put } = writesOn({ state, fence: 3 });
    const refused = apply(PLACE, { write: "claim", key: KEY, fence: 3, owner: "host-1" });
    expect([refused, put]).toEqual(
      state === "planned"
        ? [undefined, [["host-1", "ch-exemple", KEY]]]
        : [`effect ${KEY} is ${state}, not planned`, []],
    );
  });

  it.each([
    ["by an older claim", { fence: 2 }, `effect ${KEY} has fence 3, not 2`],
    ["by one to come", { fence: 4 }, `effect ${KEY} has fence 3, not 4`],
    ["that is unknown", { key: "notify:2" }, "effect notify:2 is unknown"],
  ])("is neither settled nor claimed %s", (_what, over, because) => {
    const { apply, put } = writesOn({ state: "planned", fence: 3 });
    expect(apply(PLACE, settlement("cancelled", over))).toBe(because);
    expect(apply(PLACE, { write: "claim", key: KEY, fence: 3, owner: "host-1", ...over })).toBe(because);
    expect(put).toEqual([]);
  });
});
