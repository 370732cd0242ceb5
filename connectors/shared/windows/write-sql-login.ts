import { groupOf, put, putEnd, type WindowsDraft } from "./windows-draft.ts";

/** Logins to SQL Server that succeeded; those that failed. */
const SUCCEEDED = new Set(["18453", "18454", "18455"]);
const FAILED = new Set(["18456", "18470", "18486", "18487", "18488"]);

/**
 * Writes a login to SQL Server, whose event has no data but its text: `Login failed for user 'sa'. Reason: …
 * [CLIENT: 192.0.2.1]`, where the name and the address stand alike in any language.
 *
 * https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors-18000-to-18999,
 * read 2026-11-23.
 */
export function writeSqlLogin(draft: WindowsDraft): void {
  const { alert, code, event } = draft;
  if (!event.provider?.startsWith("MSSQL") || !(SUCCEEDED.has(code) || FAILED.has(code))) return;
  event.action ??= SUCCEEDED.has(code) ? "logged-in" : "logon-failed";
  event.category ??= ["authentication", "database"];
  event.type ??= ["start"];
  event.outcome ??= SUCCEEDED.has(code) ? "success" : "failure";
  const text = (alert.message ?? "").slice(0, 1024);
  const name = /'([^'\r\n]{1,128})'/.exec(text)?.[1];
  const slash = name?.indexOf("\\") ?? -1;
  const user = groupOf(draft, "user");
  put(user, "name", name?.slice(slash + 1));
  if (slash > 0) put(user, "domain", name?.slice(0, slash));
  const reason = / Reason: ([^[\r\n]{1,256})/.exec(text)?.[1]?.trim();
  if (reason !== undefined) event.reason ??= reason;
  const client = /\[CLIENT\s?: ([^\]\s]{1,64})\]/.exec(text)?.[1];
  if (client !== undefined && !client.startsWith("<")) putEnd(draft, "source", client, undefined);
}
