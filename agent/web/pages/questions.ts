import type { Question } from "../../core/qualification.ts";
import type { Dossier } from "../../stages/desk/desk.ts";

/** Who can know, in words. */
export const ASKED_OF: Readonly<Record<Question["asked_of"], string>> = {
  rssi: "RSSI ou astreinte informatique",
  care: "soignants, cadre de santé",
  dpo: "délégué à la protection des données",
  provider: "prestataire ou hébergeur",
};

export function questionRow(question: Question) {
  return { ...question, who: ASKED_OF[question.asked_of] };
}

/** What is still asked, under every duty, each question once. */
export function openQuestions({ qualification, others }: Dossier): Question[] {
  const open = new Map<string, Question>();
  for (const question of [...(qualification?.questions ?? []), ...others.flatMap((each) => each.questions)])
    if (!open.has(question.id)) open.set(question.id, question);
  return [...open.values()];
}
