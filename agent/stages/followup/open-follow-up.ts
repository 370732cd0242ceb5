import { partyOf } from "../../core/exchange.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import { mayAct } from "../../core/person.ts";
import type { Store } from "../../store/store.ts";
import { FORM, NOT_ALLOWED, OVER } from "../desk/facts-desk.ts";
import { statesEnded } from "../judge.ts";
import { keepFiles, unfitFiles } from "../keep-files.ts";
import { type ActOn, badReason, type Refused, refuse } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Setup, Work } from "../work.ts";
import {
  addRecommendation,
  requestAccompaniment,
  settleRecommendation,
  stepAccompaniment,
} from "./advice.ts";
import { answerRequest, cancelExchange, recordExchange, unfitExchange } from "./exchanges.ts";
import type { DatedState, FollowUp, FollowUpDesk } from "./follow-up-desk.ts";
import { partnerLines, tellPartner } from "./partners.ts";
import { owesNotice, resolvedBy, settledPurpose } from "./purpose.ts";

const STALE = refuse("bad_form", "Ce formulaire est périmé : rouvrez la page et recommencez.");

/** Opens how people follow an incident up. */
export function openFollowUp(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  now: () => number;
  /** Works on an incident, without touching the text or who declares. */
  actBeside: ActOn;
  /** The same where the text is touched. */
  actOn: ActOn;
}): FollowUpDesk {
  const { store, pipeline, setup, actBeside, actOn } = parts;
  const facility = setup.facility.id;

  /** Nothing is written beside what went into another incident; what is closed is still followed up. */
  const standing = <T>(work: Work, then: () => T): T | Refused =>
    work.incident.state === "merged" ? OVER : then();

  return {
    async of(incident) {
      const work = await pipeline.view(incident);
      if (work === undefined || underDefenceSecret(work.facts)) return undefined;
      const shas = work.exchanges.flatMap(({ attachments = [] }) => attachments.map(({ sha256 }) => sha256));
      const erased = await store.reads.erasedAttachments(facility, shas);
      return setup.masks.every({ ...followUpOf(work), erased }, { incident });
    },

    async recordExchange(draft, actor) {
      if (!FORM.test(draft.form)) return STALE;
      const files = draft.files ?? [];
      const wrong = unfitExchange(draft, setup, parts.now()) ?? unfitFiles(files);
      if (wrong !== undefined) return wrong;
      const known = await store.reads.record(facility, "exchange", draft.form);
      if (known !== undefined)
        return known.content.incident === draft.incident ? { outcome: "recorded" } : STALE;
      // Checked again where it is written; here, so that nothing is put for who may not.
      if (!mayAct(actor, "exchange")) return NOT_ALLOWED;
      const keeping = { store, facility: setup.facility, now: parts.now };
      const kept = await keepFiles(keeping, draft.incident, files);
      if (kept.outcome === "refused") return kept;
      return actBeside(draft.incident, actor, "exchange", (work, now) =>
        standing(work, () => {
          const done = recordExchange(work, draft, { actor, attachments: kept.attachments, now });
          if (done.outcome === "recorded") work.beside.push(...kept.writes);
          return done;
        }),
      );
    },

    cancelExchange: (cancelling, actor) =>
      actBeside(cancelling.incident, actor, "exchange", (work, now) =>
        standing(work, () => cancelExchange(work, cancelling, { actor, now })),
      ),

    answerRequest: (answering, actor) =>
      actBeside(answering.incident, actor, "follow_up", (work, now) =>
        standing(work, () => answerRequest(work, answering, { actor, now })),
      ),

    addRecommendation: async (draft, actor) =>
      FORM.test(draft.form)
        ? actBeside(draft.incident, actor, "follow_up", (work, now) =>
            standing(work, () => addRecommendation(work, draft, { actor, setup, now })),
          )
        : STALE,

    settleRecommendation: (settlement, actor) =>
      actBeside(settlement.incident, actor, "follow_up", (work, now) =>
        standing(work, () => settleRecommendation(work, settlement, { actor, setup, now })),
      ),

    requestAccompaniment: async (request, actor) =>
      FORM.test(request.form)
        ? actBeside(request.incident, actor, "follow_up", (work, now) =>
            standing(work, () => requestAccompaniment(work, request, { actor, setup, now })),
          )
        : STALE,

    stepAccompaniment: (step, actor) =>
      actBeside(step.incident, actor, "follow_up", (work, now) =>
        standing(work, () => stepAccompaniment(work, step, { actor, setup, now })),
      ),

    tellPartner: async (told, actor) =>
      told.form !== undefined && !FORM.test(told.form)
        ? STALE
        : actBeside(told.incident, actor, "exchange", (work, now) =>
            standing(work, () => tellPartner(work, told, { actor, setup, now })),
          ),

    settlePurpose: ({ incident, kind, reason: given }, actor) =>
      actOn(incident, actor, "follow_up", (work, now) => {
        const reason = given.trim();
        const wrong = badReason(reason);
        if (wrong !== undefined) return wrong;
        const { state } = work.incident;
        if (state === "closed" || state === "merged") return OVER;
        if (work.declarations.every((each) => each.state !== "filed"))
          return refuse("not_declared", "Rien n'est déclaré : il n'y a rien à clore ni à retirer.");
        const { purpose: before } = work.incident;
        const said = { kind, at: now, writer: actor.name, reason };
        if (kind === "reinstated") {
          if (before?.kind !== "withdrawal")
            return refuse("not_withdrawn", "La déclaration n'est pas retirée : il n'y a rien à reprendre.");
          const { at, writer, reason: why } = before;
          work.incident = {
            ...work.incident,
            purpose: { ...said, withdrawal: { at, writer, reason: why } },
          };
          return { outcome: "settled" as const };
        }
        if (before?.kind === "withdrawal")
          return refuse(
            "already_withdrawn",
            "La déclaration est déjà retirée : reprenez d'abord le retrait.",
          );
        work.incident = { ...work.incident, purpose: said };
        return { outcome: "settled" as const };
      }),
  };
}

/** What stands of an incident's follow-up; which attachments were erased is known elsewhere. */
export function followUpOf(work: Work): Omit<FollowUp, "erased"> {
  const standing = work.exchanges
    .filter(({ state }) => state !== "cancelled")
    .toSorted((a, b) => a.at - b.at);
  const first = (kind: "acknowledgement" | "analysis"): DatedState | null => {
    const found = standing.find((each) => each.kind === kind);
    return found === undefined ? null : { at: found.at, party: partyOf(found), exchange: found.id };
  };
  const { id, reference, state } = work.incident;
  return {
    incident: { id, reference, state },
    exchanges: work.exchanges.toSorted((a, b) => a.at - b.at || a.written - b.written),
    acknowledged: first("acknowledgement"),
    analysed: first("analysis"),
    informed: standing
      .flatMap((each) =>
        each.informed === undefined ? [] : [{ text: each.informed, party: partyOf(each), at: each.at }],
      )
      .toReversed(),
    qualified: standing
      .flatMap(({ qualified, at }) => (qualified === undefined ? [] : [{ text: qualified, at }]))
      .toReversed(),
    recommendations: work.recommendations,
    accompaniments: work.accompaniments,
    partners: partnerLines(work),
    versions: work.declarations.map(({ kind, version, state, updated }) => ({
      kind,
      version,
      state,
      updated,
    })),
    notice: {
      declared: work.declarations.some((each) => each.state === "filed"),
      owed: owesNotice(work),
      filed: resolvedBy(work)?.updated ?? null,
      settled: settledPurpose(work) ?? null,
      statesEnded: statesEnded(work),
    },
  };
}
