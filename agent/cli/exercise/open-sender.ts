import { createSocket, type Socket as Datagrams } from "node:dgram";
import { once } from "node:events";
import { Agent } from "node:https";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import axios from "axios";

/** A socket of the daemon that takes lines. */
export interface LineTarget {
  transport: "udp" | "tcp" | "tls";
  address: string;
  port: number;
  /** The daemon's own certificate (PEM), for `tls`: no other is believed. */
  certificate?: string | undefined;
}

/** Where the daemon takes what is posted. */
export interface PostTarget {
  /** Up to the name of the connector: `http://127.0.0.1:8471/api/v1/alerts`. */
  url: string;
  certificate?: string | undefined;
}

/** Sends records to a running daemon through its real sockets, as the hospital's tools would. */
export interface Sender {
  /** Several lines at once; `counted` frames them by their length (RFC 6587, 3.4.1). */
  lines(target: LineTarget, records: readonly string[], counted?: boolean): Promise<void>;
  post(target: PostTarget, source: { connector: string; token: string }, body: string): Promise<void>;
  /** Resolves once the last byte has left. */
  close(): Promise<void>;
}

/** Opens a sender; sockets are opened when they are first used, and kept. */
export function openSender(): Sender {
  let datagrams: Datagrams | undefined;
  const streams = new Map<string, Promise<Socket>>();
  const stream = (target: LineTarget, counted: boolean) => {
    // One connection, one framing.
    const key = `${target.transport} ${target.address} ${target.port} ${counted}`;
    const open = streams.get(key) ?? connected(target);
    streams.set(key, open);
    return open;
  };
  return {
    async lines(target, records, counted = false) {
      if (target.transport === "udp") {
        datagrams ??= createSocket(target.address.includes(":") ? "udp6" : "udp4");
        const socket = datagrams;
        for (const record of records)
          await new Promise((resolve) => socket.send(record, target.port, target.address, resolve));
        return;
      }
      const text = records
        .map((each) => (counted ? `${Buffer.byteLength(each)} ${each}` : `${each}\n`))
        .join("");
      const socket = await stream(target, counted);
      if (!socket.write(text)) await once(socket, "drain");
    },
    async post({ url, certificate }, { connector, token }, body) {
      await axios.post(`${url}/${connector}`, body, {
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        proxy: false,
        timeout: 10_000,
        ...(certificate === undefined ? {} : { httpsAgent: new Agent(believing(certificate)) }),
      });
    },
    async close() {
      datagrams?.close();
      for (const opening of streams.values()) {
        const socket = await opening.catch(() => undefined);
        if (socket === undefined || socket.destroyed) continue;
        const closed = once(socket, "close");
        socket.end();
        // A listener that never closes its side keeps nobody here.
        socket.setTimeout(2000, () => socket.destroy());
        await closed;
      }
    },
  };
}

/** What of TLS believes one certificate, whatever name it was made for: the daemon's own, read from its file. */
export function believing(certificate: string) {
  return { ca: certificate, checkServerIdentity: () => undefined };
}

async function connected({ transport, address, port, certificate }: LineTarget): Promise<Socket> {
  const socket =
    transport === "tls"
      ? connectTls({ host: address, port, ...believing(certificate ?? "") })
      : connect(port, address);
  await once(socket, transport === "tls" ? "secureConnect" : "connect");
  socket.on("error", () => undefined);
  socket.resume();
  return socket;
}
