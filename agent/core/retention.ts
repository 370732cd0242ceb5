/** How long what is kept is kept, in days, and how it goes: the section `retention` of a configuration. */
export interface RetentionRules {
  unmatched_days: number;
  candidates_days: number;
  evidence_days: number;
  attachments_days: number;
  dossiers_days: number;
  accounts_days: number;
  access_days: number;
  quarantine_days: number;
  reports_days: number;
  public_archives: boolean;
  archive?: string | undefined;
}

/** What ends by its own rule, in the order in which it is taken away, and what a rule is called in the journal. */
export const RETENTION_KINDS = {
  unmatched: "alertes sans incident",
  candidates: "incidents surveillés puis clos",
  evidence: "alertes des dossiers clos",
  attachments: "pièces jointes des dossiers clos",
  dossiers: "dossiers clos",
  accounts: "comptes fermés",
  access: "traces d'accès",
  quarantine: "messages refusés",
  reports: "bilans hebdomadaires",
} as const;
export type RetentionKind = keyof typeof RETENTION_KINDS;

/** The name under which the journal keeps that a rule was applied; `setAside` to what was never closed. */
export function policyOf(
  kind: RetentionKind,
  rules: RetentionRules,
  { visa, setAside = false }: { visa?: string | undefined; setAside?: boolean } = {},
): string {
  const days = rules[`${kind}_days`];
  const name = setAside ? RETENTION_KINDS[kind].replace(/clos$/, "non déclarés") : RETENTION_KINDS[kind];
  const authorised = visa === undefined ? "" : `, visa ${visa}`;
  return `${name}, ${days} jour${days > 1 ? "s" : ""}${authorised}`;
}
