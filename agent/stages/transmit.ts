import type { Attempt, Filing, OpenWayOut } from "../../connectors/contract.ts";
import type { Instant } from "../core/clock.ts";
import {
  type ApprovedDeclaration,
  contentOf,
  DECLARATION_TRANSITIONS,
  type Declaration,
} from "../core/declaration.ts";
import { DELIVERY_TRANSITIONS, type Delivery } from "../core/delivery.ts";
import type { Attachment } from "../core/logbook.ts";
import { mayMove, move } from "../core/transitions.ts";
import { to } from "./judge.ts";
import { keepBytes } from "./keep-bytes.ts";
import { planEffect, type Setup, type WayOut, type Work } from "./work.ts";

/** What a `deliver` effect carries. */
export interface DeliverPayload {
  delivery: string;
  /** The way by which it leaves: no more than a few at once go by the same. */
  channel?: string | undefined;
  /** True to ask what became of it, and send nothing. */
  ask?: boolean | undefined;
}

/** An opened way out. */
export interface OpenOutbound extends OpenWayOut {
  repeatable: boolean;
  /** (Default: false.) */
  handsOn?: boolean | undefined;
}

/** Attempts kept with a delivery. */
const ATTEMPTS = 50;

/** The ways by which a declaration of its duty is filed, in order. */
export function rungsOf(
  setup: Pick<Setup, "outbound" | "regimes">,
  declaration: Pick<Declaration, "regime">,
) {
  const duty = setup.regimes.find((each) => each.id === declaration.regime)?.duty;
  return setup.outbound.filter(
    ({ kind = "declaration", duties }) =>
      kind === "declaration" && (duties === undefined || duty === undefined || duties.includes(duty)),
  );
}

/**
 * Plans the delivery of an approved declaration by the first way out; an assisted one waits for a person. No machine
 * carries to an authority what a delegate has only said on the telephone: that waits for their own confirmation.
 */
export function transmit(declaration: ApprovedDeclaration, work: Work, setup: Setup, now: Instant): void {
  const [first] = rungsOf(setup, declaration).filter(({ fallback }) => fallback !== true);
  if (first !== undefined) plan(work, setup, { declaration, way: first, now });
}

/** The next way that needs no impossibility, once one has failed: a person who is asked is not kept waiting by a machine. */
export function climb(work: Work, setup: Setup, delivery: Delivery, now: Instant): void {
  if (delivery.kind !== "declaration") return;
  const declaration = declarationOf(work, delivery);
  if (declaration?.state !== "approved") return;
  const rungs = rungsOf(setup, declaration).filter(({ fallback }) => fallback !== true);
  const next = rungs[rungs.findIndex(({ id }) => id === delivery.channel) + 1];
  // Two machines must not both be sending: a way that sends by itself waits until the one before has ended.
  if (next === undefined || (next.reach !== "assisted" && delivery.state !== "refused")) return;
  if (deliveryBy(work, next, declaration) === undefined) plan(work, setup, { declaration, way: next, now });
}

/** The delivery of a text by a way; undefined when none was planned. */
export function deliveryBy(
  { deliveries }: Pick<Work, "deliveries">,
  way: Pick<WayOut, "id">,
  declaration: Pick<Declaration, "id" | "version">,
): Delivery | undefined {
  return deliveries.find(
    (each) =>
      each.channel === way.id && each.declaration === declaration.id && each.version === declaration.version,
  );
}

/** Plans what leaves by a way; a machine's is carried out at once, unless the decision is only oral yet. */
export function plan(
  work: Work,
  setup: Setup,
  {
    declaration,
    way,
    now,
    more = {},
  }: {
    declaration: Declaration;
    way: WayOut;
    now: Instant;
    more?: Pick<Delivery, "by" | "impossibility">;
  },
): Delivery {
  const delivery: Delivery = {
    id: setup.newId(),
    incident: work.incident.id,
    declaration: declaration.id,
    version: declaration.version,
    sha256: declaration.sha256,
    kind: way.kind ?? "declaration",
    channel: way.id,
    reach: way.reach,
    state: "planned",
    attempts: [],
    reference: null,
    planned: now,
    settled: null,
    exercise: setup.mode === "exercise",
    ...more,
  };
  work.deliveries.push(delivery);
  const oral = work.decisions.some(
    (each) =>
      each.declaration === declaration.id && each.version === declaration.version && each.state === "oral",
  );
  if (way.reach !== "assisted" && !(way.reach === "authority" && oral))
    planDelivery(work, setup, delivery, now);
  return delivery;
}

/** Lets a machine carry out what was held back while the decision was only oral. */
export function releaseHeld(
  work: Work,
  setup: Setup,
  { version, now }: { version: number; now: Instant },
): void {
  for (const each of work.deliveries)
    if (each.version === version && each.reach === "authority" && each.state === "planned")
      planDelivery(work, setup, each, now);
}

/** The name by which a receiver recognises a repeat: the same for every attempt at the same text by the same way. */
export function filingKey(facility: string, { channel, declaration, version }: Delivery): string {
  return `deliver:${facility}:${channel}:${declaration}/${version}`;
}

/** Plans an attempt by a machine. Another turn is one that a person asked for, after the first had ended. */
export function planDelivery(work: Work, setup: Setup, delivery: Delivery, now: Instant, turn = ""): void {
  const payload: DeliverPayload = { delivery: delivery.id, channel: delivery.channel };
  const key = `${filingKey(setup.facility.id, delivery)}${turn}`;
  planEffect(work, { key, kind: "deliver", due: now, payload });
}

/** Plans to ask the receiver what became of an attempt that nobody answered. */
export function planAsking(work: Work, setup: Setup, delivery: Delivery, due: Instant): void {
  const payload: DeliverPayload = { delivery: delivery.id, channel: delivery.channel, ask: true };
  const key = `${filingKey(setup.facility.id, delivery)}:ask:${delivery.attempts.length}`;
  planEffect(work, { key, kind: "deliver", due, payload });
}

/** The bytes that leave: those that were approved, as they were stored. */
export function filingOf(
  key: string,
  delivery: Delivery,
  declaration: Declaration,
  print: (declaration: Declaration, leaves: Delivery) => Promise<Uint8Array> = cannotPrint,
): Filing {
  const { id, kind, version, sha256, canonical } = declaration;
  const { facility, reference, text } = contentOf(declaration);
  return {
    key,
    kind: delivery.kind,
    facility,
    incident: delivery.incident,
    reference,
    declaration: { id, kind, version, sha256 },
    bytes: Buffer.from(canonical),
    text,
    print: () => print(declaration, delivery),
    exercise: delivery.exercise,
  };
}

async function cannotPrint(): Promise<never> {
  throw new Error("nothing prints here");
}

/** Writes what became of a delivery; a delivered declaration is filed and its incident declared. */
export function settleDelivery(work: Work, id: string, attempt: Attempt, now: Instant): Delivery | undefined {
  const before = work.deliveries.find((each) => each.id === id);
  if (before === undefined) return undefined;
  const state = attempt.outcome === "unreachable" ? "planned" : attempt.outcome;
  const sent = kept(work, attempt.sent);
  const receipt = attempt.outcome === "delivered" ? kept(work, attempt.receipt) : undefined;
  const { outcome, because } = attempt;
  const answered = outcome === "refused" || outcome === "uncertain" ? kept(work, attempt.answer) : undefined;
  const tried = {
    ...{ at: now, outcome, because },
    ...(sent !== undefined && { sent }),
    ...(answered !== undefined && { answer: answered }),
  };
  const after: Delivery = {
    ...before,
    state: before.state === state ? state : move(DELIVERY_TRANSITIONS, before.state, state),
    attempts: [...before.attempts, tried].slice(-ATTEMPTS),
    reference: attempt.outcome === "delivered" ? (attempt.reference ?? null) : before.reference,
    settled: state === "delivered" || state === "refused" ? now : null,
    ...(receipt !== undefined && { receipts: [...(before.receipts ?? []), receipt] }),
  };
  work.deliveries = work.deliveries.map((each) => (each.id === id ? after : each));
  if (state === "delivered" && after.kind === "declaration") file(work, after, now);
  return after;
}

function kept(work: Work, bytes: Attempt["sent"]): Attachment | undefined {
  const keep = bytes && keepBytes(bytes);
  if (keep !== undefined) work.beside.push(...keep.writes);
  return keep?.attachment;
}

function file(work: Work, delivery: Delivery, now: Instant): void {
  work.declarations = work.declarations.map((each) =>
    each.id === delivery.declaration && each.version === delivery.version && each.state === "approved"
      ? { ...each, state: move(DECLARATION_TRANSITIONS, each.state, "filed"), updated: now }
      : each,
  );
  const number = delivery.reference ?? "non communiqué";
  const { impossibility } = delivery;
  to(
    work,
    "declared",
    delivery.exercise
      ? "EXERCICE : dépôt simulé."
      : impossibility === undefined
        ? `Déposé, n° ${number}.`
        : `Déclaré par une autre voie, n° ${number} : à régulariser sur le portail.`,
  );
  // What replaces the portal leaves it to be put right afterwards; the portal replaces all the rest.
  if (impossibility === undefined) dropOthers(work, delivery, now);
  const { regime } = declarationOf(work, delivery) ?? {};
  // A declaration meets the clocks of its own duty only: the CNIL is not told by the portal.
  work.deadlines = work.deadlines.map((each) =>
    each.met === null && each.regime === regime ? { ...each, met: now } : each,
  );
}

function dropOthers(work: Work, filed: Delivery, now: Instant): void {
  const because = "Déposé par une autre voie.";
  work.deliveries = work.deliveries.map((each) =>
    each.id !== filed.id &&
    each.kind === "declaration" &&
    each.declaration === filed.declaration &&
    each.version === filed.version &&
    mayMove(DELIVERY_TRANSITIONS, each.state, "dropped")
      ? {
          ...each,
          state: "dropped",
          attempts: [...each.attempts, { at: now, outcome: "dropped", because }],
          settled: now,
        }
      : each,
  );
}

/** The text of a delivery; undefined when the incident has it no more. */
export function declarationOf(
  { declarations }: Pick<Work, "declarations">,
  { declaration, version }: Pick<Delivery, "declaration" | "version">,
): Declaration | undefined {
  return declarations.find((each) => each.id === declaration && each.version === version);
}
