import { isDeepStrictEqual } from "node:util";
import type { Tell } from "./check-surroundings.ts";
import type { Poll } from "./poll.ts";
import type { Config } from "./schema.ts";
import type { Secret } from "./secrets.ts";

/** The source under which Tocsin tells what becomes of the others. */
const OWN = "tocsin";
/** A name as certificates have them: a wildcard stands for its first label, it ends with no dot and holds no NUL. */
const CERTIFICATE_NAME = /^(?:\*\.)?[^*\p{Cc}]*[^*.\p{Cc}]$/u;

/** What sources say that only contradicts, or is of no use, beside other sources and settings. */
export function checkSources(
  config: Config,
  /** By configuration path; null when they are left unread. */
  secrets: ReadonlyMap<string, Secret> | null,
  tell: Tell,
): void {
  const polls: { id: string; poll: Poll }[] = [];
  for (const [i, source] of config.sources.entries()) {
    const { id, client, listen, poll, silent_after_minutes: minutes } = source;
    const path = ["sources", i];
    if (id === OWN)
      tell(
        [...path, "id"],
        "source_reserved",
        `"${OWN}" tells of the other sources itself`,
        "take another id",
      );
    for (const [j, name] of (client?.names ?? []).entries())
      checkName(name, [...path, "client", "names", j], tell);
    for (const [j, way] of listen.entries()) {
      const names = "tls" in way ? way.tls?.clients?.names : undefined;
      for (const [k, name] of (names ?? []).entries())
        checkName(name, [...path, "listen", j, "tls", "clients", "names", k], tell);
    }
    if (poll === undefined) continue;
    if (minutes !== undefined && minutes * 60 <= poll.every_seconds)
      tell(
        [...path, "silent_after_minutes"],
        "silence_too_short",
        `the index is asked every ${poll.every_seconds} s: it would be silent between two questions`,
        "give a longer silence, or ask more often (poll.every_seconds)",
      );
    const other = polls.find(({ poll: { url, index, query } }) =>
      isDeepStrictEqual([url, index, query], [poll.url, poll.index, poll.query]),
    );
    if (other !== undefined)
      tell(
        [...path, "poll"],
        "poll_repeated",
        `the source "${other.id}" asks the same index the same: each alert would come twice`,
        "remove one, or give each its own query",
      );
    polls.push({ id, poll });
  }
  const { clients } = config.listeners.intake.tls ?? {};
  for (const [j, name] of (clients?.names ?? []).entries())
    checkName(name, ["listeners", "intake", "tls", "clients", "names", j], tell);
  if (secrets !== null) checkSigned(config, secrets, tell);
}

function checkName(name: string, path: readonly PropertyKey[], tell: Tell): void {
  if (CERTIFICATE_NAME.test(name) && !name.includes("://")) return;
  const remedy = "write a DNS name or a common name as it stands there; a leading *. is any one label";
  tell(path, "name_not_in_certificate", `no certificate can be named ${name}`, remedy);
}

/** What signs for one source must be known to no other, nor travel as a token. */
function checkSigned(config: Config, secrets: ReadonlyMap<string, Secret>, tell: Tell): void {
  const known = config.sources.flatMap(({ id }, i) =>
    ["token", "signature.secret"].flatMap((name) => {
      const secret = secrets.get(`sources.${i}.${name}`)?.reveal();
      return secret === undefined ? [] : [{ i, id, name, secret }];
    }),
  );
  for (const { i, name, secret } of known) {
    if (name === "token") continue;
    const other = known.find((each) => each.secret === secret && (each.name === "token" || each.i < i));
    if (other === undefined) continue;
    const what = other.name === "token" ? "token" : "signing secret";
    tell(
      ["sources", i, "signature", "secret"],
      "secret_repeated",
      `the secret is also the ${what} of the source "${other.id}"`,
      "give each its own (openssl rand -base64 32)",
    );
  }
}
