import { isDuty } from "../../../rules/regimes/load-regime.ts";
import type { DutyRegime } from "../../../rules/regimes/regime.ts";
import type { Instant } from "../../core/clock.ts";
import { type DutyContent, type DutyFile, dutyContentOf, dutyId, sealDuty } from "../../core/duty-file.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Masked, Tally } from "../../core/masked.ts";
import type { Qualification } from "../../core/qualification.ts";
import { sameJson } from "../../core/same-json.ts";
import { criterionLines, fillForm, personFields, sectionLines, settingsOf } from "../form/fill-form.ts";
import type { ByPerson } from "../form/filled.ts";
import type { Setup, Work } from "../work.ts";

/** Version of the French rendering below: part of what is approved. */
const TEMPLATE_VERSION = "1";

/**
 * Writes the text of each duty beside the declaration that is due, from the same facts: anew while it is a draft, as
 * the next version once a person has decided on it and what is known has changed.
 */
export function draftDuties(work: Work, setup: Setup, now: Instant, before?: Work): void {
  if (underDefenceSecret(work.facts) || OVER.has(work.incident.state)) return;
  for (const qualification of work.others) {
    const regime = setup.regimes.find((each) => each.id === qualification.regime);
    if (regime === undefined || !isDuty(regime)) continue;
    // On the same facts nothing but another evaluation writes a text anew.
    if (before?.others.includes(qualification)) continue;
    const last = lastDuty(work, regime.id);
    if (last === undefined && !isDue(regime, qualification)) continue;
    if (last?.state === "not_notified" && !reopens(last, qualification)) continue;
    writeDuty(work, setup, { regime, now });
  }
}

const OVER: ReadonlySet<string> = new Set(["closed", "merged"]);

/** True when a duty is to be met, or written in its register whether it is notified or not. */
export function isDue(regime: DutyRegime, { verdict, met_at }: Qualification): boolean {
  if (verdict === "declare" || verdict === "advised") return true;
  return (
    regime.register &&
    regime.clocks.some(({ when }) => when.some((criterion) => met_at?.[criterion] !== undefined))
  );
}

/** Not to notify was decided on an evaluation: another one asks again. */
function reopens(last: DutyFile, { criteria }: Qualification): boolean {
  const values = (all: Qualification["criteria"]) =>
    all.map(({ id, value, degree }) => `${id} ${value} ${degree ?? ""}`);
  return !sameJson(values(dutyContentOf(last).criteria), values(criteria));
}

/** The version of a duty's text that stands: the highest. */
export function lastDuty({ duties }: Pick<Work, "duties">, regime: string): DutyFile | undefined {
  return duties.filter((each) => each.regime === regime).at(-1);
}

/**
 * Writes the text of one duty: the draft that stands, or the next version; with `edits`, what a person put in its
 * fields. `again` writes a next version though nothing differs, for what a person has to add.
 */
export function writeDuty(
  work: Work,
  setup: Setup,
  {
    regime,
    now,
    edits = new Map(),
    again = false,
  }: { regime: DutyRegime; now: Instant; edits?: ByPerson; again?: boolean },
): void {
  const last = lastDuty(work, regime.id);
  const old = last && dutyContentOf(last);
  const drafted = last?.state === "draft";
  const version = drafted ? last.version : (last?.version ?? 0) + 1;
  const edited = [...new Set([...(last?.edited ?? []), ...edits.keys()])];
  const stood = personFields(old).filter(([id]) => edited.includes(id));
  const sections = fillForm(work, setup, { regime, byPerson: new Map([...stood, ...edits]) });
  const notified = work.duties.some((each) => each.regime === regime.id && each.state === "notified");
  const id = dutyId(work.incident.id, regime.id);
  const heading: Omit<DutyContent, "criteria" | "sections" | "text"> = {
    facility: { id: setup.facility.id, name: setup.facility.name },
    incident: work.incident.id,
    reference: work.incident.reference,
    file: id,
    title: regime.title,
    recipients: [...new Set(regime.clocks.map(({ recipient }) => recipient))],
    kind: notified ? "complement" : "initial",
    version,
    exercise: setup.mode === "exercise",
    pack: { id: regime.id, version: regime.version },
    template: { id: regime.form.id, version: `${regime.form.version}.${TEMPLATE_VERSION}` },
  };
  const masked: Tally = new Map();
  const criteria = work.others.find((each) => each.regime === regime.id)?.criteria ?? [];
  const body = setup.masks.every<DutyContent>(
    { ...heading, criteria, sections, text: "" },
    { incident: work.incident.id, known: settingsOf(sections, setup), tally: masked },
  );
  const content = { ...body, text: render(body, regime) };
  const { canonical, sha256 } = sealDuty(content);
  if (last?.sha256 === sha256) return;
  // What was decided on is followed by a text that says something else, never by the same under another number.
  if (old !== undefined && !drafted && !again && sameSubstance(content, old)) return;
  const file: DutyFile = {
    id,
    incident: work.incident.id,
    regime: regime.id,
    kind: content.kind,
    version,
    state: "draft",
    sha256,
    canonical,
    updated: now,
    edited,
  };
  work.duties = [...work.duties.filter((each) => !(drafted && each === last)), file];
  if (last?.state === "not_notified") runAgain(work, last);
  if (masked.size > 0) {
    // How many of each kind, never which.
    const note = { declaration: id, version, counts: Object.fromEntries(masked) };
    work.beside.push({ write: "note", what: "masked", incident: work.incident.id, content: note });
  }
}

/** What was settled by notifying nothing runs again. */
function runAgain(work: Work, { regime, decision }: DutyFile): void {
  work.deadlines = work.deadlines.map((each) =>
    each.regime === regime && each.met === decision?.at ? { ...each, met: null } : each,
  );
}

/** True when two texts say the same: that more alerts tell it is nothing to complete. */
function sameSubstance(content: Masked<DutyContent>, old: Masked<DutyContent>): boolean {
  const substance = ({ sections, criteria }: DutyContent) => ({
    fields: sections.flatMap(({ fields }) =>
      fields.map(({ id, value, unknown }) => ({ id, value, unknown })),
    ),
    criteria: criteria.map(({ id, value, degree }) => ({ id, value, degree })),
  });
  return sameJson(substance(content), substance(old));
}

function render(content: Masked<DutyContent>, regime: DutyRegime): string {
  const { facility, reference, version, exercise, kind, title, recipients } = content;
  return [
    ...(exercise ? ["*** EXERCICE : ne pas transmettre à une autorité ***", ""] : []),
    title.toUpperCase(),
    `${facility.name}, incident ${reference}, ${kind === "initial" ? "première notification" : "notification complémentaire"}, version ${version}`,
    `Fondement : ${regime.article}`,
    ...(recipients.length > 0 ? [`Destinataire : ${recipients.join(" ; ")}`] : []),
    regime.form.notice,
    ...sectionLines(content.sections),
    ...criterionLines(content.criteria),
  ].join("\n");
}
