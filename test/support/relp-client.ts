import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A RELP client that sends what it is given, in order, at most `window` messages ahead of the answers. */
export interface RelpClient {
  socket: Socket;
  /** Messages not acknowledged yet, oldest first. */
  unacknowledged: string[];
  acknowledged: string[];
  /** All that the server sent. */
  said(): string;
  /** Sends messages; resolves once each is acknowledged, or the connection is over. */
  send(messages: readonly string[]): Promise<void>;
  /** Sends `close` and resolves once the connection is over. */
  close(): Promise<void>;
}

export const OFFERS = "relp_version=0\nrelp_software=test\ncommands=syslog";

/** One frame: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`. */
export function relpFrame(txnr: number, command: string, data = ""): string {
  return `${txnr} ${command} ${Buffer.byteLength(data)}${data === "" ? "" : ` ${data}`}\n`;
}

/** Connects and opens a session; rejects when the connection is over before it is open. */
export async function openRelp(port: number, window = 128, host = "127.0.0.1"): Promise<RelpClient> {
  const socket = connect(port, host);
  socket.on("error", () => undefined);
  let over = false;
  socket.once("close", () => {
    over = true;
    wake();
  });
  let wakers: (() => void)[] = [];
  function wake(): void {
    const all = wakers;
    wakers = [];
    for (const each of all) each();
  }
  const news = () => new Promise<void>((resolve) => wakers.push(resolve));
  let said = "";
  let unread = "";
  let opened = false;
  let txnr = 1;
  const unacknowledged: string[] = [];
  const acknowledged: string[] = [];
  socket.on("data", (chunk) => {
    said += chunk;
    unread += chunk;
    for (;;) {
      const head = /^(\d+) (\w+) (\d+)[ \n]/.exec(unread);
      const length = Number(head?.[3]);
      const end = head === null ? 0 : length === 0 ? head[0].length : head[0].length + length + 1;
      if (head === null || unread.length < end) break;
      const code = unread.slice(head[0].length, head[0].length + 3);
      unread = unread.slice(end);
      if (head[2] !== "rsp" || code !== "200") continue;
      if (head[1] === "1") opened = true;
      else if (unacknowledged.length > 0) acknowledged.push(unacknowledged.shift() ?? "");
    }
    wake();
  });
  await once(socket, "connect");
  socket.write(relpFrame(txnr++, "open", OFFERS));
  while (!opened && !over) await news();
  if (!opened) throw new Error(`no session: ${said}`);
  return {
    socket,
    unacknowledged,
    acknowledged,
    said: () => said,
    async send(messages) {
      let next = 0;
      while (!over && (next < messages.length || unacknowledged.length > 0)) {
        let frames = "";
        while (next < messages.length && unacknowledged.length < window) {
          const message = messages[next++] ?? "";
          unacknowledged.push(message);
          frames += relpFrame(txnr++, "syslog", message);
        }
        if (frames !== "") socket.write(frames);
        await news();
      }
      // What the connection no longer took is the client's to send again as well.
      unacknowledged.push(...messages.slice(next));
    },
    async close() {
      socket.write(relpFrame(txnr++, "close"));
      while (!over) await news();
    },
  };
}
