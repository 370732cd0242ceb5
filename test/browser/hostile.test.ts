import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import type { IncidentState } from "../../agent/core/incident.ts";
import { DEFAULT_RULES } from "../../agent/setup.ts";
import { inboundNamed } from "../../connectors/registry.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules, matchAlert } from "../../rules/engine/rule-set.ts";
import { browserPeer, openBrowser, SCREENS } from "../support/browser.ts";
import {
  codeOf,
  type Daemon,
  eventually,
  FACILITY,
  type House,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { gatewayServer } from "../support/gateway-server.ts";
import {
  CORPUS,
  LURE_RULE,
  MARK,
  mappingPlantings,
  type Planting,
  payload,
  plantingsOf,
  SOURCES,
  streamOf,
} from "../support/hostile.ts";
import { isInert, type Watch, watch } from "../support/inspect-page.ts";
import { visitsOf } from "../support/pages.ts";
import { describePeer, itPeer, peer } from "../support/peer.ts";
import { startRelay } from "../support/relay.ts";

const poppler = peer("Poppler", "pdftotext", "apt-get install poppler-utils");
/** An incident's page shows fifty alerts: so many are planted at a time, and then it is closed. */
const AT_ONCE = 50;
/** A whole body of one word, beyond what a line of text may hold. */
const MEGABYTE = `${MARK}${"M".repeat(1024 * 1024)}`;
const OPEN: IncidentState[] = ["candidate", "open", "in_review"];
const POSTED = SOURCES.filter(({ ways }) => ways.includes("http"));
const tokenOf = (source: string) => `token of ${source} for the tests`;

/** Plantings of every source, those that a shipped rule recognises too at the end: they open incidents of their own. */
function allPlantings(): Planting[] {
  const rules = compileRules(loadRules([DEFAULT_RULES]).rules);
  const auto = inboundNamed("auto");
  if (auto === undefined) throw new Error("no source named auto");
  const all = [...SOURCES.flatMap(plantingsOf), ...mappingPlantings(auto.parse)];
  const context = { received: Date.UTC(2026, 0, 1) * 1000, zone: "UTC" };
  const known = new Set(SOURCES.map(({ name }) => name));
  const isLoud = ({ source, record }: Planting) => {
    const reader = known.has(source) ? inboundNamed(source) : auto;
    const { alert } = reader?.parse(record, context) ?? {};
    return alert !== undefined && matchAlert(rules, alert).length > 0;
  };
  const loud = new Set(all.filter(isLoud));
  return [...all.filter((each) => !loud.has(each)), ...loud];
}

describePeer(browserPeer, "text that an attacker wrote", () => {
  let relay: Awaited<ReturnType<typeof startRelay>>;
  let gateway: Awaited<ReturnType<typeof gatewayServer>>;
  let house: House;
  let daemon: Daemon;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let watched: Watch;
  let reads: ReturnType<House["reads"]>;
  let incident = "";

  beforeAll(async () => {
    relay = await startRelay();
    gateway = await gatewayServer();
    const secret = "{ file: webhook.secret }";
    house = await makeHouse({
      sources: [
        ...SOURCES.map(
          ({ name }) => `  - { id: t-${name}, connector: ${name}, listen: [{ transport: tcp, port: 0 }] }`,
        ),
        ...POSTED.map(({ name }) => `  - { id: h-${name}, connector: ${name}, token: { file: h-${name} } }`),
        "  - { id: t-auto, connector: auto, listen: [{ transport: tcp, port: 0 }] }",
      ].join("\n"),
      notify: [
        `{ id: courriel, connector: email, settings: { host: 127.0.0.1, port: ${relay.port}, security: none, from: tocsin@ch.example, to: [garde@ch.example] } }`,
        `{ id: crochet, connector: webhook, settings: { url: "${gateway.url}/crochet", secret: ${secret} } }`,
        `{ id: sms, connector: sms, settings: { url: "${gateway.url}/sms", to: ["+33600000000"], body: '{"to":"{{to}}","text":"{{text}}"}' } }`,
        `{ id: ntfy, connector: ntfy, settings: { url: "${gateway.url}/ntfy", topic: astreinte } }`,
        "{ id: modem, connector: modem-spool, settings: { folder: ./modem, to: ['+33600000000'] } }",
      ]
        .map((each) => `  - ${each.replace(", settings", ", for: [on_call, delegate, director], settings")}`)
        .join("\n"),
      more: "rules: [./regles]\nlimits: { record_bytes: 2000000 }",
    });
    for (const folder of ["regles", "modem"]) mkdirSync(join(house.directory, folder));
    writeFileSync(join(house.directory, "regles/planted.yml"), LURE_RULE);
    for (const { name } of POSTED)
      writeFileSync(join(house.directory, `h-${name}`), tokenOf(name), { mode: 0o600 });
    daemon = await startDaemon(house);
    reads = house.reads();
    browser = await openBrowser();
    context = await browser.newContext({ viewport: SCREENS.small, locale: "fr-FR" });
    watched = await watch(context, daemon.people);
    page = await context.newPage();
    const person = house.accounts["anne.martin"];
    await page.goto(`${daemon.people}/`);
    await page.getByLabel("Identifiant").fill("anne.martin");
    await page.getByLabel("Mot de passe").fill(person.password);
    await page.getByLabel("Code à usage unique").fill(codeOf(person));
    await page.getByRole("button", { name: "Se connecter" }).click();
    await page.waitForURL(`**/${FACILITY}/incidents`);
  });
  afterAll(async () => {
    await browser?.close();
    reads?.close();
    await daemon?.end("SIGTERM");
    house?.remove();
    gateway?.close();
    await relay?.stop();
  });

  const at = (path: string) => `${daemon.people}/${FACILITY}/${path}`;
  const standing = async () =>
    (await reads.byState(FACILITY, "incident", OPEN, { limit: 500 })).map(({ content }) => content);

  const visits = () => {
    const place = {
      incident,
      approved: incident,
      person: house.accounts["anne.martin"].id,
      outside: "x",
      run: "x",
    };
    return visitsOf(place).filter(({ who }) => who === undefined);
  };

  /** Sums a metric over its labels. */
  async function total(name: string): Promise<number> {
    const text = await (await fetch(`${daemon.operations}/metrics`)).text();
    return text
      .split("\n")
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  let [sent, stored, seq] = [0, 0, 0];
  /** Sends records to the socket of each source; resolves once all were read and sorted into incidents. */
  async function send(records: readonly Planting[]): Promise<void> {
    for (const [source, own] of Map.groupBy(records, ({ source }) => source)) {
      const name = SOURCES.some((each) => each.name === source) ? source : "auto";
      const port = daemon.listening.find((each) => each.source === `t-${name}`)?.port ?? 0;
      const socket = connect(port, "127.0.0.1");
      await new Promise<void>((resolve, reject) => {
        socket.once("error", reject);
        socket.end(streamOf(own.map(({ record }) => record)), () => resolve());
      });
      sent += own.length;
    }
    await sorted();
  }
  async function sorted(): Promise<void> {
    await eventually("every record read", async () =>
      (await total("tocsin_intake_records_received_total")) >= sent ? true : undefined,
    );
    const before = stored;
    let quiet = 0;
    await eventually("every alert in its incident", async () => {
      const fresh = await reads.detectionsAfter(FACILITY, seq, 1000);
      seq = fresh.at(-1)?.detection.seq ?? seq;
      stored += fresh.length;
      const correlated = await total("tocsin_detections_correlated_total");
      quiet = fresh.length === 0 && stored > before && correlated >= stored ? quiet + 1 : 0;
      return quiet > 2 ? true : undefined;
    });
  }

  itPeer(
    browserPeer,
    "stays text on the incident's page, in every field of every source",
    async () => {
      const plantings = allPlantings();
      expect([...new Set(plantings.map(({ source }) => source))]).toEqual(
        expect.arrayContaining(SOURCES.map(({ name }) => name)),
      );
      for (let from = 0; from < plantings.length; from += AT_ONCE) {
        const batch = plantings.slice(from, from + AT_ONCE);
        await send(batch);
        for (const { id, state } of await standing()) {
          await page.goto(at(`incidents/${id}`));
          await isInert(page, {
            mark: MARK,
            name: `${batch[0]?.source} ${batch[0]?.field} to ${batch.at(-1)?.field}`,
          });
          if (state !== "candidate") continue;
          const csrf = await page.locator("input[name=csrf]").first().inputValue();
          const closed = await context.request.post(at(`incidents/${id}/clore`), {
            form: { csrf, reason: payload(from).slice(0, 400) },
            maxRedirects: 0,
          });
          expect(closed.status()).toBe(303);
        }
      }
      expect(watched.wrong).toEqual([]);
    },
    300_000,
  );

  itPeer(
    browserPeer,
    "stays text where a person typed it, in every form of every page",
    async () => {
      await post(daemon, "generic", house.tokens.generic, [
        relevant("wide-1"),
        {
          id: "wide-2",
          host: "pacs-01",
          message: `file created: HOW_TO_DECRYPT.txt ${MEGABYTE}`,
          file: "/srv/HOW_TO_DECRYPT.txt",
          user: payload(8),
        },
      ]);
      const { id } = await eventually("an incident with a draft", async () =>
        (await standing()).find(({ state, systems }) => state === "in_review" && systems.includes("pacs")),
      );
      incident = id;
      const filled = new Set<string>();
      let n = 0;
      // Facts are withdrawn last: the text that stands on them goes with them.
      const last = ({ path }: { path: string }) => Number(path.endsWith("/faits"));
      for (const { path } of visits().sort((a, b) => last(a) - last(b))) {
        for (;;) {
          await page.goto(at(path));
          const forms = (await page.evaluate(FORMS)) as string[];
          const form = forms.findIndex((each) => each !== "" && !filled.has(each));
          if (form < 0) break;
          filled.add(forms[form] ?? "");
          const typed = CORPUS.map((_, i) => payload(n + i));
          n += 3;
          const answered = page.waitForResponse((each) => each.request().isNavigationRequest());
          await Promise.all([
            page.waitForEvent("load"),
            page.evaluate(`(${TYPE})(${form}, ${JSON.stringify(typed)})`),
          ]);
          expect((await answered).status(), `${path}, form ${form}`).toBeLessThan(500);
          await isInert(page, { mark: MARK, name: `${path}, form ${form}`, planted: "typed" });
        }
      }
      expect(filled.size).toBeGreaterThan(20);
      expect(watched.wrong).toEqual([]);
    },
    240_000,
  );

  itPeer(
    browserPeer,
    "stays text on every page of the server, on the smallest screen",
    async () => {
      for (const { path, name } of visits()) {
        const answer = await page.goto(at(path));
        expect(answer?.status(), name).toBeLessThan(500);
        await isInert(page, { mark: MARK, name, planted: "typed" });
      }
      expect(watched.wrong).toEqual([]);
    },
    60_000,
  );

  itPeer(
    [browserPeer, poppler],
    "leaves in no message, starts no formula and breaks no paper",
    async () => {
      await eventually("mails", () => (relay.taken.length > 1 ? true : undefined));
      for (const { raw, to, mail } of relay.taken) {
        expect(to).toEqual(["garde@ch.example"]);
        expect(MAIL_HEADERS).toEqual(expect.arrayContaining(mail.headers.map(({ key }) => key)));
        expect(mail.headers.length).toBe(new Set(mail.headers.map(({ key }) => key)).size);
        expect(`${mail.subject}${mail.text}${mail.html}`).not.toMatch(UNSEEN);
        for (const each of [raw, mail.subject, mail.text, mail.html]) expect(each).not.toMatch(LEAK);
        expect(mail.attachments).toEqual([]);
      }
      expect(gateway.asked.length).toBeGreaterThan(3);
      for (const { path, headers, body } of gateway.asked) {
        expect(["/crochet", "/sms", "/ntfy", "/ntfy/"], path).toContain(path);
        expect(JSON.stringify([headers, JSON.parse(body)])).not.toMatch(LEAK);
        expect(body).not.toMatch(UNSEEN);
      }
      const spool = join(house.directory, "modem");
      expect(readdirSync(spool).length).toBeGreaterThan(0);
      for (const file of readdirSync(spool)) {
        const [head = "", ...rest] = readFileSync(join(spool, file), "latin1").split("\n\n");
        for (const line of head.split("\n")) expect(line).toMatch(/^[A-Z][A-Za-z_]+: [\x20-\x7e]+$/);
        expect(rest.join("")).not.toMatch(LEAK);
      }

      for (const { text } of CORPUS.filter(({ name }) => name === "formula")) {
        await page.goto(at("registre/hors-tocsin"));
        for (const field of ["where", "reference", "by", "what"])
          await page.locator(`#${field}`).fill(`${text} ${MARK}`);
        await page.locator("#declared_date").fill("2026-11-02");
        await page.locator("form.outside button[type=submit]").click();
        await page.waitForURL("**/registre/hors-tocsin/**");
      }
      const csv = await (await context.request.get(at("registre/export.csv"))).text();
      expect(csv).toContain(MARK);
      for (const cell of cellsOf(csv)) {
        expect(cell).not.toMatch(/^[\s\u200b\ufeff]*[=+@\t\r-]/);
        expect(cell).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]|\r(?!\n)/);
      }
      const json = await (await context.request.get(at("registre/export.json"))).text();
      expect(JSON.stringify(JSON.parse(json))).toContain(MARK);

      const answer = await context.request.get(at(`incidents/${incident}/declaration.pdf`));
      const file = join(house.directory, "x.pdf");
      writeFileSync(file, await answer.body());
      const source = readFileSync(file, "latin1");
      expect(source).not.toMatch(/\/(JavaScript|JS|Launch|OpenAction|EmbeddedFile|URI)\b/);
      expect(source.split("%%EOF").length).toBe(2);
      const text = execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8", stdio: "pipe" });
      expect(text).toContain("DÉCLARATION");
      expect(text.replaceAll("\f", "")).not.toMatch(UNSEEN);
    },
    60_000,
  );
});

/** Of patients, and of what the alerts said: none of it leaves in clear. */
const LEAK = new RegExp(`${MARK}|DUPONT|85 ?05 ?78 ?006|evil\\.example`);
const UNSEEN = /[^\P{Cc}\t\n\r]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u;
const MAIL_HEADERS = [
  "auto-submitted",
  "importance",
  "from",
  "to",
  "subject",
  "message-id",
  "date",
  "mime-version",
  "content-type",
];

/** What tells each form of a page from the others; empty for what would end the test, or needs a second factor. */
const FORMS = `[...document.forms].map((form) => {
  const away = ["/deconnexion", "/secret", "/clore", "/activite", "/sessions/", "/reunir", "/separer", "/defaire"];
  const typed = form.querySelector("input:not([type=hidden], [type=checkbox], [type=radio], [type=submit]), textarea");
  if (typed === null || form.querySelector("[name=code]") || away.some((each) => form.action.includes(each))) return "";
  return [form.action, ...[...form.elements].map(({ name }) => name)].join(" ");
})`;

/** Fills a form of the page with planted texts, as far as its fields take them, and sends it. */
const TYPE = `(place, texts) => {
  const form = document.forms[place];
  let n = 0;
  for (const field of form.elements) {
    if (field.type === "radio" || field.type === "checkbox") field.checked ||= field.value !== "effacer" && !field.name.includes("void");
    else if (field.type === "date") field.value = "2026-11-02";
    else if (field.type === "time") field.value = "10:00";
    else if (field.type === "datetime-local") field.value = "2026-11-02T10:00";
    else if (field.tagName === "SELECT") field.selectedIndex = Math.max(field.selectedIndex, field.options.length - 1);
    else if (field.type === "text" || field.type === "search" || field.type === "email" || field.tagName === "TEXTAREA")
      field.value = texts[n++ % texts.length].slice(0, field.maxLength > 0 ? field.maxLength : 100000);
  }
  form.noValidate = true;
  form.requestSubmit();
}`;

/** The cells of a CSV text, quotes taken away. */
function cellsOf(csv: string): string[] {
  return [...csv.matchAll(/(?:^|[;,\n])(?:"((?:[^"]|"")*)"|([^";,\r\n]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
}
