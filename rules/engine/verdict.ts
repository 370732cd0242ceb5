/** The name under which rules ask what the product did about the act; computed, no source writes it. */
export const VERDICT_FIELD = "tocsin.verdict";

/** `prevented`: the act did not happen. `removed`: what was found is gone; what it did before may stand. */
export type Verdict = "prevented" | "removed";

interface Judged {
  message?: unknown;
  event?:
    | { module?: unknown; action?: unknown; outcome?: unknown; type?: unknown; reason?: unknown }
    | undefined;
  rule?: { name?: unknown } | undefined;
  fields?: Record<string, unknown> | undefined;
}

/** Names under which products say what they did, without case, spaces, hyphens or underscores. */
const NAMES = new Set(
  "act action deviceaction actiontaken actionname actionresult outcome eventoutcome verdict disposition patterndispositiondescription remediationstatus remediationaction mitigationstatus preventionstatus threatstatus quarantinestatus".split(
    " ",
  ),
);
/** Where collectors put a product's own names; any other path could lead into what an attacker wrote. */
const PREFIX = /^(?:winlog\.event_data\.|(?:data\.)?(?:win\.eventdata\.|alert\.|event\.|threat\.)?)/;

/** Characters of a title, or of a field that only says what was done; a longer field says something else. */
const LONGEST = 200;

const PREVENTED =
  "block(?:ed)?|prevent(?:ed|ion)?|drop(?:ped)?|den(?:y|ied)|reject(?:ed)?|quarantined?|bloqu[ée]e?s?|emp[êe]ch[ée]e?s?|rejet[ée]e?s?|refus[ée]e?s?|mise?s? en quarantaine";
const REMOVED =
  "clean(?:ed)?|removed?|deleted?|remediated|neutrali[sz]ed|disinfected|resolved|nettoy[ée]e?s?|supprim[ée]e?s?|neutralis[ée]e?s?";
/** What may stand beside the verdict in its own field; anything else makes it doubtful. */
const BESIDE =
  "access|action|and|by|client|connection|et|execution|file|from|malware|packet|policy|process|server|session|success|successful|successfully|the|threat|was|were";
/** What a title may say before its verdict: words of products, so that no name of a file or a host comes first. */
const SUBJECT =
  "a|an|the|activity|attack|attempt|attempted|attempts|behaviou?r|bulk|code|communication|connection|copies|copy|data|dcsync|deletion|detected|detection|encryption|execution|exfiltration|exploit|file|files|found|and|intrusion|malicious|malware|mass|modification|outbound|process|ransomware|renaming|script|shadow|suspicious|threat|to|transfer|trojan|upload|virus|volume|was|were|has|have|been|successfully|un|une|le|la|de|du|tentative|chiffrement|rançongiciel|menace|détectée?s?|et|a|été|processus|fichier";

const whole = (verbs: string) =>
  new RegExp(`^(?:(?:${BESIDE})\\s)*(?:${verbs})(?:[\\s,;:/+&_.()-]+(?:${BESIDE}|${verbs}))*[.)\\s]*$`, "i");
const leading = (verbs: string) =>
  new RegExp(`^[\\s"'[(]*(?:(?:${SUBJECT})[\\s,]+){0,8}(?:${verbs})(?=$|[\\s:,;.)\\]!-])`, "i");

// In its own field a verdict may be a bare verb; in a title, "Block" or "Clean" begin other sentences.
const WHOLE = { prevented: whole(PREVENTED), removed: whole(`${PREVENTED}|${REMOVED}`) };
const PAST_PREVENTED =
  "blocked|prevented|dropped|denied|rejected|quarantined|bloqu[ée]e?s?|emp[êe]ch[ée]e?s?|rejet[ée]e?s?|mise?s? en quarantaine";
const PAST_REMOVED = "cleaned|removed|remediated|neutrali[sz]ed|disinfected|nettoy[ée]e?s?|neutralis[ée]e?s?";
const LEADING = {
  prevented: leading(PAST_PREVENTED),
  removed: leading(`${PAST_REMOVED}|deleted|supprim[ée]e?s?`),
};
/** Deleting is what an attacker does to backups: a title that speaks of them praises nobody. */
const RECOVERY = /shadow|backup|restor|recovery|sauvegarde|clich/i;

/** Whatever says that the act went on: of two statements, the worse counts. */
const FAILED =
  /\b(?:not|non|never|failed to(?: be)?|could ?n[o']t(?: be)?|unable to(?: be)?|can ?not(?: be)?)\s+(?:be(?:en)?\s+)?(?:block|prevent|drop|quarantin|clean|remov|delet|remediat|bloqu|supprim|nettoy)|\b(?:block|blocking|quarantine|prevention|removal|cleaning|remediation|blocage)[\s_]+(?:has\s+)?(?:failed|failure|échou)|\b(?:échec|impossible)\b.{0,40}\b(?:quarantaine|suppression|nettoyage|blocage|supprimer|nettoyer|bloquer)|\bwould have been\b|\b(?:restored|released) from quarantine\b/i;
const WENT_ON =
  /^(?:allow(?:ed)?|pass(?:ed)?|permit(?:ted)?|accept(?:ed)?|(?:detect|log|alert|monitor)(?:ed)?[ _-]only|no[ _-]action(?:[ _-]taken)?|ignored?|autoris[ée]e?s?)$|\bnot\b|fail|partial|échec|\bunsuccessful/i;

/**
 * What the product says it did about an act, or undefined when it says nothing sure.
 *
 * Read from fields of action and outcome, and from how the product's own title begins; never from a message, a
 * command line or a path, where whoever acts could write "blocked" and so switch the detection off.
 */
export function verdictOf(alert: Judged): Verdict | undefined {
  // What fails when an act is denied is the act: the word alone says nothing of the product.
  const said = statements(alert).filter((text) => !/^fail(?:ed|ure)$/i.test(text));
  const title = titleOf(alert);
  const doubts = [...said, title, alert.message, alert.event?.reason, errorOf(alert)];
  if (said.some((text) => WENT_ON.test(text.trim()))) return undefined;
  if (doubts.some((text) => typeof text === "string" && FAILED.test(text))) return undefined;
  if (said.some((text) => WHOLE.prevented.test(text)) || LEADING.prevented.test(title)) return "prevented";
  if (said.some((text) => WHOLE.removed.test(text))) return "removed";
  return LEADING.removed.test(title) && !RECOVERY.test(title) ? "removed" : undefined;
}

function statements({ event, fields }: Judged): string[] {
  const found: unknown[] = [event?.action, event?.outcome];
  if (Array.isArray(event?.type) && event.type.includes("denied")) found.push("denied");
  for (const name in fields) {
    const plain = name.toLowerCase().replace(PREFIX, "").replaceAll(/[ _-]/g, "");
    if (NAMES.has(plain)) found.push(fields[name]);
  }
  return found.flat().filter((text): text is string => typeof text === "string" && text.length <= LONGEST);
}

/** The product's own title: only CEF says that `name` is one, elsewhere it may be a file's. */
function titleOf({ event, rule, fields }: Judged): string {
  const title = event?.module === "cef" ? fields?.name : rule?.name;
  return typeof title === "string" ? title.slice(0, LONGEST) : "";
}

/** Windows Defender tells a failure in its error alone. */
function errorOf({ fields }: Judged): unknown {
  return fields?.["data.win.eventdata.error Description"] ?? fields?.["Error Description"];
}
