import { mayAct } from "../../core/person.ts";
import type { Store } from "../../store/store.ts";
import { type ActOn, over, refuse } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup } from "../work.ts";
import type { FactsDesk } from "./desk.ts";
import { openByHand } from "./open-by-hand.ts";
import { endFact, stateFacts, unfit, withdrawFact } from "./person-facts.ts";

export const NOT_ALLOWED = refuse("not_allowed", "Votre rôle ne permet pas cet acte.");
/** Ids of forms, as `newForm` makes them. */
export const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
/** Opening again is an act of its own: a fact does not do it on the side. */
export const OVER = refuse(
  "over",
  "Cet incident est clos ou réuni à un autre : rouvrez-le, ou écrivez dans l'autre.",
);
const BAD_FORM = refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");

/** Builds the part of the desk where people state, end and withdraw facts. */
export function factsDesk(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  now: () => number;
  actOn: ActOn;
  planned: () => void;
}): FactsDesk {
  const { store, pipeline, setup, actOn } = parts;
  const facility = setup.facility.id;
  return {
    systems: [...setup.systems.values()].map(({ id, name }) => ({ id, name })),
    newForm: setup.newId,

    async openByHand(statement, actor) {
      if (!mayAct(actor, "answer")) return NOT_ALLOWED;
      const { form } = statement;
      if (!FORM.test(form)) return BAD_FORM;
      const wrong = unfit(statement, { setup, actor, now: parts.now() });
      if (wrong !== undefined) return wrong;
      // Sent twice, the form finds the incident it opened.
      await pipeline.open(form, (reference, now) => openByHand(statement, { setup, actor, reference }, now));
      parts.planned();
      return { outcome: "opened", incident: form };
    },

    async stateFacts(incident, statement, actor) {
      if (!FORM.test(statement.form)) return BAD_FORM;
      const known = await store.reads.record(facility, "fact", statement.form);
      if (known !== undefined) return known.content.incident === incident ? { outcome: "stated" } : BAD_FORM;
      return actOn(incident, actor, "answer", (work, now) =>
        over(work) ? OVER : stateFacts(work, statement, { setup, actor, now }),
      );
    },

    endFact: (end, actor) =>
      actOn(end.incident, actor, "answer", (work, now) =>
        over(work) ? OVER : endFact(work, end, { setup, actor, now }),
      ),

    withdrawFact: (withdrawal, actor) =>
      actOn(withdrawal.incident, actor, "answer", (work, now) =>
        over(work) ? OVER : withdrawFact(work, withdrawal, { setup, actor, now }),
      ),
  };
}
