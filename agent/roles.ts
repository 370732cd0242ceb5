/** What a process of an installation does. */
export const ROLES = ["all", "receiver", "correlator", "web"] as const;
export type Role = (typeof ROLES)[number];

/** Which parts of the daemon a process has; a receiver has none of these, and no record. */
export interface Duties {
  /** Takes alerts in, by its own listeners. */
  listens: boolean;
  /** Sorts what was detected, and carries out what is due: one process a facility. */
  correlates: boolean;
  /** Serves people. */
  serves: boolean;
}

/** What a role that has the record does with it. */
export const DUTIES: Record<Exclude<Role, "receiver">, Duties> = {
  all: { listens: true, correlates: true, serves: true },
  correlator: { listens: false, correlates: true, serves: false },
  web: { listens: false, correlates: false, serves: true },
};
