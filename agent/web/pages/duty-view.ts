import { type DutyRegime, LATE_FIELD } from "../../../rules/regimes/regime.ts";
import type { Instant } from "../../core/clock.ts";
import type { FormField } from "../../core/declaration.ts";
import { DUTY_KINDS, DUTY_STATES, type DutyFile, dutyContentOf } from "../../core/duty-file.ts";
import { type Account, mayAct, ROLES } from "../../core/person.ts";
import { VERDICTS } from "../../core/qualification.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { clocksToMeet, overdue } from "../../stages/duties/settle-duty.ts";
import { fieldMark } from "./amendment.ts";
import { clockRows, fieldRow } from "./dossier-view.ts";
import { drawClock } from "./draw-clock.ts";

/** The clocks of one duty, each with its picture where it has an end. */
export function dutyClocks({ deadlines }: Dossier, regime: string, now: Instant) {
  return clockRows(deadlines.filter((each) => each.regime === regime)).map((clock) => ({
    ...clock,
    picture: clock.due === null ? null : drawClock({ ...clock, due: clock.due }, now),
    late: clock.due !== null && (clock.met ?? now) > clock.due,
  }));
}

/** The state of a text in words; what is left of an exercise says so. */
export function dutyStateWords(file: Pick<DutyFile, "state">, exercise: boolean): string {
  return exercise ? `EXERCICE : ${DUTY_STATES[file.state]}` : DUTY_STATES[file.state];
}

/** Each duty beside the declaration: its verdict, its clocks, its text. */
export function dutyList(dossier: Dossier, desk: Pick<Desk, "dutyPacks" | "mode">, now: Instant) {
  return dossier.others.map((qualification) => {
    const pack = desk.dutyPacks.get(qualification.regime);
    const file = dossier.duties.filter(({ regime }) => regime === qualification.regime).at(-1);
    return {
      regime: qualification.regime,
      title: qualification.title ?? qualification.regime,
      verdict: VERDICTS[qualification.verdict],
      tone: TONES[qualification.verdict] ?? "not_evaluated",
      sentence: qualification.sentence,
      clocks: dutyClocks(dossier, qualification.regime, now),
      approvers: pack === undefined ? [] : approverWords(pack),
      register: pack?.register === true,
      file:
        file === undefined
          ? null
          : {
              version: file.version,
              state: file.state,
              words: dutyStateWords(file, desk.mode === "exercise"),
              reference: file.notified?.reference ?? "",
            },
    };
  });
}

const TONES: Readonly<Record<string, string>> = {
  declare: "met",
  advised: "unknown",
  answer_missing: "unknown",
  no_duty_found: "not_met",
};

function approverWords({ approvers }: DutyRegime): string[] {
  return approvers.map((role) => (role === "rssi" ? ROLES[role] : ROLES[role].toLowerCase()));
}

/** Where a field of such a text comes from: the arrêté is none of its sources. */
const BASIS: Readonly<Record<string, string>> = {
  F: "texte ou liste de l'autorité",
  P: "ajout, hors texte",
};

/** What was typed and could not be taken, by field. */
export type Typed = ReadonlyMap<string, { value: string; unknown: boolean }>;

/** One duty's page: the text that stands, who may do what with it, and what became of the versions before. */
export function dutyModel(
  dossier: Dossier,
  desk: Pick<Desk, "dutyPacks" | "mode" | "mayApproveDuty">,
  {
    pack,
    person,
    now,
    typed = new Map(),
  }: { pack: DutyRegime; person: Account; now: Instant; typed?: Typed },
) {
  const files = dossier.duties.filter(({ regime }) => regime === pack.id);
  const current = files.at(-1);
  const content = current && dutyContentOf(current);
  const fixed = new Map(
    pack.form.sections.flatMap(({ fields }) => fields.map((field) => [field.id, field] as const)),
  );
  const merged = dossier.incident.state === "merged";
  const mayPrepare = mayAct(person, "prepare_duty") && !merged;
  const draft = current?.state === "draft";
  const toNotify = files.findLast(({ state }) => state === "approved");
  const clocks = clocksToMeet(dossier, pack);
  const qualification = dossier.others.find(({ regime }) => regime === pack.id);
  const late = overdue(clocks, now)?.due ?? null;
  const sections = content?.sections ?? [];
  const asked = new Set(
    pack.form.sections.flatMap(({ fields }) => fields).flatMap(({ id, basis }) => (basis === "P" ? [] : id)),
  );
  // "Inconnu à ce stade" is an answer once a person gave it; our own additions are asked of nobody.
  const isMissing = ({ id, value, provenance }: FormField) =>
    draft &&
    (value ?? "") === "" &&
    provenance.by === "nobody" &&
    fixed.get(id)?.fixed !== true &&
    asked.has(id) &&
    (id !== LATE_FIELD || late !== null);
  const missing = sections.flatMap((section) =>
    section.fields.filter(isMissing).map(({ id, label }) => ({ section: section.id, id, label })),
  );
  return {
    regime: pack.id,
    dutyTitle: pack.title,
    article: pack.article,
    sentence: qualification?.sentence ?? "",
    notice: pack.form.notice,
    staged: pack.staged,
    register: pack.register,
    approvers: approverWords(pack),
    clocks: dutyClocks(dossier, pack.id, now),
    current: current ?? null,
    content: content ?? null,
    kind: content === undefined ? "" : DUTY_KINDS[content.kind],
    stateLabel: current === undefined ? "" : dutyStateWords(current, content?.exercise === true),
    fingerprint: current === undefined ? [] : (current.sha256.match(/.{1,8}/g) ?? []),
    sections: sections.map((section) => ({
      ...section,
      open: section.fields.some(({ id }) => typed.has(id)),
      missing: missing.filter(({ section: id }) => id === section.id).length,
      // What nobody has said comes first.
      fields: section.fields
        .toSorted((a, b) => Number(isMissing(b)) - Number(isMissing(a)))
        .map((field) => {
          const given = fixed.get(field.id);
          const kept = typed.get(field.id);
          const value = kept?.value ?? field.value ?? "";
          return {
            ...fieldRow(field),
            missing: isMissing(field),
            basisLabel: BASIS[field.basis] ?? null,
            fixed: given?.fixed === true || given === undefined,
            choices: given?.choices ?? null,
            several: given?.several === true,
            chosen: new Set(value.split("; ")),
            typed: value,
            notKnown: kept?.unknown ?? field.unknown,
            mark: fieldMark(field),
          };
        }),
    })),
    missing,
    editable: draft && mayPrepare,
    mayApprove: draft && !merged && desk.mayApproveDuty(person, pack.id, now),
    proposed: clocks.some(({ settled_by }) => settled_by !== undefined),
    late,
    toNotify: toNotify ?? null,
    mayPrepare,
    mayBegin: mayPrepare && current !== undefined && !draft,
    versions: files.toReversed(),
    words: DUTY_STATES,
    questions: qualification?.questions.length ?? 0,
  };
}
