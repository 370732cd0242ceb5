import { load } from "js-yaml";
import { read } from "./documents.ts";

/** An alert of `deploy/prometheus`. */
export interface AlertRule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; description: string };
}

interface Panel {
  id: number;
  type: string;
  title: string;
  gridPos: { h: number; w: number; x: number; y: number };
  targets?: { refId: string; expr: string }[];
}

export const RULES_FILE = "deploy/prometheus/tocsin.rules.yml";
export const RULES_TEST_FILE = "deploy/prometheus/tocsin.rules.test.yml";

export function readAlerts(): AlertRule[] {
  const { groups } = load(read(RULES_FILE)) as { groups: { rules: AlertRule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

export function readDashboard() {
  return JSON.parse(read("deploy/grafana/tocsin.json")) as {
    uid: string;
    title: string;
    schemaVersion: number;
    templating: { list: { name: string; type: string; query: unknown }[] };
    annotations: { list: { expr: string }[] };
    panels: Panel[];
  };
}

/** What the dashboard asks Prometheus, with its variables as Grafana would fill them in. */
export function dashboardQueries(): string[] {
  const { panels, annotations } = readDashboard();
  const asked = [...panels.flatMap(({ targets = [] }) => targets), ...annotations.list];
  return asked.map(({ expr }) =>
    expr.replaceAll("$__rate_interval", "5m").replace(/\$(job|instance)\b/g, ".*"),
  );
}
