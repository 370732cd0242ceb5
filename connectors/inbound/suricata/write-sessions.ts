import { clip, type Draft } from "../../shared/draft.ts";
import { isObject, type JsonObject, textValue } from "../../shared/json.ts";
import { macOf } from "../../shared/mac-of.ts";

/**
 * Writes who asked for what in the protocols that name a user or a machine.
 *
 * https://docs.suricata.io/en/latest/output/eve/eve-json-format.html (Kerberos, SMB, RDP, DHCP, FTP), read 2026-11-23.
 */
export function writeSessions(draft: Draft, { krb5, smb, rdp, dhcp, ftp }: JsonObject): void {
  if (isObject(krb5)) writeKerberos(draft, krb5);
  if (isObject(smb)) writeSmb(draft, smb);
  if (isObject(rdp)) writeUser(draft, rdp.cookie);
  if (isObject(dhcp)) writeDhcp(draft, dhcp);
  if (isObject(ftp)) writeFtp(draft, ftp);
}

function writeKerberos(draft: Draft, told: JsonObject): void {
  const { alert, event } = draft;
  writeUser(draft, told.cname, told.realm);
  const service = wordOf(told.sname);
  if (service !== undefined) alert.service = { ...alert.service, name: clip(draft, service) };
  const error = wordOf(told.error_code);
  if (error !== undefined) event.reason = clip(draft, error);
  const failed = error !== undefined || told.msg_type === "KRB_ERROR";
  if (failed || told.msg_type === "KRB_AS_REP" || told.msg_type === "KRB_TGS_REP")
    event.outcome = failed ? "failure" : "success";
  addCategory(draft, "authentication");
}

function writeSmb(draft: Draft, told: JsonObject): void {
  const { event } = draft;
  const { ntlmssp, status } = told;
  if (isObject(ntlmssp)) {
    writeUser(draft, ntlmssp.user, ntlmssp.domain);
    addCategory(draft, "authentication");
  }
  const answer = textValue(status);
  // An exchange that is not over has neither succeeded nor failed.
  if (answer === undefined || answer === "STATUS_MORE_PROCESSING_REQUIRED" || answer === "STATUS_PENDING")
    return;
  event.outcome = answer === "STATUS_SUCCESS" ? "success" : "failure";
  if (event.outcome === "failure") event.reason = clip(draft, answer);
}

/** The machine of a lease is the one that the event is about, not the sensor. */
function writeDhcp(draft: Draft, told: JsonObject): void {
  const name = textValue(told.hostname);
  const mac = textValue(told.client_mac);
  const given = [told.assigned_ip, told.client_ip].map(textValue);
  const ip = given.find((one) => one !== undefined && one !== "0.0.0.0");
  if (name === undefined && mac === undefined) return;
  draft.alert.host = {
    ...(name !== undefined && { name: clip(draft, name), hostname: clip(draft, name) }),
    ...(mac !== undefined && { mac: [macOf(clip(draft, mac))] }),
    ...(ip !== undefined && { ip: [clip(draft, ip)] }),
  };
}

function writeFtp(draft: Draft, told: JsonObject): void {
  const { command, command_data: data, completion_code: codes, reply } = told;
  if (command === "USER") writeUser(draft, data);
  if (command === "USER" || command === "PASS") addCategory(draft, "authentication");
  if ((command === "STOR" || command === "RETR") && typeof data === "string")
    draft.alert.file = { ...draft.alert.file, path: clip(draft, data) };
  const code = textValue(Array.isArray(codes) ? codes.at(-1) : codes) ?? "";
  if (/^\d{3}$/.test(code)) draft.event.code = code;
  const said = textValue(Array.isArray(reply) ? reply.at(-1) : reply);
  if (said !== undefined) draft.event.reason = clip(draft, said);
  if (/^[45]\d\d$/.test(code)) draft.event.outcome = "failure";
  else if (/^2\d\d$/.test(code)) draft.event.outcome = "success";
}

function writeUser(draft: Draft, told: unknown, domain?: unknown): void {
  const name = wordOf(told);
  if (name === undefined) return;
  const realm = wordOf(domain);
  draft.alert.user = {
    name: clip(draft, name),
    ...(realm !== undefined && { domain: clip(draft, realm) }),
  };
}

/** Suricata writes `<none>` and `<unknown>` for what it has not seen. */
function wordOf(told: unknown): string | undefined {
  const text = textValue(told);
  return text === undefined || text === "" || text === "<none>" || text === "<unknown>" ? undefined : text;
}

function addCategory({ event }: Draft, category: string): void {
  const { category: told = [] } = event;
  if (!told.includes(category)) event.category = [...told, category];
}
