import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { TLSSocket } from "node:tls";
import { clientAllowed } from "../../tls.ts";
import type { HttpSource } from "../sources.ts";

/** Which source a request is from, as far as its headers and its connection tell; a signature is checked on the body. */
export type Identified =
  | { outcome: "source"; source: HttpSource }
  | { outcome: "refused"; status: 401 | 403 | 404; code: string; detail: string; source: string };

/**
 * Finds the source that a path names, or the one whose token comes with the name of its connector.
 * All that the source configures must hold.
 */
export function identify(sources: readonly HttpSource[], request: IncomingMessage, name: string): Identified {
  const token = tokenOf(request.headers.authorization ?? "");
  const owner = token === undefined ? undefined : ownerOf(sources, token);
  if (owner?.id === name || owner?.connector.name === name) return checkClient(owner, request);
  const named = sources.find((each) => each.id === name);
  if (named !== undefined && named.tokenDigest === undefined) return checkClient(named, request);
  if (owner === undefined) {
    const detail = "No source has this token; take it from the configuration of the source.";
    return { outcome: "refused", status: 401, code: "bad_token", detail, source: named?.id ?? "" };
  }
  const detail = `This token is that of the source ${owner.id}: post to /api/v1/alerts/${owner.id}.`;
  return { outcome: "refused", status: 404, code: "wrong_connector", detail, source: owner.id };
}

/** The bearer token, or the password of Basic for senders that know nothing else. */
function tokenOf(authorization: string): string | undefined {
  const [, scheme = "", credentials] = /^(Bearer|Basic) +(\S+) *$/i.exec(authorization) ?? [];
  if (credentials === undefined || scheme.toLowerCase() === "bearer") return credentials;
  const pair = Buffer.from(credentials, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon < 0 ? undefined : pair.slice(colon + 1);
}

/** Looks at every digest, whichever is right: the time it takes tells nothing. */
function ownerOf(sources: readonly HttpSource[], token: string): HttpSource | undefined {
  const digest = createHash("sha256").update(token).digest();
  let found: HttpSource | undefined;
  for (const source of sources) {
    if (source.tokenDigest !== undefined && timingSafeEqual(source.tokenDigest, digest)) found = source;
  }
  return found;
}

function checkClient(source: HttpSource, request: IncomingMessage): Identified {
  const { client } = source;
  if (client === undefined) return { outcome: "source", source };
  const socket = request.socket as TLSSocket;
  const { allowed, because } = socket.encrypted
    ? clientAllowed(socket, client)
    : { allowed: false, because: "the connection is not TLS" };
  if (allowed) return { outcome: "source", source };
  const detail = `This client may not post for ${source.id}: ${because}.`;
  return { outcome: "refused", status: 403, code: "client_refused", detail, source: source.id };
}
