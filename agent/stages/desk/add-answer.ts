import type { RegimeQuestion } from "../../../rules/regimes/regime.ts";
import type { Instant } from "../../core/clock.ts";
import type { FactOrigin } from "../../core/fact.ts";
import type { NewId } from "../../core/id.ts";
import type { Work } from "../work.ts";
import { addFact, withdrawAnswer } from "./person-facts.ts";

/** States what an answer to a question says, in place of what was answered to it before. */
export function addAnswer(
  work: Work,
  answer: {
    question: RegimeQuestion;
    chosen: RegimeQuestion["answers"][number];
    since: Instant | undefined;
    origin: Extract<FactOrigin, { by: "person" }>;
  },
  { newId, now }: { newId: NewId; now: Instant },
): void {
  const { question, chosen, since = now } = answer;
  const origin = { ...answer.origin, question: question.id };
  const kinds = new Set(question.answers.flatMap(({ states }) => states.map(({ fact }) => fact)));
  withdrawAnswer(work, { question: question.id, kinds, writer: origin.writer }, now);
  for (const { fact, holds } of chosen.states)
    addFact(work, { id: newId(), kind: fact, holds, system: null, since, origin }, now);
}
