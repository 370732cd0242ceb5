import { boundedId } from "../bounded-id.ts";
import type { Draft } from "../draft.ts";
import { textOf } from "./windows-draft.ts";

/** What tells an event from all others: its number in the log of its computer, and its time since logs are cleared. */
export function eventIdOf(draft: Draft): string | undefined {
  const record = textOf(draft, "EventRecordID");
  const computer = textOf(draft, "Computer");
  if (record === undefined || computer === undefined) return undefined;
  const parts = [computer, textOf(draft, "Channel") ?? "", record, draft.alert["@timestamp"]];
  return boundedId(parts.join("/"));
}
