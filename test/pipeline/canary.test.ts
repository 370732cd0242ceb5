import { once } from "node:events";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { CANARY_ADDRESS } from "../../agent/canary/mark.ts";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import { type Authority, makeAuthority } from "../support/authority.ts";
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

let authority: Authority;
let house: House;
let daemon: Daemon;
let reads: SqliteReads;
const told: { event: string; text: string; subject: string }[] = [];
const hook = createServer(async (asked, response) => {
  let body = "";
  for await (const chunk of asked) body += chunk;
  told.push(JSON.parse(body).data ?? JSON.parse(body));
  response.writeHead(204).end();
});

beforeAll(async () => {
  hook.listen(0, "127.0.0.1");
  await once(hook, "listening");
  const { port } = hook.address() as AddressInfo;
  house = await makeHouse({
    webhook: `http://127.0.0.1:${port}/`,
    listen:
      "{ transport: relp, port: 0 }, { transport: tls, port: 0, tls: { certificate: way.pem, key: way.key } }",
    sources:
      '  - { id: signed, connector: generic, signature: { scheme: github, secret: { file: signed.secret } } }\n  - { id: six, connector: syslog, listen: [{ transport: udp, address: "::1", port: 0 }] }',
  });
  writeFileSync(join(house.directory, "signed.secret"), "secret-of-the-signed-source", { mode: 0o600 });
  authority = makeAuthority(join(house.directory, "authority"));
  show(authority.issue("expired", { days: -1 }));
  daemon = await startDaemon(house);
  reads = house.reads();
});
afterAll(async () => {
  reads?.close();
  await daemon?.end("SIGTERM");
  house?.remove();
  hook.close();
});

function show({ files }: { files: { certificate: string; key: string } }): void {
  copyFileSync(files.key, join(house.directory, "way.key"));
  copyFileSync(files.certificate, join(house.directory, "way.pem"));
}

/** What a metric of the canary says, by way. */
async function byWay(name: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${daemon.operations}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`tocsin_canary_${name}{`));
  return new Map(
    lines.map((line) => [/way="([^"]*)"/.exec(line)?.[1] ?? "", Number(line.split(" ").at(-1))]),
  );
}
const nameOf = ({ source, transport, address, port }: Daemon["listening"][number], of = source) =>
  `${of} ${transport} ${address.includes(":") ? `[${address}]` : address}:${port}`;
const lastOf = () => byWay("last_success_timestamp_seconds");

/** Has the settings read anew, which tries every way at once. */
async function anotherRound(): Promise<void> {
  const taken = () => metric(daemon, 'tocsin_config_reloads_total{outcome="taken"}');
  const before = await taken();
  daemon.process.kill("SIGHUP");
  await eventually("the reload", async () => ((await taken()) > before ? true : undefined));
}

it("comes back through every kind of way in, but for one that is not whole", async () => {
  const http = daemon.listening.find(({ transport }) => transport === "http");
  const sockets = daemon.listening.filter(({ source }) => source === "lines" || source === "six");
  const posted = ["generic", "wazuh", "alertmanager", "signed"].map((source) =>
    nameOf(http as never, source),
  );
  const whole = [
    ...sockets.filter(({ transport }) => transport !== "tls").map((each) => nameOf(each)),
    ...posted,
  ];
  await eventually("the canaries", async () => {
    const last = await lastOf();
    return whole.every((way) => (last.get(way) ?? 0) > 0) ? true : undefined;
  });
  const tls = sockets.filter(({ transport }) => transport === "tls").map((each) => nameOf(each));
  expect([...(await lastOf()).keys()].toSorted()).toEqual([...whole, ...tls].toSorted());
});

it("leaves no alert, no incident, and no word of its sources", async () => {
  expect(await reads.countAlerts(FACILITY)).toBe(0);
  expect(await reads.byState(FACILITY, "incident", [], { limit: 1 })).toEqual([]);
  const text = await (await fetch(`${daemon.operations}/metrics`)).text();
  for (const name of ["received_total", "bytes_total", "records_total", "gated_total", "last_seen_seconds"])
    expect(text).not.toMatch(
      new RegExp(`tocsin_intake_(records_)?${name}\\{[^}]*source="(?!tocsin:canary)[^}]*\\} [1-9]`),
    );
  expect(text).toMatch(/tocsin_intake_records_received_total\{source="tocsin:canary",transport="relp"\} 1/);
});

it("missing twice through one way is told by another road, once, and so is its return", async () => {
  const [tls] = daemon.listening.filter(({ transport }) => transport === "tls").map((each) => nameOf(each));
  await eventually("the first", () => daemon.log.find(({ message }) => message === "canary missing"));
  expect(await byWay("failing").then((all) => all.get(tls ?? ""))).toBe(0);
  await anotherRound();
  await eventually("the fault", async () =>
    (await byWay("failing")).get(tls ?? "") === 1 ? true : undefined,
  );
  const [first] = await eventually("the alarm", () => (told.length > 0 ? told : undefined));
  expect(JSON.stringify(first)).toContain("intake_failing");
  expect(JSON.stringify(first)).toContain(tls);
  await anotherRound();
  show(authority.issue("renewed"));
  await eventually("the renewal", () =>
    daemon.log.find(({ message }) => message === "TLS certificate renewed"),
  );
  await anotherRound();
  await eventually("the return", async () =>
    (await byWay("failing")).get(tls ?? "") === 0 ? true : undefined,
  );
  await eventually("its end told", () => (told.length > 1 ? true : undefined));
  expect(told).toHaveLength(2);
  expect(JSON.stringify(told[1])).toContain("de nouveau");
});

it("refuses, and counts, what comes from its address and is none", async () => {
  const before = await reads.countAlerts(FACILITY);
  const refused = () =>
    metric(daemon, 'tocsin_intake_refused_total{source="tocsin:canary",code="not_the_canary"}');
  const socket = connect({ port: daemon.tcp, host: "127.0.0.1", localAddress: CANARY_ADDRESS });
  socket.end("<34>Jun  7 00:10:00 pacs-01 app: vssadmin delete shadows /all\n");
  await eventually("its refusal", async () => ((await refused()) === 1 ? true : undefined));
  const answer = await new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(
      `${daemon.alerts}/generic`,
      {
        method: "POST",
        localAddress: CANARY_ADDRESS,
        headers: { authorization: `Bearer ${house.tokens.generic}`, "content-type": "application/json" },
      },
      async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode, text });
      },
    );
    sent.on("error", reject).end(JSON.stringify(relevant("forged")));
  });
  expect(answer).toMatchObject({ status: 422, text: expect.stringContaining("not_the_canary") });
  expect(await refused()).toBe(2);
  expect(await reads.countAlerts(FACILITY)).toBe(before);
});

it("tells a source that is silent, though canaries go through it, and flies through one that a reload adds", async () => {
  const text = readFileSync(house.config, "utf8");
  writeFileSync(
    house.config,
    text.replace(
      "  - { id: generic, connector: generic,",
      "  - { id: added, connector: cisco-asa, silent_after_minutes: 0.02, listen: [{ transport: tcp, port: 0 }] }\n  - { id: generic, connector: generic,",
    ),
  );
  await anotherRound();
  const [way] = await eventually("its canary", async () => {
    const back = [...(await lastOf())].filter(([name, at]) => name.startsWith("added tcp ") && at > 0);
    return back.length > 0 ? back : undefined;
  });
  expect(way?.[0]).toMatch(/^added tcp 127\.0\.0\.1:\d+$/);
  await eventually("its silence", async () =>
    (await metric(daemon, 'tocsin_intake_source_silent{source="added"}')) === 1 ? true : undefined,
  );
});

it("flies again after a kill, and nothing of what it wrote grows", async () => {
  await daemon.end("SIGKILL");
  daemon = await startDaemon(house);
  await eventually("every canary", async () => {
    const last = [...(await lastOf()).values()];
    return last.length === 10 && last.every((at) => at > 0) ? true : undefined;
  });
  expect(told).toHaveLength(2);
  expect(await reads.bookmark(FACILITY, "canary:10")).toBeUndefined();
});
