import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Daemon, type House, makeHouse, metric, relevant, startDaemon } from "../support/daemon.ts";

const WEBHOOK = `whsec_${Buffer.from("the secret of the signed source").toString("base64")}`;
const GRAFANA = "a secret that Grafana knows too";
const OWN = "a secret of the other source";

let house: House;
let daemon: Daemon;
beforeAll(async () => {
  house = await makeHouse();
  const text = readFileSync(house.config, "utf8").replace(
    "systems:",
    `  - { id: hooks, connector: generic, signature: { scheme: standard-webhooks, secret: { env: WEBHOOK } } }
  - { id: grafana, connector: alertmanager, signature: { scheme: grafana, secret: { env: GRAFANA }, timestamp_header: X-At } }
  - { id: own, connector: generic, signature: { scheme: custom, secret: { env: OWN }, header: X-Mac, encoding: base64, signed: "{timestamp}.{body}", timestamp_header: X-At } }
systems:`,
  );
  writeFileSync(house.config, text);
  daemon = await startDaemon(house, { WEBHOOK, GRAFANA, OWN });
});
afterAll(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

async function post(source: string, body: string | Uint8Array, headers: Record<string, string>) {
  const response = await fetch(`${daemon.alerts}/${source}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: body as string,
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const seconds = (ago = 0) => String(Math.floor(Date.now() / 1000) - ago);
const mac = (secret: string, text: string, encoding: "hex" | "base64") =>
  createHmac("sha256", secret).update(text).digest(encoding);

describe("a source that signs what it sends", () => {
  const event = (id: string) => JSON.stringify(relevant(id));
  const group = JSON.stringify({
    version: "1",
    alerts: [{ status: "firing", labels: { alertname: "HostDown", host: "pacs-01" }, fingerprint: "f1" }],
  });
  const ways: [string, string, (body: string, ago?: number) => Record<string, string>][] = [
    [
      "hooks",
      event("h-1"),
      (body, ago = 0) => {
        const at = new Date(Date.now() - ago * 1000);
        return {
          "webhook-id": "m-1",
          "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
          "webhook-signature": new Webhook(WEBHOOK).sign("m-1", at, body),
        };
      },
    ],
    [
      "grafana",
      group,
      (body, ago) => {
        const at = seconds(ago);
        return { "x-at": at, "x-grafana-alerting-signature": mac(GRAFANA, `${at}:${body}`, "hex") };
      },
    ],
    [
      "own",
      event("o-1"),
      (body, ago) => {
        const at = seconds(ago);
        return { "x-at": at, "x-mac": mac(OWN, `${at}.${body}`, "base64") };
      },
    ],
  ];

  it.each(ways)("%s is taken once, refused when it is forged or old", async (source, body, sign) => {
    expect(await post(source, body, sign(body))).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(await post(source, body, sign(body))).toMatchObject({ status: 202, body: { duplicates: 1 } });
    expect(await post(source, `${body} `, sign(body))).toMatchObject({ status: 401 });
    expect(await post(source, body, sign(body, 600))).toMatchObject({
      status: 401,
      body: { title: "stale_timestamp" },
    });
    expect(await post(source, body, {})).toMatchObject({ status: 401, body: { title: "bad_signature" } });
    expect(await metric(daemon, `tocsin_intake_records_total{source="${source}",outcome="stored"}`)).toBe(1);
  });

  it("signs the bytes that it sends, compressed ones too", async () => {
    const bytes = gzipSync(event("o-2"));
    const at = seconds();
    const signature = createHmac("sha256", OWN).update(`${at}.`).update(bytes).digest("base64");
    const headers = { "x-at": at, "x-mac": signature, "content-encoding": "gzip" };
    expect(await post("own", bytes, headers)).toMatchObject({ status: 202, body: { accepted: 1 } });
  });
});
