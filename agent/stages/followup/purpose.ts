import type { Instant } from "../../core/clock.ts";
import {
  contentOf,
  type Declaration,
  type DeclarationKind,
  type FormField,
  type FormSection,
} from "../../core/declaration.ts";
import type { Incident } from "../../core/incident.ts";
import { formatInstant } from "../french.ts";
import { statesEnded, statesOf } from "../judge.ts";
import type { Work } from "../work.ts";

/** Id of the section, and of its one field, that says what a text is for: nobody edits it as a field. */
export const PURPOSE = "purpose";

type Told = Pick<Work, "incident" | "facts" | "declarations">;

/** What the next text is: a kind, and what it says of itself at its head. */
export interface Purpose {
  kind: Exclude<DeclarationKind, "set_aside">;
  section?: FormSection;
}

/**
 * Chooses what the next text is. D.1111-16-3: the resolution is declared too; the machine proposes the notice once every
 * state that was found has ended, a person at any time, since an event such as a leak never ends.
 */
export function purposeOf(work: Told, zone: string): Purpose {
  if (lastFiled(work) === undefined) return { kind: "initial" };
  const { purpose } = work.incident;
  if (purpose?.kind === "reinstated" && saysWithdrawn(work))
    return { kind: "complement", section: saidBy(purpose) };
  const settled = settledPurpose(work);
  if (settled?.kind === "withdrawal") return { kind: "complement", section: saidBy(settled) };
  if (settled?.kind === "resolution") return { kind: "resolution", section: saidBy(settled) };
  if (settled?.kind === "complement" || !statesEnded(work) || resolvedBy(work) !== undefined)
    return { kind: "complement" };
  return { kind: "resolution", section: saidByMachine(work, zone) };
}

/** True when the last text decided that speaks of it withdraws the declaration: what takes it back has to be said. */
function saysWithdrawn({ declarations }: Pick<Told, "declarations">): boolean {
  const said = declarations
    .filter(({ state }) => state === "approved" || state === "filed")
    .flatMap((each) => contentOf(each).sections.filter(({ id }) => id === PURPOSE))
    .findLast(
      ({ fields: [field] }) => field?.label === LABELS.withdrawal || field?.label === LABELS.reinstated,
    );
  return said?.fields[0]?.label === LABELS.withdrawal;
}

/** What a person settled that the next text is; a text that was filed since has said it, but for a withdrawal. */
export function settledPurpose(work: Pick<Told, "incident" | "declarations">): Incident["purpose"] {
  const { purpose } = work.incident;
  if (purpose === undefined || purpose.kind === "withdrawal") return purpose;
  const filed = lastFiled(work)?.updated ?? 0;
  return purpose.at > filed ? purpose : undefined;
}

/** The notice of resolution that was filed and still holds: no state lasts, was found or ended after it. */
export function resolvedBy(work: Pick<Told, "facts" | "declarations">): Declaration | undefined {
  const notice = work.declarations.findLast(({ kind, state }) => kind === "resolution" && state === "filed");
  const later = (at: Instant | null) => at === null || at > (notice?.updated ?? 0);
  return statesOf(work).some(({ stated, until }) => later(stated) || later(until)) ? undefined : notice;
}

/** True when something was declared, and neither its resolution nor its withdrawal: closing is a duty (D.1111-16-3). */
export function owesNotice(work: Told): boolean {
  if (lastFiled(work) === undefined || work.incident.purpose?.kind === "withdrawal") return false;
  return resolvedBy(work) === undefined;
}

/** True when a fact was found since the last text was filed: what proposes to end it says more than that. */
export function hasNews(work: Pick<Told, "facts" | "declarations">): boolean {
  const filed = lastFiled(work)?.updated ?? 0;
  return work.facts.some(({ holds, withdrawn, stated }) => holds && withdrawn === null && stated > filed);
}

/** When a declaration was filed last; undefined while none was. */
function lastFiled({ declarations }: Pick<Told, "declarations">): { updated: Instant } | undefined {
  return declarations.findLast(({ state }) => state === "filed");
}

const LABELS = {
  resolution: "Avis de résolution (D.1111-16-3)",
  withdrawal: "Retrait de la déclaration",
  reinstated: "Maintien de la déclaration",
} as const;

/** How what a person gave as the reason begins. */
const OPENINGS: Partial<Record<NonNullable<Incident["purpose"]>["kind"], string>> = {
  withdrawal: "Cette déclaration a été faite par erreur. ",
  reinstated: "Son retrait a été noté par erreur : cette déclaration est maintenue. ",
};

function saidBy({ kind, at, writer, reason }: NonNullable<Incident["purpose"]>): FormSection {
  return section({
    label: LABELS[kind === "complement" ? "resolution" : kind],
    value: `${OPENINGS[kind] ?? ""}${reason}`,
    provenance: { by: "person", name: writer, at },
  });
}

function saidByMachine(work: Told, zone: string): FormSection {
  const last = Math.max(...statesOf(work).map(({ until }) => until ?? 0));
  return section({
    label: LABELS.resolution,
    value: `Tous les états constatés ont pris fin, le dernier le ${formatInstant(last, zone)}.`,
    provenance: { by: "machine", because: "fin de chaque état retenu", evidence: [] },
  });
}

function section(field: Pick<FormField, "label" | "value" | "provenance">): FormSection {
  return {
    id: PURPOSE,
    title: "Objet de cet envoi",
    fields: [{ id: PURPOSE, unknown: false, basis: "P", ...field }],
  };
}
