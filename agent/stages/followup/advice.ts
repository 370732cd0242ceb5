import { ACCOMPANIMENT, ACCOMPANIMENT_STATES, ACCOMPANIMENT_TRANSITIONS } from "../../core/accompaniment.ts";
import type { Instant } from "../../core/clock.ts";
import { partyOf } from "../../core/exchange.ts";
import {
  RECOMMENDATION,
  RECOMMENDATION_STATES,
  RECOMMENDATION_TRANSITIONS,
} from "../../core/recommendation.ts";
import { mayMove } from "../../core/transitions.ts";
import { type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";
import type { Setup, Work } from "../work.ts";
import { UNKNOWN_EXCHANGE } from "./exchanges.ts";
import type { AccompanimentStep, RecommendationDraft, RecommendationSettlement } from "./follow-up-desk.ts";

/** Who acts on a dossier, under which settings, and when. */
export interface Acting {
  actor: Actor;
  setup: Setup;
  now: Instant;
}

const writerOf = ({ actor }: Acting) => ({ account: actor.id, name: actor.name });

/** Adds what an authority advises. */
export function addRecommendation(
  work: Work,
  draft: RecommendationDraft,
  acting: Acting,
): { outcome: "added" } | Refused {
  const { form, incident, kind, due } = draft;
  if (work.recommendations.some(({ id }) => id === form)) return { outcome: "added" };
  if (work.recommendations.length >= RECOMMENDATION.of)
    return refuse("too_many", `Ce dossier a ${RECOMMENDATION.of} recommandations : c'est le plus.`);
  const [text, owner] = [draft.text.trim(), draft.owner.trim()];
  if (text === "") return refuse("nothing_said", "Recopiez ce qui est recommandé.");
  if (text.length > RECOMMENDATION.text || owner.length > RECOMMENDATION.owner)
    return refuse("too_long", `La recommandation compte ${RECOMMENDATION.text} caractères au plus.`);
  const exchange = work.exchanges.find(({ id }) => id === draft.exchange);
  if (draft.exchange !== undefined && exchange === undefined) return UNKNOWN_EXCHANGE;
  const from = exchange === undefined ? draft.from.trim().slice(0, RECOMMENDATION.owner) : partyOf(exchange);
  if (from === "") return refuse("nobody_named", "Dites de qui vient la recommandation.");
  work.recommendations.push({
    id: form,
    incident,
    kind,
    text: text.toWellFormed(),
    from: from.toWellFormed(),
    exchange: exchange?.id ?? null,
    owner: owner.toWellFormed(),
    due: due ?? null,
    state: "open",
    recorded: acting.now,
    by: writerOf(acting),
    settled: null,
  });
  return { outcome: "added" };
}

/** Says that a recommendation was done, is not followed, or waits again. */
export function settleRecommendation(
  work: Work,
  settlement: RecommendationSettlement,
  acting: Acting,
): { outcome: "settled" } | Refused {
  const { recommendation: id, state, at = acting.now } = settlement;
  const before = work.recommendations.find((each) => each.id === id);
  if (before === undefined)
    return refuse("unknown_recommendation", "Cette recommandation n'est pas de ce dossier.");
  if (!mayMove(RECOMMENDATION_TRANSITIONS, before.state, state))
    return before.state === state && before.settled?.by.account === acting.actor.id
      ? { outcome: "settled" }
      : refuse(
          "already_settled",
          `Cette recommandation est déjà notée « ${RECOMMENDATION_STATES[before.state]} ».`,
        );
  const because = settlement.because.trim();
  // What is done needs no words; what is not done does.
  const wrong = state === "done" && because === "" ? undefined : badReason(because);
  if (wrong !== undefined) return wrong;
  const late = impossible(at, acting.now, acting.setup.facility.time_zone);
  if (late !== undefined) return late;
  const settled = { at, written: acting.now, by: writerOf(acting), because };
  work.recommendations = work.recommendations.map((each) =>
    each.id === id ? { ...each, state, settled: state === "open" ? null : settled } : each,
  );
  return { outcome: "settled" };
}

/** Records that help was asked for. */
export function requestAccompaniment(
  work: Work,
  request: { form: string; incident: string; of: string; text: string; at?: Instant | undefined },
  acting: Acting,
): { outcome: "requested" } | Refused {
  const { form, incident, at = acting.now } = request;
  if (work.accompaniments.some(({ id }) => id === form)) return { outcome: "requested" };
  if (work.accompaniments.length >= ACCOMPANIMENT.of)
    return refuse("too_many", `Ce dossier a ${ACCOMPANIMENT.of} demandes : c'est le plus.`);
  const [of, text] = [request.of.trim(), request.text.trim()];
  if (of === "") return refuse("nobody_named", "Dites à qui l'accompagnement est demandé.");
  const wrong = unfitStep(text, at, acting);
  if (wrong !== undefined) return wrong;
  const step = { state: "requested" as const, at, written: acting.now, by: writerOf(acting), text };
  work.accompaniments.push({ id: form, incident, of: of.slice(0, 200), state: "requested", steps: [step] });
  return { outcome: "requested" };
}

/** Writes down what became of a request for help. */
export function stepAccompaniment(
  work: Work,
  { accompaniment: id, state, at: said, text: given }: AccompanimentStep,
  acting: Acting,
): { outcome: "noted" } | Refused {
  const before = work.accompaniments.find((each) => each.id === id);
  if (before === undefined)
    return refuse("unknown_accompaniment", "Cet accompagnement n'est pas de ce dossier.");
  if (!mayMove(ACCOMPANIMENT_TRANSITIONS, before.state, state))
    return before.state === state && before.steps.at(-1)?.by.account === acting.actor.id
      ? { outcome: "noted" }
      : refuse(
          "bad_step",
          `De « ${ACCOMPANIMENT_STATES[before.state]} », on ne passe pas à « ${ACCOMPANIMENT_STATES[state]} ».`,
        );
  const [text, at] = [given.trim(), said ?? acting.now];
  const wrong = unfitStep(text, at, acting);
  if (wrong !== undefined) return wrong;
  const step = { state, at, written: acting.now, by: writerOf(acting), text };
  work.accompaniments = work.accompaniments.map((each) =>
    each.id === id ? { ...each, state, steps: [...each.steps, step] } : each,
  );
  return { outcome: "noted" };
}

function unfitStep(text: string, at: Instant, { setup, now }: Acting): Refused | undefined {
  if (text.length > ACCOMPANIMENT.text)
    return refuse("too_long", `Le texte compte ${ACCOMPANIMENT.text} caractères au plus.`);
  return impossible(at, now, setup.facility.time_zone);
}
