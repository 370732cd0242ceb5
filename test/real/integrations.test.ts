import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startAlertmanager } from "../support/alertmanager-run.ts";
import { openssl } from "../support/authority.ts";
import { eventually } from "../support/daemon.ts";
import { alertOf, payloadOf } from "../support/integration-records.ts";
import { describePeer, itPeer, peer } from "../support/peer.ts";
import {
  INTEGRATIONS,
  type Installed,
  openScriptScene,
  type Ran,
  run,
  type ScriptScene,
} from "../support/script-scene.ts";

const python = peer("Python 3", "python3", "apt-get install python3");
const alertmanager = peer(
  "Alertmanager",
  "prometheus-alertmanager",
  "apt-get install prometheus-alertmanager",
);

let scene: ScriptScene;

const wazuh = () =>
  scene.install(
    ["wazuh-4/custom-tocsin", "wazuh-4/custom-tocsin.py"],
    { scripts: "integrations", settings: "etc" },
    "wazuh",
  );
const splunk = () =>
  scene.install(["splunk/tocsin_alert/bin/tocsin.py"], { scripts: "bin", settings: "local" }, "generic");
const centreon = () =>
  scene.install(["centreon/tocsin-notify.py"], { scripts: "lib", settings: "etc" }, "generic");

const integrate = (script: Installed, ...words: string[]) =>
  run([script.file("integrations/custom-tocsin"), ...words]);
const act = (script: Installed, input: string, ...words: string[]) =>
  run(["python3", script.file("bin/tocsin.py"), ...words], { input });
const notify = (script: Installed, words: string[], env: Record<string, string> = {}) =>
  run([script.file("lib/tocsin-notify.py"), `--settings=${script.file("etc/tocsin.json")}`, ...words], {
    env,
  });

/** Each script, and how its product has it tell something that a rule recognises. */
const PRODUCTS: [string, () => Installed, (script: Installed, name: string) => Promise<Ran>][] = [
  [
    "wazuh-4",
    wazuh,
    (script, name) => {
      writeFileSync(script.file("given.alert"), alertOf(name));
      return integrate(script, script.file("given.alert"), "", "debug");
    },
  ],
  ["splunk", splunk, (script, name) => act(script, payloadOf(name), "--execute")],
  [
    "centreon",
    centreon,
    (script, name) =>
      notify(script, [
        "--kind=host",
        "--type=PROBLEM",
        `--host=${name}`,
        "--state=DOWN",
        "--output=lost 100%",
      ]),
  ],
];

describePeer([python, openssl], "what products run on their side", () => {
  beforeAll(async () => {
    scene = await openScriptScene();
  });
  afterAll(() => scene?.close());
  beforeEach(() => {
    scene.double.heard = [];
    scene.double.answers = [];
  });

  /** A script that speaks to the double instead. */
  function doubled(script: Installed, over: Record<string, unknown> = {}): Installed {
    script.settings({ url: scene.double.url, ca: "", ...over });
    return script;
  }
  const sent = () => JSON.parse(scene.double.heard[0]?.body ?? "");

  describe.each(PRODUCTS)("%s", (product, make, call) => {
    it("tells what a rule recognises, once however often it is told", async () => {
      const script = make();
      const {
        url: _,
        token_file,
        ca,
        ...settings
      } = JSON.parse(readFileSync(join(INTEGRATIONS, product, "tocsin.json"), "utf8"));
      script.settings(settings);
      expect([token_file, ca]).not.toContain(undefined);
      const before = (await scene.stored()).length;
      expect(await call(script, `pacs-${product}`)).toEqual({ code: 0, said: "" });
      expect(await call(script, `pacs-${product}`)).toEqual({ code: 0, said: "" });
      expect((await scene.stored()).length).toBe(before + 1);
    });

    it("shows its token to nobody, neither to ps nor in what it says", async () => {
      const script = doubled(make());
      const body = '{"title":"bad_token","detail":"No source\\u001b[2J has this token."}';
      scene.double.answers = [{ status: 401, body }];
      const { code, said } = await call(script, "shown");
      expect(code).toBe(3);
      expect(said).toMatch(/refused: it answered 401 bad_token: No source \[2J has this token\.\n$/);
      const token = readFileSync(script.token, "utf8").trim();
      const { headers, commands } = scene.double.heard[0] ?? {};
      expect(headers?.authorization).toBe(`Bearer ${token}`);
      expect(commands).toContain("python3");
      expect(`${said}${commands}`).not.toContain(token);
    });

    it("says in one line that its token is missing", async () => {
      const script = make();
      script.settings({ token_file: "none" });
      const said = expect.stringMatching(/^tocsin: token_file: \S+ cannot be read: FileNotFoundError\n$/);
      expect(await call(script, "refused")).toEqual({ code: 2, said });
    });
  });

  describe("a script of any of them", () => {
    const call = PRODUCTS[2]?.[2] as (typeof PRODUCTS)[number][2];
    const MISTAKES: [string, number, RegExp, (script: Installed) => void][] = [
      ["a token that others read", 2, /open to others; chmod 600/, ({ token }) => chmodSync(token, 0o644)],
      [
        "a token of two lines",
        2,
        /holds no token/,
        ({ token }) => writeFileSync(token, "a token\r\nX-Other: 1"),
      ],
      [
        "the token of nobody",
        3,
        /answered 401 bad_token/,
        ({ token }) => writeFileSync(token, "the-token-of-nobody-at-all"),
      ],
      [
        "no authority",
        2,
        /localhost:\d+ is not accepted \(see ca\)/,
        (script) => script.settings({ ca: "" }),
      ],
      [
        "another name than the certificate's",
        2,
        /is not accepted \(see ca\)/,
        (script) => script.settings({ url: `${scene.alerts.replace("localhost", "127.0.0.1")}/generic` }),
      ],
      [
        "an authority that is not there",
        2,
        /ca: \S+ cannot be read/,
        (script) => script.settings({ ca: "no.pem" }),
      ],
      [
        "plain HTTP to another machine",
        2,
        /url: give https:/,
        (script) => script.settings({ url: "http://192.0.2.1:8471/api/v1/alerts/generic" }),
      ],
      ["a misspelt setting", 2, /unknown setting timeout/, (script) => script.settings({ timeout: 3 })],
      ["too long a wait", 2, /must be from 1 to 60/, (script) => script.settings({ timeout_seconds: 600 })],
      [
        "nobody there",
        4,
        /took nothing, 2 attempts: ConnectionRefusedError/,
        (script) => script.settings({ url: "http://127.0.0.1:9/api/v1/alerts/x", ca: "", attempts: 2 }),
      ],
    ];

    it.each(MISTAKES)("with %s ends with %i and says so in one line", async (_what, code, says, spoil) => {
      const script = centreon();
      spoil(script);
      const told = await call(script, "refused");
      expect(told).toEqual({ code, said: expect.stringMatching(says) });
      expect(told.said.trimEnd().split("\n")).toHaveLength(1);
    });

    it.each([
      [[{ status: 413 }], 3, 1],
      [[{ status: 302, headers: { location: "/elsewhere" } }], 3, 1],
      [[{ status: 429, headers: { "retry-after": "600" } }], 4, 3],
      [[{ status: 503, headers: { "retry-after": "5" } }], 4, 3],
      [[{ status: 503 }, { status: 500 }, { status: 202 }], 0, 3],
    ])("that is answered %j ends with %i after %i requests of one key", async (told, code, requests) => {
      const script = doubled(centreon(), { attempts: 3 });
      scene.double.answers = [...told];
      expect((await call(script, "again")).code).toBe(code);
      const { heard } = scene.double;
      expect(heard).toHaveLength(requests);
      expect(new Set(heard.map(({ headers }) => headers["idempotency-key"])).size).toBe(1);
      expect(new Set(heard.map(({ body }) => body)).size).toBe(1);
    });

    it("gives up a peer that answers drop by drop", async () => {
      const script = doubled(centreon(), { timeout_seconds: 1 });
      const drops = new Set<NodeJS.Timeout>();
      scene.double.answers = [
        (response) => {
          response.writeHead(202, { "content-length": "1000" });
          drops.add(setInterval(() => response.write("."), 200));
        },
      ];
      const told = await call(script, "drops");
      for (const drop of drops) clearInterval(drop);
      expect(told).toEqual({ code: 4, said: "tocsin: no answer within 2 s\n" });
    });
  });

  describe("Wazuh 4", () => {
    it.each([
      ["letters of other alphabets", "accents", `vssadmin delete shadows : préfecture, 中文, 🚑 "'\`$(id)\\`],
      ["64 KiB", "long", `vssadmin delete shadows ${"0123456789abcdef".repeat(4096)}`],
    ])("an alert of %s arrives as it is", async (_what, id, text) => {
      const script = wazuh();
      writeFileSync(script.file("one.alert"), alertOf(id, text));
      expect(await integrate(script, script.file("one.alert"))).toEqual({ code: 0, said: "" });
      const found = (await scene.stored()).find(({ event }) => event?.id === id);
      expect(found?.host?.name).toBe("pacs-01");
      // A text is bounded; its beginning is kept.
      expect(text.startsWith((found?.message ?? "none").slice(0, 1000))).toBe(true);
    });

    it.each([
      ["an empty api_key", (url: string) => ["", url, "debug"]],
      ["none, which moves it", (url: string) => [url, "debug"]],
      ["one that is not used", (url: string) => ["unused", url, "", "custom-tocsin.options"]],
    ])("takes the hook_url of ossec.conf after %s", async (_what, words) => {
      const script = wazuh();
      script.settings({ url: "https://tocsin.invalid/" });
      writeFileSync(script.file("one.alert"), alertOf("hook"));
      const given = words(`${scene.alerts}/wazuh`);
      expect(await integrate(script, script.file("one.alert"), ...given)).toEqual({ code: 0, said: "" });
    });

    it.each([
      ["no file", [], /usage: custom-tocsin ALERT_FILE/],
      ["a file that is gone", ["gone.alert"], /gone\.alert: No such file/],
      ["the format of text", ["text.alert"], /write <alert_format>json<\/alert_format>/],
    ])("%s is refused, and told in integrations.log", async (_what, names, says) => {
      const script = wazuh();
      writeFileSync(script.file("text.alert"), "alertdate='2026'\nruleid='5712'\n");
      const told = await integrate(script, ...names.map((name) => script.file(name)));
      expect(told).toEqual({ code: 2, said: expect.stringMatching(says) });
      expect(readFileSync(script.file("logs/integrations.log"), "utf8")).toMatch(says);
    });
  });

  describe("Splunk", () => {
    it("sends what its webhook action would, and neither its session nor its settings", async () => {
      expect(await act(doubled(splunk()), payloadOf("s-1"), "--execute")).toEqual({ code: 0, said: "" });
      expect(Object.keys(sent()).toSorted()).toEqual(
        ["app", "owner", "result", "results_link", "search_name", "server_host", "sid"].toSorted(),
      );
    });

    it("tells each result of one search, and each once", async () => {
      const script = splunk();
      const before = (await scene.stored()).length;
      for (const host of ["pacs-05", "pacs-06", "pacs-05"])
        expect((await act(script, payloadOf("s-2", { host }), "--execute")).code).toBe(0);
      const found = (await scene.stored()).slice(before);
      expect(found.map(({ host }) => host?.name).toSorted()).toEqual(["pacs-05", "pacs-06"]);
      expect(found[0]).toMatchObject({
        event: { id: "s-2", risk_score_norm: 75 },
        observer: { product: "Splunk" },
        rule: { name: "Sauvegardes supprimées" },
      });
    });

    it.each([
      ["no --execute", [], "{}", /--execute/],
      ["no JSON", ["--execute"], "<alert/>", /payload_format = json/],
      ["no search", ["--execute"], "{}", /payload_format = json/],
    ])("refuses %s", async (_what, words, input, says) => {
      expect(await act(splunk(), input, ...words)).toEqual({ code: 2, said: expect.stringMatching(says) });
    });
  });

  describe("Centreon, Nagios and Icinga", () => {
    const HOSTILE = `x"; touch MARK; $(touch MARK) \`touch MARK\` '\n;UP;OK --kind=service \\"\u001b[2J é 🚑`;

    it("hostile words of a plugin are words, and pass for no other state", async () => {
      const script = doubled(centreon());
      const words = [
        "--kind=host",
        "--type=PROBLEM",
        "--host=pacs-01",
        "--state=DOWN",
        `--output=${HOSTILE}`,
      ];
      expect(await notify(script, words)).toEqual({ code: 0, said: "" });
      const { message } = sent();
      expect(message).toMatch(/^HOST NOTIFICATION: tocsin;pacs-01;DOWN;notify-by-tocsin;x", touch MARK/);
      expect(message).not.toMatch(/;UP;|\n|\u001b/);
      expect(message).toContain("é 🚑");
    });

    it("the definition for Nagios has no shell read them, once Nagios took its characters away", async () => {
      const script = doubled(centreon());
      const shipped = readFileSync(join(INTEGRATIONS, "centreon/nagios.cfg"), "utf8");
      const [, line = ""] = /command_line\s+(.*--kind=host.*)/.exec(shipped) ?? [];
      const mark = script.file("MARK");
      const macros: Record<string, string> = {
        NOTIFICATIONTYPE: "PROBLEM",
        HOSTNAME: "pacs-01",
        HOSTSTATE: "DOWN",
        CONTACTNAME: "tocsin",
        LASTHOSTSTATECHANGE: "1794705062",
        HOSTNOTIFICATIONNUMBER: "1",
        TIMET: "1794705070",
        // illegal_macro_output_chars of the sample configuration.
        HOSTOUTPUT: HOSTILE.replaceAll("MARK", mark).replaceAll(/[`~$&|'"<>]/g, ""),
      };
      const command = line
        .replaceAll(/\$([A-Z]+)\$/g, (_, name: string) => macros[name] ?? "")
        .replace("/usr/local/lib/tocsin/tocsin-notify.py", script.file("lib/tocsin-notify.py"))
        .replace("/etc/tocsin-push/tocsin.json", script.file("etc/tocsin.json"));
      expect(await run(["sh", "-c", command])).toEqual({ code: 0, said: "" });
      expect(existsSync(mark)).toBe(false);
      expect(sent()).toMatchObject({
        "@timestamp": "2026-11-15T01:11:10Z",
        event: { id: "nagios/pacs-01/PROBLEM/DOWN/1794705062/1" },
      });
    });

    it("says by the environment that a host is down, then up, once however many are told", async () => {
      const script = centreon();
      const before = (await scene.stored()).length;
      for (const [TOCSIN_TYPE, TOCSIN_STATE, changed] of [
        ["Problem", "DOWN", "1794705062"],
        ["RECOVERY", "UP", "1794708662"],
      ] as const)
        for (const TOCSIN_CONTACT of ["astreinte", "tocsin"]) {
          const more = {
            TOCSIN_HOST: "pacs-77",
            TOCSIN_CHANGED: `${changed}.25`,
            TOCSIN_OUTPUT: "--no answer",
          };
          const env = { TOCSIN_TYPE, TOCSIN_STATE, TOCSIN_CONTACT, ...more };
          expect(await notify(script, ["--kind=host"], env)).toEqual({ code: 0, said: "" });
        }
      const found = (await scene.stored()).slice(before);
      expect(found.map(({ event, host }) => [host?.name, event?.outcome])).toEqual([
        ["pacs-77", "failure"],
        ["pacs-77", "success"],
      ]);
    });

    it("an acknowledgement is no new failure", async () => {
      const words = ["--kind=service", "--host=h", "--service=HTTP", "--state=CRITICAL"];
      expect((await notify(doubled(centreon()), [...words, "--type=ACKNOWLEDGEMENT"])).code).toBe(0);
      expect(sent().message).toBe(
        "SERVICE NOTIFICATION: tocsin;h;HTTP;ACKNOWLEDGEMENT (CRITICAL);notify-by-tocsin;",
      );
    });

    it("refuses a service without its name", async () => {
      const told = await notify(centreon(), ["--kind=service", "--type=PROBLEM", "--host=h", "--state=OK"]);
      expect(told).toEqual({ code: 2, said: "tocsin: missing: --service\n" });
    });
  });

  itPeer(alertmanager, "Alertmanager sends by the file as it is shipped, over TLS", async () => {
    const work = join(scene.house.directory, "alertmanager");
    mkdirSync(work);
    const token = join(work, "tocsin.token");
    writeFileSync(token, scene.house.tokens.alertmanager, { mode: 0o600 });
    const config = join(work, "alertmanager.yml");
    const shipped = readFileSync(join(INTEGRATIONS, "alertmanager/alertmanager.yml"), "utf8");
    writeFileSync(
      config,
      shipped
        .replace("https://tocsin.exemple.test:8471/api/v1/alerts", scene.alerts)
        .replace("/etc/alertmanager/tocsin.token", token)
        .replace("/etc/alertmanager/tocsin-ca.pem", scene.authority)
        .replace("group_wait: 10s", "group_wait: 50ms"),
    );
    const running = await startAlertmanager(config, join(work, "data"));
    try {
      const labels = { alertname: "HostDown", instance: "pacs-88:9100", severity: "critical" };
      const told = JSON.stringify([{ labels, annotations: { summary: "pacs-88 ne répond plus" } }]);
      const headers = { "content-type": "application/json" };
      await eventually("Alertmanager to take an alert", async () => {
        const taken = await fetch(`${running.url}/api/v2/alerts`, {
          method: "POST",
          headers,
          body: told,
        }).catch(() => undefined);
        return taken?.ok ? true : undefined;
      });
      const found = await eventually("the alert", async () =>
        (await scene.stored()).find(({ host }) => host?.name === "pacs-88"),
      );
      expect(found).toMatchObject({ event: { action: "firing" }, message: "pacs-88 ne répond plus" });
    } finally {
      await running.stop();
    }
  });
});
