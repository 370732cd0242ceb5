import { FACILITY } from "../support/daemon.ts";
import { NOT_PAGES, type Place, visitsOf } from "../support/pages.ts";
import { flowing, openFirehose } from "./firehose.ts";
import { type Amounts, furnish, SYSTEM_LINES } from "./furnish.ts";
import { openingsHeard, openReceiver } from "./openings-heard.ts";
import type { BenchOptions } from "./options.ts";
import { quantile } from "./quantile.ts";
import type { Measure } from "./report.ts";
import { inScene } from "./scene.ts";
import { type Browser, delegateOf, type Fetched, registerRead, signIn, textOf } from "./signed-in.ts";

const FULL: Amounts = { incidents: 10_000, alerts: 100_000, largest: 5_000 };
const TINY: Amounts = { incidents: 60, alerts: 600, largest: 100 };
/** Requests of each page, and the longest time given to one, ms. */
const EACH = { full: { requests: 200, patience: 4_000 }, tiny: { requests: 2, patience: 1_000 } };
/** Openings that people are told of. */
const OPENINGS = { full: 100, tiny: 3 };
/** ms for a page and for the delegate's webhook, and kB of HTML, style and script, packed. */
const GOALS = { page: 100, pageUnderFire: 250, webhook: 250, webhookUnderFire: 1000, weight: 60 } as const;

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
    const browser = await signIn(daemon.people, delegateOf(daemon.house));
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
    scene.after(firehose.cut);
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
