import { spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import type { Message } from "../../connectors/contract.ts";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  MAIN,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { decideByTool } from "../support/decide-by-tool.ts";

let house: House;
let daemon: Daemon;
let reads: SqliteReads;
const received: { headers: Record<string, string>; body: string; message: Message }[] = [];
const receiver = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks).toString();
  received.push({
    headers: request.headers as Record<string, string>,
    body,
    message: (JSON.parse(body) as { data: Message }).data,
  });
  response.writeHead(204).end();
});

beforeAll(async () => {
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  house = await makeHouse({ webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook` });
  daemon = await startDaemon(house);
  reads = house.reads();
});
afterAll(async () => {
  reads?.close();
  await daemon?.end("SIGTERM");
  receiver.close();
  house?.remove();
});

async function metric(name: string): Promise<string[]> {
  const text = await (await fetch(`${daemon.operations}/metrics`)).text();
  return text.split("\n").filter((line) => line.startsWith(name));
}

describe("ways in", () => {
  it("answers 202 with what became of each record, once it is durable", async () => {
    const answer = await post(daemon, "generic", house.tokens.generic, [
      relevant("a-1"),
      relevant("a-1"),
      { message: "all is well" },
      3,
    ]);
    expect(answer).toEqual({
      status: 202,
      body: {
        accepted: 2,
        duplicates: 1,
        rejected: [{ index: 3, code: expect.any(String), message: expect.any(String) }],
      },
    });
    expect(await reads.countAlerts(FACILITY)).toBe(1);
  });

  it("says again of a repeated event that it is a duplicate", async () => {
    expect((await post(daemon, "generic", house.tokens.generic, relevant("a-1"))).body).toEqual({
      accepted: 0,
      duplicates: 1,
      rejected: [],
    });
  });

  it("takes alerts on the facility's own path too", async () => {
    const url = daemon.alerts.replace("/alerts", `/facilities/${FACILITY}/alerts/generic`);
    const response = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${house.tokens.generic}` },
      body: JSON.stringify(relevant("a-1")),
    });
    expect(response.status).toBe(202);
  });

  it.each([
    ["no token", "generic", "", "{}", 401, "bad_token"],
    ["a wrong token", "generic", "nobody", "{}", 401, "bad_token"],
    ["the token of another source", "generic", "wazuh", "{}", 404, "wrong_connector"],
    ["a body that is not JSON", "generic", "generic", "{", 422, "not_json"],
    ["a body of the wrong shape", "alertmanager", "alertmanager", '{"version":"4"}', 422, expect.any(String)],
    ["a number for a body", "wazuh", "wazuh", "12", 422, expect.any(String)],
    [
      "a body over the limit",
      "generic",
      "generic",
      `"${"x".repeat(6 * 1024 * 1024)}"`,
      413,
      "body_too_large",
    ],
  ])("refuses %s", async (_, connector, token, body, status, code) => {
    const tokens: Record<string, string> = house.tokens;
    const answer = await post(daemon, connector, tokens[token] ?? token, body);
    expect(answer.status).toBe(status);
    expect(answer.body.title).toEqual(code);
    if (status === 422) expect(answer.body.field).toEqual(expect.any(String));
  });

  it("refuses to be asked by GET", async () => {
    const response = await fetch(`${daemon.alerts}/generic`, {
      headers: { authorization: `Bearer ${house.tokens.generic}` },
    });
    expect(response.status).toBe(405);
  });

  it("keeps what it could not read, with the reason", async () => {
    const entries = await eventually("the quarantine", async () => {
      const found = await reads.quarantine(FACILITY, 50);
      return found.some((entry) => entry.code === "not_json") ? found : undefined;
    });
    expect(entries.find((entry) => entry.code === "not_json")).toMatchObject({
      source: "generic",
      sample: "{",
    });
    expect(await metric('tocsin_intake_refused_total{source="generic",code="not_json"}')).toEqual([
      expect.stringMatching(/ 1$/),
    ]);
  });

  it("takes lines over TCP in both framings and over UDP, and drops the noise at the gate", async () => {
    const before = await reads.countAlerts(FACILITY);
    const line = (host: string) =>
      `<13>1 ${new Date().toISOString()} ${host} app - - - vssadmin delete shadows /all`;
    const socket = connect(daemon.tcp, "127.0.0.1");
    const counted = line("pacs-03");
    socket.end(
      `${line("pacs-02")}\n<13>1 - host app - - - nothing\n${Buffer.byteLength(counted)} ${counted}<14>not much\n`,
    );
    await once(socket, "close");
    const udp = createSocket("udp4");
    await new Promise((resolve) => udp.send(line("pacs-04"), daemon.udp, "127.0.0.1", resolve));
    udp.close();
    await eventually("three alerts", async () =>
      (await reads.countAlerts(FACILITY)) === before + 3 ? true : undefined,
    );
    expect(await metric('tocsin_intake_records_gated_total{source="lines"}')).toEqual([
      expect.stringMatching(/ 2$/),
    ]);
  });

  it("goes on reading a connection after a record that makes no sense", async () => {
    const before = await reads.countAlerts(FACILITY);
    const socket = connect(daemon.tcp, "127.0.0.1");
    socket.write(Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x3c, 0x0a]));
    socket.end(
      `<999999>vssadmin delete shadows\n<13>1 ${new Date().toISOString()} pacs-05 a - - - vssadmin delete shadows /all\n`,
    );
    await once(socket, "close");
    await eventually("the good line", async () =>
      (await reads.countAlerts(FACILITY)) > before ? true : undefined,
    );
  });
});

describe("one storm", () => {
  it("stands as one incident, told once to whom it concerns", async () => {
    const storm = Array.from({ length: 300 }, (_, i) => relevant(`storm-${i}`, `pacs-${i % 20}`));
    const note = {
      id: "note",
      host: "pacs-01",
      message: "file created: HOW_TO_DECRYPT.txt",
      file: "/srv/HOW_TO_DECRYPT.txt",
    };
    await Promise.all(
      [0, 100, 200].map((from) =>
        post(daemon, "generic", house.tokens.generic, storm.slice(from, from + 100)),
      ),
    );
    await post(daemon, "generic", house.tokens.generic, note);
    const [incident, ...others] = await eventually("the incident to be ready for a decision", async () => {
      const found = await reads.byState(FACILITY, "incident", [], { limit: 10 });
      return found[0]?.content.state === "in_review" && found[0].content.alerts >= 300 ? found : undefined;
    });
    expect(others).toEqual([]);
    expect(incident?.content.systems).toEqual(["pacs"]);
    await eventually("both messages", () =>
      received.some(({ message }) => message.event === "decision_needed") ? true : undefined,
    );
    expect(received.map(({ message }) => message.event).sort()).toEqual([
      "decision_needed",
      "incident_opened",
    ]);
  });

  it("signs its messages by Standard Webhooks, carries no evidence and links to a page", () => {
    for (const { headers, body, message } of received) {
      expect(() => new Webhook(house.webhookSecret).verify(body, headers)).not.toThrow();
      expect(headers["webhook-id"]).toBe(message.key);
      expect(body).not.toContain("vssadmin");
      expect(message.link).toBe(`${daemon.people}/${FACILITY}/incidents/${message.incident}`);
    }
  });
});

describe("a decision from another tool", () => {
  const decide = async (over: Record<string, unknown>, secret?: string, id?: string) => {
    const [stored] = await reads.byState(FACILITY, "declaration", [], { limit: 1 });
    return decideByTool(daemon, house, stored?.content, { over, secret, id });
  };

  it("is refused without the tool's signature, without the person's code, or on another text", async () => {
    expect(
      (await decide({}, `whsec_${Buffer.from("another secret altogether").toString("base64")}`)).status,
    ).toBe(401);
    expect((await decide({ code: "000000" })).status).toBe(403);
    expect((await decide({ sha256: "0".repeat(64) })).status).toBe(409);
    expect((await decide({ decision: "perhaps" })).status).toBe(422);
  });

  it("approves the exact text, files it in exercise and can not be played again", async () => {
    const done = await decide({}, house.toolSecret, "once");
    expect(done).toMatchObject({ status: 200, body: { outcome: "approved" } });
    const incident = await eventually("the exercise filing", async () => {
      const [found] = await reads.byState(FACILITY, "incident", ["declared"], { limit: 1 });
      return found?.content;
    });
    const deliveries = await reads.ofIncident(FACILITY, "delivery", incident.id);
    expect(deliveries.map(({ content }) => [content.state, content.exercise, content.reference])).toEqual([
      ["delivered", true, expect.stringMatching(/^EXERCICE-/)],
    ]);
    const [decision] = await reads.ofIncident(FACILITY, "decision", incident.id);
    expect(decision?.content).toMatchObject({
      decision: "approved",
      how: { channel: "webhook", tool: "soc", second_factor: "totp" },
    });
    expect((await decide({}, house.toolSecret, "once")).status).toBe(409);
  });
});

describe("beside the running daemon", () => {
  const tocsin = (...args: string[]) =>
    spawnSync(process.execPath, [MAIN, ...args, "--config", house.config], { encoding: "utf8" });

  it("writes the sealed record of an incident, which verifies offline", () => {
    const file = join(house.directory, "record.json");
    const [year] = [new Date().getUTCFullYear()];
    expect(tocsin("bundle", `${year}-0001`, file)).toMatchObject({ status: 0, stdout: "" });
    const verified = spawnSync(process.execPath, [MAIN, "verify", file, "--json"], { encoding: "utf8" });
    expect(verified.status).toBe(0);
    expect(JSON.parse(verified.stdout)).toMatchObject({ ok: true, facility: FACILITY, exercise: true });
    expect(tocsin("bundle", `${year}-0001`, file).status).toBe(1);
  });

  it("shows what could not be read", () => {
    const { stdout } = tocsin("quarantine", "--json");
    const entries = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries).toContainEqual(
      expect.objectContaining({ source: "generic", code: "not_json", sample: "{" }),
    );
  });
});

it("has its state directory for itself", async () => {
  await expect(startDaemon(house)).rejects.toThrow("another daemon uses it");
});

describe("operations", () => {
  it("is alive and ready, and serves metrics of both threads", async () => {
    expect((await fetch(`${daemon.operations}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${daemon.operations}/readyz`)).json()).toEqual({
      status: "ready",
      causes: [],
    });
    expect((await metric("tocsin_intake_records_received_total")).length).toBeGreaterThan(0);
    expect((await metric("tocsin_incident_transitions_total")).length).toBeGreaterThan(0);
  });

  it("keeps people, intake and operations apart", async () => {
    expect((await fetch(`${daemon.operations}/${FACILITY}/incidents`)).status).toBe(404);
    expect((await fetch(`${daemon.people}/metrics`)).status).toBe(404);
    expect((await fetch(`${daemon.people}/api/v1/alerts/generic`, { method: "POST" })).status).toBe(404);
  });
});
