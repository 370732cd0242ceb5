import type { HuntOutcome } from "../../core/hunt.ts";
import { mayAct } from "../../core/person.ts";
import { CRITERION_VALUES, type CriterionValue } from "../../core/qualification.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import type { Actor } from "../../stages/person-act.ts";

const KINDS: Readonly<Record<string, string>> = {
  host: "machine",
  system: "système",
  user: "compte",
  address: "adresse",
};
const RELATIONS = {
  merged_into: "Réuni à",
  merged: "Comprend",
  follows: "Fait suite à",
  linked: "Peut-être lié à",
  apart: "Distinct de",
  split_off: "A été séparé de lui :",
} as const;

/** What the page says of the incidents near one, and what may be taken out of it. */
export function regroupRows({ incident, grouping, systems }: Dossier, person: Actor) {
  const running = incident.state !== "merged" && incident.state !== "closed";
  return {
    kin: grouping.kin.map((each) => ({ ...each, words: RELATIONS[each.relation] })),
    last: grouping.last,
    may: mayAct(person, "edit") && incident.state !== "merged",
    mayMerge: running,
    cut: incident.entities_cut === true,
    undivided: incident.undivided === true,
    hunts: huntRows(incident.hunts ?? []),
    parts: running
      ? incident.entities
          .filter(({ kind }) => kind in KINDS)
          .map(({ kind, value }) => ({
            pick: `${kind}:${value}`,
            kind: KINDS[kind],
            name: (kind === "system" && systems.find(({ id }) => id === value)?.name) || value,
          }))
      : [],
  };
}

/** Searches of old records, the last first, with what each changed. */
function huntRows(hunts: readonly HuntOutcome[]) {
  return hunts.toReversed().map(({ at, by, what, read, detections, began, criteria }) => ({
    at,
    by: by.name,
    what,
    read: read.toLocaleString("fr-FR"),
    found: detections.toLocaleString("fr-FR"),
    began,
    criteria: criteria.map(({ label, before, after }) => ({
      label,
      met: after === "met",
      change: `${labelOf(before)} → ${labelOf(after)}`,
    })),
  }));
}

const labelOf = (value: string): string => CRITERION_VALUES[value as CriterionValue] ?? value;
