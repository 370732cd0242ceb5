import type { Instant } from "../../core/clock.ts";
import { EXCHANGE, EXCHANGE_TRANSITIONS, type Exchange, type ExchangeKind } from "../../core/exchange.ts";
import type { Attachment } from "../../core/logbook.ts";
import { mayMove, move } from "../../core/transitions.ts";
import { type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";
import type { Setup, Work } from "../work.ts";
import type { ExchangeDraft } from "./follow-up-desk.ts";
import { settleRequests } from "./settle-requests.ts";

const TEXTS = [
  ["subject", "L'objet", EXCHANGE.subject],
  ["name", "Le nom", EXCHANGE.name],
  ["text", "Le texte", EXCHANGE.text],
  ["informed", "« Qui sera informé »", EXCHANGE.informed],
  ["qualified", "La qualification", EXCHANGE.informed],
] as const;

/** What only an authority says, and so is received. */
const RECEIVED: ReadonlySet<ExchangeKind> = new Set<ExchangeKind>([
  "acknowledgement",
  "analysis",
  "information_request",
  "recommendations",
  "qualification",
]);

export const UNKNOWN_EXCHANGE = refuse("unknown_exchange", "Cet échange n'est pas de ce dossier.");

/** Refuses what cannot be written down as an exchange, whatever the incident holds. */
export function unfitExchange(draft: ExchangeDraft, setup: Setup, now: Instant): Refused | undefined {
  const long = TEXTS.find(([field, , most]) => (draft[field]?.length ?? 0) > most);
  if (long !== undefined) return refuse("too_long", `${long[1]} compte ${long[2]} caractères au plus.`);
  if (draft.party === "other" && draft.name.trim() === "")
    return refuse("nobody_named", "Dites avec qui : un nom ou un organisme.");
  if (draft.subject.trim() === "" && draft.text.trim() === "" && (draft.files ?? []).length === 0)
    return refuse("nothing_said", "Écrivez l'objet ou le texte, ou joignez le message.");
  if (RECEIVED.has(draft.kind) && draft.direction === "sent")
    return refuse("not_received", "C'est l'autorité qui le dit : notez-le comme reçu.");
  if (draft.kind === "qualification" && (draft.qualified ?? "").trim() === "")
    return refuse("not_qualified", "Recopiez comment le CERT Santé qualifie l'incident.");
  if (draft.kind === "qualification" && draft.party !== "cert_sante")
    return refuse("not_qualified", "Seul le CERT Santé qualifie l'incident.");
  const { at = now, due } = draft;
  if (due !== undefined && due <= at)
    return refuse("due_before", "La réponse est attendue avant le message : vérifiez les dates.");
  return impossible(at, now, setup.facility.time_zone);
}

/** Adds an exchange; what was sent may answer a request at once. */
export function recordExchange(
  work: Work,
  draft: ExchangeDraft,
  { actor, attachments, now }: { actor: Actor; attachments: readonly Attachment[]; now: Instant },
): { outcome: "recorded" } | Refused {
  if (work.exchanges.some(({ id }) => id === draft.form)) return { outcome: "recorded" };
  if (work.exchanges.length >= EXCHANGE.of)
    return refuse("too_many", `Ce dossier a ${EXCHANGE.of} échanges : c'est le plus.`);
  const followed = work.exchanges.find(({ id }) => id === (draft.answers ?? draft.follows));
  if ((draft.answers ?? draft.follows) !== undefined && followed === undefined) return UNKNOWN_EXCHANGE;
  if (draft.answers !== undefined && (followed?.state !== "open" || draft.direction !== "sent"))
    return refuse("not_open", "Seul un message envoyé répond à une demande, et celle-ci n'attend plus.");
  const by = { account: actor.id, name: actor.name };
  const { form, incident, party, direction, way, kind, at = now } = draft;
  const clean = (text: string) => text.trim().toWellFormed();
  const exchange: Exchange = {
    id: form,
    incident,
    thread: followed?.thread ?? form,
    party,
    name: clean(draft.name),
    direction,
    at,
    way,
    kind,
    subject: clean(draft.subject),
    text: clean(draft.text),
    ...(attachments.length > 0 && { attachments: [...attachments] }),
    state: kind === "information_request" ? "open" : "recorded",
    written: now,
    by,
    ...(clean(draft.informed ?? "") !== "" && { informed: clean(draft.informed ?? "") }),
    ...(kind === "qualification" && { qualified: clean(draft.qualified ?? "") }),
    ...(kind === "information_request" && { due: draft.due ?? null }),
  };
  work.exchanges.push(exchange);
  if (draft.answers !== undefined)
    replace(work, draft.answers, (request) => ({
      ...request,
      state: move(EXCHANGE_TRANSITIONS, request.state, "answered"),
      answer: { exchange: form, said: now, by, at },
    }));
  return { outcome: "recorded" };
}

/** Marks an exchange as wrong: it stays readable, and nothing counts of it any more. */
export function cancelExchange(
  work: Work,
  { exchange: id, reason: given }: { exchange: string; reason: string },
  { actor, now }: { actor: Actor; now: Instant },
): { outcome: "cancelled" } | Refused {
  const exchange = work.exchanges.find((each) => each.id === id);
  if (exchange === undefined) return UNKNOWN_EXCHANGE;
  const reason = given.trim();
  const wrong = badReason(reason);
  if (wrong !== undefined) return wrong;
  if (!mayMove(EXCHANGE_TRANSITIONS, exchange.state, "cancelled"))
    return exchange.cancelled?.by.account === actor.id
      ? { outcome: "cancelled" }
      : refuse("already_cancelled", "Cet échange est déjà annulé.");
  const by = { account: actor.id, name: actor.name };
  replace(work, id, (each) => ({ ...each, state: "cancelled", cancelled: { at: now, by, reason } }));
  // What it answered waits again.
  for (const request of work.exchanges)
    if (request.state === "answered" && request.answer?.exchange === id)
      replace(work, request.id, ({ answer: _, ...each }) => ({ ...each, state: "open" }));
  return { outcome: "cancelled" };
}

/** Says which version answers a request; once that is filed, the request is answered. */
export function answerRequest(
  work: Work,
  { request: id, version }: { request: string; version: number },
  { actor, now }: { actor: Actor; now: Instant },
): { outcome: "answering" } | Refused {
  const request = work.exchanges.find((each) => each.id === id);
  if (request === undefined || request.kind !== "information_request") return UNKNOWN_EXCHANGE;
  if (request.state !== "open") return refuse("not_open", "Cette demande n'attend plus de réponse.");
  const declaration = work.declarations.findLast((each) => each.version === version);
  if (declaration === undefined || !["draft", "approved", "filed"].includes(declaration.state))
    return refuse("unknown_version", "Cette version n'existe pas, ou ne sera pas déposée.");
  // What was filed before it was asked cannot have answered it.
  if (declaration.kind === "initial" || (declaration.state === "filed" && declaration.updated < request.at))
    return refuse("too_early", "Cette version a été déposée avant la demande : elle n'y répond pas.");
  const by = { account: actor.id, name: actor.name };
  replace(work, id, (each) => ({ ...each, answer: { version, said: now, by, at: null } }));
  settleRequests(work);
  return { outcome: "answering" };
}

function replace(work: Work, id: string, change: (exchange: Exchange) => Exchange): void {
  work.exchanges = work.exchanges.map((each) => (each.id === id ? change(each) : each));
}
