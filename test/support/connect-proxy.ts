import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";

export interface ProxyAsked {
  method: string;
  target: string;
  authorization: string | undefined;
}

/** A real small proxy on the loopback that remembers what it was asked; `tunnel` answers CONNECT in its own way. */
export async function connectProxy(
  options: {
    tunnel?: ((socket: Duplex, asked: ProxyAsked) => void) | undefined;
    plain?: ((response: ServerResponse, asked: ProxyAsked) => void) | undefined;
    tls?: ServerOptions | undefined;
    /** Where each tunnel leads, whatever was asked. (Default: where it was asked.) */
    leadsTo?: number | undefined;
  } = {},
) {
  const asked: ProxyAsked[] = [];
  const sockets = new Set<Duplex>();
  const note = ({ method = "", url = "", headers }: IncomingMessage): ProxyAsked => {
    const one = { method, target: url, authorization: headers["proxy-authorization"] };
    asked.push(one);
    return one;
  };
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const one = note(request);
    request.resume();
    if (options.plain === undefined) response.end("by the proxy");
    else options.plain(response, one);
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  server.on("connect", (request: IncomingMessage, socket: Duplex) => {
    const one = note(request);
    socket.on("error", () => undefined);
    if (options.tunnel !== undefined) return options.tunnel(socket, one);
    const port = options.leadsTo ?? Number(one.target.split(":").at(-1));
    const onward = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    onward.on("error", () => socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: options.tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    place: options.tls === undefined ? `127.0.0.1:${port}` : `localhost:${port}`,
    asked,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
