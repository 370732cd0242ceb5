import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openCatalogue } from "../../connectors/registry.ts";
import { compileGate } from "../../rules/engine/gate.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { steppingClock } from "../../test/support/store-samples.ts";
import { uuidv7 } from "../core/id.ts";
import type { QuarantineEntry } from "../store/store.ts";
import { openLines } from "./lines.ts";
import { openListeners } from "./listeners.ts";
import { intakeMetrics } from "./metrics.ts";
import { openSampler } from "./sampler.ts";
import { openTaker } from "./taker.ts";
import type { IntakeData } from "./thread.ts";

/** The intake with one TCP source, and what it quarantines. */
function intake(over: { http?: number; tcp?: number; idle_seconds?: number } = {}) {
  const clock = steppingClock();
  const metrics = intakeMetrics();
  const rules = compileRules([]);
  const refused: QuarantineEntry[] = [];
  const warned: { message: string; fields: Record<string, unknown> | undefined }[] = [];
  const taker = openTaker({
    facility: "ch-x",
    rules,
    async commit({ writes }) {
      for (const write of writes) if (write.write === "quarantine") refused.push(write.entry);
      return { outcome: "committed", alerts: [] };
    },
    clock,
    newId: uuidv7(clock),
    metrics,
    detected: () => undefined,
    failed: () => undefined,
  });
  const data: IntakeData = {
    facility: "ch-x",
    rules: [],
    placeholders: {},
    mappings: [],
    sources: [
      {
        id: "lines",
        connector: "syslog",
        zone: "UTC",
        listen: [{ transport: "tcp", address: "127.0.0.1", port: over.tcp ?? 0 }],
      },
    ],
    http: { address: "127.0.0.1", port: over.http ?? 0 },
    correlates: true,
    limits: { body_bytes: 1024, record_bytes: 1024, connections: 10, idle_seconds: over.idle_seconds ?? 60 },
  };
  const gate = compileGate(rules);
  const sampler = openSampler({ clock, metrics });
  const lines = () => openLines({ taker, gate, clock, metrics, sampler, lost: () => undefined });
  return {
    metrics,
    refused,
    warned,
    taker,
    open: () =>
      openListeners({
        data,
        catalogue: openCatalogue([]).catalogue,
        taker,
        lines,
        clock,
        metrics,
        log: () => undefined,
        bookmark: async () => undefined,
        report: { info: () => undefined, warn: (message, fields) => void warned.push({ message, fields }) },
      }),
  };
}

describe("a connection that is lost", () => {
  let here: ReturnType<typeof intake>;
  let listeners: Awaited<ReturnType<typeof here.open>>;
  let client: Socket;

  async function start(options: Parameters<typeof intake>[0] = {}): Promise<void> {
    here = intake(options);
    listeners = await here.open();
    client = connect(listeners.listening()[0]?.port ?? 0, "127.0.0.1");
    client.on("error", () => undefined);
    await once(client, "connect");
  }
  /** Sends bytes and waits until they were read. */
  async function send(text: string): Promise<void> {
    client.write(text);
    await expect.poll(async () => (await here.metrics.bytes.get()).values[0]?.value).toBe(text.length);
  }
  async function lost(): Promise<QuarantineEntry[]> {
    await expect.poll(async () => (await here.metrics.connections.get()).values[0]?.value).toBe(0);
    await here.taker.close();
    return here.refused;
  }
  afterEach(async () => {
    client.destroy();
    await listeners.stop();
    await here.taker.close();
  });

  it("has the record that it had begun kept and counted when it is reset", async () => {
    await start();
    await send("<34>Oct 11 22:14:15 pacs-01 su: whole\n<34>Oct 11 22:14:15 pacs-01 su: begun");
    client.resetAndDestroy();
    expect(await lost()).toMatchObject([
      {
        source: "lines",
        code: "connection_lost",
        message: expect.stringContaining("was lost after 37 bytes"),
        sample: "<34>Oct 11 22:14:15 pacs-01 su: begun",
      },
    ]);
  });

  it("has it kept and counted when it falls silent", async () => {
    await start({ idle_seconds: 1 });
    await send("<34>Oct 11 22:14:15 pacs-01 su: begun");
    expect(await lost()).toMatchObject([
      { code: "connection_lost", message: expect.stringContaining("silent for 1 s") },
    ]);
  });

  it("has nothing to tell after a whole record, nor after an orderly end", async () => {
    await start();
    await send("<34>Oct 11 22:14:15 pacs-01 su: whole\n");
    client.resetAndDestroy();
    expect(await lost()).toEqual([]);
    await listeners.stop();
    await start();
    await send("<34>Oct 11 22:14:15 pacs-01 su: whole, without its line end");
    client.end();
    expect(await lost()).toEqual([]);
  });
});

describe("HTTP connections beyond their number", () => {
  it("are closed and counted, those that are open go on", async () => {
    const here = intake();
    const listeners = await here.open();
    const { port = 0 } = listeners.listening().find(({ transport }) => transport === "http") ?? {};
    const clients: Socket[] = [];
    let closed = 0;
    for (let i = 0; i < 12; i++) {
      const client = connect(port, "127.0.0.1").on("error", () => undefined);
      client.on("close", () => closed++);
      await once(client, "connect");
      clients.push(client);
    }
    await expect.poll(() => closed).toBe(2);
    const { values } = await here.metrics.refused.get();
    expect(values).toMatchObject([{ value: 2, labels: { code: "too_many_connections" } }]);
    clients[0]?.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const [said] = await once(clients[0] as Socket, "data");
    expect(String(said)).toMatch(/^HTTP\/1\.1 404 /);
    for (const client of clients) client.destroy();
    await listeners.stop();
    await here.taker.close();
  });
});

it("says of a listener's trouble which source's it is, beside its place in the configuration", async () => {
  const here = intake();
  const listeners = await here.open();
  const { port = 0 } = listeners.listening()[0] ?? {};
  const clients = Array.from({ length: 11 }, () => connect(port, "127.0.0.1").on("error", () => undefined));
  await expect
    .poll(() => here.warned)
    .toMatchObject([
      {
        message: "connection closed: there are too many",
        fields: { source: "lines", where: "sources.0.listen.0", peer: "127.0.0.1" },
      },
    ]);
  for (const client of clients) client.destroy();
  await listeners.stop();
  await here.taker.close();
});

it("keeps the way in of a source that another catalogue has no more, and says so", async () => {
  const here = intake();
  const listeners = await here.open();
  const { catalogue } = openCatalogue([]);
  listeners.use(catalogue);
  expect(here.warned).toEqual([]);
  listeners.use({ ...catalogue, named: () => undefined });
  expect(here.warned).toMatchObject([{ fields: { source: "lines", mapping: "syslog" } }]);
  await listeners.stop();
  await here.taker.close();
});

describe("an address that is taken", () => {
  const squatter = createServer();
  let port: number;
  beforeEach(async () => {
    squatter.listen(0, "127.0.0.1");
    await once(squatter, "listening");
    port = (squatter.address() as { port: number }).port;
  });
  afterEach(() => void squatter.close());

  it.each([
    ["listeners.intake", (taken: number) => ({ http: taken })],
    ["sources.0.listen.0", (taken: number) => ({ tcp: taken })],
  ])("is told as %s", async (where, over) => {
    const { open, taker } = intake(over(port));
    await expect(open()).rejects.toMatchObject({
      code: "listener_failed",
      where,
      message: expect.stringMatching(/EADDRINUSE.*free the address/),
    });
    await taker.close();
  });
});
