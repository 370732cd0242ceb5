import { isIP } from "node:net";
import { type DateContext, readDate } from "../dates.ts";
import type { CiscoMnemonic, SyslogHeader } from "./header.ts";

/** How far after the priority a mnemonic may begin: sequence, host, date, process. */
const REACH = 200;

/**
 * Reads what Cisco devices put before `%FACILITY-SEVERITY-MNEMONIC:`; false, with nothing read, when there is no such mnemonic.
 *
 * In any order: sequence number, host, `*` or `.` and a date with its zone, up-time, process. The mnemonic counts as the application.
 */
export function readCisco(text: string, from: number, header: SyslogHeader, context: DateContext): boolean {
  const goal = mnemonicAfter(text, from);
  if (goal < 0) return false;
  const mnemonic = mnemonicAt(text, goal);
  if (mnemonic === undefined) return false;
  const mnemonicEnd = text.indexOf(":", goal);
  let hostname: string | undefined;
  let instant: number | undefined;
  let process: RegExpExecArray | null = null;
  let at = from;
  for (let step = 0; step < 10; step++) {
    while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x3a) at++;
    if (at >= goal) break;
    if (text.startsWith("%$", at)) at = goal;
    const mark = text.charCodeAt(at);
    if (mark === 0x2a || mark === 0x2e) at++;
    const date = instant === undefined ? readDate(text, at, context) : undefined;
    if (date !== undefined && date.end <= goal) {
      instant = date.instant;
      at = date.end;
      continue;
    }
    const end = wordEnd(text, at, goal);
    if (end === at) break;
    const word =
      text.charCodeAt(end - 1) === 0x3a && isIP(text.slice(at, end)) === 0
        ? text.slice(at, end - 1)
        : text.slice(at, end);
    at = end;
    if (/^\d+$/.test(word)) mnemonic.sequence = word;
    else if (/^[\d:.wdhy]+$/.test(word) && isIP(word) === 0) continue;
    else if (word.endsWith("]")) process = /^([^[\]]+)\[([^[\]]*)\]$/.exec(word);
    else if (!/^[\w.:%/-]+$/.test(word)) return false;
    // Two unknown words are a sentence that mentions a mnemonic, not a header.
    else if (hostname !== undefined) return false;
    else hostname = word;
  }
  if (at !== goal) return false;
  header.form = "cisco";
  header.cisco = mnemonic;
  // A relay's name gives way to the device's own.
  header.hostname = hostname ?? header.hostname;
  header.instant = instant ?? header.instant;
  if (process !== null) {
    header.appname = process[1];
    if (process[2] !== "") header.procid = process[2];
  } else header.appname = text.slice(goal, mnemonicEnd);
  header.body = text.charCodeAt(mnemonicEnd + 1) === 0x20 ? mnemonicEnd + 2 : mnemonicEnd + 1;
  return true;
}

function mnemonicAfter(text: string, from: number): number {
  let at = text.indexOf("%", from);
  // `%$ VDC-1 %$ %FACILITY…` names a virtual device first.
  while (at >= 0 && at - from <= REACH) {
    if (mnemonicAt(text, at) !== undefined) return at;
    at = text.indexOf("%", at + 1);
  }
  return -1;
}

const SHAPE = /%([A-Za-z][\w/]{1,40}(?:-[A-Za-z][\w/]{0,40}){0,3})-([0-7])-([A-Za-z0-9_]{2,64}):/y;

function mnemonicAt(text: string, at: number): CiscoMnemonic | undefined {
  const next = text.charCodeAt(at + 1) | 0x20;
  if (next < 0x61 || next > 0x7a) return undefined;
  SHAPE.lastIndex = at;
  const found = SHAPE.exec(text);
  if (found === null) return undefined;
  return {
    facility: found[1] ?? "",
    severity: Number(found[2]),
    mnemonic: found[3] ?? "",
    sequence: undefined,
  };
}

function wordEnd(text: string, from: number, limit: number): number {
  let at = from;
  while (at < limit && text.charCodeAt(at) !== 0x20) at++;
  return at;
}
