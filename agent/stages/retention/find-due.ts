import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { policyOf, type RetentionKind, type RetentionRules } from "../../core/retention.ts";
import type { ClosedDossier } from "./closed-dossiers.ts";

/** Something of a dossier whose time is over, or that was begun to be erased. */
export interface DueDossier {
  kind: "candidates" | "evidence" | "attachments" | "dossiers";
  policy: string;
  dossier: ClosedDossier;
}

/** What becomes of closed dossiers now. */
export interface DueDossiers {
  due: DueDossier[];
  /** Their time is over, and their conservation is suspended. */
  held: ClosedDossier[];
  /** Their time is over, and no visa allows it: proposed for elimination. */
  proposed: ClosedDossier[];
}

/** The instant before which what a rule is about is over. */
export function endOf(kind: RetentionKind, rules: RetentionRules, now: Instant): Instant {
  return now - rules[`${kind}_days`] * MICROSECONDS.day;
}

/** The instant since which a dossier that was set aside must have stood still for any rule to end something of it. */
export function stillSince(rules: RetentionRules, now: Instant): Instant {
  return Math.max(
    ...(["evidence", "attachments", "dossiers"] as const).map((kind) => endOf(kind, rules, now)),
  );
}

/** Says of each closed dossier what of it is to be erased; `visas` are those recorded, by incident. */
export function findDue(
  dossiers: readonly ClosedDossier[],
  { rules, now, visas }: { rules: RetentionRules; now: Instant; visas: ReadonlyMap<string, string> },
): DueDossiers {
  const found: DueDossiers = { due: [], held: [], proposed: [] };
  const over = (dossier: ClosedDossier, kind: RetentionKind) => dossier.closed <= endOf(kind, rules, now);
  for (const dossier of dossiers) {
    const { id, erased, held, watched, setAside } = dossier;
    const whole = watched ? "candidates" : "dossiers";
    if (erased !== undefined) {
      if (erased.left) found.due.push({ kind: whole, policy: erased.policy, dossier });
    } else if (held) {
      if (over(dossier, whole)) found.held.push(dossier);
    } else if (watched) {
      if (over(dossier, whole)) found.due.push({ kind: whole, policy: policyOf(whole, rules), dossier });
    } else if (over(dossier, whole)) {
      const visa = visas.get(id);
      if (rules.public_archives && visa === undefined) found.proposed.push(dossier);
      else found.due.push({ kind: whole, policy: policyOf(whole, rules, { visa, setAside }), dossier });
    } else if (!rules.public_archives) found.due.push(...partsOf(dossier, { rules, over }));
  }
  return found;
}

/** What goes before the dossier itself; of public archives nothing does. */
function partsOf(
  dossier: ClosedDossier,
  { rules, over }: { rules: RetentionRules; over: (dossier: ClosedDossier, kind: RetentionKind) => boolean },
): DueDossier[] {
  const parts: DueDossier[] = [];
  for (const [kind, gone, any] of [
    ["evidence", dossier.evidenceErased, dossier.alerts > 0],
    ["attachments", dossier.attachmentsErased, true],
  ] as const) {
    if (gone?.left) parts.push({ kind, policy: gone.policy, dossier });
    else if (gone === undefined && any && over(dossier, kind))
      parts.push({ kind, policy: policyOf(kind, rules, dossier), dossier });
  }
  return parts;
}
