import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { expect } from "vitest";
import { makeAuthority, openssl } from "../support/authority.ts";
import { FACILITY, makeHouse, relevant, startDaemon } from "../support/daemon.ts";
import { itPeer } from "../support/peer.ts";

/** Asks over TLS, trusting this one certificate. */
function ask(
  url: string,
  ca: Buffer,
  options: { token?: string; body?: string } = {},
): Promise<{ status: number; protocol: string | null }> {
  return new Promise((resolve, reject) => {
    const method = options.body === undefined ? "GET" : "POST";
    const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const sent = request(url, { ca, method, headers, servername: "localhost" }, (response) => {
      const { socket } = response as unknown as { socket: import("node:tls").TLSSocket };
      const protocol = socket.getProtocol();
      response.resume().on("end", () => resolve({ status: response.statusCode ?? 0, protocol }));
    });
    sent.on("error", reject).end(options.body);
  });
}

itPeer(openssl, "people, intake and operations each listen with TLS, and with nothing less", async () => {
  const house = await makeHouse();
  try {
    const authority = makeAuthority(join(house.directory, "tls"));
    authority.issue("server", { commonName: "localhost", dns: ["localhost"] });
    const listener =
      "{ address: 0.0.0.0, port: 0, tls: { certificate: tls/server.pem, key: tls/server.key } }";
    const text = readFileSync(house.config, "utf8");
    writeFileSync(
      house.config,
      text.replace(
        /^listeners:.*$/m,
        `listeners: { people: ${listener}, intake: ${listener}, operations: ${listener} }`,
      ),
    );
    const daemon = await startDaemon(house);
    try {
      const { ca } = authority;
      const local = (url: string) => url.replace("0.0.0.0", "127.0.0.1").replace("http:", "https:");
      expect(await ask(`${local(daemon.people)}/${FACILITY}/connexion`, ca)).toEqual({
        status: 200,
        protocol: "TLSv1.3",
      });
      expect(await ask(`${local(daemon.operations)}/readyz`, ca)).toMatchObject({ status: 200 });
      const alert = { token: house.tokens.generic, body: JSON.stringify(relevant("tls-1")) };
      expect(await ask(`${local(daemon.alerts)}/generic`, ca, alert)).toMatchObject({ status: 202 });
      await expect(fetch(`${local(daemon.people).replace("https:", "http:")}/`)).rejects.toThrow();
    } finally {
      expect(await daemon.end("SIGTERM")).toBe(0);
    }
  } finally {
    house.remove();
  }
});
