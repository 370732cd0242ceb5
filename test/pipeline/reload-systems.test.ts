import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import type { Qualification } from "../../agent/core/qualification.ts";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
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

let house: House | undefined;
let daemon: Daemon | undefined;
let reads: SqliteReads | undefined;
afterEach(async () => {
  reads?.close();
  await daemon?.end("SIGKILL");
  house?.remove();
  [house, daemon, reads] = [undefined, undefined, undefined];
});

/** How a criterion of the law that leads stands of the only dossier. */
async function criterionValue(record: SqliteReads, criterion: string): Promise<string | undefined> {
  const [incident] = await record.byState(FACILITY, "incident", [], { limit: 1 });
  const found = await record.ofIncident(FACILITY, "qualification", incident?.content.id ?? "");
  const leading: Qualification | undefined = found.find(({ content }) => content.leads)?.content;
  return leading?.criteria.find(({ id }) => id === criterion)?.value;
}

/** Has a daemon read another configuration; resolves with how long that took, ms. */
async function reload(running: Daemon, { config }: House, text: string): Promise<number> {
  const taken = () => running.log.filter(({ message }) => message === "configuration read anew");
  const before = taken().length;
  writeFileSync(config, text);
  running.process.kill("SIGHUP");
  const last = await eventually("the reload", () => (taken().length > before ? taken().at(-1) : undefined));
  return Number(last.milliseconds);
}

it("evaluates dossiers anew under other systems, after a reload as after a stop, and calls nobody at once for it", async () => {
  // Nobody answers there: what is to be told stays planned.
  const here = await makeHouse({ webhook: "http://127.0.0.1:9/" });
  house = here;
  let running = await startDaemon(here);
  daemon = running;
  const record = here.reads();
  reads = record;
  const { generic } = here.tokens;
  await post(running, "generic", generic, relevant("attack"));
  await post(running, "generic", generic, {
    host: "pacs-01",
    message: 'Problem: Service "dicom" is not running on pacs-01, severity High',
  });
  const until = (value: string) =>
    eventually(`C1 to be ${value}`, async () =>
      (await criterionValue(record, "C1")) === value ? true : undefined,
    );
  // An outage of what care depends on, in an attack.
  await until("met");
  const called = async () => {
    const found = await record.effectsIn(FACILITY, ["planned", "claimed", "done", "failed"], 100);
    return found.flatMap(({ kind, key }) => (kind === "notify" ? [key] : [])).sort();
  };
  const before = await called();
  expect(before).not.toEqual([]);
  const alerts = await record.countAlerts(FACILITY);
  const good = readFileSync(here.config, "utf8");
  const other = good.replace("care_critical: true", "care_critical: false");
  expect(await reload(running, here, other)).toBeLessThan(1000);
  await until("unknown");
  expect(await reload(running, here, good)).toBeLessThan(1000);
  await until("met");
  expect(await called()).toEqual(before);

  expect(await running.end("SIGTERM")).toBe(0);
  writeFileSync(here.config, other);
  running = await startDaemon(here);
  daemon = running;
  await until("unknown");
  expect(await record.countAlerts(FACILITY)).toBe(alerts);

  // What is the same again is evaluated once, not at every reload.
  const done = () =>
    running.log.filter(({ message }) => String(message).startsWith("every dossier evaluated"));
  await eventually("its end", () => (done().length === 1 ? true : undefined));
  await reload(running, here, `${other}\nhandover: { at: "07:30" }\n`);
  await reload(running, here, good);
  await eventually("the next", () => (done().length > 1 ? true : undefined));
  expect(done()).toHaveLength(2);
});
