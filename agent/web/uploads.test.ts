import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import express from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { receiveFiles } from "./uploads.ts";

const REMI = { id: "acc-remi", name: "Rémi Roux", role: "rssi", active: true };
const PATH = "/incidents/inc-1/notes";
const BODY = [
  "--b",
  'Content-Disposition: form-data; name="files"; filename="a.txt"',
  "Content-Type: text/plain",
  "",
  "x".repeat(200_000),
  "--b--",
  "",
].join("\r\n");
const HEADERS = { "content-type": "multipart/form-data; boundary=b", "content-length": BODY.length };

describe("files that are sent", () => {
  let folder: string;
  let server: Server;
  /** What happens before files are looked at: the session is read, say. */
  let before: (incoming: IncomingMessage) => Promise<void> | void;
  let received: number;
  const address = () => ({ port: (server.address() as AddressInfo).port, path: PATH, method: "POST" });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-uploads-"));
    before = () => undefined;
    received = 0;
    const app = express();
    app.use(async (incoming, response, next) => {
      await before(incoming);
      response.locals.person = REMI;
      next();
    });
    app.use(receiveFiles(folder));
    app.use((_request, response) => {
      received++;
      response.status(204).end();
    });
    server = createServer(app).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  afterEach(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
    rmSync(folder, { recursive: true });
  });

  async function send(): Promise<number | undefined> {
    const sent = request({ ...address(), host: "127.0.0.1", headers: HEADERS }).end(BODY);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    answer.resume();
    return answer.statusCode;
  }

  it("leave room for others when who sends them leaves before they are looked at", async () => {
    for (let n = 0; n < 9; n++) {
      const gone = Promise.withResolvers<void>();
      before = async (incoming) => {
        incoming.socket.destroy();
        await once(incoming.socket, "close");
        gone.resolve();
      };
      request({ ...address(), host: "127.0.0.1", headers: HEADERS })
        .on("error", () => undefined)
        .end(BODY);
      await gone.promise;
    }
    before = () => undefined;
    expect(await send()).toBe(204);
  });

  it("are taken away when who sent them left once all had arrived", async () => {
    const gone = Promise.withResolvers<void>();
    before = (incoming) => {
      incoming.once("end", () => incoming.socket.destroy());
      incoming.socket.once("close", gone.resolve);
    };
    request({ ...address(), host: "127.0.0.1", headers: HEADERS })
      .on("error", () => undefined)
      .end(BODY);
    await gone.promise;
    before = () => undefined;
    expect(await send()).toBe(204);
    await expect.poll(() => readdirSync(folder)).toEqual([]);
    expect(received).toBe(1);
  });
});
