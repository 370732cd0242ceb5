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
  if (isObject(told.metadata)) writeThreat(draft, told.metadata);
}

/** Rules of Emerging Threats tell ATT&CK in their metadata; words there are written with underscores. */
function writeThreat(draft: Draft, metadata: JsonObject): void {
  const words = (key: string) => {
    const list = Array.isArray(metadata[key]) ? metadata[key].slice(0, 16) : [metadata[key]];
    return list.filter((one) => typeof one === "string" && one.length <= 256);
  };
  const spelt = (key: string) => words(key).map((one) => one.replaceAll("_", " "));
  const technique = words("mitre_technique_id");
  const tactic = words("mitre_tactic_id");
  if (technique.length + tactic.length === 0) return;
  draft.alert.threat = {
    technique: { id: technique, name: spelt("mitre_technique_name") },
    tactic: { id: tactic, name: spelt("mitre_tactic_name") },
  };
}
