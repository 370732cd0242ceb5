import type { Instant } from "../../core/clock.ts";
import {
  DELIVERY_TRANSITIONS,
  type Delivery,
  filedBeside,
  mayBounce,
  overtakenBy,
} from "../../core/delivery.ts";
import type { Effect } from "../../core/effect.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import { move } from "../../core/transitions.ts";
import type { Store } from "../../store/store.ts";
import { type ActOn, type Actor, type Refused, refuse, WRITING } from "../person-act.ts";
import type { Pipeline } from "../pipeline.ts";
import { impossible } from "../possible-instant.ts";
import { climb, type DeliverPayload, deliveryBy, planDelivery } from "../transmit.ts";
import { currentDeclaration, type Setup, type WayOut, type Work } from "../work.ts";
import { decidedText, isUsable, openedWay, wayOf } from "./open-way.ts";
import { type Carried, type KnownReference, recordFiling } from "./record-filing.ts";

/** A way out as it stands for one incident. */
export interface WayStanding {
  way: WayOut;
  /** What went or is to go by it, of the text that was decided last. */
  delivery: Delivery | null;
  /** Why nothing can be begun by it now, in French; null when something can. */
  closed: string | null;
  /** The beginning of what the receiver answered last, as text, where that was no receipt. */
  answer?: string | undefined;
}

/** What people do so that a decided text leaves, and to say that it did. */
export interface DeliveryDesk {
  /** Every way out of the configuration, in order. */
  readonly waysOut: readonly WayOut[];
  /** The ways out of an incident, in the order of the configuration; none while it is not known, or secret. */
  waysOf(incident: string): Promise<WayStanding[]>;
  /** Records what the person did by a way that they carry, or what became of what nobody had answered. */
  recordFiling(
    carried: Carried,
    actor: Actor,
  ): Promise<{ outcome: "recorded"; delivery: Delivery } | Refused>;
  /** Records that electronic declaration is impossible: what was tried, and since when; opens the ways that replace it. */
  recordImpossibility(
    said: { incident: string; since: Instant; tried: string },
    actor: Actor,
  ): Promise<{ outcome: "noted" } | Refused>;
  /** Sends by a way that waits for a person to ask for it. */
  startDelivery(
    asked: { incident: string; channel: string },
    actor: Actor,
  ): Promise<{ outcome: "started"; delivery: Delivery } | Refused>;
  /** Sends again what was refused, given up or, as the person found out, never arrived. */
  resend(
    asked: { incident: string; delivery: string; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "planned" } | Refused>;
  /** Records that what nobody had answered never arrived, or that an information counted as sent came back. */
  recordLost(
    said: { incident: string; delivery: string; reason: string },
    actor: Actor,
  ): Promise<{ outcome: "noted" } | Refused>;
}

/** Bytes of an answer that a page shows; the whole is in the record. */
const ANSWER = 4000;
/** References recorded before that a new one is compared with. */
const KNOWN = 500;

/** Builds the part of the desk where texts leave. */
export function deliveryDesk(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  actOn: ActOn;
}): DeliveryDesk {
  const { store, pipeline, setup, actOn } = parts;
  const facility = setup.facility.id;

  async function knownReferences(): Promise<KnownReference[]> {
    const found = await store.reads.byState(facility, "delivery", ["delivered"], { limit: KNOWN });
    return found.flatMap(({ content: { incident, channel, reference } }) =>
      reference === null ? [] : [{ incident, channel, reference }],
    );
  }

  /** The attempts that a delivery planned and that ended, or were left without an answer. */
  async function endedAttempts(incident: string, delivery: string): Promise<Effect[]> {
    const effects = await store.reads.effectsOf(facility, incident);
    return effects.filter(({ kind, state, payload }) => {
      const { delivery: of, ask = false } = payload as DeliverPayload;
      return kind === "deliver" && of === delivery && !ask && (state === "failed" || state === "uncertain");
    });
  }

  /** The attempts of an incident that nobody answered. */
  async function unanswered(incident: string): Promise<Effect[]> {
    const effects = await store.reads.effectsOf(facility, incident);
    return effects.filter(({ kind, state }) => kind === "deliver" && state === "uncertain");
  }

  async function answerTo(delivery: Delivery | null, incident: string): Promise<string | undefined> {
    const kept = delivery?.attempts.findLast((each) => each.answer !== undefined)?.answer;
    const piece = kept && (await store.reads.attachmentPiece(facility, kept.sha256, 0));
    if (piece === undefined) return undefined;
    const text = new TextDecoder().decode(piece.subarray(0, ANSWER)).trim();
    const more = kept !== undefined && kept.size > ANSWER ? " […]" : "";
    return `${setup.masks.text(text, { incident })}${more}`;
  }

  return {
    waysOut: setup.outbound,

    async waysOf(incident) {
      const work = await pipeline.view(incident);
      if (work === undefined || underDefenceSecret(work.facts)) return [];
      const standings = setup.outbound.map((way) => standingOf(work, setup, way));
      return Promise.all(
        standings.map(async (each) => ({ ...each, answer: await answerTo(each.delivery, incident) })),
      );
    },

    async recordFiling(carried, actor) {
      const known = await knownReferences();
      const kind = wayOf(setup, carried.channel ?? "")?.kind;
      // A call for help files nothing: whoever is on call makes it.
      const open = await unanswered(carried.incident);
      return actOn(carried.incident, actor, kind === "help" ? "answer" : "record_filing", (work, now) => {
        const done = recordFiling(work, carried, { actor, setup, now, known });
        if (done.outcome === "recorded") settleEffects(work, open, "done");
        return done;
      });
    },

    recordImpossibility: ({ incident, since, tried }, actor) =>
      actOn(incident, actor, "record_filing", (work, now) => {
        const text = decidedText(work);
        if (text?.state !== "approved")
          return refuse("nothing_to_file", "Aucun texte validé n'attend d'être déposé.");
        const given = tried.trim();
        if (given.length < WRITING.reason.least || given.length > WRITING.text)
          return refuse(
            "tried_missing",
            `Notez ce qui a été essayé, et ce qui s'est passé : de ${WRITING.reason.least} à ${WRITING.text} caractères.`,
          );
        const wrong = impossible(since, now, setup.facility.time_zone);
        if (wrong !== undefined) return wrong;
        const said = { since, at: now, writer: actor.name, tried: given, sha256: text.sha256 };
        work.incident = {
          ...work.incident,
          impossible: [...(work.incident.impossible ?? []), said].slice(-IMPOSSIBLE),
        };
        return { outcome: "noted" as const };
      }),

    startDelivery: ({ incident, channel }, actor) =>
      actOn(incident, actor, "record_filing", (work, now) => {
        const way = wayOf(setup, channel);
        if (way === undefined || way.reach === "assisted")
          return refuse("unknown_way", "Cette voie n'envoie rien d'elle-même.");
        const usable = isUsable(work, setup, way);
        if ("outcome" in usable) return usable;
        if ("standing" in usable)
          return refuse("already_planned", "Cet envoi est déjà prévu : voyez où il en est.");
        return {
          outcome: "started" as const,
          delivery: openedWay(work, setup, { ...usable, way, actor, now }),
        };
      }),

    async resend({ incident, delivery: id, reason }, actor) {
      const ended = await endedAttempts(incident, id);
      return actOn(incident, actor, "record_filing", (work, now) => {
        const delivery = endedDelivery(work, id, reason);
        if ("outcome" in delivery) return delivery;
        if (delivery.reach === "assisted")
          return refuse(
            "not_by_machine",
            "Cet envoi est fait par une personne : notez la référence obtenue.",
          );
        const filed = filedBeside(delivery, work.deliveries);
        if (filed !== undefined)
          return refuse(
            "already_filed",
            `Ce texte est déjà déposé (${filed.reference ?? "sans référence"}) : l'envoyer de nouveau le déposerait deux fois.`,
          );
        const because = `Renvoi demandé par ${actor.name} : ${reason.trim()}`;
        const planned = turnTo(work, delivery, "planned", { now, because });
        const [before] = ended;
        if (before === undefined) planDelivery(work, setup, planned, now, `:${planned.attempts.length}`);
        else {
          const { key, fence } = before;
          work.beside.push({ write: "settle", key, fence, state: "planned", due: now, because });
        }
        return { outcome: "planned" as const };
      });
    },

    async recordLost({ incident, delivery: id, reason }, actor) {
      const open = await unanswered(incident);
      return actOn(incident, actor, "record_filing", (work, now) => {
        const delivery = endedDelivery(work, id, reason, mayBounce);
        if ("outcome" in delivery) return delivery;
        if (delivery.state !== "uncertain" && !mayBounce(delivery))
          return refuse("not_uncertain", "Cet envoi n'est pas sans confirmation.");
        const because = mayBounce(delivery)
          ? `Revenu non remis, d'après ${actor.name} : ${reason.trim()}`
          : `Jamais arrivé, d'après ${actor.name} : ${reason.trim()}`;
        climb(work, setup, turnTo(work, delivery, "refused", { now, because }), now);
        settleEffects(work, open, "failed");
        return { outcome: "noted" as const };
      });
    },
  };
}

function standingOf(work: Work, setup: Setup, way: WayOut): WayStanding {
  const usable = isUsable(work, setup, way);
  if ("standing" in usable) return { way, delivery: usable.standing, closed: null };
  const text = way.kind === "help" ? currentDeclaration(work) : decidedText(work);
  const delivery = (text && deliveryBy(work, way, text)) ?? null;
  return { way, delivery, closed: "outcome" in usable ? usable.because : null };
}

/** Lets go of the attempts of which there is nothing left to verify. */
function settleEffects(work: Work, open: readonly Effect[], state: "done" | "failed"): void {
  for (const { key, fence, payload } of open) {
    const of = work.deliveries.find(({ id }) => id === (payload as DeliverPayload).delivery);
    if (of === undefined || (of.state === "uncertain" && overtakenBy(of, work.deliveries) === undefined))
      continue;
    const because = of.attempts.at(-1)?.because ?? "";
    work.beside.push({ write: "settle", key, fence, state, because });
  }
}

/** A delivery that has ended without having arrived, or of which nobody knows. */
function endedDelivery(
  work: Work,
  id: string,
  reason: string,
  besides: (delivery: Delivery) => boolean = () => false,
): Delivery | Refused {
  const delivery = work.deliveries.find((each) => each.id === id);
  if (delivery === undefined) return refuse("unknown_delivery", "Cet envoi n'existe pas.");
  if (delivery.state !== "refused" && delivery.state !== "uncertain" && !besides(delivery))
    return refuse("not_ended", "Cet envoi n'est ni refusé, ni sans confirmation.");
  const { least, most } = WRITING.reason;
  if (reason.trim().length < least || reason.trim().length > most)
    return refuse("reason_missing", `Donnez la raison en ${least} à ${most} caractères.`);
  return delivery;
}

function turnTo(
  work: Work,
  delivery: Delivery,
  state: "planned" | "refused",
  { now, because }: { now: Instant; because: string },
): Delivery {
  const turned: Delivery = {
    ...delivery,
    state: mayBounce(delivery) ? state : move(DELIVERY_TRANSITIONS, delivery.state, state),
    attempts: [...delivery.attempts, { at: now, outcome: state, because }],
    settled: state === "refused" ? now : null,
  };
  work.deliveries = work.deliveries.map((each) => (each.id === delivery.id ? turned : each));
  return turned;
}

/** Impossibilities kept with an incident: those of the texts before are in the journal. */
const IMPOSSIBLE = 20;
