import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Listening } from "../../agent/intake/thread.ts";
import { stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../agent/store/keys.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import { type Daemon, eventually, FACILITY, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { EFFORT } from "../support/effort.ts";
import { openRelp, type RelpClient } from "../support/relp-client.ts";

const ROUNDS = 5 * EFFORT;
const SENDERS = 3;
const WINDOW = 200;
const LINES_A_ROUND = 3000;

let house: House;
beforeAll(async () => {
  house = await makeHouse();
  const text = readFileSync(house.config, "utf8");
  writeFileSync(house.config, text.replace("{ transport: tcp, port: 0 }", "{ transport: relp, port: 0 }"));
});
afterAll(() => house?.remove());

function relpPort(daemon: Daemon): number {
  const { listening } = daemon.log.find(({ message }) => message === "ready") as { listening: Listening[] };
  return listening.find(({ transport }) => transport === "relp")?.port ?? 0;
}

/** Every third line matters; each is like no other. */
const line = (sender: number, i: number) =>
  `<34>Jun  7 00:10:00 pacs-01 app: ${i % 3 === 0 ? "vssadmin delete shadows /all" : "all is well"} (${sender}-${i})`;
const identityOf = (text: string) => /\(([^)]*)\)$/.exec(text)?.[1] ?? "";
const matters = (text: string) => text.includes("vssadmin");

function stored(): string[] {
  const db = new DatabaseSync(stateFiles(join(house.directory, "state")).database, { readOnly: true });
  try {
    return db
      .prepare("SELECT json_extract(content, '$.alert.message') AS said FROM alerts WHERE facility = ?")
      .all(FACILITY)
      .map(({ said }) => identityOf(String(said)));
  } finally {
    db.close();
  }
}

it(`stores each relevant line once, and acknowledges none that is not, killed ${ROUNDS} times`, {
  timeout: 300_000 * EFFORT,
}, async () => {
  const left: string[][] = Array.from({ length: SENDERS }, () => []);
  const sent: string[] = [];
  let repeats = 0;
  for (let round = 0; round <= ROUNDS; round++) {
    const daemon = await startDaemon(house);
    const clients: RelpClient[] = [];
    for (let sender = 0; sender < SENDERS; sender++) clients.push(await openRelp(relpPort(daemon), WINDOW));
    const sending = clients.map((client, sender) => {
      const fresh = Array.from({ length: LINES_A_ROUND }, (_, i) => line(sender, round * LINES_A_ROUND + i));
      sent.push(...fresh);
      return client.send([...(left[sender] ?? []), ...fresh]);
    });
    if (round < ROUNDS) {
      const enough = 200 + ((round * 331) % 1500);
      const acknowledged = () => clients.every((client) => client.acknowledged.length >= enough);
      await eventually("some answers", () => (acknowledged() ? true : undefined));
    } else await Promise.all(sending);
    const metrics = await (await fetch(`${daemon.operations}/metrics`)).text();
    repeats += Number(/^tocsin_intake_repeats_total\{[^}]*\} (\d+)/m.exec(metrics)?.[1] ?? 0);
    await daemon.end(round < ROUNDS ? "SIGKILL" : "SIGTERM");
    await Promise.all(sending);
    const kept = new Set(stored());
    for (const [sender, client] of clients.entries()) {
      expect(client.acknowledged.filter((text) => matters(text) && !kept.has(identityOf(text)))).toEqual([]);
      left[sender] = client.unacknowledged;
    }
  }
  expect(left.flat()).toEqual([]);
  expect(stored().toSorted()).toEqual(sent.filter(matters).map(identityOf).toSorted());
  // What is repeated is at most what each sender had under way when it was cut off.
  expect(repeats).toBeLessThanOrEqual(ROUNDS * SENDERS * WINDOW);

  const { database, signingKey } = stateFiles(join(house.directory, "state"));
  expect(verifyDatabase(database, loadPublicKey(signingKey), checkpointsFileOf(database))).toMatchObject({
    ok: true,
    faults: [],
  });
});
