import { holdOf } from "../../core/incident.ts";
import { type ActOn, type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import type { Setup } from "../work.ts";

const MERGED = refuse(
  "merged",
  "Cet incident a été réuni à un autre : suspendez la conservation de celui-là.",
);
/** Suspensions kept of one incident. */
const MOST = 50;

interface Holding {
  incident: string;
  /** Why: a dispute, an inquiry. */
  reason: string;
}

/** How people suspend the conservation of a dossier (contentieux), and end that. */
export interface HoldDesk {
  /** From now on no rule of conservation takes anything of it away, until a person says so. */
  hold(holding: Holding, actor: Actor): Promise<{ outcome: "held" } | Refused>;
  lift(holding: Holding, actor: Actor): Promise<{ outcome: "lifted" } | Refused>;
}

/** Builds the part of the desk that suspends the conservation of dossiers. */
export function holdDesk({ setup, actOn }: { setup: Pick<Setup, "masks">; actOn: ActOn }): HoldDesk {
  const reasonOf = ({ incident, reason }: Holding) =>
    setup.masks.text(reason.trim().toWellFormed(), { incident });
  return {
    hold: (holding, actor) =>
      actOn(holding.incident, actor, "hold", (work, now) => {
        const wrong = badReason(holding.reason.trim());
        if (wrong !== undefined) return wrong;
        if (work.incident.state === "merged") return MERGED;
        const { holds = [] } = work.incident;
        if (holdOf(work.incident) !== undefined)
          return refuse("held", "La conservation de ce dossier est déjà suspendue.");
        if (holds.length >= MOST)
          return refuse("too_many", "Ce dossier a été suspendu trop de fois : voyez le journal.");
        const held = { at: now, writer: actor.name, reason: reasonOf(holding), lifted: null };
        work.incident = { ...work.incident, holds: [...holds, held] };
        return { outcome: "held" as const };
      }),

    lift: (holding, actor) =>
      actOn(holding.incident, actor, "hold", (work, now) => {
        const wrong = badReason(holding.reason.trim());
        if (wrong !== undefined) return wrong;
        if (work.incident.state === "merged") return MERGED;
        const standing = holdOf(work.incident);
        if (standing === undefined)
          return refuse("not_held", "La conservation de ce dossier n'est pas suspendue.");
        const lifted = { at: now, writer: actor.name, reason: reasonOf(holding) };
        const before = (work.incident.holds ?? []).slice(0, -1);
        work.incident = { ...work.incident, holds: [...before, { ...standing, lifted }] };
        return { outcome: "lifted" as const };
      }),
  };
}
