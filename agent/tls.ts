import { constants, createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createSecureContext, type Server, type TLSSocket, type TlsOptions } from "node:tls";
import type { ServerTls } from "../config/source.ts";
import { messageOf } from "./core/errors.ts";
import { readCertificates } from "./core/read-certificates.ts";
import type { Log } from "./telemetry/log.ts";
import { seldom } from "./telemetry/seldom.ts";

/** Authenticated encryption under a key of one session alone (RFC 9325 §4.2): Node's own list still has CBC and RSA's. */
const CIPHERS = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  ...["AES256-GCM-SHA384", "CHACHA20-POLY1305", "AES128-GCM-SHA256"].flatMap((cipher) => [
    `ECDHE-ECDSA-${cipher}`,
    `ECDHE-RSA-${cipher}`,
  ]),
].join(":");
/** How often the files of a listener are looked at, ms. */
const LOOK_EVERY = 3000;
const NO_CERTIFICATE = "it gave no certificate";

/** Whom an open TLS listener tells what becomes of its files, and of the clients that it does not let in. */
export interface TlsWatch {
  /** Its part of the configuration. */
  where: string;
  log: Pick<Log, "info" | "warn">;
  refused?(code: "tls_handshake" | "tls_client_refused"): void;
}

/** What a TLS server is made with. */
export interface TlsMeans {
  options: TlsOptions;
  /**
   * Looks after a server: renews its files, turns away the clients that are not let in. Returns how to stop.
   * The `peer` of the emitter, when it has one, is who is told: a socket that Node closed knows its address no more.
   */
  guard(server: Server, watch: TlsWatch): () => void;
}

/**
 * Reads the files of a TLS listener; throws when they cannot be used.
 * With `strangers: "served"` a client certificate is asked for, and what it is worth is left to who serves.
 */
export function openTls(
  tls: ServerTls,
  given: { strangers?: "refused" | "served" | undefined; handshakeSeconds: number },
): TlsMeans {
  const files = filesOf(tls);
  const first = files.map((file) => readFileSync(file));
  const wanted = given.strangers === "served" ? undefined : tls.clients;
  return {
    options: {
      ...contextOf(tls, first),
      handshakeTimeout: given.handshakeSeconds * 1000,
      requestCert: tls.clients !== undefined,
      rejectUnauthorized: wanted !== undefined,
    },
    guard(server, watch) {
      const warn = seldom(watch.log);
      function refuse(
        code: "tls_handshake" | "tls_client_refused",
        because: string,
        { socket, peer = socket.remoteAddress }: { socket: TLSSocket; peer: string | undefined },
      ): void {
        const message = code === "tls_handshake" ? "TLS handshake failed" : "TLS client refused";
        warn(message, { where: watch.where, peer, because });
        watch.refused?.(code);
        socket.destroy();
      }
      server.on("tlsClientError", function (this: { peer?: string }, error: NodeJS.ErrnoException, socket) {
        const client = { socket, peer: this.peer };
        // OpenSSL tells a missing certificate, Node one that is not to be trusted.
        const missing = error.code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE";
        if (missing) refuse("tls_client_refused", NO_CERTIFICATE, client);
        else if (socket.authorizationError) refuse("tls_client_refused", untrusted(socket), client);
        else refuse("tls_handshake", messageOf(error), client);
      });
      // Before any other listener, so that nothing of a client that is refused is ever read.
      server.prependListener("secureConnection", function (this: { peer?: string }, socket) {
        if (wanted === undefined) return;
        const { allowed, because, name } = clientAllowed(socket, wanted);
        if (!allowed) refuse("tls_client_refused", `${name}: ${because}`, { socket, peer: this.peer });
      });
      return renew(server, { tls, first, watch });
    },
  };
}

/** Gives a server its files again whenever their content changes; what cannot be used is told once. */
function renew(
  server: Server,
  { tls, first, watch }: { tls: ServerTls; first: Buffer[]; watch: TlsWatch },
): () => void {
  const files = filesOf(tls);
  let used = digestOf(first);
  let unusable = "";
  let open = true;
  async function look(): Promise<void> {
    let found = "";
    try {
      const read = await Promise.all(files.map((file) => readFile(file)));
      found = digestOf(read);
      if (found !== used && open) {
        const context = contextOf(tls, read);
        createSecureContext(context);
        server.setSecureContext(context);
        used = found;
        watch.log.info("TLS certificate renewed", { where: watch.where, certificate: tls.certificate });
      }
      unusable = "";
    } catch (error) {
      const because = messageOf(error);
      // A file may be half written: it is looked at again, and told once.
      if (unusable !== `${found}${because}`)
        watch.log.warn("TLS certificate not renewed: the old one stays", { where: watch.where, because });
      unusable = `${found}${because}`;
    }
    if (open) timer = setTimeout(look, LOOK_EVERY).unref();
  }
  let timer = setTimeout(look, LOOK_EVERY).unref();
  return () => {
    open = false;
    clearTimeout(timer);
  };
}

/** Tells whether the certificate that a client gave lets it in: signed by the authority, and one of those named. */
export function clientAllowed(
  socket: TLSSocket,
  clients: { names: readonly string[]; fingerprints: readonly string[] },
): { allowed: boolean; because: string; name: string } {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { allowed: false, because: NO_CERTIFICATE, name: "" };
  const { CN } = certificate.toLegacyObject().subject as { CN?: string | string[] };
  const name = [CN ?? ""].flat()[0] ?? "";
  if (!socket.authorized) return { allowed: false, because: untrusted(socket), name };
  const { names, fingerprints } = clients;
  if (names.length + fingerprints.length === 0)
    return { allowed: true, because: "signed by the authority", name };
  const digits = (fingerprint: string) => fingerprint.replaceAll(":", "").toUpperCase();
  const own = digits(certificate.fingerprint256);
  if (fingerprints.some((each) => digits(each) === own))
    return { allowed: true, because: "its fingerprint is listed", name };
  for (const each of names) {
    // A leading dot is any one label to OpenSSL; the common name counts beside a DNS name (RFC 5425 §5.2).
    const asked = each.startsWith("*.") ? each.slice(1) : each;
    const found = certificate.checkHost(asked, {
      subject: "always",
      singleLabelSubdomains: true,
      partialWildcards: false,
    });
    if (found !== undefined) return { allowed: true, because: `named ${found}`, name: found };
  }
  return { allowed: false, because: "neither its names nor its fingerprint are listed", name };
}

function untrusted(socket: TLSSocket): string {
  return `its certificate is not to be trusted: ${String(socket.authorizationError)}`;
}

function filesOf({ certificate, key, clients }: ServerTls): string[] {
  return [certificate, key, ...(clients === undefined ? [] : [clients.authority])];
}

function contextOf({ minimum }: ServerTls, [cert, key, authority]: Buffer[]): TlsOptions {
  // OpenSSL would take what of an authority is half written for no authority at all.
  if (authority !== undefined) readCertificates(authority);
  const { SSL_OP_NO_RENEGOTIATION, SSL_OP_NO_TICKET } = constants;
  // A resumed session would not have its client's certificate looked at again.
  const session = authority === undefined ? 0 : SSL_OP_NO_TICKET;
  return {
    cert,
    key,
    ...(authority === undefined ? {} : { ca: authority }),
    minVersion: `TLSv${minimum}`,
    ciphers: CIPHERS,
    secureOptions: SSL_OP_NO_RENEGOTIATION | session,
  };
}

function digestOf(files: Buffer[]): string {
  const hash = createHash("sha256");
  for (const file of files) hash.update(createHash("sha256").update(file).digest());
  return hash.digest("hex");
}
