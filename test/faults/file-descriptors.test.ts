import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
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

/** So many files and connections may the daemon have open; some fifty it has by itself. */
const LIMIT = 160;
const FLOOD = 300;

let house: House;
let daemon: Daemon;
let reads: SqliteReads;
let told = 0;
const receiver = createServer((_request, response) => {
  told++;
  response.writeHead(204, { connection: "close" }).end();
});
const sockets: Socket[] = [];

beforeEach(async () => {
  told = 0;
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  house = await makeHouse({ webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` });
  daemon = await startDaemon(house, {}, ["sh", "-c", `ulimit -n ${LIMIT}; exec "$0" "$@"`]);
  reads = house.reads();
});
afterEach(async () => {
  for (const each of sockets.splice(0)) each.destroy();
  reads?.close();
  await daemon?.end("SIGKILL");
  house?.remove();
  receiver.closeAllConnections();
  receiver.close();
});

const portOf = (url: string) => Number(new URL(url).port);
const line = (n: number) => `<34>Jun  7 00:10:00 pacs-0${n} app: vssadmin delete shadows /all (${n})\n`;
const logged = (message: string) => daemon.log.filter((each) => each.message === message);
const ready = async () => (await fetch(`${daemon.operations}/readyz`)).status;

/** Connects and says nothing, until whoever listens closes it. */
function idle(port: number, from = "127.0.0.1"): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress: from });
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

/** A connection that stood before: the daemon has heard it. */
async function established(): Promise<Socket> {
  const socket = idle(daemon.tcp, "127.0.0.2");
  const heard = () => metric(daemon, 'tocsin_intake_records_received_total{source="lines",transport="tcp"}');
  const before = await heard();
  socket.write("<14>Jun  7 00:09:00 pacs-00 app: nothing to tell\n");
  await eventually("a line of it", async () => ((await heard()) > before ? true : undefined));
  return socket;
}

const stored = (count: number) =>
  eventually(`${count} alerts`, async () =>
    (await reads.countAlerts(FACILITY)) >= count ? true : undefined,
  );

/** Posts an alert on a connection of its own from another machine; resolves with the head of the answer. */
async function postFrom(address: string, id: string): Promise<string> {
  const socket = idle(portOf(daemon.alerts), address);
  const body = JSON.stringify(relevant(id, id));
  const head = [
    "POST /api/v1/alerts/generic HTTP/1.1",
    "host: localhost",
    `authorization: Bearer ${house.tokens.generic}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  const [answer] = await once(socket, "data");
  return String(answer).split("\r\n", 1)[0] ?? "";
}

it("keeps descriptors for pages, messages and others from who floods the ways in", {
  timeout: 60_000,
}, async () => {
  const before = await established();
  for (let n = 0; n < FLOOD; n++) idle(n % 2 === 0 ? daemon.tcp : portOf(daemon.alerts));
  const [warning] = await eventually("the warning", () => {
    const found = logged("connection closed: there are too many");
    return found.length > 0 ? found : undefined;
  });
  expect(warning?.remedy).toMatch(/limits\.connections.*LimitNOFILE/);
  // Once a minute from each place, however many are closed.
  expect(logged("connection closed: there are too many").length).toBeLessThanOrEqual(2);

  expect(told).toBe(0);
  before.write(line(1));
  await stored(1);
  await eventually("a message about it", () => (told > 0 ? true : undefined));
  expect(await postFrom("127.0.0.3", "srv-flooded")).toContain("202");
  await stored(2);
  expect((await fetch(`${daemon.people}/${FACILITY}/connexion`)).status).toBe(200);
  expect(await ready()).toBe(200);
  expect(before.destroyed).toBe(false);
});

it("lives on when nothing can be opened any more, says so once, and recovers by itself", {
  timeout: 60_000,
}, async () => {
  const before = await established();
  const OVER = "files and connections can be opened again";
  const NONE =
    "hardly any more files or connections can be opened: new ones are closed, messages may not leave";
  // People's pages are for everyone: who connects and says nothing is let go after ten seconds.
  let flooding = true;
  const flood = () =>
    void (flooding && idle(portOf(daemon.people)).once("close", () => setTimeout(flood, 100)));
  for (let n = 0; n < FLOOD; n++) flood();
  const [error] = await eventually("the log to say it", () =>
    logged(NONE).length > 0 ? logged(NONE) : undefined,
  );
  expect(error).toMatchObject({
    level: "error",
    because: "EMFILE",
    remedy: expect.stringMatching(/LimitNOFILE.*limits/),
  });
  before.write(line(1));
  await stored(1);

  flooding = false;
  await eventually("an end of it", () => (logged(OVER).length > 0 ? true : undefined), 30);
  expect(logged(NONE)).toHaveLength(1);
  // Another look at what the daemon needs may come just after.
  await eventually("readiness", async () => ((await ready()) === 200 ? true : undefined), 30);
  expect(await postFrom("127.0.0.3", "srv-after")).toContain("202");
  await stored(2);
  expect((await fetch(`${daemon.people}/${FACILITY}/connexion`)).status).toBe(200);
  expect(before.destroyed).toBe(false);
  expect(daemon.process.exitCode).toBeNull();
});
