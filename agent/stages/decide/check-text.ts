import type { Decision } from "../../core/decision.ts";
import { contentOf, type Declaration } from "../../core/declaration.ts";
import { type Fact, underDefenceSecret } from "../../core/fact.ts";
import { type Refused, refuse, type Stale, type TextSeen } from "../person-act.ts";
import { currentDeclaration } from "../work.ts";
import { idOf } from "./standing-text.ts";

/** What a decision is checked against: the records of an incident, or what a page was made of. */
interface Standing {
  facts: readonly Fact[];
  declarations: Declaration[];
  decisions: readonly Decision[];
}

/** What keeps a decision from being taken on a text: it was decided on, or it is not the one that stands any more. */
export function checkText(
  { facts, declarations, decisions }: Standing,
  text: Omit<TextSeen, "incident">,
): Stale | Refused | undefined {
  if (underDefenceSecret(facts))
    return refuse(
      "defence_secret",
      "Ce dossier est couvert par le secret de la défense nationale : rien n'en est décidé ici.",
    );
  const decided = decisions.findLast(
    (each) => each.declaration === text.declaration && each.version === text.version,
  );
  if (decided !== undefined)
    return refuse("already_decided", `Ce texte a déjà fait l'objet d'une décision : ${byWhom(decided)}.`);
  const current = currentDeclaration({ declarations });
  if (
    current === undefined ||
    current.id !== text.declaration ||
    current.version !== text.version ||
    current.sha256 !== text.sha256
  )
    return { outcome: "stale", current: idOf(current) };
  if (current.state !== "draft")
    return refuse("already_decided", "Ce texte a déjà fait l'objet d'une décision.");
  return undefined;
}

/** The name that a text gives as its declarant's, when the law's form has one. */
export function declarantIn(declaration: Declaration): { name: string | null } | undefined {
  const named = contentOf(declaration)
    .sections.flatMap((section) => section.fields)
    .find((field) => field.id === "declarant_name");
  return named === undefined ? undefined : { name: named.value };
}

function byWhom({ decision, delegate, second, state }: Decision): string {
  const oral = state === "oral" ? " (décision orale, à confirmer)" : "";
  const also = second === undefined ? "" : `, confirmé par ${second.by.name}`;
  return `${decision === "approved" ? "validé" : "écarté"} par ${delegate.name}${also}${oral}`;
}
