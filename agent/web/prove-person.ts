import type { Request } from "express";
import type { Proof } from "../core/decision.ts";
import type { Account } from "../core/person.ts";
import { type Attempts, placeOf } from "./attempts.ts";
import { requireLocalMeans } from "./local-means.ts";
import { PageError } from "./page-error.ts";
import { passkeyPurpose } from "./passkey-routes.ts";
import type { GivenFactor, SecondFactors } from "./second-factor.ts";

/** Asks a person who is signed in for their second factor again; `about` is what a passkey must have signed for. */
export type ProvePerson = (
  request: Request,
  person: Account,
  given: GivenFactor,
  about: string,
) => Promise<{ outcome: "proven"; proof: Proof } | { outcome: "unproven"; message: string }>;

/** Builds what stands before every decision; throws 429 after too many wrong answers in one session. */
export function provePerson({
  attempts,
  factors,
}: {
  attempts: Attempts;
  factors: SecondFactors;
}): ProvePerson {
  return async (request, person, given, about) => {
    requireLocalMeans(request);
    // Per session: whoever holds another session of this person, or none, cannot lock it.
    const keys = [
      { width: "narrow", key: `decide ${person.id} ${request.sessionID}` },
      // Over all sessions of this person there; never a place alone, where a colleague's wrong codes would close it.
      { width: "wide", key: `decide ${person.id} ${placeOf(request.ip)}` },
    ] as const;
    const allowed = await attempts.take(keys);
    if (allowed.outcome === "wait") {
      request.res?.setHeader("Retry-After", String(allowed.seconds));
      throw new PageError(429, {
        message: "Trop de codes erronés dans cette session : aucune décision n'est enregistrée.",
        remedy: `Attendez ${Math.ceil(allowed.seconds / 60)} min, ou reconnectez-vous.`,
      });
    }
    const proven = await factors.prove(person, given, passkeyPurpose(request, about));
    if (proven.outcome !== "proven")
      return { outcome: "unproven", message: `${proven.problem} : rien n'est décidé. ${proven.remedy}` };
    await attempts.succeeded(keys);
    return { outcome: "proven", proof: { channel: "web", second_factor: proven.factor } };
  };
}
