import type { ParseContext } from "../contract.ts";
import { clip, type Draft } from "./draft.ts";
import { at, isObject, type JsonObject, textValue } from "./json.ts";
import { putEcs } from "./put-ecs.ts";
import { riskOfWord } from "./severity.ts";

/** ECS fields by what Kibana's alert documents call them after `kibana.alert.`. */
const PLACES = Object.entries({
  "rule.name": "rule.name",
  "rule.uuid": "rule.uuid",
  "rule.rule_id": "rule.id",
  "rule.description": "rule.description",
  "rule.category": "rule.category",
  reason: "event.reason",
  uuid: "event.id",
  risk_score: "event.risk_score",
  url: "event.url",
}).map(([place, field]) => ({ place, path: place.split("."), field }));

/** Techniques and tactics that are kept. */
const MOST = 32;

/** Writes what a detection of Elastic Security adds to the event it found; `clothed` when that event was read as Windows'. */
export function writeDetection(
  draft: Draft,
  document: JsonObject,
  clothed: boolean,
  context: ParseContext,
): void {
  const nested = at(document, "kibana", "alert");
  if (!isObject(nested) && document["kibana.alert.rule.name"] === undefined) return;
  const told = (place: string, path: readonly string[]): unknown =>
    document[`kibana.alert.${place}`] ?? path.reduce<unknown>((here, key) => at(here, key), nested);
  const { event } = draft;
  if (clothed) {
    event.kind = "signal";
    for (const { place, path, field } of PLACES) {
      const value = told(place, path);
      if (value !== undefined && value !== null) putEcs(draft, field, value, context);
    }
    const risk = riskOfWord(textValue(told("severity", ["severity"])) ?? "");
    if (risk !== undefined) event.risk_score_norm = Math.max(risk, event.risk_score_norm ?? 0);
  }
  event.kind ??= "signal";
  writeThreat(draft, told("rule.threat", ["rule", "threat"]));
}

/** ATT&CK as the rule has it: tactics, each with its techniques, each with those below it. */
function writeThreat(draft: Draft, list: unknown): void {
  if (!Array.isArray(list) || draft.alert.threat?.technique !== undefined) return;
  const tactic = { id: [] as string[], name: [] as string[] };
  const technique = { id: [] as string[], name: [] as string[] };
  const below = { id: [] as string[], name: [] as string[] };
  const add = (to: { id: string[]; name: string[] }, value: unknown) => {
    for (const key of ["id", "name"] as const) {
      const text = textValue(at(value, key));
      if (text !== undefined && to[key].length < MOST && !to[key].includes(text))
        to[key].push(clip(draft, text));
    }
  };
  for (const one of list.slice(0, MOST)) {
    add(tactic, at(one, "tactic"));
    for (const each of listOf(at(one, "technique"))) {
      add(technique, each);
      for (const sub of listOf(at(each, "subtechnique"))) add(below, sub);
    }
  }
  if (tactic.id.length + technique.id.length === 0) return;
  draft.alert.threat = {
    ...draft.alert.threat,
    ...(tactic.id.length > 0 && { tactic }),
    ...(technique.id.length > 0 && {
      technique: { ...technique, ...(below.id.length > 0 && { subtechnique: below }) },
    }),
  };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value.slice(0, MOST) : [];
}
