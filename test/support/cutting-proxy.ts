import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands before a server on the loopback, and cuts connections when told. */
export interface CuttingProxy {
  port: number;
  /** Has the next connection that sends this text forward it, and be cut before its answer. */
  cutAfter(text: string): void;
  stop(): Promise<void>;
}

export async function startCuttingProxy(target: { host: string; port: number }): Promise<CuttingProxy> {
  let awaited: string | undefined;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const behind = connect(target);
    let cut = false;
    for (const socket of [client, behind]) {
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => open.delete(socket));
    }
    client.on("data", (bytes) => {
      if (awaited !== undefined && bytes.includes(awaited)) {
        cut = true;
        awaited = undefined;
      }
      behind.write(bytes);
    });
    behind.on("data", (bytes) => {
      if (cut) client.destroy();
      else client.write(bytes);
    });
    client.on("close", () => behind.end());
    behind.on("close", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cutAfter(text) {
      awaited = text;
    },
    async stop() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
