import { Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import type { BusStatus } from "../../agent/bus/bus.ts";
import type { ConsumerReport } from "../../agent/bus/consumer.ts";
import type { PublisherReport } from "../../agent/bus/publisher.ts";
import { intakeMetrics } from "../../agent/intake/metrics.ts";
import type { Store } from "../../agent/store/store.ts";
import { anchorMetrics } from "../../agent/telemetry/anchor-metrics.ts";
import { busMetrics, consumerMetrics } from "../../agent/telemetry/bus-metrics.ts";
import { measureStore } from "../../agent/telemetry/measure-store.ts";
import { mainMetrics } from "../../agent/telemetry/metrics.ts";
import { type StateParts, stateMetrics } from "../../agent/telemetry/state-metrics.ts";
import { timeRequests } from "../../agent/telemetry/time-requests.ts";
import { read } from "../support/documents.ts";
import { dashboardQueries, RULES_TEST_FILE, readAlerts, readDashboard } from "../support/monitoring.ts";

/** Every metric of the daemon, with its labels. */
async function exported(): Promise<Map<string, { type: string; labels: string[] }>> {
  const { registry: main, ofProcess } = mainMetrics();
  await ofProcess();
  measureStore({} as Store, main);
  timeRequests(() => undefined, main);
  stateMetrics({ registry: main } as StateParts);
  anchorMetrics(main);
  // Of a process that correlates, and of a receiver: neither has both.
  const [correlator, receiver] = [new Registry(), new Registry()];
  consumerMetrics(
    correlator,
    () => ({}) as ConsumerReport,
    () => ({}) as BusStatus,
  );
  busMetrics(
    receiver,
    async () => ({}) as PublisherReport,
    () => ({}) as BusStatus,
  );
  const all = [Registry.merge([main, intakeMetrics().registry]), correlator, receiver].flatMap((each) =>
    each.getMetricsAsArray(),
  ) as unknown as {
    name: string;
    type: string;
    labelNames: string[];
  }[];
  return new Map(all.map(({ name, type, labelNames }) => [name, { type, labels: labelNames }]));
}

const METRICS = await exported();
/** What Prometheus itself makes, and adds to whatever it scrapes. */
const OF_PROMETHEUS = { metrics: ["up"], labels: ["job", "instance"] };
const WORDS =
  /\b(?!(?:by|and|or|on|unless|offset|time|sum|max|min|rate|increase|changes|absent|vector|topk|predict_linear|histogram_quantile)\b)[a-z_][a-z0-9_]*(?=[{[ ),]|$)/g;

/** The metrics that a query reads, as they are exported, and the labels that it names. */
function namedBy(query: string): { metrics: string[]; labels: string[] } {
  const bare = query.replace(/"[^"]*"/g, '""');
  const selected = [...bare.matchAll(/\{([^}]*)\}/g)].flatMap(([, inner]) =>
    [...(inner ?? "").matchAll(/(\w+) *(?:=~|!~|!=|=)/g)].map(([, label]) => label ?? ""),
  );
  const grouped = [...bare.matchAll(/\b(?:by|on) *\(([^)]*)\)/g)].flatMap(([, inner]) =>
    (inner ?? "").split(",").map((label) => label.trim()),
  );
  const rest = bare
    .replace(/\{[^}]*\}/g, "")
    .replace(/\[[^\]]*\]/g, "")
    .replace(/\b(by|on) *\([^)]*\)/g, "")
    .replace(/\boffset \w+/g, "")
    .replace(/\b\d[\w.]*/g, "");
  const metrics = [...rest.matchAll(WORDS)].map(([name]) =>
    METRICS.has(name) ? name : name.replace(/_(bucket|sum|count)$/, ""),
  );
  return { metrics: [...new Set(metrics)], labels: [...new Set([...selected, ...grouped])] };
}

const alerts = readAlerts();
const QUERIES = [...alerts.map(({ expr }) => expr), ...dashboardQueries()];

describe("what is asked of Prometheus", () => {
  it.each(QUERIES)("has no dead name: %s", (query) => {
    const { metrics, labels } = namedBy(query);
    expect(metrics.filter((name) => !METRICS.has(name) && !OF_PROMETHEUS.metrics.includes(name))).toEqual([]);
    const known = metrics.flatMap((name) => {
      const { type, labels = [] } = METRICS.get(name) ?? { type: "gauge" };
      return type === "histogram" ? [...labels, "le"] : labels;
    });
    expect(labels.filter((label) => ![...known, ...OF_PROMETHEUS.labels].includes(label))).toEqual([]);
  });

  it("reads the names of a query, and only those", () => {
    expect(
      namedBy(
        'sum by (job, le) (rate(tocsin_pipeline_seconds_bucket{a=~"b|c",d!="e"}[5m])) > 1e9 and on (f) up offset 10m',
      ),
    ).toEqual({ metrics: ["tocsin_pipeline_seconds", "up"], labels: ["a", "d", "job", "le", "f"] });
  });
});

describe("the metrics", () => {
  // Those of prom-client itself, which are wrong for ever.
  const own = [...METRICS].filter(([name]) => name.startsWith("tocsin_"));

  it.each(own)("%s is named as Prometheus has it", (name, { type, labels }) => {
    expect(name).toMatch(/^tocsin(_[a-z]+)+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    if (type === "histogram") expect(name).toMatch(/_seconds$/);
    expect(name).not.toMatch(/_(milliseconds|ms|minutes|hours|days|kilobytes|percent)(_|$)/);
    // What people or attackers choose would make a series each.
    const bounded =
      /^(source|transport|outcome|code|format|state|decision|channel|kind|what|step|where|way|to|regime|route|status|reason)$/;
    expect(labels.filter((label) => !bounded.test(label))).toEqual([]);
  });
});

describe("the alerts", () => {
  it("are each named once", () => {
    const names = alerts.map(({ alert }) => alert);
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(alerts.filter(({ alert }) => alert !== "Watchdog"))(
    "$alert waits, is severe or not, and says what to do",
    ({ alert, for: wait, labels, annotations }) => {
      expect(wait).toMatch(/^\d+[mh]$/);
      expect(["critical", "warning"]).toContain(labels.severity);
      expect(annotations.summary.replace(/\{\{[^}]*\}\}/g, "").length).toBeLessThan(90);
      expect(annotations.description.length).toBeGreaterThan(40);
      expect(read(RULES_TEST_FILE)).toContain(`labels: '{alertname="${alert}"}', value: 1`);
    },
  );
});

describe("the dashboard", () => {
  const { uid, schemaVersion, templating, panels } = readDashboard();
  const rows = panels.filter(({ type }) => type === "row");
  const shown = panels.filter(({ type }) => type !== "row");

  it("chooses its data source, and has its rows in order", () => {
    expect(uid).toBe("tocsin");
    expect(schemaVersion).toBeGreaterThanOrEqual(39);
    expect(templating.list[0]).toMatchObject({ name: "datasource", type: "datasource", query: "prometheus" });
    expect(rows.map(({ title }) => title)).toEqual([
      "État",
      "Entrée",
      "Décision et départ",
      "Pages",
      "Machine et base",
    ]);
  });

  it("has panels with an id of their own, none over another", () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { h, w, x, y } }) => {
      expect(x + w).toBeLessThanOrEqual(24);
      return Array.from({ length: h * w }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });

  it.each(shown)("asks something for « $title », each question by its letter", ({ title, targets = [] }) => {
    expect(title).not.toBe("");
    expect(targets.length).toBeGreaterThan(0);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    expect(targets.filter(({ expr }) => expr === "" || !expr.includes('job=~"$job"'))).toEqual([]);
  });
});
