import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Daemon,
  eventually,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";

interface Sent {
  path: string;
  authorization: string | undefined;
  body: { resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: SpanSent[] }[] }[] };
}
interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number };
}
interface SpanSent {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  attributes: Attribute[];
  status: { code?: number };
}

const SECRET = "a text that only the alert says";
const sent: Sent[] = [];
const collector = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => (text += chunk));
  request.on("end", () => {
    const { authorization } = request.headers;
    sent.push({ path: request.url ?? "", authorization, body: JSON.parse(text) as Sent["body"] });
    response.setHeader("content-type", "application/json").end("{}");
  });
});
const hook = createServer((request, response) => request.resume().on("end", () => response.end()));
let house: House;
let daemon: Daemon;

const portOf = async (server: typeof hook) => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};
const spans = () =>
  sent.flatMap(({ body }) =>
    body.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)),
  );
const told = ({ attributes }: { attributes: Attribute[] }) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]));
const named = (name: string) => spans().filter((span) => span.name === name);

beforeAll(async () => {
  const [traces, webhook] = [await portOf(collector), await portOf(hook)];
  house = await makeHouse({
    webhook: `http://127.0.0.1:${webhook}/`,
    more: `traces: { url: "http://127.0.0.1:${traces}/v1/traces", token: { file: generic.secret } }`,
  });
  daemon = await startDaemon(house);
  await fetch(`${daemon.people}/ch-exemple/connexion`);
  await post(daemon, "generic", house.tokens.generic, { ...relevant("traced"), detail: SECRET });
  await eventually("the webhook is traced", () => named("effect notify")[0]);
});
afterAll(async () => {
  await daemon.end("SIGTERM");
  house.remove();
  collector.close();
  hook.close();
});

describe("traces", () => {
  it("go to the collector that is configured, with its token, and say which process they are of", () => {
    expect(new Set(sent.map(({ path, authorization }) => `${path} ${authorization}`))).toEqual(
      new Set([`/v1/traces Bearer ${house.tokens.generic}`]),
    );
    expect(told(sent[0]?.body.resourceSpans[0]?.resource ?? { attributes: [] })).toMatchObject({
      "service.name": "tocsin",
      "tocsin.facility": "ch-exemple",
      "tocsin.mode": "exercise",
      "tocsin.role": "all",
    });
  });

  it("have a request of the pages by its pattern", () => {
    const [request] = named("GET /connexion");
    expect(request).toMatchObject({ kind: 2 });
    expect(told(request ?? { attributes: [] })).toEqual({
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "http.route": "/connexion",
    });
  });

  it("have what is sorted, with what it commits as a part of it", () => {
    const [sorted] = named("correlate");
    // Those that found nothing are left out.
    for (const span of named("correlate")) expect(told(span)["tocsin.detections"]).toBeGreaterThan(0);
    const [commit] = named("commit").filter(({ parentSpanId }) => parentSpanId === sorted?.spanId);
    expect(commit?.traceId).toBe(sorted?.traceId);
    expect(told(commit ?? { attributes: [] })).toMatchObject({ "tocsin.outcome": "committed" });
  });

  it("have an effect with its channel and its dossier", () => {
    const [effect] = named("effect notify");
    expect(effect).toMatchObject({ kind: 3 });
    expect(told(effect ?? { attributes: [] })).toMatchObject({
      "tocsin.effects": 1,
      "tocsin.channel": "crochet",
    });
    expect(told(effect ?? { attributes: [] })["tocsin.incident"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("say nothing of what an alert says", () => {
    expect(spans().length).toBeGreaterThan(5);
    expect(JSON.stringify(sent)).not.toMatch(new RegExp(`${SECRET}|vssadmin|pacs-01|Anne`));
  });
});

describe("a collector that is not there", () => {
  it("is said in the log, and holds nothing up", async () => {
    const alone = await makeHouse({ more: 'traces: { url: "http://127.0.0.1:1/v1/traces" }' });
    const other = await startDaemon(alone);
    try {
      expect((await post(other, "generic", alone.tokens.generic, relevant("untold"))).status).toBe(202);
      await eventually(
        "it is said",
        () => other.log.find(({ message }) => message === "traces not sent"),
        25,
      );
      expect((await fetch(`${other.operations}/readyz`)).status).toBe(200);
    } finally {
      expect(await other.end("SIGTERM")).toBe(0);
      alone.remove();
    }
  });
});
