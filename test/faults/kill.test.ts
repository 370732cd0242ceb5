import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../agent/store/keys.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";

import { EFFORT } from "../support/effort.ts";

const ROUNDS = 8 * EFFORT;
const SENDERS = 4;

let house: House;
beforeAll(async () => {
  house = await makeHouse();
});
afterAll(() => house?.remove());

/** Posts batches until the daemon is gone; returns the ids that it answered for, the first of which it tells. */
async function sendUntilGone(
  daemon: Daemon,
  name: string,
  { sent, answered }: { sent: Set<string>; answered: () => void },
): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let batch = 0; ; batch++) {
    const alerts = Array.from({ length: 5 }, (_, i) => relevant(`${name}-${batch}-${i}`));
    const ids = alerts.map(({ event }) => (event as { id: string }).id);
    for (const id of ids) sent.add(id);
    try {
      const { status, body } = await post(daemon, "generic", house.tokens.generic, alerts);
      if (status !== 202 || body.accepted !== alerts.length) continue;
      acknowledged.push(...ids);
      answered();
    } catch {
      return acknowledged;
    }
  }
}

it(`keeps every alert it answered for, killed ${ROUNDS} times in the middle of intake`, {
  timeout: 300_000 * EFFORT,
}, async () => {
  const sent = new Set<string>();
  const acknowledged: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const daemon = await startDaemon(house);
    // From the first answer: a busy machine may give none for longer than a round takes.
    const { promise: begun, resolve: answered } = Promise.withResolvers<void>();
    const senders = Array.from({ length: SENDERS }, (_, i) =>
      sendUntilGone(daemon, `r${round}-s${i}`, { sent, answered }),
    );
    await begun;
    await new Promise((resolve) => setTimeout(resolve, (round * 97) % 400));
    // A signal to node itself: npm would swallow it.
    await daemon.end("SIGKILL");
    acknowledged.push(...(await Promise.all(senders)).flat());
  }
  expect(acknowledged.length).toBeGreaterThan(ROUNDS);

  const { database, signingKey } = stateFiles(`${house.directory}/state`);
  const report = verifyDatabase(database, loadPublicKey(signingKey), checkpointsFileOf(database));
  expect(report.faults).toEqual([]);
  expect(report.ok).toBe(true);

  const db = new DatabaseSync(database, { readOnly: true });
  const stored = db
    .prepare("SELECT json_extract(content, '$.eventId') AS id FROM alerts WHERE facility = ?")
    .all(FACILITY)
    .map((row) => String(row.id));
  db.close();
  expect(new Set(stored).size).toBe(stored.length);
  const kept = new Set(stored);
  expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
  expect(stored.filter((id) => !sent.has(id))).toEqual([]);

  // Started once more, it takes up where it was: all that is stored is correlated into one incident.
  const daemon = await startDaemon(house);
  const page = await fetch(`${daemon.operations}/readyz`);
  expect(page.status).toBe(200);
  const after = new DatabaseSync(database, { readOnly: true });
  const count = (sql: string) => (after.prepare(sql).get(FACILITY) as { n: number }).n;
  await eventually("all that is stored to be joined", () =>
    count("SELECT count(DISTINCT alert) AS n FROM joined WHERE facility = ?") === stored.length
      ? true
      : undefined,
  );
  expect(count("SELECT count(*) AS n FROM records WHERE facility = ? AND kind = 'incident'")).toBe(1);
  after.close();
  expect(await daemon.end("SIGTERM")).toBe(0);
});
