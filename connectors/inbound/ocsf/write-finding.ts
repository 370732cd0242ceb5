import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { clip, type Draft } from "../../shared/draft.ts";
import { at, isEmpty, isObject, type JsonObject } from "../../shared/json.ts";
import { timeOf } from "./time-of.ts";
import { putText, toldText } from "./told-text.ts";

/** Writes what a finding found: its title, the rule that made it, ATT&CK, vulnerabilities, malware. */
export function writeFinding(draft: Draft, document: JsonObject, context: ParseContext): void {
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
  const own = toldText(at(analytic, "uid")) ?? toldText(at(document.firewall_rule, "uid"));
  putText(draft, rule, "id", own ?? at(document.metadata, "product", "feature", "uid"));
  const name = toldText(at(analytic, "name")) ?? title ?? at(document.firewall_rule, "name");
  putText(draft, rule, "name", name);
  const types = at(info, "types");
  const kind = toldText(at(analytic, "category")) ?? toldText(at(analytic, "type"));
  putText(draft, rule, "category", kind ?? (Array.isArray(types) ? types[0] : undefined));
  putText(draft, rule, "version", at(analytic, "version"));
  if (rule.name !== undefined) putText(draft, rule, "description", description);
  const standards = at(document, "compliance", "standards");
  putText(draft, rule, "ruleset", firstOf(standards));
  if (rule.name !== undefined)
    putText(draft, rule, "reference", firstOf(at(document, "remediation", "references")));
  if (!isEmpty(rule)) alert.rule = rule;
  const uid = text(at(info, "uid"));
  if (uid !== undefined) event.id ??= uid;
  putText(draft, event, "url", at(info, "src_url"));
  const first = timeOf(info, "first_seen_time", context);
  if (first !== undefined) event.start ??= first;
  const last = timeOf(info, "last_seen_time", context);
  if (last !== undefined) event.end ??= last;
  const created = timeOf(info, "created_time", context);
  if (created !== undefined) event.created ??= created;
  if (alert.message === undefined) putText(draft, alert, "message", title ?? description);
  writeAttacks(draft, document.attacks ?? at(info, "attacks"));
  writeVulnerabilities(draft, document.vulnerabilities, description);
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

function writeVulnerabilities(draft: Draft, list: unknown, described: string | undefined): void {
  if (!Array.isArray(list) || !isObject(list[0])) return;
  const [one] = list;
  const ids = list.slice(0, 64).flatMap((each) => {
    const id = toldText(at(each, "cve", "uid")) ?? toldText(at(each, "uid"));
    return id === undefined || id.length > 128 ? [] : [id];
  });
  const vulnerability: NonNullable<Alert["vulnerability"]> = {};
  if (ids.length > 0) vulnerability.id = ids;
  putText(draft, vulnerability, "severity", one.severity);
  putText(draft, vulnerability, "description", toldText(one.desc) ?? toldText(one.title) ?? described);
  putText(
    draft,
    vulnerability,
    "reference",
    firstOf(one.references) ?? firstOf(at(one, "cve", "references")),
  );
  const vendor = toldText(one.vendor_name);
  if (vendor !== undefined) vulnerability.scanner = { vendor: clip(draft, vendor) };
  const cvss = firstOf(at(one, "cve", "cvss"));
  const base = at(cvss, "base_score");
  if (typeof base === "number" && Number.isFinite(base)) {
    vulnerability.score = { base };
    putText(draft, vulnerability.score, "version", at(cvss, "version"));
  }
  if (!isEmpty(vulnerability)) draft.alert.vulnerability = vulnerability;
  const affected = firstOf(one.affected_packages) ?? firstOf(one.packages);
  const whole: NonNullable<Alert["package"]> = {};
  putText(draft, whole, "name", at(affected, "name"));
  putText(draft, whole, "version", at(affected, "version"));
  putText(draft, whole, "architecture", at(affected, "architecture"));
  putText(draft, whole, "path", at(affected, "path"));
  if (!isEmpty(whole)) draft.alert.package = whole;
}

function firstOf(value: unknown): unknown {
  return Array.isArray(value) ? value[0] : value;
}
