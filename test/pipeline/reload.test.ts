import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, createServer as createHttpServer, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import {
  codeOf,
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  metric,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { openRelp } from "../support/relp-client.ts";
import type { Scene } from "../support/web-server.ts";
import { visitor } from "../support/web-visitor.ts";

let house: House;
let daemon: Daemon;
let reads: SqliteReads;
let good: string;

beforeAll(async () => {
  house = await makeHouse({ listen: "{ transport: relp, port: 0 }" });
  good = readFileSync(house.config, "utf8");
  daemon = await startDaemon(house);
  reads = house.reads();
});
afterAll(async () => {
  reads?.close();
  await daemon?.end("SIGTERM");
  house?.remove();
});

const reloads = (outcome: string) => metric(daemon, `tocsin_config_reloads_total{outcome="${outcome}"}`);
const port = (transport: string) => daemon.listening.find((each) => each.transport === transport)?.port ?? 0;

/** Has the daemon read a configuration, and waits until it was taken or refused; resolves with the log of it. */
async function reload(
  text: string,
  outcome: "taken" | "refused" = "taken",
): Promise<Record<string, unknown>[]> {
  const [before, from] = [await reloads(outcome), daemon.log.length];
  writeFileSync(house.config, text);
  daemon.process.kill("SIGHUP");
  await eventually(`the reload to be ${outcome}`, async () =>
    (await reloads(outcome)) > before ? true : undefined,
  );
  return daemon.log.slice(from);
}

async function settingsNotes(): Promise<Record<string, unknown>[]> {
  const entries = await reads.journal(FACILITY, 0, 1000);
  return entries
    .filter(({ type }) => type === "note.settings")
    .map(({ content }) => JSON.parse(content ?? "null"));
}

const line = (i: number) => `<34>Jun  7 00:10:00 pacs-01 app: vssadmin delete shadows /all (${i})\n`;

/** Posts on one connection that is kept; resolves with the status and the port it was sent from. */
function postKept(
  agent: Agent,
  id: string,
): Promise<{ status: number | undefined; from: number | undefined }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${daemon.alerts}/generic`,
      {
        agent,
        method: "POST",
        headers: { authorization: `Bearer ${house.tokens.generic}`, "content-type": "application/json" },
      },
      (response) => {
        const { status, from } = { status: response.statusCode, from: response.socket.localPort };
        response.resume().on("end", () => resolve({ status, from }));
      },
    );
    sent.on("error", reject).end(JSON.stringify(relevant(id)));
  });
}

it("loses neither a connection nor a record over reloads that change the source, and pages answer meanwhile", async () => {
  const client: Socket = connect(daemon.tcp, "127.0.0.1");
  await once(client, "connect");
  let closed = false;
  client.on("close", () => {
    closed = true;
  });
  const relp = await openRelp(port("relp"));
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const from = new Set<number | undefined>();
  const before = await reads.countAlerts(FACILITY);
  const ROUNDS = 5;
  for (let round = 0; round < ROUNDS; round++) {
    const writing = reload(good.replace("name: PACS,", `name: PACS ${round},`).replace(/zone: \S+,/, ""));
    client.write(line(round * 2));
    await relp.send([`${line(1000 + round).trimEnd()}`]);
    const posted = await postKept(agent, `kept-${round}`);
    expect(posted.status).toBe(202);
    from.add(posted.from);
    expect((await fetch(`${daemon.operations}/readyz`)).status).toBe(200);
    expect((await fetch(`${daemon.people}/${FACILITY}/connexion`)).status).toBe(200);
    client.write(line(round * 2 + 1));
    await writing;
  }
  await eventually("every record", async () =>
    (await reads.countAlerts(FACILITY)) - before === 4 * ROUNDS ? true : undefined,
  );
  expect(closed).toBe(false);
  expect([...from]).toHaveLength(1);
  expect(relp.unacknowledged).toEqual([]);
  client.destroy();
  agent.destroy();
});

it("says how long it took, and notes what changed, from what to what", async () => {
  const log = await reload(good.replace("degraded_after_minutes: 30", "degraded_after_minutes: 45"));
  expect(log).toContainEqual(
    expect.objectContaining({ message: "configuration read anew", milliseconds: expect.any(Number) }),
  );
  const notes = await settingsNotes();
  expect(notes.at(-1)).toMatchObject({
    before: notes.at(-2)?.hash,
    change: { systems: { changed: ["pacs"] } },
    values: expect.arrayContaining([
      { what: "systems.pacs.degraded_after_minutes", before: "30", after: "45" },
    ]),
  });
});

const sentence = (log: Record<string, unknown>[]) =>
  log
    .filter(({ message }) => message === "configuration refused: the last good one stays")
    .map(({ problem }) => String(problem));

it.each([
  { what: "that is no YAML", text: () => `${good}\n  - [`, says: [/tocsin\.yml:\d+/] },
  {
    what: "with two mistakes, each with its line",
    text: () => good.replace("connector: wazuh", "connector: wazzuh").replace("id: pacs,", "id: PACS!,"),
    says: [/tocsin\.yml:\d+:\d+: .*id/],
  },
  {
    what: "that only a restart changes",
    text: () =>
      good
        .replace("mode: exercise", "mode: observe")
        .replace("id: sortie, connector: exercise", "id: sortie, connector: portal-assisted"),
    says: [/tocsin\.yml:2:\d+: mode: it is not changed while the daemon runs; restart/],
  },
  {
    what: "whose secret is missing",
    text: () => good.replace("generic.secret", "nowhere.secret"),
    says: [/sources\.1\.token: .*nowhere\.secret/],
  },
])(
  "keeps the last good configuration over one $what, and says so until a good one is read",
  async ({ text, says }) => {
    const log = await reload(text(), "refused");
    for (const each of says) expect(sentence(log)).toContainEqual(expect.stringMatching(each));
    expect(await metric(daemon, "tocsin_config_last_reload_successful")).toBe(0);
    expect((await post(daemon, "generic", house.tokens.generic, relevant(`still-${says}`))).status).toBe(202);
    await reload(good);
    expect(await metric(daemon, "tocsin_config_last_reload_successful")).toBe(1);
  },
);

it("takes a new token, and the old one no longer", async () => {
  const file = join(house.directory, "generic.secret");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, "another-token-of-the-generic-source");
  await reload(good);
  expect((await post(daemon, "generic", before, relevant("old-token"))).status).toBe(401);
  const other = "another-token-of-the-generic-source";
  expect((await post(daemon, "generic", other, relevant("new-token"))).status).toBe(202);
  writeFileSync(file, before);
  await reload(good);
  expect((await post(daemon, "generic", before, relevant("first-token"))).status).toBe(202);
});

it("shows systems as they are now on pages that a person keeps open, and tells by a channel that was added", async () => {
  const person = visitor({ url: daemon.people } as Scene);
  const account = house.accounts["anne.martin"];
  const door = `/${FACILITY}/connexion`;
  const fields = { login: "anne.martin", password: account.password, code: codeOf(account) };
  expect((await person.submit(door, door, fields)).status).toBe(303);
  let told = 0;
  const receiver = createHttpServer((_request, response) => {
    told++;
    response.writeHead(204).end();
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const { port: hook } = receiver.address() as AddressInfo;
  const channel = `notify: [{ id: crochet, connector: webhook, for: [on_call], settings: { url: "http://127.0.0.1:${hook}/", secret: { file: webhook.secret } } }]`;
  await reload(`${good.replace("name: PACS,", "name: Imagerie du Val,")}\n${channel}`);
  const { status, text } = await person.get(`/${FACILITY}/systemes`);
  expect(status).toBe(200);
  expect(text).toContain("Imagerie du Val");
  await post(daemon, "generic", house.tokens.generic, {
    host: "dc01",
    message: "vssadmin.exe delete shadows /all /quiet (told)",
  });
  await eventually("the message", () => (told > 0 ? true : undefined));
  receiver.closeAllConnections();
  receiver.close();
  await reload(good);
});

it("opens a new source's listener and closes that of one that is gone", async () => {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port: free } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  const added = `  - { id: ajout, connector: syslog, listen: [{ transport: tcp, port: ${free} }] }\nsystems:`;
  await reload(good.replace("systems:", added));
  const before = await reads.countAlerts(FACILITY);
  const client = connect(free, "127.0.0.1");
  client.on("error", () => undefined);
  await once(client, "connect");
  client.write(line(5000));
  await eventually("its record", async () =>
    (await reads.countAlerts(FACILITY)) > before ? true : undefined,
  );
  const ended = once(client, "close");
  await reload(good);
  await ended;
  const late = connect(free, "127.0.0.1");
  const [error] = await once(late, "error");
  expect(error).toMatchObject({ code: "ECONNREFUSED" });
});

it("refuses a listener whose address is taken, and leaves every other as it was", async () => {
  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  const { port: taken } = holder.address() as AddressInfo;
  const added = `  - { id: ajout, connector: syslog, listen: [{ transport: tcp, port: ${taken} }] }\nsystems:`;
  const log = await reload(good.replace("systems:", added), "refused");
  expect(sentence(log)).toContainEqual(expect.stringMatching(/sources\.4\.listen\.0: .*EADDRINUSE/));
  holder.close();
  const client = connect(daemon.tcp, "127.0.0.1");
  await once(client, "connect");
  client.destroy();
  await reload(good);
});

it("takes rules from a folder that the configuration names from now on, and values of their placeholders", async () => {
  mkdirSync(join(house.directory, "rules"));
  writeFileSync(
    join(house.directory, "rules/own.yml"),
    `title: Own word
id: 3f0c2f5e-5c5b-4f0e-9d7e-0a4f0a4f0a50
level: high
logsource: {category: alert}
detection: {sel: {message|expand: "%mot%"}, condition: sel}
`,
  );
  const withWord = (word: string) => `${good}\nrules: [{ path: rules }]\nplaceholders: { mot: [${word}] }`;
  const kept = async (message: string) => {
    const before = await reads.countAlerts(FACILITY);
    await post(daemon, "generic", house.tokens.generic, { host: "h", message });
    return (await reads.countAlerts(FACILITY)) - before;
  };
  await reload(withWord("premiermot"));
  expect(await kept("premiermot")).toBe(1);
  await reload(withWord("secondmot"));
  expect(await kept("secondmot")).toBe(1);
  expect(await kept("premiermot")).toBe(0);
  await reload(good);
  expect(await kept("secondmot")).toBe(0);
});
