import { request } from "node:https";
import { connect } from "node:net";
import { setTimeout } from "node:timers/promises";
import { openRelp } from "../../support/relp-client.ts";
import { type Cluster, PORTS } from "./cluster.ts";

/** Who takes alerts in. */
export type Receiver = "r1" | "r2" | "c1" | "c2";

/** What was sent to a cluster, and what it answered for. */
export interface Sent {
  /** Every event that may have arrived. */
  events: Set<string>;
  acknowledged: Set<string>;
  /** How often an answer was none of success: its status, or why there was none. */
  refusals: Map<string, number>;
}

export const nothingSent = (): Sent => ({ events: new Set(), acknowledged: new Set(), refusals: new Map() });

/** How long a client waits for an answer, ms. */
const PATIENCE_MS = 6_000;
const RETRY_MS = 300;

/** The name of an event: the storm it is of, who sent it, and its number. */
export const eventOf = (storm: number, client: string, number: number) => `s${storm}-${client}-${number}`;
const hostOf = (storm: number) => (storm === 0 ? "pacs-01" : `unite${storm}-01`);
const textOf = (event: string) => `vssadmin.exe delete shadows /all /quiet (${event})`;
const stormOf = (event: string) => Number(/^s(\d+)-/.exec(event)?.[1]);

export function alertOf(event: string, more = ""): Record<string, unknown> {
  return {
    event: { id: event },
    host: hostOf(stormOf(event)),
    message: textOf(event),
    ...(more && { more }),
  };
}
export function lineOf(event: string): string {
  return `<34>1 ${new Date().toISOString()} ${hostOf(stormOf(event))} app - - - ${textOf(event)}`;
}

/** Posts once; the status, or 0 with why there was no answer. */
export function postOnce(
  cluster: Pick<Cluster, "network" | "authority" | "house">,
  to: Receiver,
  alerts: unknown,
  patience = PATIENCE_MS,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve) => {
    const failed = (error: Error) =>
      resolve({ status: 0, body: (error as { code?: string }).code ?? error.message });
    const asking = request(
      {
        ...{
          host: cluster.network.address(to),
          port: PORTS.intake,
          path: "/api/v1/alerts/generic",
          method: "POST",
        },
        headers: {
          authorization: `Bearer ${cluster.house.tokens.generic}`,
          "content-type": "application/json",
        },
        ...{ ca: cluster.authority, agent: false, signal: AbortSignal.timeout(patience) },
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (text: string) => {
          body += text;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
        response.on("error", failed);
      },
    );
    asking.on("error", failed);
    asking.end(JSON.stringify(alerts));
  });
}

/** Posts events until a receiver has answered for them, the other one in turn. */
export async function postUntilTaken(
  cluster: Pick<Cluster, "network" | "authority" | "house">,
  sent: Sent,
  events: readonly string[],
  given: { first?: Receiver; signal?: AbortSignal; more?: string; patience?: number } = {},
): Promise<boolean> {
  const { first = "r1", signal, more, patience } = given;
  const order: Receiver[] = first === "r1" ? ["r1", "r2"] : ["r2", "r1"];
  for (const event of events) sent.events.add(event);
  for (let tries = 0; signal?.aborted !== true; tries++) {
    const to = order[tries % 2] as Receiver;
    const { status, body } = await postOnce(
      cluster,
      to,
      events.map((each) => alertOf(each, more)),
      patience,
    );
    if (status === 202) {
      for (const event of events) sent.acknowledged.add(event);
      return true;
    }
    const why = status === 0 ? body : String(status);
    sent.refusals.set(why, (sent.refusals.get(why) ?? 0) + 1);
    await setTimeout(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** Sends lines by RELP, over as many sessions as it takes, until each is acknowledged or the signal comes. */
export async function relpUntilTaken(
  cluster: Pick<Cluster, "network">,
  sent: Sent,
  events: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  let left = [...events];
  for (const event of events) sent.events.add(event);
  for (let tries = 0; left.length > 0 && !signal.aborted; tries++) {
    const to = tries % 2 === 0 ? "r1" : "r2";
    const session = await Promise.race([
      openRelp(PORTS.relp, 16, cluster.network.address(to)).catch(() => undefined),
      setTimeout(PATIENCE_MS, undefined),
    ]);
    if (session === undefined) {
      await setTimeout(RETRY_MS);
      continue;
    }
    const sending = session.send(left.map(lineOf));
    // A session that says nothing for so long is given up, as rsyslog does.
    for (let before = -1; before !== session.acknowledged.length && !signal.aborted; ) {
      before = session.acknowledged.length;
      await Promise.race([sending, setTimeout(PATIENCE_MS)]);
      if (session.unacknowledged.length === 0 && before < session.acknowledged.length) break;
    }
    session.socket.destroy();
    await sending;
    const taken = left.slice(0, session.acknowledged.length);
    for (const event of taken) sent.acknowledged.add(event);
    left = left.slice(taken.length);
  }
}

/** Sends lines over plain TCP, which acknowledges nothing. */
export async function tcpOnce(
  cluster: Pick<Cluster, "network">,
  sent: Sent,
  to: Receiver,
  events: readonly string[],
): Promise<void> {
  for (const event of events) sent.events.add(event);
  const socket = connect(PORTS.tcp, cluster.network.address(to));
  socket.on("error", () => undefined);
  const over = new Promise((resolve) => socket.once("close", resolve));
  socket.end(events.map((event) => `${lineOf(event)}\n`).join(""));
  await Promise.race([over, setTimeout(PATIENCE_MS)]);
  socket.destroy();
}
