import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Message } from "../../connectors/contract.ts";
import { FACILITY, metric, post, relevant } from "../support/daemon.ts";
import { NOT_PAGES, type Place, visitsOf } from "../support/pages.ts";
import { openFirehose } from "./firehose.ts";
import { type Amounts, furnish, SYSTEM_LINES } from "./furnish.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";
import { type BenchDaemon, inScene, type Scene } from "./scene.ts";
import { type Browser, type Fetched, signIn, textOf } from "./signed-in.ts";

const FULL: Amounts = { incidents: 10_000, alerts: 100_000, largest: 5_000 };
const TINY: Amounts = { incidents: 60, alerts: 600, largest: 100 };
/** Requests of each page, and the longest time given to one, ms. */
const EACH = { full: { requests: 200, patience: 4_000 }, tiny: { requests: 2, patience: 1_000 } };
/** Openings that people are told of. */
const OPENINGS = { full: 100, tiny: 3 };
/** ms for a page and for the delegate's webhook, and kB of HTML, style and script, packed. */
const GOALS = { page: 100, pageUnderFire: 250, webhook: 250, webhookUnderFire: 1000, weight: 60 } as const;
/** Asked for again until it is no page of waiting, ms. */
const READING = 500;
/** Without a message for so long, nobody is told, ms. */
const PATIENCE = 20_000;

/** A page of the site, and how long each request of it took, ms. */
interface Timed {
  path: string;
  times: number[];
  weight: number;
}

/** Every page of a site with 100,000 alerts and 10,000 incidents stored, and how soon the delegate hears; quiet, and under a full stream. */
export async function benchPages({ tiny, names }: BenchOptions) {
  return inScene(async (scene) => {
    const hears = await openReceiver(scene);
    let place: Place | undefined;
    const daemon = await scene.daemon({ webhook: hears.url, systems: SYSTEM_LINES }, async (house) => {
      place = await furnish(house, tiny ? TINY : FULL);
    });
    const browser = await signIn(daemon.people, daemon.house);
    scene.after(() => browser.close());
    await registerRead(browser);
    const paths = pathsOf(place as Place).filter(
      (path) => names.length === 0 || names.some((name) => path.startsWith(name)),
    );
    const goal = (value: number) => (tiny ? undefined : value);
    const each = tiny ? EACH.tiny : EACH.full;
    const openings = tiny ? OPENINGS.tiny : OPENINGS.full;

    const quiet = await timed(browser, paths, each);
    const heard = await openingsHeard(daemon, hears, openings, 0);
    const firehose = openFirehose(daemon.tcp);
    scene.after(firehose.end);
    await flowing(daemon);
    const fired = await timed(browser, paths, each);
    const heardUnderFire = await openingsHeard(daemon, hears, openings, openings);
    await firehose.end();

    return {
      quiet: quiet.map((page) => pageRow(page, goal(GOALS.page), page.times)),
      fired: fired.map((page, i) =>
        pageRow(page, goal(GOALS.pageUnderFire), quiet[i]?.times ?? [], "p99 of the same, quiet", 0.99),
      ),
      webhook: [
        webhookRow("an opening, to the delegate's webhook", heard, goal(GOALS.webhook)),
        webhookRow("the same under a full stream", heardUnderFire, goal(GOALS.webhookUnderFire)),
      ],
      weight: quiet.map(
        ({ path, weight }): Measure => ({
          what: path,
          own: { value: weight / 1000 },
          goal: goal(GOALS.weight),
          against: "",
          peer: undefined,
        }),
      ),
    };
  });
}

/** Every page, each in the states in which it looks otherwise, and what else is fetched by itself. */
function pathsOf(place: Place): string[] {
  const visits = visitsOf(place).filter(({ who }) => who === undefined);
  const { incident } = place;
  const others = Object.keys(NOT_PAGES).flatMap((route) => {
    if (route === "/" || route.startsWith("/connexion") || route.startsWith("/cle")) return [];
    const year = new Date().getUTCFullYear();
    const path = route.replace(":id", incident).replace(":version", "1").replace(":format", "csv");
    return /[:{(]/.test(path) ? [] : [`${path.slice(1)}${path.includes("export") ? `?annee=${year}` : ""}`];
  });
  const more = ["incidents?q=banc", "incidents?qui=moi", "registre?page=20", "registre?q=sonde"];
  return [...visits.map(({ path }) => path), ...others, ...more];
}

async function timed(
  browser: Browser,
  paths: readonly string[],
  { requests, patience }: { requests: number; patience: number },
): Promise<Timed[]> {
  const pages: Timed[] = [];
  const assets = new Map<string, number>();
  for (const path of paths) {
    const page: Timed = { path, times: [], weight: 0 };
    let last: Fetched | undefined;
    await browser.get(`/${FACILITY}/${path}`);
    for (const begin = performance.now(); page.times.length < requests; ) {
      last = await browser.get(`/${FACILITY}/${path}`);
      page.times.push(last.milliseconds);
      if (performance.now() - begin > patience) break;
    }
    if (last !== undefined) page.weight = await weightOf(browser, last, assets);
    if (last !== undefined && last.status >= 500) throw new Error(`${path}: ${last.status} ${textOf(last)}`);
    pages.push(page);
  }
  return pages;
}

/** What comes over the wire for a page and all that it is shown with. */
async function weightOf(browser: Browser, page: Fetched, assets: Map<string, number>): Promise<number> {
  let weight = page.bytes.length;
  for (const [, address = ""] of textOf(page).matchAll(/(?:href|src)="([^"]+\.(?:css|js)(?:\?[^"]*)?)"/g)) {
    if (!assets.has(address)) assets.set(address, (await browser.get(address)).bytes.length);
    weight += assets.get(address) ?? 0;
  }
  return weight;
}

async function registerRead(browser: Browser): Promise<void> {
  while ((await browser.get(`/${FACILITY}/registre`)).status === 503) await setTimeout(READING);
}

async function flowing(daemon: BenchDaemon): Promise<void> {
  const gated = () => metric(daemon, 'tocsin_intake_records_gated_total{source="lines"}');
  for (const before = await gated(); (await gated()) === before; ) await setTimeout(100);
}

interface Hears {
  url: string;
  /** When a message of an event about a host came first. */
  heard: Map<string, number>;
}

async function openReceiver(scene: Scene): Promise<Hears> {
  const heard = new Map<string, number>();
  const server = createServer(async (request, response) => {
    const at = performance.now();
    let text = "";
    for await (const chunk of request) text += chunk;
    response.writeHead(204).end();
    const { data } = JSON.parse(text) as { data: Message };
    for (const incident of [data.incident].flat()) heard.set(`${data.event} ${incident}`, at);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  scene.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard };
}

/** Opens incidents one after the other; how long each took from the alert's sending to the delegate's webhook, ms. */
async function openingsHeard(
  daemon: BenchDaemon,
  { heard }: Hears,
  amount: number,
  from: number,
): Promise<number[]> {
  const times: number[] = [];
  const told = () => [...heard.keys()].filter((key) => key.startsWith("decision_needed ")).length;
  for (let i = 0; i < amount; i++) {
    const before = told();
    const begin = performance.now();
    // Far enough apart to be an attack of its own each.
    const occurred = new Date(Date.now() - (from + i + 1) * 5 * 3_600_000).toISOString();
    const message = `Mass file encryption detected: 312 files encrypted (${from + i})`;
    const alert = {
      ...relevant(`opening-${from + i}`, `pacs-9${from + i}`),
      message,
      "@timestamp": occurred,
    };
    const { status } = await post(daemon, "generic", daemon.house.tokens.generic, [alert]);
    if (status !== 202) throw new Error(`an alert was answered with ${status}`);
    while (told() === before) {
      if (performance.now() - begin > PATIENCE) throw new Error(`opening ${i}: nobody was told`);
      await setTimeout(1);
    }
    const [, last = 0] = [...heard].filter(([key]) => key.startsWith("decision_needed ")).at(-1) ?? [];
    times.push(last - begin);
  }
  return times;
}

function pageRow(
  { path, times }: Timed,
  goal: number | undefined,
  beside: readonly number[],
  against = "median of the same",
  part = 0.5,
): Measure {
  return {
    what: path.replaceAll(/[0-9a-f-]{36}/g, "…"),
    own: { value: quantile(times, 0.99) },
    goal,
    against,
    peer: { value: quantile(beside, part) },
  };
}

function webhookRow(what: string, times: readonly number[], goal: number | undefined): Measure {
  const peer = { value: quantile(times, 0.5) };
  return { what, own: { value: quantile(times, 0.99) }, goal, against: "median of the same", peer };
}

function quantile(values: readonly number[], part: number): number {
  return (
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0
  );
}
