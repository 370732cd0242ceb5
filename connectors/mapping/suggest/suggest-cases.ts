import { type Alert, AlertTag } from "../../../agent/core/alert.ts";
import { catalogueWith } from "../../registry.ts";
import { ecsFields } from "../../shared/put-ecs.ts";
import { ecsReader } from "../field-reader.ts";
import { CASE_CONTEXT } from "../run-cases.ts";
import { readSuggested, type SuggestedMapping } from "./suggest-mapping.ts";
import { yamlOf } from "./suggest-yaml.ts";

/** Records of which cases are written, each of another kind. */
const MOST = 8;
/** Characters of a record that is written as a case. */
const LONGEST = 8192;
/** What every record has, or what says how it was read. */
const UNTOLD = /^(?:event\.original|event\.module|event\.dataset|ecs\.version|message|tags|log\.syslog\..*)$/;

/** Writes the cases of a suggested mapping: records of its sample, and what each is read as now, to be corrected by hand. */
export function suggestCases({ yaml, records }: SuggestedMapping, as = "auto"): string {
  const mapping = readSuggested(yaml);
  const source = mapping === undefined ? undefined : catalogueWith([mapping]).named(as);
  const kinds = new Set<string>();
  const cases: object[] = [];
  for (const { text } of records) {
    if (cases.length >= MOST || source === undefined) break;
    const { alert } = text.length > LONGEST ? {} : source.parse(text, CASE_CONTEXT);
    if (alert === undefined || alert.event?.dataset !== mapping?.name) continue;
    const expected = expectedOf(alert);
    const kind = Object.keys(expected).join();
    if (kinds.has(kind)) continue;
    kinds.add(kind);
    cases.push({ ...(as === "auto" ? {} : { as }), record: text, expected });
  }
  return cases.length === 0 ? "" : yamlOf(cases);
}

function expectedOf(alert: Alert): Record<string, unknown> {
  const expected: Record<string, unknown> = {};
  if (alert.tags?.includes(AlertTag.noTime) !== true) expected["@timestamp"] = alert["@timestamp"];
  for (const name of ecsFields()) {
    const value = UNTOLD.test(name) ? undefined : ecsReader(name)(alert);
    if (value !== undefined) expected[name] = value;
  }
  return expected;
}
