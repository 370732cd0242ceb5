import { isAddress } from "../../shared/address.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { isObject, type JsonObject, textValue } from "../../shared/json.ts";

/** What a rule's group tells of the event, the surest first. */
const GROUPS: readonly [string, { category: string; outcome?: "success" | "failure" }][] = [
  ["authentication_failed", { category: "authentication", outcome: "failure" }],
  ["authentication_failures", { category: "authentication", outcome: "failure" }],
  ["authentication_success", { category: "authentication", outcome: "success" }],
  ["win_authentication_failed", { category: "authentication", outcome: "failure" }],
  ["vulnerability-detector", { category: "vulnerability" }],
  ["virus", { category: "malware" }],
  ["malware", { category: "malware" }],
  ["ids", { category: "intrusion_detection" }],
  ["rootcheck", { category: "intrusion_detection" }],
  ["yara", { category: "malware" }],
  ["adduser", { category: "iam" }],
  ["account_changed", { category: "iam" }],
  ["syscheck", { category: "file" }],
  ["firewall", { category: "network" }],
  ["sca", { category: "configuration" }],
  ["web", { category: "web" }],
];

/** Writes a rule of Wazuh 4: levels are 0 to 15. */
export function writeRule(draft: Draft, rule: JsonObject): void {
  const { alert, event } = draft;
  const level = typeof rule.level === "string" && rule.level !== "" ? Number(rule.level) : rule.level;
  if (typeof level === "number" && level >= 0 && level <= 100) {
    event.severity = level;
    event.risk_score_norm = Math.min(100, Math.round((level / 15) * 100));
  }
  const id = textValue(rule.id);
  const description = textValue(rule.description);
  const written: NonNullable<typeof alert.rule> = {};
  if (id !== undefined) written.id = clip(draft, id);
  if (description !== undefined) written.description = written.name = clip(draft, description);
  alert.rule = written;
  const [known] = /\bCVE-\d{4}-\d{4,7}/.exec(textValue(rule.info)?.slice(0, 256) ?? "") ?? [];
  if (known !== undefined) alert.vulnerability = { id: [known] };
  const groups = texts(rule.groups).map((group) => group.trim());
  if (groups.length > 0) {
    written.category = clip(draft, groups.join(","));
    const told = GROUPS.find(([group]) => groups.includes(group))?.[1];
    if (told !== undefined) {
      event.category = [told.category];
      if (told.outcome !== undefined) event.outcome = told.outcome;
    }
  }
  if (isObject(rule.mitre)) writeMitre(draft, rule.mitre);
}

/** ATT&CK, in the lists of Wazuh 4 or the objects of Wazuh 5. */
export function writeMitre(draft: Draft, mitre: JsonObject): void {
  const part = (value: unknown, member: string) => texts(isObject(value) ? value[member] : undefined);
  const named = (value: unknown) => (isObject(value) ? part(value, "name") : texts(value));
  const ids = [...texts(mitre.id), ...part(mitre.technique, "id")];
  const techniques = named(mitre.technique);
  const tactics = named(mitre.tactic);
  const tacticIds = part(mitre.tactic, "id");
  const below = part(mitre.subtechnique, "id");
  if (ids.length + techniques.length + tactics.length + tacticIds.length + below.length === 0) return;
  draft.alert.threat = {
    technique: {
      id: ids,
      name: techniques,
      ...(below.length > 0 && { subtechnique: { id: below, name: part(mitre.subtechnique, "name") } }),
    },
    tactic: { name: tactics, ...(tacticIds.length > 0 && { id: tacticIds }) },
  };
}

/** Writes who sent the event: the agent, or for what the manager received by syslog the host that it names. */
export function writeAgent(draft: Draft, value: JsonObject): void {
  const { alert } = draft;
  const agent = isObject(value.agent) ? value.agent : {};
  const predecoder = isObject(value.predecoder) ? value.predecoder : {};
  const name = textValue(agent.name);
  const id = textValue(agent.id);
  const ip = textValue(agent.ip);
  const location = textValue(value.location);
  if (id !== undefined || name !== undefined) {
    alert.agent = { type: "wazuh" };
    if (id !== undefined) alert.agent.id = clip(draft, id);
    if (name !== undefined) alert.agent.name = clip(draft, name);
  }
  const hostname = textValue(predecoder.hostname);
  const relayed = id === "000" && location !== undefined && isAddress(location);
  const host = relayed ? (hostname ?? location) : (name ?? hostname);
  if (host !== undefined) alert.host = { name: clip(draft, host), hostname: clip(draft, host) };
  const address = relayed ? location : ip;
  if (address !== undefined && isAddress(address)) {
    alert.host ??= {};
    alert.host.ip = [address];
  }
  const program = textValue(predecoder.program_name);
  if (program !== undefined) alert.process = { name: clip(draft, program) };
  if (hostname !== undefined) alert.log = { syslog: { hostname: clip(draft, hostname) } };
  if (location !== undefined && /^(?:\/|[A-Za-z]:\\)/.test(location)) {
    alert.log ??= {};
    alert.log.file = { path: clip(draft, location) };
  }
}

/** Writes what a location in one text tells: `(web01) 192.0.2.1->/var/log/auth.log`, or `host->program`. */
export function writeLocation(draft: Draft, whole: string | undefined): void {
  if (whole === undefined) return;
  const { alert } = draft;
  const arrow = whole.indexOf("->");
  const from = arrow < 0 ? "" : whole.slice(0, arrow);
  const path = arrow < 0 ? whole : whole.slice(arrow + 2);
  const named = /^\(([^()]{1,255})\) ?(.*)$/.exec(from.slice(0, 600));
  const name = named?.[1] ?? from;
  const address = named?.[2] ?? name;
  if (name !== "") alert.host = { name: clip(draft, name), hostname: clip(draft, name) };
  if (isAddress(address)) alert.host = { ...alert.host, ip: [address] };
  if (path.startsWith("/")) alert.log = { ...alert.log, file: { path: clip(draft, path) } };
}

export function texts(value: unknown): string[] {
  const kept: string[] = [];
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && index < 64; index++) add(value[index]);
  } else add(value);
  return kept;

  function add(item: unknown): void {
    if (typeof item === "string" && item !== "" && item.length <= 1024) kept.push(item);
  }
}
