import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { timeRequests } from "./time-requests.ts";

const registry = new Registry();
const app = express();
const site = express.Router({ mergeParams: true });
site.get("/incidents/:incident", (_request, response) => void response.send("dossier"));
site.post("/decision", (_request, response) => void response.status(422).end());
site.get("/cut", (request) => void request.socket.destroy());
app.use("/:facility", site);
app.use((_request: express.Request, response: express.Response) => void response.status(404).end());
const server = createServer(timeRequests(app, registry));
let url = "";

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());

it.each<[string, string, string, string]>([
  ["GET", "/ch-exemple/incidents/2026-0001", "/incidents/:incident", "2xx"],
  ["POST", "/ch-exemple/decision", "/decision", "4xx"],
  ["GET", "/ch-exemple/nowhere/2026-0001", "other", "4xx"],
  ["GET", "/ch-exemple/cut", "/cut", "aborted"],
])("times %s %s as %s %s", async (method, path, route, status) => {
  registry.resetMetrics();
  const closed = new Promise<void>((resolve) => {
    server.once("request", (_request, response) => response.once("close", resolve));
  });
  await fetch(`${url}${path}`, { method }).catch(() => undefined);
  await closed;
  const counts = (await registry.metrics()).split("\n").filter((line) => line.includes("_count"));
  expect(counts).toEqual([
    `tocsin_http_request_duration_seconds_count{route="${route}",status="${status}"} 1`,
  ]);
});
