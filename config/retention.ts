import { z } from "zod";

const Days = z.int().min(1).max(36_500);

/**
 * How long what is kept is kept, by kind, in days. No law gives most of these: `docs/fr/rgpd.md` says of each where it
 * comes from. Without this section nothing is removed by the clock.
 */
export const Retention = z
  .strictObject({
    /** Alerts that joined no incident, after they were stored. (Default: 180.) */
    unmatched_days: Days.default(180),
    /** What was only watched and closed without a declaration, after its closing. (Default: 365.) */
    candidates_days: Days.default(365),
    /** Alerts of closed dossiers, after the closing. (Default: 1,095.) */
    evidence_days: Days.default(1095),
    /** Bytes of the files attached to closed dossiers, after the closing. (Default: 1,095.) */
    attachments_days: Days.default(1095),
    /**
     * Closed dossiers with their texts, decisions and exchanges, after the closing; those set aside and never closed, after
     * the last that came to them. (Default: 1,825.)
     */
    dossiers_days: Days.default(1825),
    /** Closed accounts, after their last change: name and contacts. (Default: 365.) */
    accounts_days: Days.default(365),
    /** Traces of sign-ins and of pages read. CNIL recommends 6 to 12 months. (Default: 365.) */
    access_days: Days.default(365),
    /** Records that were refused. (Default: 30.) */
    quarantine_days: Days.default(30),
    /** Weekly reports of the observation. (Default: 365.) */
    reports_days: Days.default(365),
    /**
     * True when the dossiers are public archives: nothing of one is destroyed before a visa on its list is recorded.
     * Whether they are is not to be told from the kind of facility. (Default: true, which destroys nothing by mistake.)
     */
    public_archives: z.boolean().default(true),
    /** Folder that gets the bundle of each dossier before anything of it is erased; absent for none. */
    archive: z.string().min(1).optional(),
  })
  .superRefine((rules, context) => {
    for (const sooner of ["evidence_days", "attachments_days"] as const)
      if (rules[sooner] > rules.dossiers_days)
        context.addIssue({
          code: "custom",
          path: [sooner],
          message: `longer than dossiers_days (${rules.dossiers_days}): nothing outlives its dossier`,
        });
  });
export type Retention = z.infer<typeof Retention>;
