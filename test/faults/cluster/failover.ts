import { setTimeout } from "node:timers/promises";
import { eventually } from "../../support/daemon.ts";
import { eventOf, postUntilTaken, type Sent } from "./clients.ts";
import type { Cluster } from "./cluster.ts";

/** What one end of the active correlator cost. */
export interface Gap {
  /** From the kill until an alert that was sent after it stood in an incident, ms. */
  ms: number;
  killed: "c1" | "c2";
}

/** Resolves once one correlator acts and the other stands by. */
export function pairReady(cluster: Cluster): Promise<"c1" | "c2"> {
  return eventually(
    "one correlator at work, the other standing by",
    async () => {
      const at = await cluster.active();
      if (at === undefined) return undefined;
      const { status, body } = await cluster.ask(at === "c1" ? "c2" : "c1", "/metrics");
      return status === 200 && body.includes("tocsin_standing_by 1") ? at : undefined;
    },
    60,
  );
}

/** Kills the active correlator over and over, while alerts come in. */
export async function measureFailover(
  cluster: Cluster,
  sent: Sent,
  times: number,
  told: (gap: Gap, round: number) => void = () => undefined,
): Promise<Gap[]> {
  const gaps: Gap[] = [];
  for (let round = 0; round < times; round++) {
    const killed = await pairReady(cluster);
    const before = Array.from({ length: 5 }, (_, index) => eventOf(0, `hf${round}`, index));
    const sending = before.map((event) => postUntilTaken(cluster, sent, [event]));
    await setTimeout((round * 37) % 200);
    const since = performance.now();
    const killing = cluster.daemons[killed].kill();
    const after = eventOf(0, `hf${round}`, 100);
    await postUntilTaken(cluster, sent, [after]);
    await eventually("the alert after the kill", () => isJoined(cluster, after), 60);
    const gap: Gap = { ms: performance.now() - since, killed };
    gaps.push(gap);
    told(gap, round);
    await Promise.all([...sending, killing]);
  }
  await pairReady(cluster);
  return gaps;
}

async function isJoined({ postgres, shared }: Cluster, event: string): Promise<true | undefined> {
  const sql = `SELECT 1 FROM alerts a JOIN joined j ON j.facility = a.facility AND j.alert = a.id
    WHERE a.content LIKE '%(${event})%' LIMIT 1`;
  return (await postgres.ask(sql, shared.place.database)).length > 0 || undefined;
}

/** The value below which so much of all of them is. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
