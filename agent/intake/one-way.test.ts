import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { oneWay } from "./one-way.ts";

const ends: (() => unknown)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A client whose handshake is over, and the stream that carries it. */
async function afterHandshake(): Promise<{ client: Socket; stream: Duplex }> {
  const server = createServer().listen(0, "127.0.0.1");
  ends.push(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const client = connect(port, "127.0.0.1");
  ends.push(() => client.destroy());
  const [socket] = (await once(server, "connection")) as [Socket];
  const stream = oneWay(socket);
  stream.on("error", () => undefined);
  client.write(Buffer.from([23, 3, 3, 0, 1, 0]));
  await once(stream, "data");
  return { client, stream };
}

it("says at the end what it left unsaid", async () => {
  const { client, stream } = await afterHandshake();
  stream.write("two tickets");
  stream.end();
  expect(String((await once(client, "data"))[0])).toBe("two tickets");
});

it("ends a connection that makes it leave ever more unsaid", async () => {
  const { client, stream } = await afterHandshake();
  client.on("error", () => undefined).resume();
  const closed = once(client, "close");
  for (let i = 0; i < 100; i++) stream.write(Buffer.alloc(1024));
  await closed;
  expect(stream.destroyed).toBe(true);
});
