import { isAddress } from "../address.ts";
import { clip } from "../draft.ts";
import { groupOf, put, putEnd, textOf, type WindowsDraft } from "./windows-draft.ts";

/**
 * Writes what the audit of AD FS says in the XML of its text: whom a token or a sign-in was for, and from where.
 *
 * https://github.com/SEKOIA-IO/intake-formats/blob/main/Windows/windows/tests/ad_fs_auditing_failure.json, read 2026-11-23.
 */
export function writeAdfs(draft: WindowsDraft): void {
  const { alert, event } = draft;
  const { Data } = draft.fields;
  const texts = [alert.message, textOf(draft, "Message"), ...(Array.isArray(Data) ? Data : [Data])];
  const text = texts.find((one) => typeof one === "string" && one.includes("<AuditBase"));
  if (typeof text !== "string") return;
  const said = (element: string): string | undefined => {
    const from = text.indexOf(`<${element}>`);
    const begin = from + element.length + 2;
    const end = from < 0 ? -1 : text.indexOf("<", begin);
    const value = end < 0 ? "" : text.slice(begin, end).trim();
    return value === "" || value === "N/A" ? undefined : clip(draft, value);
  };
  event.category ??= ["authentication"];
  event.type ??= ["start"];
  event.action ??= said("AuditType");
  const result = said("AuditResult");
  if (result === "Success") event.outcome ??= "success";
  if (result === "Failure") event.outcome ??= "failure";
  event.reason ??= said("FailureType");
  if (event.action === undefined) delete event.action;
  if (event.reason === undefined) delete event.reason;
  const code = said("ErrorCode");
  if (code !== undefined) alert.error = { code, ...alert.error };
  const whole = said("UserId");
  const user = groupOf(draft, "user");
  const slash = whole?.indexOf("\\") ?? -1;
  put(user, "name", whole?.slice(slash + 1));
  if (slash > 0) put(user, "domain", whole?.slice(0, slash));
  if (whole?.includes("@") === true) put(user, "email", whole);
  // Of several, each proxy adds its own after the client's.
  const address = said("IpAddress")?.split(",", 1)[0]?.trim();
  if (address !== undefined && isAddress(address)) putEnd(draft, "source", address, undefined);
  const agent = said("UserAgentString");
  if (agent !== undefined) alert.user_agent = { original: agent, ...alert.user_agent };
}
