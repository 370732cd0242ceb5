import { clip, type Draft } from "../../shared/draft.ts";
import { isObject, type JsonObject, textValue } from "../../shared/json.ts";

/** Suricata's priorities: 1 is the highest. */
const RISKS = [75, 75, 50, 30, 10];

/** Writes the signature that matched, and what was done about it. */
export function writeAlert(draft: Draft, told: JsonObject): void {
  const { alert, event } = draft;
  const rule: NonNullable<typeof alert.rule> = {};
  const id = textValue(told.signature_id);
  const name = textValue(told.signature);
  const category = textValue(told.category);
  const version = textValue(told.rev);
  if (id !== undefined) rule.id = clip(draft, id);
  if (name !== undefined) rule.name = clip(draft, name);
  if (category !== undefined) rule.category = clip(draft, category);
  if (version !== undefined) rule.version = clip(draft, version);
  const references = Array.isArray(told.references) ? textValue(told.references[0]) : undefined;
  if (references !== undefined) rule.reference = clip(draft, references);
  alert.rule = rule;
  if (name !== undefined) alert.message = clip(draft, name);
  const severity = Number(textValue(told.severity) ?? Number.NaN);
  if (Number.isInteger(severity) && severity >= 0 && severity <= 255) {
    event.severity = severity;
    event.risk_score_norm = RISKS[Math.min(severity, 4)] as number;
  }
  const action = textValue(told.action);
  if (action !== undefined) {
    event.action = clip(draft, action);
    event.type = action === "blocked" ? ["denied"] : action === "allowed" ? ["allowed"] : ["info"];
  }
  if (isObject(told.metadata)) {
    writeThreat(draft, told.metadata);
    writeVulnerability(draft, told.metadata);
  }
}

/** Identifiers and scores of vulnerabilities; rules write `2021_44228`, `CVE_2021_44228` and `CVE-2021-44228`. */
function writeVulnerability(draft: Draft, { cve, cvss_v3_base: scored }: JsonObject): void {
  const list = Array.isArray(cve) ? cve.slice(0, 16) : [cve];
  const ids = list.flatMap((one) => {
    const [, year, number] = /^(?:cve[_-])?(\d{4})[_-](\d{4,7})$/i.exec(textValue(one) ?? "") ?? [];
    return year === undefined ? [] : [`CVE-${year}-${number}`];
  });
  if (ids.length === 0) return;
  const base = Number(textValue(Array.isArray(scored) ? scored[0] : scored) ?? Number.NaN);
  draft.alert.vulnerability = {
    id: ids,
    ...(base >= 0 && base <= 10 && { score: { base, version: "3.0" } }),
  };
}

/** Rules of Emerging Threats tell ATT&CK in their metadata; words there are written with underscores. */
function writeThreat(draft: Draft, metadata: JsonObject): void {
  const words = (key: string) => {
    const list = Array.isArray(metadata[key]) ? metadata[key].slice(0, 16) : [metadata[key]];
    return list.filter((one) => typeof one === "string" && one.length <= 256);
  };
  const spelt = (key: string) => words(key).map((one) => one.replaceAll("_", " "));
  // Other rules write `mitre_attack t1190`.
  const written = words("mitre_attack").map((one) => one.toUpperCase());
  const technique = [
    ...words("mitre_technique_id"),
    ...written.filter((one) => /^T\d{4}(?:\.\d{3})?$/.test(one)),
  ];
  const tactic = words("mitre_tactic_id");
  if (technique.length + tactic.length === 0) return;
  const named = (id: string[], name: string[]) => ({ id, ...(name.length > 0 && { name }) });
  draft.alert.threat = {
    ...(technique.length > 0 && { technique: named(technique, spelt("mitre_technique_name")) }),
    ...(tactic.length > 0 && { tactic: named(tactic, spelt("mitre_tactic_name")) }),
  };
}
