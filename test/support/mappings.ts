import type { Alert, FieldValue } from "../../agent/core/alert.ts";
import type { Mapping } from "../../connectors/mapping/compile.ts";
import { readMapping } from "../../connectors/mapping/load-mappings.ts";

export const FORMATS = ["syslog", "cef", "text"];
/** What every mapping begins with, after its name. */
export const HEAD =
  "title: T\nreference: [{ url: 'https://example.org/doc', read: 2026-11-22 }]\nover: [syslog]";
/** The text of a mapping, of which a test writes what it is about. */
export const mappingText = (rest: string, name = "one", when = "{ kind: x }") =>
  `mapping: ${name}\n${HEAD}\nwhen: ${when}\n${rest}\n`;

/** The same, read; throws when it is refused. */
export function mapping(rest: string, name?: string, when?: string): Mapping {
  const { mapping, problems } = readMapping(mappingText(rest, name, when), "m.yml", FORMATS);
  if (mapping === undefined) throw new Error(JSON.stringify(problems));
  return mapping;
}

/** An alert that has come in by syslog, with the source's own fields. */
export const alertOf = (fields: Record<string, FieldValue>, more: Partial<Alert> = {}): Alert => ({
  "@timestamp": "2023-10-12T00:00:00.000Z",
  event: { original: "x", module: "syslog", dataset: "syslog" },
  fields,
  ...more,
});
