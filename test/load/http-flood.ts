import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** Where it comes from: a machine other than those that ask beside it. */
const FROM = "127.0.0.2";
/** Between two turns of a sender that keeps a rate, ms, and how many turns it makes up for at once. */
const TURN = 5;
const CATCH_UP = 4;
/** How long answers are waited for at the end, ms. */
const PATIENCE = 30_000;

/** How alerts are posted, each a request of its own. */
export interface Posting {
  port: number;
  path: string;
  token: string;
  /** Begins every event's id. */
  name: string;
  connections: number;
  /** Requests a second; undefined sends one more for each answer. */
  rate: number | undefined;
  /** Requests of one connection that wait for an answer at most, as if so many clients shared it. */
  depth: number;
}

/** What was posted, and what became of it. */
export interface Posted {
  sent: number;
  /** Not sent because every client still waited for an answer. */
  held: number;
  /** Answers by status. */
  answers: Record<number, number>;
  /** Answers 503 and 429 that do not say when to come again. */
  hopeless: number;
  /** Requests that a connection was closed on before they were answered, as idle ones are: nothing was acknowledged. */
  cut: number;
  /** Ids of the events that were answered 202. */
  acknowledged: string[];
}

/** Connects, and posts until it is ended, from a thread of its own. */
export async function openHttpFlood(
  posting: Posting,
): Promise<{ end(): Promise<Posted>; cut(): Promise<unknown> }> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { posting } });
  await once(worker, "message");
  return {
    async end() {
      const posted = once(worker, "message");
      worker.postMessage("end");
      const [came] = await posted;
      return came as Posted;
    },
    cut: () => worker.terminate(),
  };
}

/** An alert that the default pack recognises. */
const alertOf = (id: string) => ({
  event: { id },
  host: "pacs-01",
  message: `vssadmin.exe delete shadows /all /quiet (${id})`,
});

interface Client {
  socket: Socket;
  number: number;
  sent: number;
  /** Statuses in the order of the requests: HTTP/1.1 answers in that order. */
  statuses: number[];
  text: string;
}

/** Opens the senders of one thread. */
async function openClients({ port, path, token, name, connections, rate, depth }: Posting) {
  const clients: Client[] = [];
  const gone: Client[] = [];
  let held = 0;
  let hopeless = 0;
  let over = false;
  let made = 0;

  function open(): Client {
    const socket = connect({ port, host: "127.0.0.1", localAddress: FROM }).setNoDelay(true);
    const client: Client = { socket, number: made++, sent: 0, statuses: [], text: "" };
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      client.text += text;
      const answers = readAnswers(client);
      if (rate === undefined && !over) post(client, answers);
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      gone.push(client);
      clients.splice(clients.indexOf(client), 1);
      if (over) return;
      const other = open();
      if (rate === undefined) post(other, 1);
    });
    clients.push(client);
    return client;
  }

  function readAnswers(client: Client): number {
    let read = 0;
    for (;;) {
      const end = client.text.indexOf("\r\n\r\n");
      if (end < 0) return read;
      const head = client.text.slice(0, end);
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (client.text.length < end + 4 + length) return read;
      const status = Number(head.slice(9, 12));
      if ((status === 503 || status === 429) && !/\r\nretry-after: \d/i.test(head)) hopeless += 1;
      // A connection that was idle for long is told so when it is closed: that is no answer to a request.
      if (client.statuses.length < client.sent) client.statuses.push(status);
      client.text = client.text.slice(end + 4 + length);
      read += 1;
    }
  }

  function post(client: Client, many: number): void {
    let text = "";
    for (let i = 0; i < many; i++) {
      const body = JSON.stringify(alertOf(idOf(name, client, client.sent++)));
      text += `POST ${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    }
    client.socket.write(text);
  }

  for (let i = 0; i < connections; i++) await once(open().socket, "connect");
  let turning: NodeJS.Timeout | undefined;
  if (rate === undefined) for (const client of clients) post(client, 1);
  else {
    let due = 0;
    let last = performance.now();
    let next = 0;
    turning = setInterval(() => {
      const now = performance.now();
      due += (rate * Math.min(now - last, TURN * CATCH_UP)) / 1000;
      last = now;
      for (let full = 0; due >= 1 && full < clients.length; next++) {
        const client = clients[next % clients.length] as Client;
        const many = Math.min(Math.floor(due), depth - (client.sent - client.statuses.length));
        if (many > 0) post(client, many);
        due -= Math.max(0, many);
        full = many > 0 ? 0 : full + 1;
      }
      held += Math.floor(due);
      due -= Math.floor(due);
    }, TURN);
  }
  const unanswered = () => clients.reduce((sum, { sent, statuses }) => sum + sent - statuses.length, 0);
  return {
    async end(): Promise<Posted> {
      over = true;
      clearInterval(turning);
      const end = performance.now() + PATIENCE;
      while (unanswered() > 0 && performance.now() < end) await new Promise((go) => setTimeout(go, 20));
      const all = [...clients, ...gone];
      const answers: Record<number, number> = {};
      for (const { statuses } of all)
        for (const status of statuses) answers[status] = (answers[status] ?? 0) + 1;
      const acknowledged = all.flatMap((client) =>
        client.statuses.flatMap((status, i) => (status === 202 ? [idOf(name, client, i)] : [])),
      );
      const sent = all.reduce((sum, each) => sum + each.sent, 0);
      const cut = sent - all.reduce((sum, { statuses }) => sum + statuses.length, 0);
      for (const { socket } of [...clients]) socket.destroy();
      return { sent, held, answers, hopeless, cut, acknowledged };
    },
  };
}

const idOf = (name: string, { number }: Client, i: number) => `${name}-${number}-${i}`;

if (!isMainThread && workerData?.posting !== undefined) {
  const clients = await openClients((workerData as { posting: Posting }).posting);
  parentPort?.postMessage("begun");
  await once(parentPort as NonNullable<typeof parentPort>, "message");
  parentPort?.postMessage(await clients.end());
}
