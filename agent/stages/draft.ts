import type { LeadingRegime } from "../../rules/regimes/regime.ts";
import type { Instant } from "../core/clock.ts";
import {
  DECLARATION_KINDS,
  type Declaration,
  type DeclarationContent,
  type FormField,
  type FormSection,
  sealContent,
} from "../core/declaration.ts";
import { underDefenceSecret } from "../core/fact.ts";
import type { Masked, Tally } from "../core/masked.ts";
import type { CriterionResult } from "../core/qualification.ts";
import { sameJson } from "../core/same-json.ts";
import { PURPOSE, purposeOf } from "./followup/purpose.ts";
import {
  criterionLines,
  fillForm,
  isFilled,
  personFields,
  sectionLines,
  settingsOf,
} from "./form/fill-form.ts";
import type { ByPerson } from "./form/filled.ts";
import { regimesOf } from "./law/regimes-of.ts";
import { currentDeclaration, type Setup, type Work } from "./work.ts";

/** Version of the French rendering below: part of what is signed. */
const TEMPLATE_VERSION = "1";

/**
 * Fills the form from the facts and renders its French text; the version changes only after a decision.
 * A field that nobody and nothing fills says "inconnu à ce stade": it is never defaulted.
 */
export function draft(work: Work, setup: Setup, now: Instant, edits?: ByPerson): void {
  if (underDefenceSecret(work.facts)) return;
  const regime = regimesOf(setup, work.incident).leading;
  const before = currentDeclaration(work);
  if (before?.state === "set_aside" && work.incident.state === "set_aside") return;
  const open = before?.state === "draft" ? before : undefined;
  // What completes nothing filed is no complement: it replaces the text that was approved and not filed.
  const { kind, section } = purposeOf(work, setup.facility.time_zone);
  const id = before?.id ?? setup.newId();
  const version = open?.version ?? (before?.version ?? 0) + 1;
  const old = before && (JSON.parse(before.canonical) as Masked<DeclarationContent>);
  const stood = personFields(old).filter((each) => !isStated(work, each));
  const byPerson = new Map([...stood, ...(edits ?? [])]);
  const filled = fillForm(work, setup, { regime, byPerson });
  const sections = section === undefined ? filled : [section, ...filled];
  const criteria = work.qualification?.criteria ?? [];
  const heading = {
    facility: { id: setup.facility.id, name: setup.facility.name },
    incident: work.incident.id,
    reference: work.incident.reference,
    declaration: id,
    kind,
    version,
    exercise: setup.mode === "exercise",
    pack: { id: regime.id, version: regime.version },
    template: { id: regime.form.id, version: `${regime.form.version}.${TEMPLATE_VERSION}` },
  };
  const contested = before?.state === "contested";
  const masked: Tally = new Map();
  const body = setup.masks.every<DeclarationContent>(
    { ...heading, criteria, sections, text: "" },
    { incident: work.incident.id, known: settingsOf(sections, setup), tally: masked },
  );
  // A contested text is to be decided on anew, be it the same.
  if (old !== undefined && !contested && sameSubstance(body, { old, drafted: open !== undefined })) return;
  const { canonical, sha256 } = sealContent({ ...body, text: render(heading, { ...body, regime }, setup) });
  const declaration: Declaration = {
    id,
    incident: work.incident.id,
    regime: regime.id,
    kind,
    version,
    state: "draft",
    sha256,
    canonical,
    updated: now,
  };
  work.declarations =
    open === undefined
      ? [...work.declarations, declaration]
      : [...work.declarations.slice(0, -1), declaration];
  if (masked.size > 0) {
    // How many of each kind, never which.
    const note = { declaration: id, version, counts: Object.fromEntries(masked) };
    work.beside.push({ write: "note", what: "masked", incident: work.incident.id, content: note });
  }
}

/** True of a value that people's facts told: it follows them, where what a person wrote in the field stands. */
function isStated(
  { facts }: Work,
  [id, { provenance }]: readonly [string, Pick<FormField, "provenance">],
): boolean {
  return (
    isFilled(id) &&
    provenance.by === "person" &&
    facts.some(
      ({ origin, stated }) =>
        origin.by === "person" && origin.source === provenance.name && stated === provenance.at,
    )
  );
}

/** True when only the version number would differ: an approved text is not followed by an identical one. */
function sameSubstance(
  content: Masked<DeclarationContent>,
  { old, drafted }: { old: Masked<DeclarationContent>; drafted: boolean },
): boolean {
  if (drafted && old.kind !== content.kind) return false;
  if (old.pack.version !== content.pack.version) return false;
  // A text that is for nothing else says nothing new because the one before was for something; a draft that no longer
  // is for it has to lose it.
  const before =
    drafted || content.sections.some(({ id }) => id === PURPOSE)
      ? old.sections
      : old.sections.filter(({ id }) => id !== PURPOSE);
  return sameJson(
    { ...content, version: old.version, kind: old.kind, text: "" },
    { ...old, sections: before, text: "" },
  );
}

function render(
  heading: Omit<DeclarationContent, "criteria" | "sections" | "text">,
  {
    criteria,
    sections,
    regime,
  }: { criteria: readonly CriterionResult[]; sections: readonly FormSection[]; regime: LeadingRegime },
  setup: Setup,
): string {
  const lines = [
    ...(heading.exercise ? ["*** EXERCICE : ne pas transmettre à une autorité ***", ""] : []),
    "DÉCLARATION D'INCIDENT DE SÉCURITÉ DES SYSTÈMES D'INFORMATION",
    `${setup.facility.name}, incident ${heading.reference}, ${DECLARATION_KINDS[heading.kind].toLowerCase()}, version ${heading.version}`,
    `Fondement : ${regime.article}`,
    regime.form.notice,
    ...sectionLines(sections),
    ...criterionLines(criteria),
  ];
  return lines.join("\n");
}
