import type { Attempt, AttemptContext, Filing } from "../../connectors/contract.ts";
import type { Instant } from "../core/clock.ts";
import type { ApprovedDeclaration, Declaration } from "../core/declaration.ts";
import { DECLARATION_TRANSITIONS } from "../core/declaration.ts";
import { DELIVERY_TRANSITIONS, type Delivery } from "../core/delivery.ts";
import { move } from "../core/transitions.ts";
import { to } from "./judge.ts";
import { planEffect, type Setup, type Work } from "./work.ts";

/** What a `deliver` effect carries. */
export interface DeliverPayload {
  delivery: string;
}

/** An opened way out. */
export interface OpenOutbound {
  repeatable: boolean;
  send(filing: Filing, context: AttemptContext): Promise<Attempt>;
}

/**
 * Plans the delivery of an approved declaration by the first way out; an assisted one waits for a person. No machine
 * carries to an authority what a delegate has only said on the telephone: that waits for their own confirmation.
 */
export function transmit(declaration: ApprovedDeclaration, work: Work, setup: Setup, now: Instant): void {
  const channel = setup.outbound[0];
  if (channel === undefined) return;
  const delivery: Delivery = {
    id: setup.newId(),
    incident: work.incident.id,
    declaration: declaration.id,
    version: declaration.version,
    sha256: declaration.sha256,
    kind: "declaration",
    channel: channel.id,
    reach: channel.reach,
    state: "planned",
    attempts: [],
    reference: null,
    planned: now,
    settled: null,
    exercise: setup.mode === "exercise",
  };
  work.deliveries.push(delivery);
  const oral = work.decisions.some(
    (each) =>
      each.declaration === declaration.id && each.version === declaration.version && each.state === "oral",
  );
  if (channel.reach === "assisted" || (channel.reach === "authority" && oral)) return;
  planDelivery(work, setup, delivery, now);
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

function planDelivery(work: Work, setup: Setup, delivery: Delivery, now: Instant): void {
  const payload: DeliverPayload = { delivery: delivery.id };
  planEffect(work, {
    key: `deliver:${setup.facility.id}:${delivery.channel}:${delivery.declaration}/${delivery.version}`,
    kind: "deliver",
    due: now,
    payload,
  });
}

/** The bytes that leave: those that were approved, as they were stored. */
export function filingOf(
  key: string,
  delivery: Delivery,
  declaration: Declaration,
  facility: string,
): Filing {
  return {
    key,
    facility,
    incident: delivery.incident,
    declaration: { id: declaration.id, version: declaration.version, sha256: declaration.sha256 },
    bytes: Buffer.from(declaration.canonical, "utf8"),
    exercise: delivery.exercise,
  };
}

/** Writes what became of a delivery; a delivered declaration is filed and its incident declared. */
export function settleDelivery(work: Work, id: string, attempt: Attempt, now: Instant): Delivery | undefined {
  const before = work.deliveries.find((each) => each.id === id);
  if (before === undefined) return undefined;
  const state = attempt.outcome === "unreachable" ? "planned" : attempt.outcome;
  const after: Delivery = {
    ...before,
    state: before.state === state ? state : move(DELIVERY_TRANSITIONS, before.state, state),
    attempts: [...before.attempts, { at: now, outcome: attempt.outcome, because: attempt.because }].slice(
      -50,
    ),
    reference: attempt.outcome === "delivered" ? (attempt.reference ?? null) : before.reference,
    settled: state === "delivered" || state === "refused" ? now : null,
  };
  work.deliveries = work.deliveries.map((each) => (each.id === id ? after : each));
  if (state === "delivered" && after.kind === "declaration") file(work, after, now);
  return after;
}

function file(work: Work, delivery: Delivery, now: Instant): void {
  work.declarations = work.declarations.map((each) =>
    each.id === delivery.declaration && each.version === delivery.version && each.state === "approved"
      ? { ...each, state: move(DECLARATION_TRANSITIONS, each.state, "filed"), updated: now }
      : each,
  );
  to(
    work,
    "declared",
    delivery.exercise ? "EXERCICE : dépôt simulé." : `Déposé, n° ${delivery.reference ?? "non communiqué"}.`,
  );
  const { regime } = work.declarations.find((each) => each.id === delivery.declaration) ?? {};
  // A declaration meets the clocks of its own duty only: the CNIL is not told by the portal.
  work.deadlines = work.deadlines.map((each) =>
    each.met === null && each.regime === regime ? { ...each, met: now } : each,
  );
}
