import type { Request } from "express";
import type { Account, SecondFactor } from "../core/person.ts";
import { type Attempts, placeOf } from "./attempts.ts";
import { requireLocalMeans } from "./local-means.ts";
import { PageError } from "./page-error.ts";
import { passkeyPurpose } from "./passkey-routes.ts";
import type { GivenFactor, SecondFactors } from "./second-factor.ts";

/** Asks the person signed in for their second factor again before an act; throws what the page says when it is not given. */
export async function proveAgain(
  request: Request,
  person: Account,
  { given, act }: { given: GivenFactor; act: string },
  { attempts, factors }: { attempts: Attempts; factors: SecondFactors },
): Promise<SecondFactor> {
  requireLocalMeans(request);
  // Per session: whoever holds another session of this person, or none, cannot lock it.
  const keys = [
    { width: "narrow", key: `${act} ${person.id} ${request.sessionID}` },
    { width: "wide", key: `${act} ${person.id} ${placeOf(request.ip)}` },
  ] as const;
  const allowed = await attempts.take(keys);
  if (allowed.outcome === "wait") {
    request.res?.setHeader("Retry-After", String(allowed.seconds));
    throw new PageError(429, {
      message: "Trop de codes erronés dans cette session : rien n'est enregistré.",
    });
  }
  const proven = await factors.prove(person, given, passkeyPurpose(request, act));
  if (proven.outcome === "proven") {
    await attempts.succeeded(keys);
    return proven.factor;
  }
  throw new PageError(403, {
    title: proven.problem,
    message: `${proven.problem} : rien n'est enregistré.`,
    remedy: `${proven.remedy} Revenez à la page précédente et recommencez.`,
  });
}
