import type { ParseContext, Parsed } from "../../../connectors/contract.ts";
import { addTag } from "../../../connectors/shared/draft.ts";
import { textOf } from "../../../connectors/shared/json.ts";
import { ALERT_LIMITS, AlertTag } from "../../core/alert.ts";
import type { TextSource } from "../sources.ts";
import type { Hit } from "./read-page.ts";

/** What tells a document from all others of its index. */
export function identityOf({ index, id }: Pick<Hit, "index" | "id">): string {
  return `${index}/${id}`;
}

/** Reads a document as its source's format: one document is one record. Adds `no_source` to the format's errors. */
export function readDocument(
  connector: TextSource["connector"],
  { index, id, source }: Hit,
  context: ParseContext,
): Parsed {
  if (source === undefined) {
    const message = `the document ${index}/${id} came without its _source`;
    return { error: { code: "no_source", message } };
  }
  const parsed = connector.parse(textOf(source), context);
  const { alert } = parsed;
  if (alert === undefined) return parsed;
  alert.event = { ...alert.event, id: alert.event?.id ?? id };
  const fields = alert.fields ?? {};
  // Where it stands, so that a person finds it again.
  if (Object.keys(fields).length + 2 > ALERT_LIMITS.fields) addTag(alert, AlertTag.cut);
  else alert.fields = { ...fields, _index: index, _id: id };
  return parsed;
}
