import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Registry } from "prom-client";
import { Webhook } from "standardwebhooks";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { anchorCheckpoints } from "../../agent/anchor/anchor-checkpoints.ts";
import { anchorsFileOf, readAnchors } from "../../agent/anchor/anchors-file.ts";
import { compareAnchors } from "../../agent/anchor/compare-anchors.ts";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { checkpointsFileOf, signCheckpoint } from "../../agent/store/checkpoints.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import { type LoadedConfig, parseConfig } from "../../config/load.ts";
import { openssl } from "../support/authority.ts";
import { eventually, FACILITY, MAIN, makeHouse, startDaemon } from "../support/daemon.ts";
import { gatewayServer } from "../support/gateway-server.ts";
import { describePeer } from "../support/peer.ts";
import { startRelay } from "../support/relay.ts";
import { NIGHT } from "../support/store-samples.ts";
import { HERE, rehash, tamperedRecord } from "../support/tampered-record.ts";
import { makeTimeAuthority, type TimeAuthority } from "../support/time-authority.ts";

const record = tamperedRecord();
const SECRET = `whsec_${Buffer.from("the secret of the third party").toString("base64")}`;

describePeer(openssl, "a journal of which third parties hold the signed heads", () => {
  let folder: string;
  let gateway: Awaited<ReturnType<typeof gatewayServer>>;
  let relay: Awaited<ReturnType<typeof startRelay>>;
  let authority: TimeAuthority;
  let tsa: Server;
  let state: string;
  let refusing = false;
  const database = () => join(state, "tocsin.sqlite");
  const clock = { instant: NIGHT + MICROSECONDS.hour, now: () => clock.instant };
  const told: string[] = [];
  const log = {
    info: (message: string) => void told.push(message),
    warn: (message: string) => void told.push(message),
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-anchors-"));
    gateway = await gatewayServer((_, response) => {
      response.statusCode = refusing ? 503 : 200;
      response.end();
    });
    relay = await startRelay();
    authority = makeTimeAuthority(join(folder, "tsa"));
    tsa = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        response.setHeader("content-type", "application/timestamp-reply");
        response.end(authority.answer(Buffer.concat(parts)));
      });
    }).listen(0, "127.0.0.1");
    await new Promise((resolve) => tsa.once("listening", resolve));
    state = join(folder, "state");
  });
  afterEach(() => {
    told.length = 0;
  });
  afterAll(async () => {
    gateway.close();
    tsa.close();
    await relay.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function settings(): LoadedConfig {
    writeFileSync(join(folder, "third.secret"), SECRET, { mode: 0o600 });
    const { port } = tsa.address() as AddressInfo;
    const text = `facility: { id: ${HERE}, name: GHT Nord, kind: etablissement_de_sante }
mode: exercise
state_directory: ./state
anchors:
  every_hours: 6
  webhook: { url: "${gateway.url}/anchors", secret: { file: third.secret } }
  mail: { host: 127.0.0.1, port: ${relay.port}, security: none, from: tocsin@ch.example, to: [huissier@example.org] }
  timestamp: { url: "http://127.0.0.1:${port}/", authority: ${authority.file} }
`;
    const { loaded, problems } = parseConfig(text, join(folder, "tocsin.yml"), process.env);
    if (loaded === undefined) throw new Error(JSON.stringify(problems));
    return loaded;
  }

  let registry = new Registry();
  /** What metrics say of anchors; a time is told by whether it is that of the first head. */
  async function shown(): Promise<string[]> {
    const lines = (await registry.metrics()).split("\n").filter((line) => line.startsWith("tocsin_anchor_"));
    const first = readAnchors(anchorsFileOf(database()))?.anchors[0]?.checkpoint.at ?? 0;
    return lines.map((line) =>
      line
        .replace("tocsin_anchor_", "")
        .replace(/(?<=timestamp_seconds.*)\d{6,}.*$/, (seconds) =>
          Number(seconds) > first / 1e6 ? "LATER" : "EARLIER",
        ),
    );
  }

  /** Opens the record, lets anchors be looked at as often as told, and closes it. */
  async function daemon(
    look: (anchoring: ReturnType<typeof anchorCheckpoints>) => Promise<void>,
  ): Promise<void> {
    const store = openSqlite({ file: database(), signingKey: record().key, clock });
    const loaded = settings();
    registry = new Registry();
    const anchoring = anchorCheckpoints({ loaded: () => loaded, store, clock, log, registry, every: 1e9 });
    await anchoring.look();
    await look(anchoring);
    await anchoring.stop();
    await store.close();
  }

  it("gives its head to each, once every so often, and says nothing of any incident", async () => {
    execFileSync("mkdir", ["-m", "700", state]);
    copyFileSync(record().origin, database());
    copyFileSync(checkpointsFileOf(record().origin), checkpointsFileOf(database()));
    await daemon(async ({ look }) => {
      await look();
      clock.instant += 7 * MICROSECONDS.hour;
      // The journal has not grown.
      await look();
    });
    const [anchor, ...others] = readAnchors(anchorsFileOf(database()))?.anchors ?? [];
    expect(others).toEqual([]);
    expect(anchor).toMatchObject({
      checkpoint: { facility: HERE, seq: 8 },
      given: ["mail", "timestamp", "webhook"],
    });
    expect(gateway.asked).toHaveLength(1);
    const { body = "", headers = {} } = gateway.asked[0] ?? {};
    const checked = new Webhook(SECRET);
    expect(headers["webhook-signature"]).toBe(
      checked.sign(
        String(headers["webhook-id"]),
        new Date(Number(headers["webhook-timestamp"]) * 1000),
        body,
      ),
    );
    const { data } = JSON.parse(body);
    expect(Object.keys(data).toSorted()).toEqual(["at", "facility", "hash", "key", "seq", "signature"]);
    expect(relay.taken).toHaveLength(1);
    const [{ mail, to } = { mail: undefined, to: [] }] = relay.taken;
    expect(to).toEqual(["huissier@example.org"]);
    const [attached] = mail?.attachments ?? [];
    expect(JSON.parse(Buffer.from(attached?.content as ArrayBuffer).toString())).toEqual(data);
    expect(told).toEqual(["checkpoint anchored"]);
  });

  it("tries again who alone did not take it, tells it once, shows it in its metrics, and goes on", async () => {
    const store = openSqlite({ file: database(), signingKey: record().key, clock });
    const note = { write: "note", what: "bundled", incident: null, content: { copies: 2 } } as const;
    await store.commit({ facility: HERE, at: clock.now(), writes: [note] });
    await store.close();
    refusing = true;
    const before = gateway.asked.length;
    const mails = relay.taken.length;
    await daemon(async ({ look }) => {
      await look();
      expect(gateway.asked.length).toBe(before + 1);
      clock.instant += 11 * MICROSECONDS.minute;
      await look();
      expect(await shown()).toEqual([
        'last_timestamp_seconds{to="webhook"} EARLIER',
        'last_timestamp_seconds{to="mail"} LATER',
        'last_timestamp_seconds{to="timestamp"} LATER',
        'failing{to="webhook"} 1',
        'failing{to="mail"} 0',
        'failing{to="timestamp"} 0',
        'failures_total{to="webhook"} 2',
        'failures_total{to="mail"} 0',
        'failures_total{to="timestamp"} 0',
      ]);
      refusing = false;
      clock.instant += 11 * MICROSECONDS.minute;
      await look();
      await look();
    });
    expect(gateway.asked.length).toBe(before + 3);
    expect(relay.taken.length).toBe(mails + 1);
    expect(told).toEqual(["checkpoint not anchored everywhere", "checkpoint anchored"]);
    expect(readAnchors(anchorsFileOf(database()))?.anchors.slice(-2)).toMatchObject([
      { checkpoint: { seq: 9 }, given: ["mail", "timestamp"] },
      { checkpoint: { seq: 9 }, given: ["webhook"] },
    ]);
    expect(await shown()).toContain('failing{to="webhook"} 0');
  });

  /** What the third party by webhook received, one a line. */
  const received = () => {
    const file = join(folder, "received.jsonl");
    writeFileSync(file, gateway.asked.map(({ body }) => `${body}\n`).join(""));
    return file;
  };
  const compare = (of: string, from: string) =>
    compareAnchors(of, readAnchors(from)?.anchors ?? [], {
      publicKey: record().key.publicKey,
      authority: authority.pem,
    });

  it("is the one that they hold, by whom and when a time-stamping authority attests", async () => {
    expect((await compare(database(), received())).every(({ outcome }) => outcome === "same")).toBe(true);
    const own = await compare(database(), anchorsFileOf(database()));
    const stamped = readAnchors(anchorsFileOf(database()))?.anchors.map(({ token }) => token !== undefined);
    expect(stamped).toEqual([true, true, false]);
    expect(own).toMatchObject(
      [true, true, false].map((by) => ({
        ...{ outcome: "same", unproven: null },
        stamped: by ? expect.any(Number) : null,
      })),
    );
  });

  /** Rewrites a copy as the operator can, who has the file, the checkpoints beside it and the key. */
  function rewritten(tamper: (copy: DatabaseSync) => void): string {
    const copy = join(folder, "rewritten.sqlite");
    copyFileSync(database(), copy);
    const open = new DatabaseSync(copy);
    open.exec("PRAGMA foreign_keys = OFF");
    tamper(open);
    const heads = open.prepare(
      "SELECT seq, hash, at FROM journal WHERE facility = ? ORDER BY seq DESC LIMIT 1",
    );
    const { seq, hash, at } = heads.get(HERE) as { seq: number; hash: string; at: number };
    open.exec("DELETE FROM checkpoints");
    const signed = signCheckpoint({ facility: HERE, seq, hash, at }, record().key);
    open
      .prepare(
        "INSERT INTO checkpoints (facility, seq, hash, at, signer, signature) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(HERE, seq, hash, at, signed.key, signed.signature);
    open.exec(
      "DELETE FROM journal WHERE facility <> 'ght-nord'; DELETE FROM journal_contents WHERE facility <> 'ght-nord'; DELETE FROM alerts WHERE facility <> 'ght-nord'",
    );
    open.close();
    rmSync(checkpointsFileOf(copy), { force: true });
    return copy;
  }
  const decided = (copy: DatabaseSync) => {
    copy.exec(`UPDATE journal_contents SET content = replace(content, 'approved', 'set_aside') WHERE seq = 7;
      UPDATE records SET content = replace(content, 'approved', 'set_aside') WHERE kind = 'decision'`);
    rehash(copy, 7);
  };
  const cut = (copy: DatabaseSync) =>
    copy.exec(`DELETE FROM journal WHERE facility = 'ght-nord' AND seq > 6;
      DELETE FROM journal_contents WHERE facility = 'ght-nord' AND seq > 6;
      DELETE FROM records WHERE journal_seq > 6`);

  it.each([
    ["a decision was changed and all was hashed and signed again", decided, "forged"],
    ["its end was cut off, and what is left signed again", cut, "cut"],
  ] as const)(
    "is shown by what they hold when %s, which the journal alone does not show",
    async (_what, tamper, outcome) => {
      const copy = rewritten(tamper);
      const alone = verifyDatabase(copy, record().key.publicKey, checkpointsFileOf(copy));
      // Whoever holds the key can write another history: this is said, and this is why others are given its heads.
      expect(alone.facilities.map(({ firstBroken }) => firstBroken)).toEqual([undefined]);
      const compared = await compare(copy, received());
      expect(compared.map((each) => each.outcome)).toContain(outcome);
      const said = spawnSync(
        process.execPath,
        [MAIN, "anchors", received(), "--database", copy, "--key", join(record().folder, "key.pem")],
        { encoding: "utf8" },
      );
      expect(said).toMatchObject({
        status: 1,
        stdout: expect.stringMatching(/^ALTÉRÉ : le journal n'est pas celui que des tiers ont reçu\./),
      });
    },
  );

  it("is told as the same by the command, and as nothing proved where nobody holds anything", () => {
    const run = (...given: string[]) =>
      spawnSync(process.execPath, [MAIN, "anchors", ...given, "--key", join(record().folder, "key.pem")], {
        encoding: "utf8",
      });
    const same = run("--database", database(), "--authority", authority.file);
    expect(same).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/même, horodaté par un tiers le/),
    });
    const empty = join(folder, "empty.jsonl");
    writeFileSync(empty, "");
    expect(run(empty, "--database", database())).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^AUCUN/),
    });
    writeFileSync(
      empty,
      `${readFileSync(anchorsFileOf(database()), "utf8").replace(/"seq":\d+/, '"seq":3')}{}\n`,
    );
    const forged = run(empty, "--database", database());
    expect(forged).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/pas signé par cette clé[\s\S]*illisible/),
    });
    expect(run(join(folder, "nowhere"), "--database", database()).status).toBe(2);
  });
});

it("a daemon gives its head to a third party by itself, once it serves", async () => {
  const gateway = await gatewayServer();
  const webhook = `{ url: "${gateway.url}/anchors", secret: { file: webhook.secret } }`;
  const house = await makeHouse({ more: `anchors: { webhook: ${webhook} }` });
  try {
    const daemon = await startDaemon(house);
    const { body } = await eventually("a checkpoint", () => gateway.asked[0]);
    const { data } = JSON.parse(body);
    expect(data).toMatchObject({ facility: FACILITY });
    expect(await daemon.end("SIGTERM")).toBe(0);
    const reads = house.reads();
    const entry = (await reads.journal(FACILITY, data.seq, 1))[0];
    reads.close();
    expect(entry).toMatchObject({ seq: data.seq, hash: data.hash });
    const file = anchorsFileOf(join(house.directory, "state/tocsin.sqlite"));
    expect(readAnchors(file)?.anchors).toMatchObject([{ checkpoint: data, given: ["webhook"] }]);
  } finally {
    house.remove();
    gateway.close();
  }
});
