import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LoadedConfig, loadConfig } from "../../config/load.ts";
import { fakeIndex } from "../../test/support/fake-index.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { uuidv7 } from "../core/id.ts";
import { passingMasks, setupOf, stateFiles } from "../setup.ts";
import { openSweeper } from "../stages/effects/sweep.ts";
import { openPipeline } from "../stages/open-pipeline.ts";
import { makeSigningKey } from "../store/keys.ts";
import { lockState } from "../store/lock.ts";
import { openSqliteReads } from "../store/sqlite/reads.ts";
import { openSqlite } from "../store/sqlite.ts";
import { openInstalled } from "./config-option.ts";
import { type HuntOptions, hunt } from "./hunt.ts";

const NIGHT = Date.UTC(2026, 10, 15, 1) * 1000;
let now = NIGHT;
const clock = { now: () => now };
const FACILITY = "ch-exemple";
let root = "";
let server: Server;
let url = "";
const index = fakeIndex({
  product: "elasticsearch",
  name: "logs-*",
  field: "@timestamp",
  now: () => NIGHT / 1000,
});
/** What is answered in place of the imitated index. */
let answers: { status: number; body: unknown } | undefined;

const line = (at: string, message: string, host = "poste-7") =>
  JSON.stringify({ "@timestamp": at, host, message });
const DELETED = "vssadmin.exe delete shadows /all /quiet";
const OLD = "2026-11-01T02:00:00Z";

beforeAll(async () => {
  for (const [day, host] of [
    ["2026-10-20", "poste-7"],
    ["2026-11-02", "poste-7"],
    ["2026-11-03", "poste-8"],
    ["2026-11-14", "poste-7"],
  ] as const)
    index.add({
      id: day,
      time: Date.parse(day),
      visible: 0,
      source: JSON.parse(line(`${day}T00:00:00.000Z`, DELETED, host)),
    });
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const found =
        answers ??
        index.answer(request.method ?? "", request.url ?? "", body === "" ? undefined : JSON.parse(body));
      response.writeHead(found.status, { "content-type": "application/json" });
      response.end(JSON.stringify(found.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(async () => {
  now = NIGHT;
  answers = undefined;
  root = mkdtempSync(join(tmpdir(), "tocsin-hunt-"));
  const config = loaded();
  mkdirSync(config.stateDirectory);
  const files = stateFiles(config.stateDirectory);
  const store = openSqlite({ file: files.database, signingKey: makeSigningKey(files.signingKey), clock });
  await store.close();
  // What opens the incident is itself an outage that came live.
  await live(async ({ store, pipeline, newId }) => {
    const alert = {
      "@timestamp": new Date(NIGHT / 1000).toISOString(),
      host: { name: "poste-7" },
      message: "x",
    };
    const id = newId();
    const rule = {
      id: "down",
      name: "service-down",
      version: "1",
      title: "Down",
      level: "high" as const,
      tags: [],
      meaning: {
        title_fr: "Service arrêté",
        reason_fr: "Il ne répond plus.",
        cause: "infrastructure_failure" as const,
        facts: [{ fact: "system_unavailable" as const, confidence: "suspected" as const, ended_by: [] }],
      },
    };
    await store.commit({
      facility: FACILITY,
      at: NIGHT,
      writes: [
        {
          write: "alert",
          alert: { id, source: "test", received: NIGHT, occurred: NIGHT, eventId: null, alert },
          detections: [{ id: newId(), alert: id, rule, because: [] }],
        },
      ],
    });
    while ((await pipeline.advance()) > 0);
  });
  now += 30 * MICROSECONDS.minute;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function loaded(): LoadedConfig {
  const file = join(root, "tocsin.yml");
  writeFileSync(
    file,
    `facility: { id: ${FACILITY}, name: CH, kind: etablissement_de_sante }
mode: observe
state_directory: state
sources:
  - { id: siem, connector: generic, poll: { url: "${url || "http://127.0.0.1:1"}", index: logs-*, page_size: 2 } }
  - { id: relais, connector: generic, token: { file: token } }
`,
  );
  writeFileSync(join(root, "token"), "0123456789abcdef0123456789abcdef\n", { mode: 0o600 });
  const { loaded, problems } = loadConfig(file);
  if (loaded === undefined) throw new Error(JSON.stringify(problems));
  return loaded;
}

/** Runs what a daemon has, on the installed store. */
async function live<T>(act: (parts: Awaited<ReturnType<typeof open>>) => Promise<T>): Promise<T> {
  const parts = await open();
  try {
    return await act(parts);
  } finally {
    await parts.store.close();
  }
}
async function open() {
  const config = loaded();
  const { store } = await openInstalled(config);
  const newId = uuidv7(clock);
  const setup = setupOf(config, newId, passingMasks(config));
  const pipeline = await openPipeline({ store, setup, clock });
  const sweeper = openSweeper({
    store,
    pipeline,
    setup,
    clock,
    owner: "daemon",
    channels: new Map(),
    outbounds: new Map(),
    page: () => "",
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  return { store, pipeline, sweeper, newId };
}

const OPTIONS: HuntOptions = { input: "lines", mappings: [], zone: "UTC", host: [] };
const hunted = (files: string[], options: Partial<HuntOptions> = {}, incident = "2026-0001") =>
  hunt(
    loaded(),
    { incident, files: files.map((file) => join(root, file)) },
    { ...OPTIONS, ...options },
    clock,
  );
const record = (name: string, lines: readonly string[]) => writeFileSync(join(root, name), lines.join("\n"));

async function incidents() {
  const reads = openSqliteReads(stateFiles(join(root, "state")).database);
  const found = await reads.byState(FACILITY, "incident", [], { limit: 10 });
  const entries = await reads.journal(FACILITY, 1, 10_000);
  reads.close();
  return { incidents: found.map(({ content }) => content), entries };
}

describe("hunt, with the daemon stopped", () => {
  it("gives the incident what a recording has, compressed or not, and notes who searched what", async () => {
    const text = [line(OLD, DELETED), line("2026-11-02T02:00:00Z", DELETED, "poste-8")].join("\n");
    writeFileSync(join(root, "old.ndjson.gz"), gzipSync(text));
    const result = await hunted(["old.ndjson.gz"]);
    expect(result).toMatchObject({
      dry_run: false,
      state: "settled",
      incident: "2026-0001",
      what: "« old.ndjson.gz »",
      counts: { read: 2, matched: 2, kept: 1, known: 0, left_out: { unrelated: 1 } },
      beginning: { before: "2026-11-15T01:00:00.000Z", after: "2026-11-01T02:00:00.000Z" },
    });
    expect(result.criteria.length).toBeGreaterThan(0);
    const found = await incidents();
    expect(found.incidents).toMatchObject([{ alerts: 2, hunted: 1 }]);
    const noted = found.entries.find(({ type }) => type === "note.hunt");
    expect(JSON.parse(noted?.content ?? "{}")).toMatchObject({
      hunt: {
        by: { account: null, name: expect.stringContaining("en ligne de commande") },
        record: {
          what: "files",
          files: [
            {
              name: "old.ndjson.gz",
              bytes: readFileSync(join(root, "old.ndjson.gz")).length,
              sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
            },
          ],
        },
        counts: { kept: 1 },
      },
      outcome: { detections: 1 },
    });
    now += MICROSECONDS.hour;
    expect(await hunted(["old.ndjson.gz"])).toMatchObject({
      state: "unchanged",
      counts: { kept: 0, known: 1 },
    });
    expect((await incidents()).entries).toHaveLength(found.entries.length);
  });

  it("asks an index for a stretch of time, page by page, and leaves where the live poll stands alone", async () => {
    const asked = { from: "siem", since: "2026-11-01", until: "2026-11-14" };
    const dry = await hunted([], { ...asked, dryRun: true });
    expect(dry).toMatchObject({
      dry_run: true,
      state: "would_change",
      counts: { read: 3, kept: 2, left_out: { unrelated: 1 } },
      detections: [{ at: "2026-11-02T00:00:00.000Z" }, { at: "2026-11-14T00:00:00.000Z" }],
      facts: expect.arrayContaining([expect.objectContaining({ change: "new", fact: "recovery_destroyed" })]),
    });
    expect((await incidents()).incidents).toMatchObject([{ alerts: 1 }]);
    const result = await hunted([], asked);
    expect(result).toMatchObject({ state: "settled", counts: { kept: 2 }, beginning: dry.beginning });
    expect(result.what).toContain("source « siem » du 01/11/2026");
    expect(await hunted([], asked)).toMatchObject({ state: "unchanged" });
    const reads = openSqliteReads(stateFiles(join(root, "state")).database);
    expect(await reads.bookmark(FACILITY, "poll:siem")).toBeUndefined();
    reads.close();
  });
});

describe("hunt, beside a running daemon", () => {
  it("keeps what it finds, and the daemon takes it in", async () => {
    record("old.ndjson", [line(OLD, DELETED)]);
    const lock = lockState(join(root, "state"));
    try {
      await live(async ({ pipeline, sweeper }) => {
        let done = false;
        const asked = hunted(["old.ndjson"]).finally(() => {
          done = true;
        });
        while (!done) {
          await pipeline.advance();
          await sweeper.sweep();
          await new Promise((resolve) => setImmediate(resolve));
        }
        expect(await asked).toMatchObject({ state: "settled", counts: { kept: 1 } });
      });
    } finally {
      lock.release();
    }
    expect((await incidents()).incidents).toMatchObject([{ alerts: 2, hunted: 1 }]);
  });

  it("tries without it, and changes nothing", async () => {
    record("old.ndjson", [line(OLD, DELETED)]);
    const lock = lockState(join(root, "state"));
    const before = await incidents();
    expect(await hunted(["old.ndjson"], { dryRun: true })).toMatchObject({ state: "would_change" });
    expect(await incidents()).toEqual(before);
    lock.release();
  });
});

describe("hunt refuses, before anything is read,", () => {
  const FROM = { from: "siem", since: "2026-11-01", until: "2026-11-14" };
  it.each([
    [
      "an unknown incident",
      [],
      FROM,
      "2026-0099",
      "incident_unknown",
      "no incident has the reference 2026-0099",
    ],
    ["a file that is not there", ["none.log"], {}, undefined, "unreadable_file", "none.log: cannot be read"],
    [
      "a file of which nothing is recognised",
      ["blob"],
      {},
      undefined,
      "nothing_recognised",
      "none of 2 records",
    ],
    ["nothing to search", [], {}, undefined, "bad_option", "name a file"],
    ["a file and a source", ["blob"], FROM, undefined, "bad_option", "not both"],
    ["a reading for a source", [], { ...FROM, as: "cef" }, undefined, "bad_option", "--as is for files"],
    [
      "a source without a stretch of time",
      [],
      { from: "siem" },
      undefined,
      "bad_option",
      "--since and --until",
    ],
    [
      "an end before the beginning",
      [],
      { ...FROM, until: "2026-10-01" },
      undefined,
      "bad_option",
      "is after",
    ],
    ["a time of 1970", ["blob"], { since: "1970-01-01" }, undefined, "bad_option", "more than 10 years ago"],
    ["a time of 2090", ["blob"], { until: "2090-01-01T00:00:00Z" }, undefined, "bad_option", "in the future"],
    ["what is no time", ["blob"], { since: "hier" }, undefined, "bad_option", '"hier" is no time'],
    ["an unknown source", [], { ...FROM, from: "siam" }, undefined, "unknown_source", "one of siem"],
    ["a source that sends", [], { ...FROM, from: "relais" }, undefined, "not_polled", "cannot be asked"],
    ["an unknown reading", ["blob"], { as: "cfe" }, undefined, "unknown_source", "did you mean cef?"],
    ["an unknown account", ["blob"], { by: "x" }, undefined, "account_unfit", "no account has this login"],
  ])("%s", async (_what, files, options, incident, code, message) => {
    record("blob", ["\u0000\u0001\u0002 aucun format", "deuxième"]);
    const before = await incidents();
    await expect(hunted(files, options, incident)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(await incidents()).toEqual(before);
  });

  it.each([
    ["that is not there", 0, "ECONNREFUSED"],
    ["that lets nobody in", 403, "denied: HTTP 403: no permission"],
    ["whose index is gone", 404, "index_missing: HTTP 404"],
  ])("an index %s, with its own words", async (_what, status, words) => {
    if (status === 0) url = "http://127.0.0.1:1";
    else answers = { status, body: { error: { reason: "no permission" } } };
    await expect(hunted([], FROM)).rejects.toMatchObject({
      code: "index_unreachable",
      message: expect.stringMatching(new RegExp(`^siem \\(http.*${words}`)),
    });
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
});
