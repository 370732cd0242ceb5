import { clip, type Draft } from "../../shared/draft.ts";
import { at, isEmpty, isObject, type JsonObject } from "../../shared/json.ts";
import { putText, toldText } from "./told-text.ts";

/** Writes what a finding found: its title, the rule that made it, ATT&CK, vulnerabilities, malware. */
export function writeFinding(draft: Draft, document: JsonObject): void {
  const { alert, event } = draft;
  const info = isObject(document.finding_info) ? document.finding_info : document.finding;
  const text = (value: unknown) => {
    const found = toldText(value);
    return found === undefined ? undefined : clip(draft, found);
  };
  const analytic = at(info, "analytic") ?? document.analytic;
  const title = text(at(info, "title"));
  const description = text(at(info, "desc"));
  const rule: NonNullable<typeof alert.rule> = {};
  const own = toldText(at(analytic, "uid")) ?? toldText(at(document.metadata, "product", "feature", "uid"));
  putText(draft, rule, "id", own ?? at(document.firewall_rule, "uid"));
  const name = toldText(at(analytic, "name")) ?? title ?? at(document.firewall_rule, "name");
  putText(draft, rule, "name", name);
  putText(draft, rule, "category", toldText(at(analytic, "category")) ?? at(analytic, "type"));
  putText(draft, rule, "version", at(analytic, "version"));
  if (rule.name !== undefined) putText(draft, rule, "description", description);
  if (!isEmpty(rule)) alert.rule = rule;
  const uid = text(at(info, "uid"));
  if (uid !== undefined) event.id ??= uid;
  putText(draft, event, "url", at(info, "src_url"));
  if (alert.message === undefined) putText(draft, alert, "message", title ?? description);
  writeAttacks(draft, document.attacks ?? at(info, "attacks"));
  writeVulnerabilities(draft, document.vulnerabilities);
  const malware = Array.isArray(document.malware) ? text(at(document.malware[0], "name")) : undefined;
  if (malware !== undefined) {
    alert.threat = { ...alert.threat, software: { name: malware } };
    event.category = ["malware"];
  }
  const status = at(document, "compliance", "status_id");
  const word = text(at(document, "compliance", "status"))?.toLowerCase();
  if (status === 1 || word === "pass" || word === "passed") event.outcome = "success";
  if (status === 3 || word === "fail" || word === "failed") event.outcome = "failure";
  if (event.reason === undefined && isObject(document.compliance)) {
    const { control, status_detail: detail } = document.compliance;
    putText(draft, event, "reason", toldText(control) ?? detail);
  }
}

/** Tactics are a list in version 1.0, one of the technique's own since 1.1. */
function writeAttacks(draft: Draft, attacks: unknown): void {
  if (!Array.isArray(attacks) || attacks.length === 0) return;
  const found = {
    tacticId: set(),
    tactic: set(),
    techniqueId: set(),
    technique: set(),
    belowId: set(),
    below: set(),
  };
  for (const attack of attacks.slice(0, 32)) {
    if (!isObject(attack)) continue;
    const tactics = Array.isArray(attack.tactics) ? attack.tactics.slice(0, 16) : [attack.tactic];
    for (const tactic of tactics) {
      add(found.tacticId, at(tactic, "uid"));
      add(found.tactic, at(tactic, "name"));
    }
    add(found.techniqueId, at(attack, "technique", "uid"));
    add(found.technique, at(attack, "technique", "name"));
    add(found.belowId, at(attack, "sub_technique", "uid"));
    add(found.below, at(attack, "sub_technique", "name"));
  }
  const below = found.belowId.size + found.below.size > 0;
  draft.alert.threat = {
    tactic: { id: [...found.tacticId], name: [...found.tactic] },
    technique: {
      id: [...found.techniqueId],
      name: [...found.technique],
      ...(below && { subtechnique: { id: [...found.belowId], name: [...found.below] } }),
    },
  };

  function set(): Set<string> {
    return new Set();
  }
  function add(to: Set<string>, value: unknown): void {
    if (typeof value === "string" && value !== "" && value.length <= 512) to.add(value);
  }
}

function writeVulnerabilities(draft: Draft, list: unknown): void {
  if (!Array.isArray(list) || !isObject(list[0])) return;
  const ids = list.slice(0, 64).flatMap((one) => {
    const id = toldText(at(one, "cve", "uid")) ?? toldText(at(one, "uid"));
    return id === undefined || id.length > 128 ? [] : [id];
  });
  const severity = toldText(list[0].severity);
  const description = toldText(list[0].desc) ?? toldText(list[0].title);
  draft.alert.vulnerability = {
    ...(ids.length > 0 && { id: ids }),
    ...(severity !== undefined && { severity: clip(draft, severity) }),
    ...(description !== undefined && { description: clip(draft, description) }),
  };
}
