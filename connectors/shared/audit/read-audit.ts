import type { Instant } from "../../../agent/core/clock.ts";
import { type Draft, putField, putNewField } from "../draft.ts";
import { type DateContext, instantFromEpoch, readWholeDate } from "../read-date.ts";
import { auditPairs } from "./audit-pairs.ts";
import { decodeAudit, isUntrusted } from "./decode-audit.ts";
import { kindName, recordKind } from "./record-kinds.ts";
import { architectureOf, systemCall } from "./system-call.ts";
import { type AuditRecord, writeAudit } from "./write-audit.ts";

/** `node=HOST type=KIND msg=audit(SECONDS.MILLIS:SERIAL): `, in which each of the first two may be missing. */
const HEAD =
  /^(?:audit: )?(?:node=(\S{1,255}) )?(?:type=([A-Za-z0-9_]{1,64}(?:\[\d{1,5}\])?) )?(?:msg=)?audit\((\d[^():]{0,40}(?::\d\d){0,2}[^():]{0,8}):(\d{1,20})\)\s?:\s{0,8}/;
/** Where a line goes on with another record of the same event, as some collectors join them. */
const NEXT = / type=[A-Z][A-Z0-9_]{1,63} msg=audit\(/g;

/** What a record of audit told: when, if it did. */
export interface AuditRead {
  instant: number | undefined;
}

/**
 * Reads one record of the Linux audit system, as auditd, audispd or the kernel writes it; undefined when it is none.
 *
 * Every key goes to `fields`, decoded; of records joined on one line the first stands where they share a key. With a
 * context, the date that `ausearch -i` makes of the stamp is read too.
 */
export function readAudit(draft: Draft, text: string, context?: DateContext): AuditRead | undefined {
  const head = HEAD.exec(text.slice(0, 512));
  if (head === null) return undefined;
  const [whole, node, kind = "", stamp = "", serial = ""] = head;
  const { alert, event } = draft;
  // The program that carried the record here is not whom it is about.
  delete alert.process;
  event.module = "auditd";
  event.dataset = "auditd.log";
  const sequence = Number(serial);
  if (Number.isSafeInteger(sequence)) event.sequence = sequence;
  if (node !== undefined) {
    putField(draft, "node", node);
    if (alert.host?.name === undefined) alert.host = { ...alert.host, name: node };
  }
  if (kind !== "") putField(draft, "type", kindName(kind));
  putField(draft, "audit_id", `${stamp}:${serial}`);
  let from = whole.length;
  let name = kindName(kind);
  let first = true;
  for (const next of text.matchAll(NEXT)) {
    if (next.index < from) continue;
    writeAudit(draft, recordOf(draft, name, text.slice(from, next.index)), first);
    first = false;
    const rest = HEAD.exec(text.slice(next.index + 1, next.index + 512));
    name = kindName(rest?.[2] ?? "");
    from = next.index + 1 + (rest?.[0].length ?? 0);
  }
  writeAudit(draft, recordOf(draft, name, text.slice(from)), first);
  return { instant: instantOf(stamp, context) };
}

const EPOCH = /^\d{9,12}\.\d{1,9}$/;
const DAY = 86_400_000_000;

/** The stamp's seconds, or the date that stands for them: in the order of its writer's language, which nobody tells. */
function instantOf(stamp: string, context: DateContext | undefined): Instant | undefined {
  if (EPOCH.test(stamp)) return instantFromEpoch(stamp);
  if (context === undefined) return undefined;
  const instant = readWholeDate(stamp, context);
  const numbers = /^(\d\d)\/(\d\d)\/(\d{4} .*)$/.exec(stamp);
  if (instant === undefined || numbers === null || instant <= context.received + DAY) return instant;
  // What is yet to come was written with the month first.
  return readWholeDate(`${numbers[2]}/${numbers[1]}/${numbers[3]}`, context) ?? instant;
}

/**
 * Reads `KIND key=value…`, as journald writes records of audit without their stamp; false when it is none.
 *
 * Nothing is decoded or joined: only what bears the stamp passes the gate whatever its text.
 */
export function readJournalAudit(draft: Draft, text: string): boolean {
  const head = /^([A-Z][A-Z0-9_]{1,40})(?:\[\d{1,5}\])? /.exec(text.slice(0, 64));
  const kind = head?.[1];
  if (head === null || kind === undefined || recordKind(kind) === undefined) return false;
  delete draft.alert.process;
  draft.event.module = "auditd";
  draft.event.dataset = "auditd.log";
  putField(draft, "type", kind);
  writeAudit(draft, recordOf(draft, kind, text.slice(head[0].length), false), true);
  return true;
}

/** Reads the pairs of one record, writing each under its own name. */
function recordOf(draft: Draft, kind: string, text: string, stamped = true): AuditRecord {
  const got = new Map<string, string>();
  const pieces = new Map<string, string>();
  for (const { key, value, quoted } of auditPairs(text)) {
    const piece = stamped && kind === "EXECVE" ? /^(a\d{1,4})\[\d{1,5}\]$/.exec(key)?.[1] : undefined;
    if (piece !== undefined) pieces.set(piece, (pieces.get(piece) ?? "") + value);
    let decoded = quoted || !stamped || !isUntrusted(key, kind) ? value : (decodeAudit(value) ?? value);
    if (key === "proctitle") decoded = decoded.replaceAll("\0", " ").trimEnd();
    if (!got.has(key)) got.set(key, decoded);
    // A rule may have several keys, which 0x01 separates.
    if (key === "key" && decoded.includes("\u0001")) putNewField(draft, key, decoded.split("\u0001"));
    else putNewField(draft, key, decoded);
  }
  for (const [key, value] of pieces) {
    if (got.has(key)) continue;
    const joined = decodeAudit(value) ?? value;
    got.set(key, joined);
    putNewField(draft, key, joined);
  }
  readOldLogin(draft, text, got);
  if (kind === "AVC" || kind === "USER_AVC") readAvc(draft, text, got);
  const arch = got.get("arch");
  const call = got.get("SYSCALL") ?? systemCall(arch ?? "", got.get("syscall") ?? "");
  if (call !== undefined && stamped && (kind === "SYSCALL" || kind === "SECCOMP")) {
    got.set("SYSCALL", call);
    putNewField(draft, "SYSCALL", call);
  }
  const machine = arch === undefined ? undefined : architectureOf(arch);
  return { kind, got, call, machine, stamped };
}

/** `old auid=700 new auid=701`, as kernels before 3.14 wrote what is now `old-auid=700 auid=701`. */
function readOldLogin(draft: Draft, text: string, got: Map<string, string>): void {
  const found =
    /(?:^| )old auid=(\d{1,10}) new auid=(\d{1,10})(?: old ses=(\d{1,10}) new ses=(\d{1,10}))?/.exec(
      text.slice(0, 1024),
    );
  if (found === null) return;
  const [, oldAuid = "", auid = "", oldSession, session] = found;
  const values = { "old-auid": oldAuid, auid, "old-ses": oldSession, ses: session };
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    got.set(key, value);
    putField(draft, key, value);
  }
}

/** `avc:  denied  { read write } for  pid=…` */
function readAvc(draft: Draft, text: string, got: Map<string, string>): void {
  const found = /\bavc: {1,4}(granted|denied) {1,4}\{ ([a-z_0-9 ]{1,256}) \}/.exec(text.slice(0, 1024));
  if (found === null) return;
  got.set("seresult", found[1] as string);
  putNewField(draft, "seresult", found[1] as string);
  putNewField(draft, "seperms", (found[2] as string).split(" "));
}
