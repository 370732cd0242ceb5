import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, relevant } from "../support/daemon.ts";
import { postForAWhile } from "./http-client.ts";
import type { BenchOptions } from "./options.ts";
import { alertmanager, beside } from "./peers.ts";
import type { Measure } from "./report.ts";
import { freePort, inScene, type Scene } from "./scene.ts";

/** Requests under way at once. */
const CONCURRENCY = 32;
/** Alerts a request, and alerts a second that are the goal: what Alertmanager does on a core, storing nothing. */
const KINDS = [
  { batch: 100, goal: 60_000 },
  { batch: 1, goal: 10_000 },
];
const TIMES = { warmUp: 2, seconds: 4 };
const TINY = { warmUp: 0, seconds: 0.2 };

/** Alerts a second by HTTP, all matching and durable before the answer, beside Alertmanager, which keeps them in memory. */
export async function benchHttp({ tiny }: BenchOptions): Promise<Measure[]> {
  const how = { concurrency: CONCURRENCY, ...(tiny ? TINY : TIMES) };
  const measures: Measure[] = [];
  for (const { batch, goal } of KINDS) {
    const own = await inScene(async (scene) => {
      const daemon = await scene.daemon();
      const requests = await postForAWhile({
        ...how,
        pid: daemon.process.pid ?? 0,
        url: `${daemon.alerts}/generic`,
        headers: { authorization: `Bearer ${daemon.house.tokens.generic}` },
        body: bodies(batch, relevant),
        check({ status, text }) {
          const { accepted } = JSON.parse(text) as { accepted?: number };
          if (status !== 202 || accepted !== batch) throw new Error(`${status}: ${text}`);
        },
      });
      return { ...requests, value: requests.value * batch };
    });
    const peer = await beside(alertmanager, "Alertmanager, in memory", () =>
      inScene(async (scene) => {
        const { pid, address } = await startAlertmanager(scene);
        const requests = await postForAWhile({
          ...how,
          pid,
          url: `${address}/api/v2/alerts`,
          headers: {},
          body: bodies(batch, (id) => ({
            labels: { alertname: "HostDown", instance: id, severity: "critical" },
            annotations: { summary: `vssadmin.exe delete shadows /all /quiet (${id})` },
          })),
          check({ status, text }) {
            if (status !== 200) throw new Error(`${status}: ${text}`);
          },
        });
        return { ...requests, value: requests.value * batch };
      }),
    );
    const count = Math.round(own.value / batch).toLocaleString("en");
    const what = batch === 1 ? "one a request" : `${batch} a request, ${count} requests a second`;
    measures.push({ what, own, goal, ...peer });
  }
  return measures;
}

/** Makes bodies of as many alerts, each with an id of its own. */
function bodies(batch: number, alert: (id: string) => unknown): () => string {
  let next = 0;
  return () => JSON.stringify(Array.from({ length: batch }, () => alert(`bench-${next++}`)));
}

/** Starts an Alertmanager that tells nobody. */
async function startAlertmanager(scene: Scene): Promise<{ pid: number; address: string }> {
  const folder = scene.folder("alertmanager");
  const file = join(folder, "alertmanager.yml");
  writeFileSync(file, "route: { receiver: nobody, group_by: [alertname] }\nreceivers: [{ name: nobody }]\n");
  const address = `127.0.0.1:${await freePort()}`;
  const { pid = 0 } = scene.start("prometheus-alertmanager", [
    `--config.file=${file}`,
    `--storage.path=${join(folder, "data")}`,
    "--cluster.listen-address=",
    `--web.listen-address=${address}`,
  ]);
  await eventually("Alertmanager to be ready", async () =>
    (await fetch(`http://${address}/-/ready`).catch(() => undefined))?.ok ? true : undefined,
  );
  return { pid, address: `http://${address}` };
}
