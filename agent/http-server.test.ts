import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type HttpServer, listenHttp } from "./http-server.ts";

const PATIENCE = { headers: 300, request: 600, looked: 50 };

let server: HttpServer;
let begun: number;
const clients = new Set<Socket>();
beforeEach(async () => {
  begun = 0;
  server = await listenHttp({ address: "127.0.0.1", port: 0 }, "listeners.intake", { patience: PATIENCE });
  server.serve((request, response) => {
    begun++;
    request.resume().on("end", () => response.end("heard"));
  });
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  clients.clear();
  await server.close();
});

/** Opens a connection, sends a beginning, then one drop every so often, until the server ends it. */
async function drip(beginning: string, drop: string): Promise<{ said: string; milliseconds: number }> {
  const started = performance.now();
  const client = connect(server.port, "127.0.0.1");
  clients.add(client);
  client.on("error", () => undefined);
  let said = "";
  client.setEncoding("latin1").on("data", (chunk) => (said += chunk));
  client.write(beginning);
  const drops = setInterval(() => client.write(drop), 50);
  await once(client, "close");
  clearInterval(drops);
  return { said, milliseconds: performance.now() - started };
}

describe("a client that sends drop by drop", () => {
  const post = (header: string) => `POST / HTTP/1.1\r\nHost: x\r\n${header}`;
  it.each([
    ["its headers", post("X-Slow: "), "a", PATIENCE.headers, 0],
    ["its body", post("Content-Length: 100000\r\n\r\n"), "a", PATIENCE.request, 1],
    ["its body in chunks", post("Transfer-Encoding: chunked\r\n\r\n"), "1\r\na\r\n", PATIENCE.request, 1],
  ])(
    "%s is given up in time, while others are served",
    async (_what, beginning, drop, patience, requests) => {
      const slow = drip(beginning, drop);
      await expect.poll(() => begun).toBe(requests);
      expect(await (await fetch(server.url)).text()).toBe("heard");
      const { said, milliseconds } = await slow;
      expect(said).toMatch(/^(HTTP\/1\.1 408 |$)/);
      // How soon depends on how busy the machine is; not before its time, and at all.
      expect(milliseconds).toBeGreaterThanOrEqual(patience - PATIENCE.looked);
    },
  );
});
