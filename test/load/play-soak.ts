import type { Amounts } from "../bench/furnish.ts";
import type { Hears } from "../bench/openings-heard.ts";
import { inScene, type Scene } from "../bench/scene.ts";
import { signIn } from "../bench/signed-in.ts";
import { eventually, metric } from "../support/daemon.ts";
import { askMetrics } from "./ask-metrics.ts";
import { brokenBy, standing } from "./broken-by.ts";
import { codesOf } from "./employ-delegates.ts";
import { type Delegate, type Led, leadLives, sendOutage } from "./lead-lives.ts";
import { openBackground, type Spell } from "./open-background.ts";
import { openSenders, PIECE } from "./open-senders.ts";
import { recordSize } from "./record-size.ts";
import { type Stage, setStage } from "./set-stage.ts";
import { steadily } from "./steadily.ts";

const FULL: Amounts = { incidents: 1_000, alerts: 10_000, largest: 1_000 };
const SMALL: Amounts = { incidents: 60, alerts: 600, largest: 100 };
/** Attacks that are an incident each, outages that end by themselves, pages, a second. */
const RATES = { attacks: 0.2, outages: 0.1, pages: 2 } as const;
/** Of a short run, so that it has some of each. */
const SHORT = { attacks: 2, outages: 2, pages: 5 } as const;
/** Each confirms a text in half a minute at most, since a code serves once: what opens is decided. */
const DELEGATES = 6;
/** How often the configuration is read anew, which purges too. */
const RELOADS = 6;
/** Short, so that there is something to erase at the start; then it is looked through at each reload. */
const RETENTION =
  "retention: { unmatched_days: 30, candidates_days: 100, evidence_days: 100, attachments_days: 100, dossiers_days: 200, access_days: 1, public_archives: false }";
/** Something is read every minute, or so often in a shorter run. */
const LEAST_SPELLS = 6;
/** What the daemon says of a configuration that it does not take. */
const REFUSED = "configuration refused: the last good one stays";
/** Without progress for so long, something is lost, seconds. */
const PATIENCE = 60;
/** What a year left is erased within so many seconds. */
const PURGE = 300;

/** How long the soak is. */
export interface SoakOptions {
  minutes: number;
  /** A record and rates that only prove that everything runs. */
  small: boolean;
  /** Told of each spell, as it ends. */
  told: (progress: Progress) => void;
}

/** What came of a soak so far. */
export interface Progress {
  minute: number;
  spell: Spell;
  decided: number;
  closed: number;
  /** The record with what is written ahead of it, MB. */
  record: number;
}

/** What a soak came to. */
export interface Soak {
  spells: readonly Spell[];
  lines: number;
  /** Datagrams that were sent and did not come. */
  lost: number;
  led: Led;
  /** What must hold and did not. */
  broken: readonly string[];
}

/** Moderate load by every way in while incidents open, are decided and closed, pages are read and the rules of conservation are applied. */
export async function playSoak({ minutes, small, told }: SoakOptions): Promise<Soak> {
  return inScene(async (scene) => {
    const asked = { listen: "{ transport: relp, port: 0 }", more: RETENTION };
    const stage = await setStage(scene, small ? SMALL : FULL, DELEGATES, asked);
    const { daemon, hears } = stage;
    const logged = (message: string) => daemon.log.filter((each) => each.message === message).length;
    const purged = () => logged("erased by the rules of conservation") > 0 || undefined;
    await eventually("the first purge", purged, PURGE);
    const delegates = await signedIn(scene, stage);
    const senders = await openSenders(scene, daemon);
    const before = await standing(daemon);
    const rates = small ? SHORT : RATES;
    const background = openBackground({ ...stage, rates });
    const over = new AbortController();
    const led: Led = { decided: [], closed: [] };
    const spells: Spell[] = [];
    const seconds = minutes * 60;
    const amount = Math.max(LEAST_SPELLS, Math.ceil(minutes));
    let outages = 0;

    const measure = async () => {
      for (let minute = minutes / amount; spells.length < amount; minute += minutes / amount) {
        const spell = await background.measure(seconds / amount);
        spells.push(spell);
        told({
          minute,
          spell,
          decided: led.decided.length,
          closed: led.closed.length,
          record: recordSize(daemon.house),
        });
      }
      over.abort();
    };
    const next = waitingIn(hears);
    await Promise.all([
      steadily(RELOADS / seconds, over.signal, async () => daemon.process.kill("SIGHUP")),
      measure(),
      senders.send(over.signal),
      steadily(rates.outages, over.signal, () => sendOutage(daemon, outages++)),
      ...delegates.map((delegate) => leadLives(delegate, next, { led, over: over.signal })),
    ]);

    const { tcp, udp, relp, http } = senders.pieces;
    const received = await metric(
      daemon,
      'tocsin_intake_records_received_total{source="lines",transport="udp"}',
    );
    const lost = udp * PIECE - received;
    const lines = (tcp + relp) * PIECE + received;
    const taken = async () => (await askMetrics(daemon)).decided("lines").all === lines || undefined;
    await eventually("every line to be taken", taken, PATIENCE);
    const { attacks } = background;
    // What the lines tell is one incident.
    const incidents = 1 + attacks + outages;
    const sorted = async () =>
      (await standing(daemon)).incidents === before.incidents + incidents || undefined;
    await eventually("every alert to be sorted", sorted, PATIENCE).catch(() => undefined);
    const code = await daemon.end("SIGTERM");
    const alerts = tcp + udp + relp + http + attacks + 2 * outages;
    const broken = await brokenBy(daemon, {
      ...{ alerts, lost, attacks, incidents, hears, confirmed: led.decided, before },
    });
    if (code !== 0) broken.push(`the daemon ended with ${code}`);
    // Those that come while one waits are answered by that one.
    const [read, refused] = ["configuration read anew", REFUSED].map(logged) as [number, number];
    if (read === 0 || refused > 0)
      broken.push(`its configuration was read anew ${read} times, and refused ${refused} times`);
    return { spells, lines: lines + http * PIECE, lost, led, broken };
  });
}

/** Delegates, each signed in with the first code that serves. */
function signedIn(scene: Scene, { daemon, means }: Stage): Promise<Delegate[]> {
  return Promise.all(
    means.map(async (each) => {
      const code = codesOf(each);
      const visitor = await signIn(daemon.people, each, { code: code() ?? "" });
      scene.after(() => visitor.close());
      return { visitor, code };
    }),
  );
}

/** Hands out each incident that waits for a decision once, in the order in which the delegate was told. */
function waitingIn({ heard }: Hears): () => string | undefined {
  const taken = new Set<string>();
  return () => {
    const key = [...heard.keys()].find((each) => each.startsWith("decision_needed ") && !taken.has(each));
    if (key !== undefined) taken.add(key);
    return key?.split(" ")[1];
  };
}
