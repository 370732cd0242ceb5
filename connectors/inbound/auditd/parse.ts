import type { ParseContext, Parsed } from "../../contract.ts";
import { readAudit } from "../../shared/audit/read-audit.ts";
import { clip, finish, newDraft } from "../../shared/draft.ts";

/**
 * Reads one record of audit; the records of one event stay apart, told by the same `audit_id`.
 *
 * Errors: `empty`, `not_audit` (no `type=… msg=audit(…)`; the alert has the text).
 */
export function parseAuditd(text: string, context: ParseContext): Parsed {
  const record = text.trim();
  if (record === "") return { error: { code: "empty", message: "the record is empty" } };
  // The gate lets what bears the stamp pass: what does not is no record of audit.
  const draft = newDraft(text, "text", "text");
  draft.alert.message = clip(draft, record);
  const read = readAudit(draft, record, context);
  if (read === undefined) {
    const error = { code: "not_audit", message: "the record has no type and stamp of audit" };
    return { alert: finish(draft, undefined, context), error };
  }
  const alert = finish(draft, read.instant, context);
  context.trace?.({ by: "parser", name: "auditd" }, alert);
  return { alert };
}
