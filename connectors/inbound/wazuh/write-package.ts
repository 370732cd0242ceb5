import { clip, type Draft } from "../../shared/draft.ts";
import { type JsonObject, textValue } from "../../shared/json.ts";

/** What dpkg did, by the word that its log and Wazuh's decoder have. */
const TYPES = new Map([
  ["install", "installation"],
  ["status installed", "installation"],
  ["upgrade", "change"],
  ["remove", "deletion"],
  ["purge", "deletion"],
]);

/**
 * Writes the package that the decoder of dpkg tells of.
 *
 * https://github.com/wazuh/wazuh/blob/04021c4b76eb700b91286f7ac47dff0baa978147/ruleset/rules/0020-syslog_rules.xml, read
 * 2026-11-24.
 */
export function writePackage(draft: Draft, data: JsonObject): void {
  const status = textValue(data.dpkg_status);
  const name = textValue(data.package);
  if (status === undefined || name === undefined) return;
  const { alert, event } = draft;
  const [version, architecture] = [textValue(data.version), textValue(data.arch)];
  alert.package = {
    name: clip(draft, name),
    ...(version !== undefined && { version: clip(draft, version) }),
    ...(architecture !== undefined && { architecture: clip(draft, architecture) }),
  };
  event.category ??= ["package"];
  event.action ??= clip(draft, status);
  const type = TYPES.get(status);
  if (type !== undefined) event.type ??= [type];
}
