import type { Alert, FieldValue } from "../../../agent/core/alert.ts";
import type { Draft } from "../draft.ts";
import type { Family } from "./family.ts";
import { familyOf, meaningOf } from "./meanings.ts";
import { groupOf, keepBegun, put, putAccount, textOf, type WindowsDraft } from "./windows-draft.ts";
import { writeAdfs } from "./write-adfs.ts";
import { writeOthers } from "./write-others.ts";
import { writeSecurity } from "./write-security.ts";
import { writeSysmon } from "./write-sysmon.ts";

/**
 * Writes what a Windows event means in ECS from its own names (`EventID`, `CommandLine`…), already in `fields`.
 *
 * What the alert already says stands. `told` is the log when neither channel nor provider tells it.
 */
export function writeWindows(draft: Draft, told?: Family): void {
  const { event } = draft;
  const code = textOf(draft, "EventID") ?? "";
  const provider = textOf(draft, "Provider_Name");
  const channel = textOf(draft, "Channel") ?? "";
  const family = told ?? familyOf(channel.toLowerCase(), provider?.toLowerCase() ?? "");
  if (code !== "") event.code ??= code;
  if (provider !== undefined) event.provider ??= provider;
  writeHost(draft, provider);
  const windows = draft as WindowsDraft;
  windows.code = code;
  windows.begun = {};
  writeMeaning(windows, family);
  if (provider === "AD FS Auditing") writeAdfs(windows);
  if (family === "sysmon") writeSysmon(windows);
  else if (family === "security") writeSecurity(windows);
  else {
    // Other logs borrow names of both.
    writeOthers(windows, family);
    if (Object.hasOwn(draft.fields, "Image") || Object.hasOwn(draft.fields, "TargetFilename"))
      writeSysmon(windows);
    writeSecurity(windows);
    writeWriter(windows);
  }
  keepBegun(windows);
}

function writeHost(draft: Draft, provider: string | undefined): void {
  const { alert } = draft;
  const computer = textOf(draft, "Computer");
  if (computer !== undefined && alert.host?.name === undefined) {
    alert.host = { ...alert.host, name: computer, hostname: alert.host?.hostname ?? computer };
  }
  if (alert.host !== undefined && alert.host.os === undefined)
    alert.host.os = { type: provider === "Linux-Sysmon" ? "linux" : "windows" };
}

/** Who the log says wrote the event, when its data name nobody; Sysmon's is always the system. */
function writeWriter(draft: WindowsDraft): void {
  const user = groupOf(draft, "user");
  const id = textOf(draft, "Security_UserID");
  const name = textOf(draft, "winlog.user.name", "AccountName");
  const domain = textOf(draft, "winlog.user.domain", "Domain");
  if (user.name === undefined && (user.id === undefined || user.id === id)) {
    put(user, "id", id);
    // What a new service runs as is under the same name.
    if (draft.code === "7045" && textOf(draft, "winlog.user.name") === undefined) return;
    if (id !== undefined) putAccount(user, name, domain);
  } else if (id !== undefined && user.name === name && (user.id === undefined || user.id === id)) {
    put(user, "id", id);
    put(user, "domain", domain);
  }
}

/** Levels of Windows: a word, and the place on the common scale. */
const LEVELS: Record<string, { word: string; risk: number }> = {
  "0": { word: "information", risk: 10 },
  "1": { word: "critical", risk: 80 },
  "2": { word: "error", risk: 60 },
  "3": { word: "warning", risk: 40 },
  "4": { word: "information", risk: 10 },
  "5": { word: "verbose", risk: 0 },
};
/** The same levels in the words of collectors, English and French, where the number is not there. */
const LEVEL_WORDS = new Map(
  Object.entries({
    "1": "critical critique",
    "2": "error erreur",
    "3": "warning avertissement",
    "4": "information info informational informations",
    "5": "verbose debug détaillé commentaires",
  }).flatMap(([number, words]) => words.split(" ").map((word) => [word, number] as const)),
);
const LEVEL_NAMES = ["Severity", "LevelDisplayName", "EventLevelName", "RenderingInfo_Level", "EventType"];

/** An act that was refused says a little more than one that was not. */
const REFUSED_RISK = 20;

function writeMeaning(draft: WindowsDraft, family: Family): void {
  const { alert, event, fields } = draft;
  const meaning = meaningOf(family, draft.code);
  event.kind ??= family === "defender" && meaning?.category.includes("malware") === true ? "alert" : "event";
  if (meaning !== undefined) {
    event.action ??= meaning.action;
    event.category ??= [...meaning.category];
    event.type ??= [...meaning.type];
  }
  const audited = auditOutcome(fields);
  const outcome = audited ?? kerberosOutcome(draft, family) ?? meaning?.outcome;
  if (outcome !== undefined) event.outcome ??= outcome;
  const number = textOf(draft, "Level") ?? "";
  const numbered = Object.hasOwn(LEVELS, number);
  const level = LEVELS[numbered ? number : levelInWords(draft)];
  if (numbered) event.severity ??= Number(number);
  if (level !== undefined && alert.log?.level === undefined) alert.log = { ...alert.log, level: level.word };
  const refused = audited === "failure" ? REFUSED_RISK : undefined;
  // NXLog calls each refusal an error.
  const told = numbered || audited === undefined ? level?.risk : undefined;
  if ((meaning?.risk ?? told ?? refused) !== undefined)
    event.risk_score_norm ??= Math.max(meaning?.risk ?? 0, told ?? 0, refused ?? 0);
}

/** The number of the first level that is told by a word; none is empty. */
function levelInWords(draft: WindowsDraft): string {
  for (const name of LEVEL_NAMES) {
    const word = textOf(draft, name);
    const number = word !== undefined && word.length < 16 ? LEVEL_WORDS.get(word.toLowerCase()) : undefined;
    if (number !== undefined) return number;
  }
  return "";
}

/** Kerberos and NTLM tell failure by a status when no audit keyword does. */
function kerberosOutcome(draft: WindowsDraft, family: Family): Outcome {
  if (family !== "security" || !/^47(?:68|69|76)$/.test(draft.code)) return undefined;
  const status = textOf(draft, "Status");
  return status === undefined ? undefined : /^(?:0x)?0+$/i.test(status) ? "success" : "failure";
}

type Outcome = NonNullable<Alert["event"]>["outcome"];

/** Both as numbers of 64 bits, with and without sign, as far as a double tells them. */
const audit = (bits: bigint) => new Set([Number(bits), Number(BigInt.asIntN(64, bits))]);
const SUCCESS = audit(0x8020_0000_0000_0000n);
const FAILURE = audit(0x8010_0000_0000_0000n);

/** The audit bits of Keywords, in number or hexadecimal, or their names in the collectors' words. */
function auditOutcome({ Keywords, EventType }: Record<string, FieldValue>): Outcome {
  return auditOf(Keywords) ?? auditOf(EventType);
}

function auditOf(value: FieldValue | undefined): Outcome {
  if (Array.isArray(value)) {
    for (const one of value) {
      const outcome = auditOf(one);
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }
  const number =
    typeof value === "number" || (typeof value === "string" && /^-?\d{15,20}$/.test(value))
      ? Number(value)
      : 0;
  if (SUCCESS.has(number)) return "success";
  if (FAILURE.has(number)) return "failure";
  if (typeof value !== "string" || value.length > 64) return undefined;
  if (value.length === 18 && /^0x[0-9a-f]{16}$/i.test(value)) {
    const nibble = Number.parseInt(value.charAt(4), 16);
    return (nibble & 2) !== 0 ? "success" : (nibble & 1) !== 0 ? "failure" : undefined;
  }
  if (/^(?:audit[ _]success|success audit)$/i.test(value)) return "success";
  return /^(?:audit[ _]failure|failure audit)$/i.test(value) ? "failure" : undefined;
}
