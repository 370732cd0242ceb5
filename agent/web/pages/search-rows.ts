import { instantFromIso } from "../../core/clock.ts";
import { type HuntResult, LEFT_OUT_REASONS, type LeftOut } from "../../core/hunt.ts";
import { CRITERION_VALUES, type CriterionValue } from "../../core/qualification.ts";
import { formatBytes } from "../../stages/french.ts";
import type { SearchAsked, SearchProgress, SearchState } from "../../stages/hunt/searches.ts";

/** Why records or alerts are left out, as the page counts them. */
const LEFT: Readonly<Record<LeftOut, string>> = {
  unread: "enregistrements que rien n’a su lire",
  undated: "enregistrements sans date à eux",
  impossible: "enregistrements datés du futur, ou de plus de dix ans",
  outside: "enregistrements hors des dates demandées",
  unmatched: "enregistrements qu’aucune règle ne reconnaît",
  other_host: "alertes d’autres machines",
  unrelated:
    "alertes qui ne partagent avec l’incident ni machine, ni compte, ni adresse, ni empreinte, ni processus",
  uncounted: "alertes qui ne comptent que pour des corrélations, dont aucune n’est devenue vraie",
  elsewhere: "alertes d’un autre incident",
};

/** Causes that a person can mend, in words that say how; the others show what the search said last. */
const PROBLEMS: Readonly<Record<string, (name: string) => string>> = {
  nothing_recognised: (name) =>
    `Aucun enregistrement de ${name} n'a été reconnu : fichier chiffré, binaire, ou d'un format que Tocsin ne lit pas. Exportez-le en lignes de texte ou en JSON.`,
  unreadable_file: (name) =>
    `${name} ne se lit pas jusqu'au bout : l'archive est coupée ou abîmée. Refaites l'export, puis recommencez.`,
  unknown_source: (name) => `${name} n'est plus une source de la configuration.`,
  not_polled: (name) => `${name} envoie d'elle-même : elle ne peut pas être interrogée. Joignez un export.`,
  index_unreachable: (name) =>
    `${name} n'a pas répondu jusqu'au bout. Vérifiez qu'elle est en marche, puis recommencez : rien n'est pris deux fois.`,
  index_partial: (name) =>
    `Une partie de l'index de ${name} n'a pas répondu : tout n'a pas été lu. Recommencez quand il est entier : rien n'est pris deux fois.`,
  account_unfit: () => "Votre compte ne permet plus de chercher pour cet incident.",
};
/** Refusals that are French sentences already. */
const SAID: ReadonlySet<string> = new Set([
  "incident_closed",
  "incident_merged",
  "defence_secret",
  "hunt_refused",
]);

const labelOf = (value: string): string => CRITERION_VALUES[value as CriterionValue] ?? value;
const counted = (count: number): string => count.toLocaleString("fr-FR");

/** What is searched, in a few words. */
function nameOf({ what }: SearchAsked): string {
  return what.from === "recording" ? `« ${what.name} »` : `La source « ${what.source} »`;
}

function problemOf({ asked, problem }: SearchState) {
  if (problem === null) return null;
  const known = PROBLEMS[problem.code];
  if (known !== undefined) return { message: known(nameOf(asked)), detail: null };
  if (SAID.has(problem.code)) return { message: problem.message, detail: null };
  return {
    message:
      "La recherche s'est arrêtée avant la fin. Recommencez : rien n'est pris deux fois. Si cela se répète, prévenez l'astreinte informatique.",
    detail: problem.message === "" ? null : problem.message,
  };
}

function resultOf({ counts, detections = [], facts = [], beginning, criteria, state }: HuntResult) {
  const left = LEFT_OUT_REASONS.flatMap((why) => {
    const count = counts.left_out[why] ?? 0;
    return count > 0 ? [{ count: counted(count), label: LEFT[why] }] : [];
  });
  return {
    read: counted(counts.read),
    matched: counted(counts.matched),
    kept: counted(counts.kept),
    known: counted(counts.known),
    nothing: counts.kept === 0 && (state === "would_not_change" || state === "unchanged"),
    waiting: state === "waiting",
    left,
    detections: detections.map(({ at, host, title }) => ({ at: instantFromIso(at) ?? 0, host, title })),
    more: counted(Math.max(0, counts.kept - detections.length)),
    hasMore: counts.kept > detections.length,
    facts: facts.map(({ change, since, until, because }) => ({
      fresh: change === "new",
      since: instantFromIso(since) ?? 0,
      until: until === null ? null : (instantFromIso(until) ?? 0),
      because,
    })),
    beginning:
      beginning === null
        ? null
        : { before: instantFromIso(beginning.before) ?? 0, after: instantFromIso(beginning.after) ?? 0 },
    criteria: criteria.map(({ label, before, after }) => ({
      label,
      met: after === "met",
      change: `${labelOf(before)} → ${labelOf(after)}`,
    })),
  };
}

/** Where a search stands, as its page shows it. */
export function searchRow(state: SearchState, progress: SearchProgress | null) {
  const { asked, phase, at, by, id, result } = state;
  const { what } = asked;
  return {
    id,
    phase,
    at,
    by: by.name,
    name: nameOf(asked),
    recording: what.from === "recording" ? { size: formatBytes(what.bytes) } : null,
    stretch: what.from === "source" ? { since: what.since, until: what.until } : null,
    host: asked.host,
    all: asked.all,
    percent:
      progress === null || progress.total <= 0
        ? null
        : Math.min(100, Math.floor((100 * progress.done) / progress.total)),
    result: result === null ? null : resultOf(result),
    problem: problemOf(state),
  };
}
