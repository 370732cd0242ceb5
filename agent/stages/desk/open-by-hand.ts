import type { Instant } from "../../core/clock.ts";
import { mayAct } from "../../core/person.ts";
import type { Actor } from "../person-act.ts";
import { newWork, type Setup, type Work } from "../work.ts";
import type { Statement } from "./desk.ts";
import { stateFacts } from "./person-facts.ts";

/** Makes an incident that no alert opened, with what the person states; `unfit` has let the statement through. */
export function openByHand(
  statement: Statement,
  { setup, actor, reference }: { setup: Setup; actor: Actor; reference: string },
  now: Instant,
): Work {
  const work = newWork({
    id: statement.form,
    facility: setup.facility.id,
    reference,
    state: "candidate",
    occurred: statement.since ?? now,
    // Nobody and nothing told of it before.
    first_alert: now,
    found: now,
    last_alert: now,
    alerts: 0,
    entities: [],
    systems: [],
    causes: [],
    malicious: null,
    declarant: mayAct(actor, "decide", now) ? actor.id : null,
    opened_by: "person",
    because: `Signalé par ${actor.name}.`,
  });
  // The form's id is the incident's: its facts have their own.
  stateFacts(work, { ...statement, form: setup.newId() }, { setup, actor, now });
  return work;
}
