import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import axios from "axios";
import type { App } from "../../app.ts";
import type { Way } from "./night.ts";

/** Sends records to a running daemon through its real sockets, as the hospital's tools would. */
export interface Sender {
  send(way: Way, record: string): Promise<void>;
  close(): void;
}

export async function openSender(app: App, tokens: { alertmanager: string; wazuh: string }): Promise<Sender> {
  const at = (transport: "udp" | "tcp" | "http") => {
    const found = app.listening.find((each) => each.transport === transport);
    if (found === undefined) throw new Error(`the demonstration needs a ${transport} listener`);
    return found;
  };
  const [udp, tcp, http] = [at("udp"), at("tcp"), at("http")];
  const datagrams = createSocket("udp4");
  const plain = await connected(tcp);
  const counted = await connected(tcp);
  const post = async (connector: string, token: string, body: string) => {
    await axios.post(`http://${http.address}:${http.port}/api/v1/alerts/${connector}`, body, {
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      proxy: false,
    });
  };
  return {
    async send(way, record) {
      switch (way) {
        case "udp":
          await new Promise((resolve) => datagrams.send(record, udp.port, udp.address, resolve));
          return;
        case "tcp":
          await written(plain, `${record}\n`);
          return;
        case "tcp-counted":
          await written(counted, `${Buffer.byteLength(record)} ${record}`);
          return;
        case "alertmanager":
          return post("alertmanager", tokens.alertmanager, record);
        case "wazuh":
          return post("wazuh", tokens.wazuh, record);
      }
    },
    close() {
      datagrams.close();
      plain.end();
      counted.end();
    },
  };
}

async function connected({ address, port }: { address: string; port: number }): Promise<Socket> {
  const socket = connect(port, address);
  await once(socket, "connect");
  return socket;
}

async function written(socket: Socket, text: string): Promise<void> {
  if (!socket.write(text)) await once(socket, "drain");
}
