import type { Account, Act } from "../core/person.ts";
import type { Work } from "./work.ts";

/** Who acts: the account, and for what others told, the person who knew. */
export type Actor = Pick<Account, "id" | "name" | "role" | "active" | "delegations">;

/** The exact text seen by the person: anything else is stale. */
export interface TextSeen {
  incident: string;
  declaration: string;
  version: number;
  sha256: string;
}

export type Stale = {
  outcome: "stale";
  current: { declaration: string; version: number; sha256: string } | null;
};
export type Refused = { outcome: "refused"; code: string; because: string };

/** What a person may write: a reason, an account of what happened, a name. */
export const WRITING = { reason: { least: 10, most: 500 }, text: 4000, name: 200, systems: 50 } as const;

export function refuse(code: string, because: string): Refused {
  return { outcome: "refused", code, because };
}

/** Refuses a reason that says nothing, or too much. */
export function badReason(reason: string): Refused | undefined {
  const { least, most } = WRITING.reason;
  if (reason.length >= least && reason.length <= most) return undefined;
  return refuse("reason_missing", `Le motif compte de ${least} à ${most} caractères (ici ${reason.length}).`);
}

/** True of an incident that takes no act in any more. */
export function over({ incident }: Pick<Work, "incident">): boolean {
  return incident.state === "closed" || incident.state === "merged";
}

/** Runs an act on one incident for a person who may: nothing is kept of one that is refused. */
export type ActOn = <T extends { outcome: string }>(
  incident: string,
  actor: Actor,
  right: Act,
  work: (work: Work, now: number) => T | Refused,
) => Promise<T | Refused>;

/** The same for a person who may answer, where what is done touches neither the text nor who declares. */
export type ActBeside = <T extends { outcome: string }>(
  incident: string,
  actor: Actor,
  work: (work: Work, now: number) => T | Refused,
) => Promise<T | Refused>;
