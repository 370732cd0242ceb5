import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { MASKS } from "../../test/support/masks.ts";
import { openLog } from "./log.ts";
import { nameRequests, requestNow } from "./name-requests.ts";

let server: Server | undefined;
afterEach(() => server?.close());

async function serve(answer: () => Promise<unknown>): Promise<string> {
  server = createServer(
    nameRequests((_, response) => void answer().then((said) => response.end(JSON.stringify(said ?? null)))),
  );
  await new Promise<void>((listening) => server?.listen(0, "127.0.0.1", listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it("gives each request an id of its own, which its answer has", async () => {
  const url = await serve(async () => {
    await setTimeout(5);
    return requestNow();
  });
  const answers = await Promise.all([fetch(`${url}/ch/incidents/2026-0001?x`), fetch(`${url}/ch/registre`)]);
  const ids = answers.map(({ headers }) => headers.get("x-request-id"));
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[b-z]{5}-[b-z]{5}$/);
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
    { request: ids[0], incident: "2026-0001" },
    { request: ids[1] },
  ]);
  expect(requestNow()).toEqual({});
});

it("has what is logged for a request carry its id and its dossier", async () => {
  const written: string[] = [];
  const stream = (console as unknown as { _stderr: NodeJS.WriteStream })._stderr;
  const spy = vi.spyOn(stream, "write").mockImplementation((text) => written.push(String(text)) > 0);
  const log = openLog("info", {}, MASKS);
  const url = await serve(async () => void log.warn("page failed", { incident: "its own" }));
  const id = (await fetch(`${url}/ch/incidents/2026-0007`)).headers.get("x-request-id");
  await fetch(`${url}/ch/incidents/${"x".repeat(500)}`);
  log.warn("outside");
  spy.mockRestore();
  const lines = written.map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ message: "page failed", request: id, incident: "its own" });
  expect(lines[1].request).not.toBe(id);
  expect(lines[2]).not.toHaveProperty("request");
});
