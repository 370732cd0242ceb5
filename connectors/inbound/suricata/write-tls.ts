import type { ParseContext } from "../../contract.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { isObject, type JsonObject, textValue } from "../../shared/json.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { putServerName } from "./put-server-name.ts";

/** Writes what a handshake says, of TLS itself or within QUIC. */
export function writeTls(draft: Draft, told: JsonObject, context: ParseContext): void {
  const { alert } = draft;
  const text = (name: string) => {
    const found = textValue(told[name]);
    return found === undefined ? undefined : clip(draft, found);
  };
  const tls: NonNullable<typeof alert.tls> = {};
  const version = text("version");
  if (version !== undefined && version !== "UNDETERMINED") {
    tls.version = version.replace(/^(?:TLS|SSL)(?:v| )/, "");
    tls.version_protocol = version.startsWith("SSL") ? "ssl" : "tls";
  }
  if (told.session_resumed === true) tls.resumed = true;
  const name = text("sni");
  const ja3 = isObject(told.ja3) ? textValue(told.ja3.hash) : undefined;
  if (name !== undefined || ja3 !== undefined)
    tls.client = {
      ...(name !== undefined && { server_name: name }),
      ...(ja3 !== undefined && { ja3: clip(draft, ja3) }),
    };
  const subject = text("subject");
  const issuer = text("issuerdn");
  const sha1 = text("fingerprint")?.replaceAll(":", "").toUpperCase();
  const ja3s = isObject(told.ja3s) ? textValue(told.ja3s.hash) : undefined;
  const from = dateOf(told.notbefore, context);
  const until = dateOf(told.notafter, context);
  const server = {
    ...(subject !== undefined && { subject }),
    ...(issuer !== undefined && { issuer }),
    ...(sha1 !== undefined && { hash: { sha1 } }),
    ...(ja3s !== undefined && { ja3s: clip(draft, ja3s) }),
    ...(from !== undefined && { not_before: isoOf(from) }),
    ...(until !== undefined && { not_after: isoOf(until) }),
  };
  if (Object.keys(server).length > 0) tls.server = server;
  if (Object.keys(tls).length > 0) alert.tls = tls;
  if (name !== undefined) putServerName(draft, name);
}

/** Certificates tell their times without a zone: they are of UTC. */
function dateOf(told: unknown, context: ParseContext) {
  if (typeof told !== "string") return undefined;
  const bare = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(told);
  return readWholeDate(bare ? `${told}Z` : told, context);
}
