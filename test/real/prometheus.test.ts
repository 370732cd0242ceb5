import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump } from "js-yaml";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  startDaemon,
} from "../support/daemon.ts";
import { ROOT } from "../support/documents.ts";
import { dashboardQueries, RULES_FILE, RULES_TEST_FILE } from "../support/monitoring.ts";
import { describePeer, peer } from "../support/peer.ts";

const prometheus = peer("promtool", "promtool", "apt-get install prometheus");

/** What prom-client itself names against the conventions. */
const NOT_OURS = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

function promtool(words: readonly string[], input = ""): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync("promtool", words, { cwd: ROOT, input, encoding: "utf8" });
  return { code: status, said: `${stdout}${stderr}` };
}

describePeer(prometheus, "Prometheus", () => {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-prometheus-"));
  let house: House;
  let daemon: Daemon;
  beforeAll(async () => {
    house = await makeHouse();
    daemon = await startDaemon(house);
  });
  afterAll(async () => {
    await daemon?.end("SIGTERM");
    house?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("accepts the alerts", () => {
    expect(promtool(["check", "rules", RULES_FILE])).toMatchObject({
      code: 0,
      said: expect.stringMatching(/SUCCESS: \d+ rules found/) as unknown as string,
    });
  });

  it("raises each alert on bad series, alone, and none on good ones", () => {
    expect(promtool(["test", "rules", RULES_TEST_FILE])).toMatchObject({
      code: 0,
      said: expect.stringContaining("SUCCESS") as unknown as string,
    });
  });

  it("finds an alert that does not rise", () => {
    const file = join(folder, "wrong.test.yml");
    const tests = [
      {
        input_series: [{ series: 'up{job="tocsin"}', values: "1x10" }],
        alert_rule_test: [
          {
            eval_time: "5m",
            alertname: "TocsinInjoignable",
            exp_alerts: [{ exp_labels: { job: "tocsin" } }],
          },
        ],
      },
    ];
    writeFileSync(file, dump({ rule_files: [join(ROOT, RULES_FILE)], tests }));
    expect(promtool(["test", "rules", file])).toMatchObject({
      code: 1,
      said: expect.stringContaining("FAILED") as unknown as string,
    });
  });

  it("understands each question of the dashboard", () => {
    const questions = dashboardQueries();
    const file = join(folder, "dashboard.yml");
    const rules = questions.map((expr, i) => ({ record: `question:${i}`, expr }));
    writeFileSync(file, dump({ groups: [{ name: "dashboard", rules }] }));
    expect(promtool(["check", "rules", file])).toMatchObject({
      code: 0,
      said: expect.stringContaining(`SUCCESS: ${questions.length} rules found`) as unknown as string,
    });
  });

  it("finds nothing to say of what the daemon shows", async () => {
    await post(daemon, "generic", house.tokens.generic, "{");
    await fetch(`${daemon.people}/${FACILITY}/incidents`);
    const text = await (await fetch(`${daemon.operations}/metrics`)).text();
    expect(text).toContain('tocsin_intake_refused_total{source="generic",code="not_json"} 1');
    expect(text).toContain("tocsin_http_request_duration_seconds_count{route=");
    const { said } = promtool(["check", "metrics"], text);
    const lines = said.split("\n").filter((line) => line !== "");
    expect(lines.filter((line) => !NOT_OURS.some((name) => line.startsWith(`${name} `)))).toEqual([]);
  });

  it("finds a counter that is not named as one", () => {
    const wrong = "# HELP tocsin_lost Lost\n# TYPE tocsin_lost counter\ntocsin_lost 1\n";
    expect(promtool(["check", "metrics"], wrong).said).toContain("tocsin_lost");
  });

  it("sees the daemon alive once it works on what comes", async () => {
    const answer = await eventually("the pipeline", async () => {
      const response = await fetch(`${daemon.operations}/alive`);
      return response.status === 200 ? response.json() : undefined;
    });
    expect(answer).toEqual({ status: "alive", causes: [] });
    const text = await (await fetch(`${daemon.operations}/metrics`)).text();
    expect(text).toContain("\ntocsin_ready 1\n");
  });
});
