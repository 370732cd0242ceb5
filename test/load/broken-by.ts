import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Hears, openingId } from "../bench/openings-heard.ts";
import type { BenchDaemon } from "../bench/scene.ts";
import { FACILITY, MAIN } from "../support/daemon.ts";

/** What was sent, and what the receivers had. */
export interface Sent {
  /** Alerts that matter, those of the attacks among them; how many of them may be lost, by a way that acknowledges nothing. */
  alerts: number;
  lost?: number;
  /** Attacks that are an incident each. */
  attacks: number;
  /** Incidents that it is in all. */
  incidents: number;
  hears: Hears;
  /** Incidents whose text a person confirmed. */
  confirmed: readonly string[];
  /** Alerts and incidents that stood before. */
  before: { alerts: number; incidents: number };
}

/** The incident of each attack after the first ones, in order; undefined where there is none. */
export async function incidentsOpened(
  { house }: BenchDaemon,
  attacks: number,
  from = 0,
): Promise<(string | undefined)[]> {
  const reads = house.reads();
  try {
    const found: (string | undefined)[] = [];
    for (let number = from; number < attacks; number++) {
      const event = await reads.event(FACILITY, { source: "generic", eventId: openingId(number) });
      found.push(event?.detections[0]?.incident ?? undefined);
    }
    return found;
  } finally {
    reads.close();
  }
}

/** How many incidents and alerts stand in the record. */
export async function standing({ house }: BenchDaemon): Promise<Sent["before"]> {
  const reads = house.reads();
  try {
    const states = await reads.countByState(FACILITY, "incident");
    const incidents = Object.values(states).reduce((sum, each) => sum + each, 0);
    return { alerts: await reads.countAlerts(FACILITY), incidents };
  } finally {
    reads.close();
  }
}

/** What must hold after a storm and does not, once the daemon has stopped; none when all is well. */
export async function brokenBy(daemon: BenchDaemon, sent: Sent): Promise<string[]> {
  const broken: string[] = [];
  const must = (holds: boolean, what: string) => {
    if (!holds) broken.push(what);
  };
  const now = await standing(daemon);
  const opened = await incidentsOpened(daemon, sent.attacks);
  const alerts = now.alerts - sent.before.alerts;
  must(
    alerts <= sent.alerts && alerts >= sent.alerts - (sent.lost ?? 0),
    `${sent.alerts} alerts that matter were sent, ${alerts} are stored`,
  );
  must(
    new Set(opened).size === sent.attacks && !opened.includes(undefined),
    `${sent.attacks} attacks, ${new Set(opened).size} incidents of theirs`,
  );
  const incidents = now.incidents - sent.before.incidents;
  must(incidents === sent.incidents, `${sent.incidents} incidents were sent, ${incidents} stand`);
  const { ids, told, heard } = sent.hears;
  must(new Set(ids).size === ids.length, `${ids.length} messages, ${new Set(ids).size} ids`);
  // What waits for a decision is called for again by design.
  const openings = told.filter((each) => each.startsWith("incident_opened "));
  const again = openings.filter((each, i) => openings.indexOf(each) !== i);
  must(again.length === 0, `told twice: ${again.slice(0, 5)}`);
  const untold = opened.filter((incident) => !heard.has(`decision_needed ${incident}`));
  must(untold.length === 0, `${untold.length} incidents of which the delegate was not told`);
  for (const incident of sent.confirmed) must(...(await filedOnce(daemon, incident)));
  const verified = await verify(daemon);
  must(verified.ok, `verify: ${verified.said}`);
  return broken;
}

/** What was confirmed was decided once, and left once. */
async function filedOnce({ house }: BenchDaemon, incident: string): Promise<[boolean, string]> {
  const reads = house.reads();
  try {
    const decisions = await reads.ofIncident(FACILITY, "decision", incident);
    const deliveries = await reads.ofIncident(FACILITY, "delivery", incident);
    const own = deliveries.map(({ content }) => content).filter(({ kind }) => kind === "declaration");
    const attempts = own.flatMap((delivery) => delivery.attempts);
    const said = `${incident}: ${decisions.length} decisions, ${own.length} deliveries, ${attempts.length} attempts`;
    return [decisions.length === 1 && own.length === 1 && attempts.length === 1, said];
  } finally {
    reads.close();
  }
}

/** Has the record verified as an auditor does. */
async function verify({ house }: BenchDaemon): Promise<{ ok: boolean; said: string }> {
  return promisify(execFile)(process.execPath, [MAIN, "verify", "--config", house.config]).then(
    ({ stdout }) => ({ ok: true, said: stdout }),
    ({ stdout, stderr }: { stdout: string; stderr: string }) => ({ ok: false, said: `${stdout}${stderr}` }),
  );
}
