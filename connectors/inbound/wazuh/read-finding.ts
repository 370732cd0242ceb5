import type { DecodedRecord, ParseContext } from "../../contract.ts";
import { boundedId } from "../../shared/bounded-id.ts";
import { clip, finish, newWideDraft } from "../../shared/draft.ts";
import { at, isObject, type JsonObject, textValue } from "../../shared/json.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { riskOfWord } from "../../shared/severity.ts";
import { walkJson } from "../../shared/walk-json.ts";
import { writeMitre } from "./write-alert.ts";

/** ECS as it is, `wazuh.*` into `fields`. */
const walk = walkJson<never, undefined>({ ecs: true, roleOf: () => undefined, found: () => false });

/** Reads a document of Wazuh 5, an event or the finding that a rule made of it: ECS with `wazuh.*` beside. */
export function readFinding(document: JsonObject, original: string, context: ParseContext): DecodedRecord {
  const draft = newWideDraft(original, "wazuh", "wazuh.findings");
  const { alert, event } = draft;
  walk(draft, document, context, undefined);
  context.trace?.({ by: "parser", name: "wazuh", rule: "ECS names" }, alert);
  // The source's own module and data set are of its decoder: these stay ours.
  event.module = "wazuh";
  const rule = at(document, "wazuh", "rule");
  if (isObject(rule)) {
    event.kind = "alert";
    const id = textValue(rule.id);
    const uuid = textValue(rule.sigma_id);
    const title = textValue(rule.title) ?? textValue(rule.description);
    const level = textValue(rule.level);
    alert.rule = {
      ...alert.rule,
      ...(id !== undefined && { id: clip(draft, id) }),
      ...(uuid !== undefined && { uuid: clip(draft, uuid) }),
      ...(title !== undefined && { name: clip(draft, title) }),
    };
    if (level !== undefined) {
      alert.log = { ...alert.log, level: clip(draft, level) };
      const risk = riskOfWord(level);
      if (risk !== undefined) event.risk_score_norm = risk;
    }
    if (isObject(rule.mitre)) writeMitre(draft, rule.mitre);
  }
  context.trace?.({ by: "parser", name: "wazuh", rule: "wazuh.rule" }, alert);
  writeAgent();
  const text = textValue(at(document, "event", "original")) ?? alert.rule?.name;
  if (text !== undefined) alert.message ??= clip(draft, text);
  const time = textValue(document["@timestamp"]) ?? textValue(document.timestamp);
  finish(draft, time === undefined ? undefined : readWholeDate(time, context), context);
  const own = textValue(at(document, "wazuh", "event", "id")) ?? event.id;
  return own === undefined ? { alert } : { alert, eventId: boundedId(own) };

  function writeAgent(): void {
    const agent = at(document, "wazuh", "agent");
    if (!isObject(agent)) return;
    const name = textValue(agent.name);
    const id = textValue(agent.id);
    alert.agent = {
      type: "wazuh",
      ...(id !== undefined && { id: clip(draft, id) }),
      ...(name !== undefined && { name: clip(draft, name) }),
    };
    const hostname = textValue(at(agent, "host", "hostname")) ?? name;
    if (alert.host?.name === undefined) {
      const host = alert.host?.hostname ?? hostname;
      if (host !== undefined)
        alert.host = { ...alert.host, name: clip(draft, host), hostname: clip(draft, host) };
    }
  }
}
