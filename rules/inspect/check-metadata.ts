import type { Finding } from "./finding.ts";
import { nearest } from "./nearest.ts";

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const STATUSES = ["stable", "test", "experimental", "deprecated", "unsupported"];

/** Tactics of ATT&CK (enterprise, mobile, ICS) as tags spell them, those of former versions too. */
export const TACTICS = [
  "reconnaissance",
  "resource-development",
  "initial-access",
  "execution",
  "persistence",
  "privilege-escalation",
  "defense-evasion",
  "stealth",
  "defense-impairment",
  "credential-access",
  "discovery",
  "lateral-movement",
  "collection",
  "command-and-control",
  "exfiltration",
  "impact",
  "evasion",
  "inhibit-response-function",
  "impair-process-control",
] as const;

/** What follows the namespace of a tag; Sigma's tags appendix and what the public rules use. */
const NAMESPACES: Readonly<Record<string, RegExp>> = {
  attack: new RegExp(`^(?:t\\d{4}(?:\\.\\d{3})?|[gsm]\\d{4}|ds\\d{4}|c\\d{4}|${TACTICS.join("|")})$`),
  car: /^\d{4}-\d{2}-\d{3}$/,
  cve: /^\d{4}[-.]\d{4,}$/,
  d3fend: /^d3[a-z-]*[\w.-]*$/,
  detection: /^(?:dfir|emerging-threats|threat-hunting)$/,
  stp: /^\d[a-z]?$/,
  tlp: /^(?:red|amber|amber-strict|green|clear|white)$/,
};

/** Finds metadata that is missing or is not as the specification asks. */
export function checkMetadata(loaded: Finding["loaded"], raw: Readonly<Record<string, unknown>>): Finding[] {
  const found: Finding[] = [];
  const say = (code: string, path: PropertyKey[], message: string, remedy: string) =>
    found.push({ loaded, code, path, message, remedy });

  if (raw.id === undefined && !loaded.sharesId)
    say(
      "id_missing",
      ["title"],
      "the rule has no id: its name or title stands for it",
      "give it a UUID (version 4)",
    );
  else if (raw.id !== undefined && !UUID.test(String(raw.id)))
    say("id_not_uuid", ["id"], `the id "${String(raw.id)}" is no UUID`, "give it a UUID (version 4)");
  if (raw.level === undefined)
    say("level_missing", ["title"], "the rule has no level: it counts as medium", "add `level:`");
  if (raw.status !== undefined && !STATUSES.includes(String(raw.status)))
    say(
      "status_unknown",
      ["status"],
      `"${String(raw.status)}" is no status`,
      `use one of ${STATUSES.join(", ")}`,
    );
  for (const key of ["date", "modified"] as const) {
    if (raw[key] !== undefined && !DATE.test(String(raw[key])))
      say("date_invalid", [key], `"${String(raw[key])}" is no date of ISO 8601`, "write it as 2026-01-31");
  }
  if (raw.tags !== undefined && !Array.isArray(raw.tags))
    say("tags_not_a_list", ["tags"], "tags must be a list: none counts", "write one a line, after a dash");
  for (const [at, tag] of (Array.isArray(raw.tags) ? raw.tags : []).entries()) checkTag(String(tag), at, say);
  return found;
}

function checkTag(
  tag: string,
  at: number,
  say: (code: string, path: PropertyKey[], message: string, remedy: string) => void,
): void {
  const [namespace = "", ...rest] = tag.toLowerCase().split(".");
  const shape = Object.hasOwn(NAMESPACES, namespace) ? NAMESPACES[namespace] : undefined;
  const path = ["tags", at];
  // Another namespace is the author's own: Sigma lets him.
  if (rest.length === 0)
    say("tag_without_namespace", path, `the tag "${tag}" has no namespace`, "write it as namespace.name");
  else if (shape !== undefined && !shape.test(rest.join("."))) {
    const near = namespace === "attack" ? nearest(rest.join("."), TACTICS) : undefined;
    const remedy = near === undefined ? "correct it" : `did you mean attack.${near}?`;
    say("tag_unknown", path, `the tag "${tag}" is none of ${namespace}`, remedy);
  }
}
