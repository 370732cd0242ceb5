import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type Daemon, FACILITY, type House, makeHouse, startDaemon } from "../support/daemon.ts";
import { renderMustache } from "../support/render-mustache.ts";
import { INTEGRATIONS } from "../support/script-scene.ts";
import { type Answer, zabbixRun } from "../support/zabbix-run.ts";

const shipped = (file: string) => readFileSync(join(INTEGRATIONS, file), "utf8");

const TOKENS = ["ELASTIC", "SENTINEL", "WAZUH5", "GRAFANA"] as const;
const TOKEN = (name: string) => `token-of-the-source-${name.toLowerCase()}`;
const ZABBIX = "the secret that Zabbix signs with";

let house: House;
let daemon: Daemon;
beforeAll(async () => {
  const source = (id: string, connector: string) =>
    `  - { id: ${id}, connector: ${connector}, token: { env: ${id.toUpperCase()} } }`;
  const signature =
    '{ scheme: custom, secret: { env: ZABBIX }, header: X-Tocsin-Signature, signed: "{timestamp}.{body}", timestamp_header: X-Tocsin-Timestamp }';
  const sources = [
    source("elastic", "generic"),
    source("sentinel", "microsoft-sentinel"),
    source("wazuh5", "wazuh"),
    source("grafana", "alertmanager"),
    `  - { id: zabbix, connector: zabbix, zone: UTC, signature: ${signature} }`,
  ].join("\n");
  house = await makeHouse({ sources });
  const tokens = Object.fromEntries(TOKENS.map((name) => [name, TOKEN(name)]));
  daemon = await startDaemon(house, { ...tokens, ZABBIX });
});
afterAll(async () => {
  await daemon?.end("SIGTERM");
  house?.remove();
});

async function post(source: string, body: string, headers: Record<string, string>) {
  const response = await fetch(`${daemon.alerts}/${source}`, { method: "POST", headers, body });
  return { status: response.status, body: await response.json() };
}
const bearer = (source: string) => ({
  authorization: `Bearer ${TOKEN(source)}`,
  "content-type": "application/json",
});
const taken = (accepted: number, duplicates: number) => ({
  status: 202,
  body: { accepted, duplicates, rejected: [] },
});

/** The alerts of a source that a rule recognised, in the order of their arrival. */
async function stored(source: string) {
  const reads = house.reads();
  try {
    const detected = (await reads.detectionsAfter(FACILITY, 0, 1000)).filter(
      ({ alert }) => alert.source === source,
    );
    return [...new Map(detected.map(({ alert }) => [alert.id, alert.alert])).values()];
  } finally {
    reads.close();
  }
}

describe("Zabbix", () => {
  const media = parse(shipped("zabbix/media_tocsin.yaml")).zabbix_export.media_types[0];
  const URL = "https://tocsin.exemple.test:8471/api/v1/alerts/zabbix";
  const PROBLEM: Record<string, string> = {
    "EVENT.DATE": "2026.11.15",
    "EVENT.TIME": "01:11:02",
    "EVENT.ID": "88121",
    "EVENT.NAME": "Unavailable by ICMP ping « é »",
    "EVENT.NSEVERITY": "4",
    "EVENT.SEVERITY": "High",
    "EVENT.SOURCE": "0",
    "EVENT.TAGSJSON": '[{"tag":"scope","value":"availability"}]',
    "EVENT.UPDATE.STATUS": "0",
    "EVENT.VALUE": "1",
    "HOST.HOST": "pacs-01",
    "HOST.IP": "192.0.2.10",
    "HOST.NAME": "pacs-01",
    "TRIGGER.ID": "42",
    "$TOCSIN.SECRET": ZABBIX,
    "$TOCSIN.URL": URL,
  };
  const RECOVERY = {
    ...PROBLEM,
    "EVENT.VALUE": "0",
    "EVENT.RECOVERY.DATE": "2026.11.15",
    "EVENT.RECOVERY.TIME": "01:31:02",
    "EVENT.DURATION": "20m",
  };
  const UPDATE = {
    ...PROBLEM,
    "EVENT.UPDATE.STATUS": "1",
    "EVENT.UPDATE.DATE": "2026.11.15",
    "EVENT.UPDATE.TIME": "01:20:00",
    "EVENT.UPDATE.ACTION": "acknowledged",
  };

  const run = (mode: string, macros: Record<string, string>, answer?: Answer) =>
    zabbixRun(media, { mode, macros, answer });

  it("tells a problem, its update and its end, each once", async () => {
    for (const [mode, macros] of [
      ["PROBLEM", PROBLEM],
      ["UPDATE", UPDATE],
      ["RECOVERY", RECOVERY],
    ] as const)
      for (const again of [false, true]) {
        const { work, sent } = run(mode, macros);
        expect(work()).toBe("OK");
        const [{ url, headers, body } = { url: "", headers: {}, body: "" }] = sent;
        expect(url).toBe(URL);
        // What no rule recognises is not kept, and known again by nobody.
        const known = again && mode !== "UPDATE";
        expect(await post("zabbix", body, headers)).toEqual(known ? taken(0, 1) : taken(1, 0));
      }
    const [problem, ...more] = await stored("zabbix");
    expect(problem).toMatchObject({
      "@timestamp": "2026-11-15T01:11:02.000Z",
      message: "Problem: Unavailable by ICMP ping « é »",
      event: { id: "88121", action: "problem", outcome: "failure", risk_score_norm: 75 },
      host: { name: "pacs-01", ip: ["192.0.2.10"] },
      observer: { product: "Zabbix" },
      rule: { id: "42", name: "Unavailable by ICMP ping « é »" },
      service: { state: "down" },
    });
    expect(more).toMatchObject([
      {
        "@timestamp": "2026-11-15T01:31:02.000Z",
        message: "Resolved in 20m: Unavailable by ICMP ping « é »",
        event: { action: "resolved", outcome: "success" },
        service: { state: "up" },
      },
    ]);
  });

  it("keeps its secret to itself, and sends nothing that has no value", () => {
    const { work, sent } = run("PROBLEM", { ...PROBLEM, "HOST.IP": "*UNKNOWN*" });
    expect(work()).toBe("OK");
    expect(JSON.stringify(sent)).not.toContain(ZABBIX);
    const names = Object.keys(JSON.parse(sent[0]?.body ?? ""));
    expect(names).toContain("host_name");
    expect(names.filter((name) => /host_ip|recovery|opdata|update_date|tocsin/.test(name))).toEqual([]);
    expect(JSON.parse(sent[0]?.body ?? "").event_tags).toEqual([{ tag: "scope", value: "availability" }]);
  });

  it("bytes that are not ASCII are signed as they are sent", () => {
    const { work, sent } = run("PROBLEM", { ...PROBLEM, "EVENT.NAME": 'é 🚑 "\\' });
    work();
    expect(sent[0]?.body).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(sent[0]?.body ?? "").event_name).toBe('é 🚑 "\\');
  });

  const OK = { status: 202, body: "{}" };
  const MISTAKES: [string, Record<string, string>, Answer, RegExp][] = [
    ["no secret", { "$TOCSIN.SECRET": "" }, OK, /tocsin_secret is missing/],
    ["a macro that was never written", { "$TOCSIN.URL": "{$TOCSIN.URL}" }, OK, /tocsin_url is missing/],
    ["plain HTTP", { "$TOCSIN.URL": "http://192.0.2.1/" }, OK, /must begin with https/],
    ["an event of another kind", { "EVENT.SOURCE": "3" }, OK, /only the events of triggers/],
  ];
  for (const status of [401, 413, 429, 503])
    MISTAKES.push([
      `the answer ${status}`,
      {},
      { status, body: "why\u001b" },
      new RegExp(`${status}: why $`),
    ]);

  it.each(MISTAKES)("throws, for Zabbix to try again, at %s", (_what, over, answer, says) => {
    const { work, logged } = run("PROBLEM", { ...PROBLEM, ...over }, answer);
    expect(work).toThrow(says);
    expect(logged).toEqual([expect.stringMatching(says)]);
  });

  it("is tried a few times only", () => {
    expect(media).toMatchObject({ type: "WEBHOOK", attempts: "3", attempt_interval: "10s", timeout: "10s" });
  });
});

describe("Elastic", () => {
  const HOSTILE = `"},{"\\ \n</script> {{date}} é`;

  it("tells each alert of a detection rule apart, each once", async () => {
    const alert = (uuid: string, host: string) => ({
      "@timestamp": "2026-11-15T01:11:02.000Z",
      kibana: {
        alert: {
          uuid,
          severity: "high",
          reason: `vssadmin delete shadows ${HOSTILE}`,
          rule: { name: "Sauvegardes", uuid: "r-1" },
        },
      },
      host: { name: host },
      user: { name: "c.martin" },
    });
    const variables = { context: { alerts: [alert("a-1", "pacs-01"), alert("a-2", "pacs-02")] }, date: "x" };
    const body = renderMustache(shipped("elastic/body-security.mustache"), variables);
    expect(await post("elastic", body, bearer("elastic"))).toEqual(taken(2, 0));
    expect(await post("elastic", body, bearer("elastic"))).toEqual(taken(0, 2));
    expect(await stored("elastic")).toMatchObject([
      { event: { id: "a-1" }, host: { name: "pacs-01" }, rule: { name: "Sauvegardes" } },
      { event: { id: "a-2" }, host: { name: "pacs-02" } },
    ]);
  });

  it("tells an alert of any other rule, and its end", async () => {
    const variables = (actionGroup: string) => ({
      date: "2026-11-15T01:11:02.000Z",
      kibanaBaseUrl: "https://kibana.example.org",
      rule: { id: "r-2", name: HOSTILE, type: "monitoring", spaceId: "default" },
      alert: { id: "pacs-03", actionGroup, actionGroupName: actionGroup },
      context: { reason: "vssadmin delete shadows" },
    });
    for (const group of ["default", "recovered"]) {
      const body = renderMustache(shipped("elastic/body-alert.mustache"), variables(group));
      expect(await post("elastic", body, bearer("elastic"))).toEqual(taken(1, 0));
      expect(await post("elastic", body, bearer("elastic"))).toEqual(taken(0, 1));
    }
    const [fired, over] = (await stored("elastic")).slice(-2);
    expect(fired).toMatchObject({
      "@timestamp": "2026-11-15T01:11:02.000Z",
      event: { kind: "alert", action: "default" },
      observer: { product: "Kibana" },
      rule: { id: "r-2" },
    });
    expect(over).toMatchObject({ event: { action: "recovered", type: ["end"] } });
  });

  it("its connector sends the token as a password, which Kibana keeps encrypted", async () => {
    const { config, secrets } = JSON.parse(shipped("elastic/connector.json"));
    expect(config).toMatchObject({ method: "post", hasAuth: true });
    expect(JSON.stringify(config)).not.toMatch(/authorization|JETON/i);
    const basic = Buffer.from(`${secrets.user}:${TOKEN("elastic")}`).toString("base64");
    const headers = { ...config.headers, authorization: `Basic ${basic}` };
    expect((await post("elastic", '{"uuid":"basic"}', headers)).status).toBe(202);
  });
});

describe("Wazuh 5", () => {
  it("its channel and its monitor hand over the findings that were found, each once", async () => {
    const { config, config_id } = JSON.parse(shipped("wazuh-5/channel.json"));
    const { actions } = JSON.parse(shipped("wazuh-5/monitor.json")).triggers[0].query_level_trigger;
    expect(actions).toMatchObject([{ destination_id: config_id, throttle_enabled: false }]);
    const finding = (id: string, host: string) => ({
      _index: "wazuh-findings-v5-2026.11.15",
      _id: id,
      _source: {
        "@timestamp": "2026-11-15T01:11:02.000Z",
        wazuh: {
          agent: { id: "031", name: host, host: { hostname: host } },
          rule: { id: "r-1", title: "Shadow copies", level: "high" },
        },
        event: { original: 'vssadmin delete shadows "é"' },
        message: 'vssadmin delete shadows "é"',
      },
    });
    const hits = [finding("f-1", "pacs-01"), finding("f-2", "pacs-02")];
    const ctx = { results: [{ hits: { total: { value: 2 }, hits } }] };
    const body = renderMustache(actions[0].message_template.source, { ctx });
    const headers = { ...config.webhook.header_params, Authorization: `Bearer ${TOKEN("wazuh5")}` };
    expect(await post("wazuh5", body, headers)).toEqual(taken(2, 0));
    expect(await post("wazuh5", body, headers)).toEqual(taken(0, 2));
    expect((await stored("wazuh5")).map(({ host }) => host?.name)).toEqual(["pacs-01", "pacs-02"]);
  });
});

describe("Sentinel", () => {
  const template = JSON.parse(shipped("sentinel/azuredeploy.json"));
  const workflow = template.resources.find(
    ({ type }: { type: string }) => type === "Microsoft.Logic/workflows",
  );
  const { definition } = workflow.properties;
  const incident = {
    id: "/subscriptions/0/incidents/3177",
    name: "00000000-0000-4000-8000-000000003177",
    type: "Microsoft.SecurityInsights/Incidents",
    properties: {
      title: 'Suppression "vssadmin delete shadows"',
      severity: "High",
      status: "New",
      createdTimeUtc: "2026-11-15T01:11:02Z",
      lastModifiedTimeUtc: "2026-11-15T01:11:02Z",
      incidentNumber: 3177,
      incidentUrl: "https://portal.azure.example/#incident/3177",
      additionalData: { tactics: ["Impact"], techniques: ["T1490"] },
      relatedEntities: [{ kind: "Host", properties: { hostName: "pacs-01" } }],
    },
  };
  const roots: Record<string, unknown> = {
    "triggerBody()": { object: incident },
    "body('Read_token')": { value: TOKEN("sentinel") },
    "parameters('TocsinUrl')": "https://tocsin.example.org/api/v1/alerts/sentinel",
    "parameters('SecretUri')": "https://coffre.example.org/secrets/tocsin-token",
  };
  /** One expression of a workflow: a root, then members. */
  function resolved(expression: string): unknown {
    const root = Object.keys(roots).find((each) => expression.startsWith(each)) ?? "";
    const members = [...expression.slice(root.length).matchAll(/\?\['(\w+)'\]/g)];
    expect(`${root}${members.map(([text]) => text).join("")}`).toBe(expression);
    return members.reduce(
      (value, [, name = ""]) => (value as Record<string, unknown>)?.[name],
      roots[root] as unknown,
    );
  }
  const expand = (value: unknown): unknown => {
    if (typeof value === "string")
      return value.startsWith("@") && !value.startsWith("@{")
        ? resolved(value.slice(1))
        : value.replaceAll(/@\{([^}]+)\}/g, (_, expression: string) => String(resolved(expression)));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expand(member)]));
  };

  it("posts each incident as it is, once for each of its changes", async () => {
    const { uri, headers, body } = expand(definition.actions.Post_to_Tocsin.inputs) as {
      uri: string;
      headers: Record<string, string>;
      body: unknown;
    };
    expect(uri).toBe(roots["parameters('TocsinUrl')"]);
    expect(await post("sentinel", JSON.stringify(body), headers)).toEqual(taken(1, 0));
    expect(await post("sentinel", JSON.stringify(body), headers)).toEqual(taken(0, 1));
    expect(await stored("sentinel")).toMatchObject([
      {
        event: { id: "3177", action: "New", risk_score_norm: 75 },
        host: { name: "pacs-01" },
        observer: { product: "Sentinel" },
        rule: { name: 'Suppression "vssadmin delete shadows"' },
        threat: { technique: { id: ["T1490"] } },
      },
    ]);
  });

  it("names nothing that it does not declare", () => {
    const text = JSON.stringify(template);
    const deployed = [...text.matchAll(/\[[^\]"]*?parameters\('(\w+)'\)/g)].map(([, name]) => name);
    expect(new Set(deployed)).toEqual(new Set(Object.keys(template.parameters)));
    const run = [...JSON.stringify(definition).matchAll(/@\{?parameters\('([$\w]+)'\)/g)].map(
      ([, name]) => name,
    );
    expect(new Set(run)).toEqual(new Set(Object.keys(definition.parameters)));
    expect(Object.keys(workflow.properties.parameters)).toEqual(Object.keys(definition.parameters));
    const actions = [...JSON.stringify(definition).matchAll(/body\('(\w+)'\)/g)].map(([, name]) => name);
    expect(Object.keys(definition.actions)).toEqual(expect.arrayContaining(actions));
  });

  it("writes the token in no history, and takes the answer 202 for the end", () => {
    const { Read_token, Post_to_Tocsin } = definition.actions;
    expect(Read_token.runtimeConfiguration.secureData.properties).toEqual(["inputs", "outputs"]);
    expect(Post_to_Tocsin.runtimeConfiguration.secureData.properties).toEqual(["inputs"]);
    expect(Post_to_Tocsin).toMatchObject({
      operationOptions: "DisableAsyncPattern",
      inputs: { retryPolicy: { count: 4 } },
    });
  });
});

describe("Grafana", () => {
  it("its contact point sends the token as what Tocsin reads", async () => {
    const { settings } = parse(shipped("grafana/contact-point.yaml")).contactPoints[0].receivers[0];
    expect(settings.authorization_credentials).toMatch(/^\$__file\{.+\}$/);
    const headers = { authorization: `${settings.authorization_scheme} ${TOKEN("grafana")}` };
    const alerts = [
      {
        status: "firing",
        labels: { alertname: "HostDown", instance: "pacs-01:9100" },
        annotations: { summary: "pacs-01 ne répond plus" },
        startsAt: "2026-11-15T01:11:02Z",
        endsAt: "0001-01-01T00:00:00Z",
        fingerprint: "c6eadffa33fcdf37",
        values: { A: 1 },
      },
    ];
    const body = JSON.stringify({ receiver: "Tocsin", status: "firing", orgId: 1, version: "1", alerts });
    expect(await post("grafana", body, headers)).toEqual(taken(1, 0));
    expect(await stored("grafana")).toMatchObject([
      { host: { name: "pacs-01" }, event: { action: "firing" } },
    ]);
  });
});
