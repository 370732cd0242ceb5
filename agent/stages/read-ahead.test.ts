import { expect, it } from "vitest";
import type { Arrival } from "./correlate.ts";
import { readAhead } from "./read-ahead.ts";

/** A record of so many detections, that notes what is asked of it. */
function recordOf(count: number) {
  const asked: [after: number, limit: number][] = [];
  const record = { count, fails: false };
  const read = async (after: number, limit: number): Promise<Arrival[]> => {
    asked.push([after, limit]);
    if (record.fails) throw new Error("away");
    return Array.from({ length: Math.max(0, Math.min(limit, record.count - after)) }, (_, i) => ({
      detection: { seq: after + i + 1 },
    })) as Arrival[];
  };
  return { asked, record, ahead: readAhead(read) };
}

async function takeAll({ next }: ReturnType<typeof readAhead>, from = 0): Promise<number[][]> {
  const pages: number[][] = [];
  for (let after = from; ; ) {
    const { page, last } = await next(after);
    pages.push(page.map(({ detection }) => detection.seq));
    if (last) return pages;
    after = page.at(-1)?.detection.seq ?? after;
  }
}

it.each([0, 1, 19, 20, 21, 40, 41, 1000])(
  "gives each of %i in order, once, twenty in a turn",
  async (count) => {
    const { ahead } = recordOf(count);
    const pages = await takeAll(ahead);
    expect(pages.flat()).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(20);
  },
);

it("asks for more at once the longer it lasts, before that is needed, and for little again after the end", async () => {
  const { ahead, asked, record } = recordOf(2000);
  const { page } = await ahead.next(0);
  expect(page).toHaveLength(20);
  expect(asked).toEqual([
    [0, 20],
    [20, 40],
  ]);
  await takeAll(ahead, 20);
  expect(asked.slice(2)).toEqual([
    [60, 80],
    [140, 160],
    [300, 320],
    [620, 640],
    [1260, 640],
    [1900, 640],
  ]);
  record.count = 2001;
  expect(await takeAll(ahead, 2000)).toEqual([[2001]]);
  expect(asked.at(-1)).toEqual([2000, 20]);
});

it("forgets what it read when who takes it stands elsewhere: a unit failed, or another process went on", async () => {
  const { ahead } = recordOf(100);
  await ahead.next(0);
  expect((await ahead.next(0)).page[0]?.detection.seq).toBe(1);
  expect((await ahead.next(50)).page[0]?.detection.seq).toBe(51);
});

it("gives what came after an end that it had read ahead", async () => {
  const { ahead, record } = recordOf(20);
  const first = await ahead.next(0);
  // The next page was begun, and was empty then.
  expect(first.last).toBe(false);
  record.count = 23;
  expect((await ahead.next(20)).page.map(({ detection }) => detection.seq)).toEqual([21, 22, 23]);
});

it("rejects what cannot be read when it is asked for, and reads it again the next time", async () => {
  const { ahead, record } = recordOf(100);
  record.fails = true;
  await expect(ahead.next(0)).rejects.toThrow("away");
  record.fails = false;
  expect((await ahead.next(0)).page).toHaveLength(20);
});
