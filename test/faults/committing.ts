import { existsSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { systemClock } from "../../agent/core/clock.ts";
import { storeClient } from "../../agent/store/client.ts";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { startStoreThread } from "../../agent/store/thread.ts";
import { samples } from "../support/store-samples.ts";

/** A process that commits through the store thread until it is killed, and says on stdout what was acknowledged. */
const [file, keyFile, fullFlag] = process.argv.slice(2) as [string, string, string];
const say = (line: string) => writeSync(1, `${line}\n`);
const make = samples(systemClock);
const thread = await startStoreThread({ record: { engine: "sqlite", file }, keyFile });
const store = storeClient(thread.connect(), openSqliteReads(file));

async function commitForever(client: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const incident = make.incident();
    const alerts = Array.from({ length: 1 + ((turn * 7) % 40) }, () => make.alert({ eventId: make.newId() }));
    const writes = [...alerts, make.incidentPut(incident)];
    const receipt = await store.commit({ facility: `ght-${client % 2}`, at: systemClock.now(), writes });
    if (receipt.outcome !== "committed") throw new Error(receipt.because);
    say(`ght-${client % 2} ${incident.id} ${alerts.map(({ alert }) => alert.id).join(",")}`);
    if (turn % 9 === 0) await store.checkpoint(`ght-${client % 2}`);
  }
}

/** Fills the disk for one commit, then frees it. */
async function fillOnce(): Promise<void> {
  const unit = () => ({ facility: "ght-0", at: systemClock.now(), writes: [make.alert(), make.alert()] });
  await store.commit(unit());
  writeFileSync(fullFlag, "");
  const during = await Promise.allSettled([
    store.commit(unit()),
    store.commit(unit()),
    store.checkpoint("ght-0"),
  ]);
  rmSync(fullFlag);
  const after = await store.commit(unit());
  const codes = during.map((settled) =>
    settled.status === "rejected" ? settled.reason.code : settled.status,
  );
  say(
    JSON.stringify({ during: codes, after: after.outcome, alerts: await store.reads.countAlerts("ght-0") }),
  );
  await store.close();
  await thread.stop();
}

if (fullFlag !== undefined && !existsSync(fullFlag)) await fillOnce();
else await Promise.all([0, 1, 2, 3, 4, 5].map(commitForever));
