import type { Instant } from "../../core/clock.ts";
import type { Declaration, FormField } from "../../core/declaration.ts";
import { draft } from "../draft.ts";
import { regimesOf } from "../law/regimes-of.ts";
import { type Actor, type Refused, refuse, type Stale, type TextSeen } from "../person-act.ts";
import { currentDeclaration, type Setup, type Work } from "../work.ts";
import type { Desk } from "./desk.ts";

/** Longest text a person may put in a field. */
const FIELD_LENGTH = 20_000;

type Amendment = Parameters<Desk["amend"]>[0];

/** Writes what a person put in fields of the draft; refused when the text is another one by now. */
export function amend(
  work: Work,
  { text, fields }: Amendment,
  { setup, actor, now }: { setup: Setup; actor: Actor; now: Instant },
): { outcome: "amended"; declaration: Declaration } | Refused | Stale {
  const stale = staleness(work, text);
  if (stale !== undefined) return stale;
  const known = regimesOf(setup, work.incident).leading.form.sections.flatMap((section) => section.fields);
  const fixed = known.find((field) => field.fixed && fields.some(({ id }) => id === field.id));
  if (fixed !== undefined)
    return refuse(
      "field_fixed",
      `« ${fixed.label} » vient de la configuration et de la personne qui déclare : il ne se modifie pas ici.`,
    );
  const ids = new Set(known.map(({ id }) => id));
  const wrong = fields.find(({ id, value }) => !ids.has(id) || (value?.length ?? 0) > FIELD_LENGTH);
  if (wrong !== undefined) return refuse("bad_field", `Le champ « ${wrong.id} » est inconnu ou trop long.`);
  const provenance: FormField["provenance"] = { by: "person", name: actor.name, at: now };
  draft(
    work,
    setup,
    now,
    new Map(fields.map(({ id, value, unknown }) => [id, { value, unknown, provenance }])),
  );
  const declaration = currentDeclaration(work);
  if (declaration === undefined) return refuse("no_draft", "Il n'y a pas encore de projet de déclaration.");
  return { outcome: "amended", declaration };
}

function staleness(work: Work, text: TextSeen): Stale | undefined {
  const current = currentDeclaration(work);
  if (
    current !== undefined &&
    current.id === text.declaration &&
    current.version === text.version &&
    current.sha256 === text.sha256
  )
    return undefined;
  return {
    outcome: "stale",
    current: current ? { declaration: current.id, version: current.version, sha256: current.sha256 } : null,
  };
}
