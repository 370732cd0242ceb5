import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import type { Message } from "../../connectors/contract.ts";
import { post, relevant } from "../support/daemon.ts";
import type { BenchDaemon, Scene } from "./scene.ts";

/** Without a message for so long, nobody is told, ms. */
const PATIENCE = 20_000;
/** Between two attacks that are one each, ms. */
const APART = 5 * 3_600_000;

/** A receiver of webhooks that takes all it is sent. */
export interface Hears {
  url: string;
  /** When a message of an event about an incident came first, and for which. */
  heard: Map<string, number>;
  /** The id of every message, and each event with its incident, as often as they came. */
  ids: string[];
  told: string[];
}

/** Starts a receiver of webhooks on a port of its own. */
export async function openReceiver(scene: Scene): Promise<Hears> {
  const heard = new Map<string, number>();
  const ids: string[] = [];
  const told: string[] = [];
  const server = createServer(async (request, response) => {
    const at = performance.now();
    let text = "";
    for await (const chunk of request) text += chunk;
    response.writeHead(204).end();
    ids.push(String(request.headers["webhook-id"]));
    const { data } = JSON.parse(text) as { data: Message };
    for (const incident of [data.incident].flat()) {
      const key = `${data.event} ${incident}`;
      told.push(key);
      if (!heard.has(key)) heard.set(key, at);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  scene.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, heard, ids, told };
}

/** The event id of an opening. */
export const openingId = (number: number) => `opening-${number}`;

/** Sends the alert of an attack that is an incident of its own; resolves once it is acknowledged. */
export async function sendOpening(daemon: BenchDaemon, number: number): Promise<void> {
  const alert = {
    ...relevant(openingId(number), `pacs-9${number}`),
    message: `Mass file encryption detected: 312 files encrypted (${number})`,
    "@timestamp": new Date(Date.now() - (number + 1) * APART).toISOString(),
  };
  const { status } = await post(daemon, "generic", daemon.house.tokens.generic, [alert]);
  if (status !== 202) throw new Error(`an alert was answered with ${status}`);
}

/** Opens incidents one after the other; how long each took from the alert's sending to the delegate's webhook, ms. */
export async function openingsHeard(
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
    await sendOpening(daemon, from + i);
    while (told() === before) {
      if (performance.now() - begin > PATIENCE) throw new Error(`opening ${i}: nobody was told`);
      await setTimeout(1);
    }
    const [, last = 0] = [...heard].filter(([key]) => key.startsWith("decision_needed ")).at(-1) ?? [];
    times.push(last - begin);
  }
  return times;
}
