import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyRing } from "../../agent/store/cipher/key-ring.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import { sampleRing } from "../support/key-ring.ts";
import { NIGHT, samples, steppingClock } from "../support/store-samples.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";

const ALERTS = { full: 20_000, tiny: 20 };
const UNIT = 100;
const ROUNDS = { full: 5, tiny: 1 };

/** What encryption at rest adds to a row, in CPU time, so that a busy machine tells the same; the peer is the record in clear. */
export async function benchEncryption({ tiny }: BenchOptions): Promise<Measure[]> {
  const many = tiny ? ALERTS.tiny : ALERTS.full;
  const best = { clear: NONE, sealed: NONE };
  // Turn and turn about, the best of each: what else runs here slows both.
  for (let round = 0; round < (tiny ? ROUNDS.tiny : ROUNDS.full); round++) {
    best.clear = lesser(best.clear, await spent(many, undefined));
    best.sealed = lesser(best.sealed, await spent(many, sampleRing()));
  }
  const row = (what: string, part: keyof typeof NONE): Measure => ({
    what,
    own: { value: best.sealed[part] },
    against: "the record in clear",
    peer: { value: best.clear[part] },
  });
  return [
    row("an alert committed, encrypted", "commit"),
    row("a note committed, encrypted: record, entry and salt", "note"),
    row("an alert read, encrypted", "read"),
  ];
}

const NONE = {
  commit: Number.POSITIVE_INFINITY,
  note: Number.POSITIVE_INFINITY,
  read: Number.POSITIVE_INFINITY,
};

function lesser(one: typeof NONE, other: typeof NONE): typeof NONE {
  return {
    commit: Math.min(one.commit, other.commit),
    note: Math.min(one.note, other.note),
    read: Math.min(one.read, other.read),
  };
}

/** CPU of one row, µs. */
async function spent(many: number, ring: KeyRing | undefined): Promise<typeof NONE> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-bench-encryption-"));
  const signingKey = makeSigningKey(join(folder, "key.pem"));
  const store = openSqlite({ file: join(folder, "t.sqlite"), signingKey, clock: steppingClock(), ring });
  const make = samples();
  const author = { account: "a", name: "A" };
  const note = (n: number) => ({
    ...{
      id: `n-${n}`,
      incident: "i",
      at: NIGHT,
      about: NIGHT,
      author,
      text: "Le PACS ne répond plus. ".repeat(8),
    },
  });
  const each = async (rows: number, work: () => Promise<unknown>) => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / rows;
  };
  try {
    const units = Array.from({ length: many / UNIT || 1 }, () =>
      Array.from({ length: Math.min(UNIT, many) }, () => make.alert()),
    );
    const commit = await each(many, async () => {
      for (const writes of units) await store.commit({ facility: "h", at: NIGHT, writes });
    });
    const notes = await each(many / 10, async () => {
      for (let n = 0; n < many / 10; n += 10) {
        const writes = Array.from({ length: Math.min(10, many / 10 - n) }, (_, i) => ({
          ...({ write: "record", kind: "logbook", revision: 1, incident: "i", state: null } as const),
          id: `n-${n + i}`,
          content: note(n + i),
        }));
        await store.commit({ facility: "h", at: NIGHT, writes });
      }
    });
    const read = await each(many, async () => {
      for (let after = 0; after < many; after += 1000)
        await store.reads.detectionsAfter("h", after, Math.min(1000, many - after));
    });
    return { commit, note: notes, read };
  } finally {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
