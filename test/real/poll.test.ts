import { readFileSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect } from "vitest";
import { stateFiles } from "../../agent/setup.ts";
import { makeAuthority, openssl } from "../support/authority.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { EFFORT } from "../support/effort.ts";
import { type FakeAnswer, fakeIndex, type Product } from "../support/fake-index.ts";
import { describePeer, itPeer } from "../support/peer.ts";

const USER = `Basic ${Buffer.from("tocsin:five5").toString("base64")}`;

/** Ways to answer wrongly; each ends, or hangs, the response by itself. */
const MISDEEDS: Record<string, (response: ServerResponse, answer: FakeAnswer) => void> = {
  "drips on": (response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const timer = setInterval(() => response.write(" "), 100);
    response.on("close", () => clearInterval(timer));
  },
  "is cut": (response, { body }) => {
    const text = JSON.stringify(body);
    response.writeHead(200, { "content-length": String(Buffer.byteLength(text)) });
    response.write(text.slice(0, text.length >> 1), () => response.destroy());
  },
  "leads elsewhere": (response) =>
    void response.writeHead(307, { location: `https://127.0.0.1:${address(response)}/elsewhere` }).end(),
  "is a bomb": (response) =>
    void response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(30_000_000, " "))),
  "is a sign-in page": (response) => void response.writeHead(200).end("<html>Sign in</html>"),
  "is an error": (response) => void response.writeHead(503).end("{}"),
  "asks for patience": (response) => void response.writeHead(429, { "retry-after": "1" }).end(),
  "lacks a shard": (response, { status, body }) => {
    const answer = body as { hits?: { hits: unknown[] }; _shards?: { failed: number } };
    if (answer._shards !== undefined) answer._shards.failed = 1;
    answer.hits?.hits.splice(0, 1);
    response.writeHead(status).end(JSON.stringify(body));
  },
};

function address(response: ServerResponse): number {
  return response.socket?.localPort ?? 0;
}

describePeer(openssl, "an index that is polled", () => {
  let house: House;
  let server: ReturnType<typeof createServer>;
  let daemon: Daemon | undefined;
  let fake: ReturnType<typeof fakeIndex>;
  /** What to do wrong, by the number of the page that is asked for. */
  let misdeeds: ((page: number, question: string) => string | undefined) | undefined;
  const asked = { questions: 0, pages: 0, strangers: 0, elsewhere: 0 };

  async function begin(product: Product, more = ""): Promise<void> {
    house = await makeHouse();
    Object.assign(asked, { questions: 0, pages: 0, strangers: 0, elsewhere: 0 });
    fake = fakeIndex({ product, name: "alerts-*", field: "@timestamp", now: Date.now });
    const { files } = makeAuthority(house.directory).issue("indexer", { dns: ["indexer.example"] });
    server = createServer(
      { key: readFileSync(files.key), cert: readFileSync(files.certificate) },
      async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        if (request.url === "/elsewhere") asked.elsewhere++;
        if (request.headers.authorization !== USER) {
          asked.strangers++;
          response.writeHead(401).end();
          return;
        }
        const text = Buffer.concat(chunks).toString();
        const answer = fake.answer(
          request.method ?? "",
          request.url ?? "",
          text === "" ? undefined : JSON.parse(text),
        );
        asked.questions++;
        if (text.includes('"range"')) asked.pages++;
        const misdeed = MISDEEDS[misdeeds?.(asked.pages, text) ?? ""];
        if (misdeed !== undefined) misdeed(response, answer);
        else
          response
            .writeHead(answer.status, { "content-type": "application/json", "content-encoding": "gzip" })
            .end(gzipSync(JSON.stringify(answer.body)));
      },
    ).listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    writeFileSync(join(house.directory, "siem.secret"), "five5\n");
    const poll = `url: "https://127.0.0.1:${(server.address() as AddressInfo).port}", index: "alerts-*", every_seconds: 1,
      page_size: 7, overlap_seconds: 20, timeout_seconds: 1, username: tocsin, password: { file: siem.secret },
      tls: { authority: authority.pem, server_name: indexer.example }${more}`;
    const text = readFileSync(house.config, "utf8");
    writeFileSync(
      house.config,
      text.replace("\nsystems:", `\n  - { id: siem, connector: generic, poll: { ${poll} } }\nsystems:`),
    );
  }
  beforeEach(() => {
    misdeeds = undefined;
  });
  afterEach(async () => {
    await daemon?.end("SIGKILL");
    daemon = undefined;
    server.closeAllConnections();
    server.close();
    house.remove();
  });

  let next = 0;
  /** Indexes documents, each `late` by so many ms; every third matters to no rule. Returns those that do. */
  function index(count: number, late = 0): string[] {
    const visible = Date.now();
    const matter: string[] = [];
    for (let i = 0; i < count; i++) {
      const id = `doc-${next++}`;
      // Ten documents a time: more than a page holds.
      const time = visible - late - Math.floor(i / 10) * 10;
      const stamp = { "@timestamp": new Date(time).toISOString() };
      const source = i % 3 === 2 ? { ...stamp, message: "all is well" } : { ...stamp, ...relevant(id) };
      fake.add({ id, time, visible, source });
      if (i % 3 !== 2) matter.push(`logs-000001/${id}`);
    }
    return matter;
  }

  function stored(): string[] {
    const { database } = stateFiles(join(house.directory, "state"));
    const db = new DatabaseSync(database, { readOnly: true });
    try {
      return db
        .prepare("SELECT json_extract(content, '$.eventId') AS id FROM alerts WHERE facility = ?")
        .all(FACILITY)
        .map((row) => String(row.id));
    } finally {
      db.close();
    }
  }
  const all = (wanted: readonly string[]) =>
    eventually(
      "every document that matters",
      () => (new Set(stored()).size >= wanted.length ? true : undefined),
      40,
    );

  const OLD_AND_NEW = ["elasticsearch", "old opensearch"] as const;
  for (const product of OLD_AND_NEW) {
    itPeer(
      openssl,
      `is read to the last document by ${product}, killed in the middle again and again`,
      async () => {
        await begin(product);
        daemon = await startDaemon(house);
        await eventually("the first question", () => (asked.questions > 1 ? true : undefined));
        const wanted: string[] = [];
        for (let round = 0; round < 3 * EFFORT; round++) {
          wanted.push(...index(40), ...index(20, 15_000));
          const before = asked.questions;
          await eventually("a few questions", () =>
            asked.questions > before + round * 2 ? true : undefined,
          );
          await daemon.end("SIGKILL");
          wanted.push(...index(10, 18_000));
          daemon = await startDaemon(house);
        }
        await all(wanted);
        const ids = stored();
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.sort()).toEqual(wanted.sort());
        expect(asked.strangers).toBe(0);
        expect(await daemon.end("SIGTERM")).toBe(0);
      },
      120_000,
    );
  }

  itPeer(
    openssl,
    "is read to the last document whatever it does wrong",
    async () => {
      await begin("opensearch", ", response_bytes: 1048576");
      const names = Object.keys(MISDEEDS);
      // In turn, with time to recover: every third page.
      misdeeds = (page, question) =>
        page % 3 === 2 && question.includes('"range"') ? names[Math.floor(page / 3)] : undefined;
      daemon = await startDaemon(house);
      await eventually("the first question", () => (asked.questions > 1 ? true : undefined));
      const wanted: string[] = [];
      while (asked.pages < (names.length + 1) * 3) {
        wanted.push(...index(9), ...index(3, 15_000));
        const before = asked.questions;
        await eventually("more questions", () => (asked.questions > before + 2 ? true : undefined), 30);
      }
      await all(wanted);
      const ids = stored();
      expect(ids.sort()).toEqual(wanted.sort());
      expect(asked).toMatchObject({ strangers: 0, elsewhere: 0 });
      const rounds = (outcome: string) =>
        metric(daemon as Daemon, `tocsin_intake_poll_rounds_total{source="siem",outcome="${outcome}"}`);
      for (const outcome of ["timeout", "unavailable", "redirected", "malformed", "throttled", "partial"])
        expect(await rounds(outcome), outcome).toBeGreaterThan(0);
      await eventually("the cursor", async () => {
        const lag = await metric(daemon as Daemon, 'tocsin_intake_poll_lag_seconds{source="siem"}');
        return lag < 20 ? true : undefined;
      });
      expect(JSON.stringify(daemon.log)).not.toContain(USER);
      expect(await daemon.end("SIGTERM")).toBe(0);
    },
    120_000,
  );

  itPeer(openssl, "is left within a second when it hangs and the daemon stops", async () => {
    await begin("elasticsearch", "");
    writeFileSync(
      house.config,
      readFileSync(house.config, "utf8").replace("timeout_seconds: 1", "timeout_seconds: 300"),
    );
    misdeeds = () => "drips on";
    daemon = await startDaemon(house);
    await eventually("the first question", () => (asked.questions > 0 ? true : undefined));
    const asking = performance.now();
    expect(await daemon.end("SIGTERM")).toBe(0);
    expect(performance.now() - asking).toBeLessThan(3000);
  });

  itPeer(openssl, "is not trusted by another authority, and is told nothing", async () => {
    await begin("elasticsearch");
    const other = makeAuthority(join(house.directory, "other"));
    writeFileSync(
      house.config,
      readFileSync(house.config, "utf8").replace("authority: authority.pem", `authority: ${other.file}`),
    );
    daemon = await startDaemon(house);
    const { log } = daemon;
    await eventually("the reason in the log", () => log.find(({ outcome }) => outcome === "untrusted"));
    expect(asked).toEqual({ questions: 0, pages: 0, strangers: 0, elsewhere: 0 });
  });
});
