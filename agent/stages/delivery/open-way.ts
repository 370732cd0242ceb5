import type { Instant } from "../../core/clock.ts";
import type { Declaration } from "../../core/declaration.ts";
import type { Delivery, Impossibility } from "../../core/delivery.ts";
import { type Actor, type Refused, refuse } from "../person-act.ts";
import { deliveryBy, plan, rungsOf } from "../transmit.ts";
import { currentDeclaration, type Setup, type WayOut, type Work } from "../work.ts";

/** A way of the configuration; undefined when it has none of that name. */
export function wayOf({ outbound }: Pick<Setup, "outbound">, id: string): WayOut | undefined {
  return outbound.find((each) => each.id === id);
}

/** The text that was approved last, filed or not: what may leave. */
export function decidedText({ declarations }: Pick<Work, "declarations">): Declaration | undefined {
  return declarations.findLast(({ state }) => state === "approved" || state === "filed");
}

/** Why electronic declaration is impossible, as a person found since the text was approved; undefined when nobody did. */
export function impossibilityOf(
  { incident, decisions }: Pick<Work, "incident" | "decisions">,
  { id, version, sha256 }: Pick<Declaration, "id" | "version" | "sha256">,
): Impossibility | undefined {
  // By the text itself where it is named: a clock that was set back tells nothing of what came first.
  const named = incident.impossible?.findLast((each) => each.sha256 === sha256);
  if (named !== undefined) return named;
  const decided = decisions.findLast((each) => each.declaration === id && each.version === version)?.at ?? 0;
  const last = incident.impossible?.at(-1);
  return last === undefined || last.sha256 !== undefined || last.at < decided ? undefined : last;
}

/** Whether a way may be opened for an incident as it stands: with which text, or what stands on it already. */
export function isUsable(
  work: Work,
  setup: Setup,
  way: WayOut,
): { declaration: Declaration; impossibility?: Impossibility } | { standing: Delivery } | Refused {
  const { kind = "declaration", fallback = false } = way;
  // Help may be called for before anything is decided, and as often as it takes.
  if (kind === "help") {
    const current = currentDeclaration(work);
    return current === undefined
      ? refuse("nothing_drafted", "Ce dossier n'a pas encore de texte : notez l'appel dans la main courante.")
      : { declaration: current };
  }
  const declaration = decidedText(work);
  if (declaration === undefined)
    return refuse("nothing_decided", "Aucun texte validé : rien ne peut partir avant la décision.");
  const standing = deliveryBy(work, way, declaration);
  if (standing?.state === "delivered")
    return refuse("already_sent", "Ce texte est déjà parti par cette voie.");
  if (standing !== undefined) return { standing };
  if (kind !== "declaration") return { declaration };
  if (!rungsOf(setup, declaration).some(({ id }) => id === way.id))
    return refuse("other_duty", "Cette voie ne porte pas cette déclaration.");
  if (declaration.state === "filed" && !fallback) return refuse("already_filed", "Ce texte est déjà déposé.");
  if (!fallback) return { declaration };
  const impossibility = impossibilityOf(work, declaration);
  if (impossibility === undefined)
    return refuse(
      "impossibility_missing",
      "Cette voie ne sert que si la déclaration électronique est impossible : notez d'abord ce qui a été essayé.",
    );
  return { declaration, impossibility };
}

/** The delivery of a way that a person opens. */
export function openedWay(
  work: Work,
  setup: Setup,
  {
    declaration,
    impossibility,
    way,
    actor,
    now,
  }: {
    declaration: Declaration;
    impossibility?: Impossibility | undefined;
    way: WayOut;
    actor: Actor;
    now: Instant;
  },
): Delivery {
  const by = { account: actor.id, name: actor.name };
  return plan(work, setup, {
    declaration,
    way,
    now,
    more: { by, ...(impossibility !== undefined && { impossibility }) },
  });
}
