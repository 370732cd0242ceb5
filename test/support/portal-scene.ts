import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import type { ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { portalHttp } from "../../connectors/outbound/portal-http/index.ts";
import { type Issued, makeAuthority } from "./authority.ts";
import { type Asked, gatewayServer } from "./gateway-server.ts";

/** What the facility of the scene keeps secret. */
export const PORTAL_SECRET = "k3y-of-the-facility";

/** An authority, and portals over TLS on localhost that it vouches for; `rest` closes those, `close` all. */
export function openPortalScene() {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-portal-"));
  const authority = makeAuthority(join(folder, "authority"));
  const own = authority.issue("portal", { dns: ["localhost"] });
  const client = authority.issue("client", { commonName: "CH X" });
  const closing: (() => void)[] = [];
  const rest = () => {
    for (const close of closing.splice(0)) close();
  };
  const pem = ({ files }: Issued) => ({
    key: readFileSync(files.key),
    cert: readFileSync(files.certificate),
  });
  const mutual = () => ({ ...pem(own), ca: authority.ca, requestCert: true, rejectUnauthorized: true });
  return {
    authority,
    pem,
    /** What a portal is made with that asks for a certificate of this authority. */
    mutual,
    rest,
    close() {
      rest();
      rmSync(folder, { recursive: true, force: true });
    },
    closeLater: (close: () => void) => void closing.push(close),
    strangers: (name: string) => makeAuthority(join(folder, name)),

    async portal(answer: (asked: Asked, response: ServerResponse) => void, tls: ServerOptions = pem(own)) {
      const server = await gatewayServer(answer, tls);
      closing.push(server.close);
      return server;
    },

    /** A server of TLS that is no HTTP server, once it was sent something. */
    async rawPortal(serve: (socket: TLSSocket) => void): Promise<string> {
      const server = createServer(pem(own), (socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => serve(socket));
      }).listen(0, "127.0.0.1");
      await once(server, "listening");
      closing.push(() => server.close());
      return `https://localhost:${(server.address() as AddressInfo).port}`;
    },

    /** The way out to a portal, which answers its reference as `id`. */
    open(url: string, settings: object = {}) {
      const config = portalHttp.config.parse({
        to: "Le portail",
        url: `${url}/declarations`,
        authentication: { by: "api_key", header: "X-Api-Key", key: { env: "KEY" } },
        tls: { authority: { file: "authority.pem" } },
        receipt: { reference: "/id" },
        timeouts: { connect_seconds: 1, answer_seconds: 1 },
        private_networks: ["127.0.0.0/8", "::1"],
        ...settings,
      });
      const secrets: Record<string, string> = {
        "authentication.key": PORTAL_SECRET,
        "tls.authority": String(authority.ca),
        "tls.certificate": readFileSync(client.files.certificate, "utf8"),
        "tls.key": readFileSync(client.files.key, "utf8"),
      };
      return portalHttp.open(config, (name) => secrets[name] ?? "");
    },
  };
}
