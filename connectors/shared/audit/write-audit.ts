import { ALERT_LIMITS, type Alert } from "../../../agent/core/alert.ts";
import { wholeNumber } from "../address.ts";
import { type Happening, tell, tellPeer, tellReason, tellUser } from "../bodies/tell.ts";
import { clip, type Draft, putNewField } from "../draft.ts";
import { readSocketAddress } from "./read-socket-address.ts";
import { callMeaning, recordKind } from "./record-kinds.ts";

/** One record of audit, its pairs decoded. */
export interface AuditRecord {
  kind: string;
  got: ReadonlyMap<string, string>;
  /** Name of the system call, where the record tells one. */
  call: string | undefined;
  machine: string | undefined;
  /** Whether it bears the stamp of audit, so that the gate lets it pass whatever is joined or decoded. */
  stamped: boolean;
}

const NOTHING = new Set(["", "?", "(null)", "(none)", "4294967295", "-1", "unset"]);

/** Writes what a record means in ECS; what an earlier record of the same line said stands. */
export function writeAudit(draft: Draft, record: AuditRecord, first: boolean): void {
  const said = (key: string): string | undefined => {
    const value = record.got.get(key);
    return value === undefined || NOTHING.has(value) ? undefined : value;
  };
  if (first) writeEvent(draft, record, said);
  writeUser(draft, record, said);
  writeProcess(draft, record, said);
  writeFile(draft, record, said, first);
  writePeers(draft, record, said);
  const { alert } = draft;
  const unit = said("unit");
  if (unit !== undefined && record.kind.startsWith("SERVICE_")) alert.service ??= { name: clip(draft, unit) };
  if (record.machine !== undefined) alert.host = { ...alert.host, architecture: record.machine };
}

type Said = (key: string) => string | undefined;

function writeEvent(draft: Draft, { kind, got, call }: AuditRecord, said: Said): void {
  const known = recordKind(kind);
  let happening: Happening = known ?? {
    action: kind.toLowerCase().replaceAll("_", "-") || "audit",
    category: kind.startsWith("INTEGRITY_") ? ["file"] : ["process"],
    type: ["info"],
  };
  if (kind === "SYSCALL" && call !== undefined) happening = callMeaning(call) ?? happening;
  const outcome = outcomeOf(said);
  const apparmor = said("apparmor");
  if (kind === "AVC" && apparmor !== undefined) {
    happening = recordKind(`APPARMOR_${apparmor}`) ?? { ...happening, action: "apparmor", type: ["info"] };
  } else if (kind === "AVC" && got.get("seresult") === "granted")
    happening = { ...happening, type: ["allowed"] };
  else if (kind === "PATH")
    happening = { ...happening, type: [pathType(said("nametype") ?? said("objtype"))] };
  const judged =
    apparmor === "DENIED" || got.get("seresult") === "denied"
      ? "failure"
      : apparmor === "ALLOWED" || got.get("seresult") === "granted"
        ? "success"
        : outcome;
  tell(draft, { ...happening, outcome: judged });
  const reason = said("reason");
  if (reason !== undefined) tellReason(draft, reason);
}

function pathType(nametype: string | undefined): string {
  return nametype === "CREATE" ? "creation" : nametype === "DELETE" ? "deletion" : "info";
}

function outcomeOf(said: Said): Happening["outcome"] {
  const result = (said("success") ?? said("res") ?? said("result"))?.toLowerCase();
  if (result === undefined) return undefined;
  if (result === "1" || result === "yes" || result.startsWith("success")) return "success";
  return result === "0" || result === "no" || result.startsWith("fail") ? "failure" : undefined;
}

/** Kinds in which `acct` is who acts, not whom an administrator changes. */
const ACTS = /^(?:USER_(?:LOGIN|LOGOUT|AUTH|ACCT|START|END|ERR|ROLE_CHANGE)|CRED_|LOGIN|ANOM_LOGIN|GRP_AUTH)/;
/** Kinds in which `acct` or `id` is the account that is added, changed, locked or deleted. */
const CHANGES =
  /^(?:ADD_|DEL_|ACCT_|USER_MGMT|GRP_|USER_CHAUTHTOK|ROLE_|CHUSER_ID|CHGRP_ID|ANOM_(?:ADD|DEL|MOD))/;

function writeUser(draft: Draft, { kind }: AuditRecord, said: Said): void {
  const acct = said("acct");
  const id = said("id");
  const named = draft.alert.user?.name !== undefined || draft.alert.user?.id !== undefined;
  if (named) return;
  const bounded = (name: string | undefined) => (name === undefined ? {} : { name: clip(draft, name) });
  // `ausearch -i` writes names for numbers.
  const numbered = (value: string | undefined) =>
    value === undefined ? {} : /^\d/.test(value) ? { id: value } : bounded(value);
  if (ACTS.test(kind)) {
    const name = acct ?? said("ID") ?? (kind === "LOGIN" ? said("AUID") : undefined);
    const who = { ...bounded(name), ...numbered(id ?? (kind === "LOGIN" ? said("auid") : undefined)) };
    if (Object.keys(who).length > 0) {
      tellUser(draft, who);
      return;
    }
  }
  const user = { ...bounded(said("UID") ?? said("AUID")), ...numbered(said("uid") ?? said("auid")) };
  if (Object.keys(user).length > 0) tellUser(draft, user);
  if (CHANGES.test(kind)) {
    const target = { ...bounded(acct ?? said("ID")), ...numbered(id) };
    if (/^(?:ADD|DEL|GRP)_(?:GROUP|MGMT|CHAUTHTOK)/.test(kind)) {
      const group = { ...bounded(said("grp") ?? acct ?? said("ID")), ...numbered(id) };
      if (Object.keys(group).length > 0) draft.alert.group = group;
    } else if (Object.keys(target).length > 0) tellUser(draft, { target });
    return;
  }
  const effective = { ...bounded(said("EUID")), ...numbered(said("euid")) };
  if (Object.keys(effective).length > 0) tellUser(draft, { effective });
  const group = { ...bounded(said("GID")), ...numbered(said("gid")) };
  if (Object.keys(group).length > 0) tellUser(draft, { group });
}

function writeProcess(draft: Draft, { kind, got, stamped }: AuditRecord, said: Said): void {
  const { alert } = draft;
  const process: NonNullable<Alert["process"]> = {};
  const text = (key: string): string | undefined => {
    const value = said(key);
    return value === undefined ? undefined : clip(draft, value);
  };
  const pid = wholeNumber(said("pid") ?? said("opid") ?? "");
  if (pid !== undefined) process.pid = pid;
  const parent = wholeNumber(said("ppid") ?? "");
  if (parent !== undefined) process.parent = { pid: parent };
  const name = text("comm") ?? text("ocomm");
  if (name !== undefined) process.name = name;
  const executable = text("exe");
  if (executable !== undefined) process.executable = executable;
  const title = text("proctitle");
  if (title !== undefined) process.title = title;
  const directory = text("cwd");
  if (directory !== undefined) process.working_directory = directory;
  if (kind === "USER_CMD" || kind === "ANOM_EXEC") {
    const line = text("cmd");
    if (line !== undefined) process.command_line = line;
  }
  if (kind === "EXECVE") {
    const args = argumentsOf(draft, got);
    if (args.length > 0) process.args = args;
    if (args.length > 0 && stamped) process.command_line = args.join(" ");
  }
  if (Object.keys(process).length > 0) alert.process = { ...process, ...alert.process };
}

/** `a0`, `a1`…, as far as the bounds of a command line go. */
function argumentsOf(draft: Draft, got: ReadonlyMap<string, string>): string[] {
  const args: string[] = [];
  let room: number = ALERT_LIMITS.value;
  for (let at = 0; ; at++) {
    const value = got.get(`a${at}`);
    if (value === undefined) return args;
    room -= value.length + 1;
    if (at >= ALERT_LIMITS.fields || room < 0) {
      draft.cut = true;
      return args;
    }
    args.push(value);
  }
}

function writeFile(draft: Draft, { kind }: AuditRecord, said: Said, first: boolean): void {
  const { alert } = draft;
  const name = said("name");
  if (kind === "PATH") {
    if (name === undefined) return;
    const parent = said("nametype") === "PARENT";
    // Of several paths the one that is no parent is what it is about.
    if (first || alert.file?.path === undefined || !parent)
      alert.file = { ...alert.file, path: clip(draft, name) };
    return;
  }
  const path = said("path") ?? (name?.startsWith("/") === true ? name : undefined) ?? said("file");
  if (path?.startsWith("/") === true) alert.file ??= { path: clip(draft, path) };
}

function writePeers(draft: Draft, { kind }: AuditRecord, said: Said): void {
  const saddr = said("saddr");
  if (saddr !== undefined) {
    const read = readSocketAddress(saddr);
    for (const [key, value] of Object.entries(read)) putNewField(draft, key, value);
  }
  if (draft.alert.source === undefined) {
    const host = said("hostname");
    const address = said("addr") ?? said("src") ?? host;
    if (host !== undefined && host !== address) draft.alert.source = { domain: clip(draft, host) };
    if (address !== undefined) tellPeer(draft, "source", address, said("rport"));
  }
  if (draft.alert.destination !== undefined) return;
  const local = said("dst") ?? (kind.startsWith("CRYPTO_") ? said("laddr") : undefined);
  if (local !== undefined) tellPeer(draft, "destination", local, said("lport"));
}
