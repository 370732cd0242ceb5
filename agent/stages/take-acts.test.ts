import { describe, expect, it } from "vitest";
import type { Receipt } from "../store/store.ts";
import { openActs } from "./take-acts.ts";
import type { Work } from "./work.ts";

const COMMITTED: Receipt = { outcome: "committed", alerts: [] };
const CONFLICT: Receipt = { outcome: "conflict", write: 0, because: "revision 3" };

/** Acts on incidents that hold a number, on a record that answers as told; `together` are the commits of each turn. */
function openHouse(answers: (Receipt | Error)[] = []) {
  const numbers = new Map([
    ["a", 0],
    ["b", 0],
    ["c", 0],
  ]);
  const turns: string[][] = [];
  const undone: string[] = [];
  let queue: Promise<unknown> = Promise.resolve();
  const take = openActs<{ id: string; after: number }>({
    exclusive(work) {
      const next = queue.then(work, work);
      queue = next.catch(() => undefined);
      return next;
    },
    load: async (id) =>
      numbers.has(id) ? ({ incident: { id }, number: numbers.get(id) } as unknown as Work) : undefined,
    async turn() {
      turns.push([]);
      return (known, { act, keep, carried }) => {
        const work = { ...known };
        const result = act(work, 0);
        const after = (work as unknown as { number: number }).number + (carried ? 100 : 0);
        return keep(result) ? { result, kept: { id: known.incident.id, after } } : { result };
      };
    },
    async commit({ id }) {
      turns.at(-1)?.push(id);
      const answer = answers.shift() ?? COMMITTED;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    committed: ({ id, after }) => void numbers.set(id, after),
    undo: ({ incident }) => void undone.push(incident.id),
  });
  const add = (incident: string, more: Partial<{ keep: () => boolean; carried: boolean }> = {}) =>
    take({
      incident,
      act: (work) => ++(work as unknown as { number: number }).number,
      keep: () => true,
      carried: false,
      ...more,
    });
  return { add, take, numbers, turns, undone };
}

describe("acts", () => {
  it("are done in their order, those that wait together in one turn, two on the same incident in two", async () => {
    const house = openHouse();
    const done = await Promise.all(["a", "b", "a", "c", "a"].map((id) => house.add(id)));
    expect(done).toEqual([1, 1, 2, 1, 3]);
    expect(house.turns).toEqual([["a", "b", "c"], ["a"], ["a"]]);
  });

  it("leave what a refusal did, and an unknown incident, as it was", async () => {
    const house = openHouse();
    expect(await Promise.all([house.add("a", { keep: () => false }), house.add("nobody")])).toEqual([
      1,
      undefined,
    ]);
    expect(house.numbers.get("a")).toBe(0);
    expect(house.turns).toEqual([[]]);
  });

  it("evaluate the incident anew unless they lead to nothing", async () => {
    const house = openHouse();
    await Promise.all([house.add("a", { carried: true }), house.add("b")]);
    expect([house.numbers.get("a"), house.numbers.get("b")]).toEqual([101, 1]);
  });

  it("are tried again alone where someone else was first, three times", async () => {
    const house = openHouse([COMMITTED, CONFLICT]);
    expect(await Promise.all([house.add("a"), house.add("b")])).toEqual([1, 1]);
    expect(house.turns).toEqual([["a", "b"], ["b"]]);
    expect(house.undone).toEqual(["b"]);

    const beaten = openHouse([CONFLICT, CONFLICT, CONFLICT]);
    await expect(beaten.add("a")).rejects.toThrow("incident a: revision 3, three times over");
    expect(beaten.undone).toEqual(["a", "a", "a"]);
    expect(beaten.numbers.get("a")).toBe(0);
  });

  it("fail alone where the disk or the act fails", async () => {
    const house = openHouse([new Error("disk full")]);
    const broken = house.take({
      incident: "c",
      act: () => {
        throw new Error("no such answer");
      },
      keep: () => true,
      carried: true,
    });
    const [full, rest, thrown] = await Promise.allSettled([house.add("a"), house.add("b"), broken]);
    expect([full, rest, thrown]).toMatchObject([
      { status: "rejected", reason: { message: "disk full" } },
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: { message: "no such answer" } },
    ]);
    expect(house.undone).toEqual(["a"]);
  });
});
