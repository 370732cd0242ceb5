import type { Request, Response } from "express";
import type { Clock } from "../../core/clock.ts";
import { fingerprintGroups } from "../../core/decision.ts";
import { DECLARATION_KINDS } from "../../core/declaration.ts";
import { mayAct } from "../../core/person.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { stateWords } from "../../stages/documents/text-state.ts";
import { Tlp, USUAL_TLP } from "../../stages/documents/tlp.ts";
import { becauseTree } from "../../stages/law/because-tree.ts";
import type { Store } from "../../store/store.ts";
import { pickedBy } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { fieldMark, type KeptField, unsentFields } from "./amendment.ts";
import { DONE } from "./done.ts";
import { fieldRow, laterList, sufficient } from "./dossier-view.ts";
import { openQuestions, questionRow } from "./questions.ts";
import { nextStep, verdictOf } from "./verdict.ts";

/** An answer that was given back, with what was typed. */
export interface RejectedAnswer {
  question: string;
  answer: string;
  date: string;
  time: string;
  source: string;
  error: string;
}

/** Why the page is shown again instead of what was asked. */
export interface DeclarationTrouble {
  status: number;
  message: string;
  rejected?: RejectedAnswer;
  kept?: ReadonlyMap<string, KeptField>;
}

export type ShowDeclaration = (
  request: Request,
  response: Response,
  dossier: Dossier,
  trouble?: DeclarationTrouble,
) => Promise<void>;

/** Shows the form of the declaration: what is missing, the questions, the fields with where they come from, the text. */
export function showDeclaration(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  gate: Gate;
}): ShowDeclaration {
  const { desk, store, clock, gate } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);

  return async (request, response, dossier, trouble) => {
    const person = personWho(response, "read");
    const { current, incident } = dossier;
    const now = clock.now();
    const draft = current?.declaration.state === "draft";
    const editable = draft && mayAct(person, "edit");
    const over = incident.state === "closed";
    const unsent = editable ? await store.reads.unsent(desk.facility.id, person.id, incident.id) : [];
    const kept = new Map([...unsentFields(unsent, current?.content), ...(trouble?.kept ?? [])]);
    const criteria = becauseTree(dossier).find(({ leads }) => leads)?.criteria ?? [];
    const questions = over ? [] : openQuestions(dossier).map(questionRow);
    const decision = dossier.decisions.findLast((each) => each.sha256 === current?.declaration.sha256);
    gate.render(request, response, {
      view: "declaration",
      title: `Déclaration, incident ${incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        verdict: verdictOf(dossier),
        next: nextStep(dossier, person, base, now),
        here: `${base}/incidents/${encodeURIComponent(incident.id)}`,
        back: "texte",
        current: current?.declaration ?? null,
        content: current?.content ?? null,
        kind: current === undefined ? "" : DECLARATION_KINDS[current.declaration.kind],
        stateLabel:
          current === undefined
            ? ""
            : stateWords(current.declaration, current.content.exercise, dossier.deliveries),
        fingerprint: fingerprintGroups(current?.declaration.sha256 ?? ""),
        sufficient: sufficient(current?.content.criteria ?? criteria),
        decision: decision ?? null,
        questions: questions.slice(0, QUESTIONS_FIRST),
        moreQuestions: questions.slice(QUESTIONS_FIRST),
        answered: (over ? [] : dossier.answered).map(({ question, answer }) => ({
          ...questionRow(question),
          answer,
        })),
        mayAnswer: mayAct(person, "answer") && !over,
        rejected: trouble?.rejected ?? null,
        today: time.date(now),
        later: laterList(current?.content, criteria),
        editable,
        kept: kept.size,
        sections: (current?.content.sections ?? []).map((section) => ({
          ...section,
          open: section.fields.some((field) => kept.has(field.id)),
          fields: section.fields.map((field) => ({
            ...fieldRow(field),
            mark: fieldMark(field),
            fixed: desk.fixedFields.has(field.id),
            kept: kept.get(field.id) ?? null,
          })),
        })),
        sharing: Tlp.options.map((tlp) => ({ tlp, usual: tlp === USUAL_TLP })),
        mayDecide: draft && mayAct(person, "decide", now),
        done: trouble === undefined ? pickedBy(request.query.fait, DONE) : null,
        trouble: trouble ?? null,
      },
    });
  };
}

const QUESTIONS_FIRST = 3;
