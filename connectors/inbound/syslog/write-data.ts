import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext } from "../../contract.ts";
import { clip, type Draft, newDraft } from "../../shared/draft.ts";
import { keyTable } from "../../shared/key-table.ts";
import { pairKeyOf, type Told, writeDevice, writePair } from "../../shared/pair-keys.ts";
import type { StructuredData } from "../../shared/syslog/syslog-header.ts";

const LEAST_PARAMS = 3;
/** What pairs tell of the event; its host, its text and its time are the header's. */
const GROUPS = [
  "source",
  "destination",
  "network",
  "user",
  "group",
  "rule",
  "observer",
  "url",
  "http",
  "user_agent",
  "file",
  "dns",
] as const;
const EVENT_FIELDS = ["action", "outcome", "reason"] as const;

const keyAt = keyTable(pairKeyOf);

/** Writes what the structured data of a vendor's own elements tell under common names, as pairs of a message do. */
export function writeData(alert: Alert, data: StructuredData, context: ParseContext): void {
  if (!isTelling(data)) return;
  const draft = newDraft("", "", "");
  const told: Told = {};
  for (const id in data) if (isOwn(id)) writeElement(draft, data[id] ?? {}, told, context);
  writeDevice(draft.alert, told);
  for (const group of GROUPS)
    if (draft.alert[group] !== undefined) alert[group] ??= draft.alert[group] as never;
  alert.event ??= {};
  for (const name of EVENT_FIELDS)
    if (draft.event[name] !== undefined) alert.event[name] ??= draft.event[name] as never;
}

/** RFC 5424 6.3.2: a name with `@` is a vendor's own, those without are registered. */
function isOwn(id: string): boolean {
  return id.includes("@");
}

/** Says whether there are several parameters, and one of a common name, or two of them: a lone `id` tells nothing. */
function isTelling(data: StructuredData): boolean {
  let params = 0;
  let known = 0;
  for (const id in data) {
    if (!isOwn(id)) continue;
    for (const name in data[id]) {
      params++;
      if (keyAt(name, 0, name.length).meaning !== undefined) known++;
    }
  }
  return known > 1 || (known > 0 && params >= LEAST_PARAMS);
}

function writeElement(
  draft: Draft,
  params: Readonly<Record<string, string>>,
  told: Told,
  context: ParseContext,
): void {
  for (const name in params)
    writePair(draft, keyAt(name, 0, name.length), clip(draft, params[name] ?? ""), told, context);
}
