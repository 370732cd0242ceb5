import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { intakeMetrics } from "../metrics.ts";
import type { Turns } from "../turns.ts";
import { inTurn } from "./in-turn.ts";

let server: Server;
let clients: Socket[];
/** Work that waits for its turn, by who sent it. */
let waiting: { group: string; work: () => void }[];
let metrics: ReturnType<typeof intakeMetrics>;
const turns: Turns = {
  take: (group, _bytes, work) => void waiting.push({ group, work }),
  pauses: () => async () => undefined,
};
let served = 0;
const app: RequestListener = (request, response) => {
  served += 1;
  request.resume();
  response.end("served");
};

beforeEach(async () => {
  [clients, waiting, metrics, served] = [[], [], intakeMetrics(), 0];
  server = createServer(inTurn(app, { turns, metrics })).listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  server.close();
  await once(server, "close");
});

/** Sends so many requests over one connection from an address; what is answered stands in `heard`. */
async function flood(many: number, localAddress: string) {
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  clients.push(socket);
  const told = { heard: "" };
  socket.setEncoding("latin1").on("data", (text: string) => {
    told.heard += text;
  });
  await once(socket, "connect");
  socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}".repeat(many));
  return { told, socket };
}
const overloaded = async () =>
  (await metrics.refused.get()).values.find(({ labels }) => labels.code === "overloaded")?.value ?? 0;
const statuses = (heard: string) => [...heard.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

it("serves each request when its turn comes, in the name of who sends it", async () => {
  const { told } = await flood(1, "127.0.0.2");
  await expect.poll(() => waiting.length).toBe(1);
  expect([waiting[0]?.group, told.heard]).toEqual(["127.0.0.2", ""]);
  waiting[0]?.work();
  await expect.poll(() => told.heard).toContain("served");
});

it("tells at once, with when to come again, what is too many to wait, and still takes others in", async () => {
  const many = await Promise.all(Array.from({ length: 30 }, () => flood(100, "127.0.0.2")));
  await expect.poll(overloaded).toBe(3000 - 2048);
  expect(waiting).toHaveLength(2048);
  const other = await flood(1, "127.0.0.3");
  await expect.poll(() => waiting.length).toBe(2049);
  expect(waiting.at(-1)?.group).toBe("127.0.0.3");
  for (const { work } of waiting.splice(0)) work();
  await expect.poll(() => other.told.heard).toContain("served");
  const heard = () => many.map(({ told }) => told.heard).join("");
  await expect.poll(() => statuses(heard()).length).toBe(3000);
  expect(statuses(heard()).filter((status) => status === "503")).toHaveLength(3000 - 2048);
  expect(heard()).toMatch(/retry-after: 5\r\n/i);
  expect(heard()).toContain('"title":"overloaded"');
  await flood(1, "127.0.0.2");
  await expect.poll(() => waiting.length).toBe(1);
});

it("serves nothing to who has left before its turn", async () => {
  const { socket } = await flood(1, "127.0.0.2");
  await expect.poll(() => waiting.length).toBe(1);
  socket.destroy();
  const connections = promisify(server.getConnections.bind(server));
  await expect.poll(() => connections()).toBe(0);
  waiting[0]?.work();
  expect(served).toBe(0);
});
