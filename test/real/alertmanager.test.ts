import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect } from "vitest";
import type { SqliteReads } from "../../agent/store/sqlite/reads.ts";
import { type Daemon, eventually, FACILITY, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { describePeer, itPeer, peer } from "../support/peer.ts";

const alertmanager = peer(
  "Alertmanager",
  "prometheus-alertmanager",
  "apt-get install prometheus-alertmanager",
);

let house: House;
let daemon: Daemon;
let reads: SqliteReads;
let running: ChildProcess;
let api: string;
let said = "";

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

async function startAlertmanager(receiver: string): Promise<void> {
  const work = join(house.directory, "alertmanager");
  mkdirSync(work);
  const config = join(work, "alertmanager.yml");
  writeFileSync(
    config,
    `route: { receiver: tocsin, group_by: [alertname], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: tocsin
    webhook_configs:
      - url: ${daemon.alerts}/alertmanager
        send_resolved: true
        http_config: { ${receiver} }
`,
  );
  const port = await freePort();
  api = `http://127.0.0.1:${port}`;
  running = spawn(
    "prometheus-alertmanager",
    [
      `--config.file=${config}`,
      `--storage.path=${join(work, "data")}`,
      "--cluster.listen-address=",
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  running.stderr?.setEncoding("utf8").on("data", (chunk) => (said += chunk));
  await eventually(`Alertmanager to be ready: ${said}`, async () =>
    (await fetch(`${api}/-/ready`).catch(() => undefined))?.ok ? true : undefined,
  );
}

const NAMES = { alertname: "HostDown", instance: "pacs-01:9100", severity: "critical" };

/** Tells Alertmanager of an alert as Prometheus does (its API v2). */
async function tell(times: { startsAt: Date; endsAt?: Date }): Promise<void> {
  const alert = { labels: NAMES, annotations: { summary: "pacs-01 ne répond plus" }, ...times };
  const response = await fetch(`${api}/api/v2/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([alert]),
  });
  expect(response.status).toBe(200);
}

async function metric(line: string): Promise<string | undefined> {
  const text = await (await fetch(`${daemon.operations}/metrics`)).text();
  return text.split("\n").find((each) => each.startsWith(line));
}

describePeer(alertmanager, "Alertmanager", () => {
  beforeEach(async () => {
    house = await makeHouse();
    daemon = await startDaemon(house);
    reads = house.reads();
  });
  afterEach(async () => {
    running?.kill("SIGTERM");
    reads?.close();
    await daemon?.end("SIGTERM");
    house?.remove();
  });

  itPeer(
    alertmanager,
    "sends an alert that fires, then that it is resolved: an incident opens and its end is recorded",
    async () => {
      await startAlertmanager(`authorization: { credentials: ${house.tokens.alertmanager} }`);
      const startsAt = new Date(Date.now() - 40 * 60_000);
      await tell({ startsAt });
      const incident = await eventually("the incident", async () => {
        const [found] = await reads.byState(FACILITY, "incident", [], { limit: 1 });
        return found?.content;
      });
      expect(incident.systems).toEqual(["pacs"]);
      expect(incident.occurred).toBe(startsAt.getTime() * 1000);

      const endsAt = new Date();
      await tell({ startsAt, endsAt });
      const ended = await eventually("the end of the outage", async () => {
        const [fact] = await reads.ofIncident(FACILITY, "fact", incident.id);
        return fact?.content.until === null ? undefined : fact?.content;
      });
      expect(ended).toMatchObject({ kind: "system_unavailable", system: "pacs" });
      expect(ended.until).toBe(endsAt.getTime() * 1000);

      const detected = await reads.detectionsAfter(FACILITY, 0, 10);
      // Several rules may recognise one alert.
      const alerts = [...new Map(detected.map(({ alert }) => [alert.id, alert.alert])).values()];
      expect(alerts).toMatchObject([
        { event: { action: "firing" }, host: { name: "pacs-01" }, message: "pacs-01 ne répond plus" },
        { event: { action: "resolved" }, host: { name: "pacs-01" } },
      ]);
      expect(said).not.toMatch(/level=(ERROR|error|WARN|warn).*(notify|Notify)/);
      expect(await metric('tocsin_intake_refused_total{source="alertmanager"')).toBeUndefined();
    },
    60_000,
  );

  itPeer(
    alertmanager,
    "may give the token as the password of Basic",
    async () => {
      await startAlertmanager(
        `basic_auth: { username: alertmanager, password: ${house.tokens.alertmanager} }`,
      );
      await tell({ startsAt: new Date() });
      await eventually("the alert", async () =>
        (await reads.countAlerts(FACILITY)) === 1 ? true : undefined,
      );
    },
    60_000,
  );
});
