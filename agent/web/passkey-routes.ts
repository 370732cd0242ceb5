import { type Request, Router } from "express";
import { z } from "zod";
import { placeOf } from "./attempts.ts";
import { readForm } from "./form.ts";
import { PageError } from "./page-error.ts";
import { ownPath, type ShowSignIn, type SignInParts } from "./sign-in.ts";

const PasskeyForm = z.object({
  passkey: z.string().min(2).max(20_000),
  suite: z.string().max(500).default(""),
});
const UNKNOWN =
  "Cette clé d'accès n'est pas reconnue, ou la demande a expiré. Recommencez, ou entrez autrement.";

/** What a passkey of this session signs for a decision on one exact text, or for a change of one's own means. */
export function passkeyPurpose(request: Request, act: string): string {
  return `${act} ${request.sessionID}`;
}

/** Sign-in with a passkey alone: it proves possession and, by its own check of the user, the person. */
export function passkeySignIn(parts: SignInParts & { show: ShowSignIn }): Router {
  const { desk, store, gate, attempts, entrance, factors, passkeys, show, log } = parts;
  const facility = desk.facility.id;
  const router = Router({ mergeParams: true });

  // Nothing is kept of a challenge: asking for one changes nothing.
  router.get("/connexion/cle", async (_request, response) => {
    response.json(await passkeys.challenge("sign-in"));
  });

  router.post("/connexion/cle", gate.ownForm, async (request, response) => {
    const { passkey, suite } = readForm(request, PasskeyForm);
    const claimed = passkeys.claimed(passkey);
    const account =
      claimed === undefined ? undefined : (await store.reads.record(facility, "account", claimed))?.content;
    const known = account?.active ? account : undefined;
    // Counts of their own: neither guessing passwords nor garbage from the same place holds a known browser back.
    const device = entrance.keysFor(request, "", known).filter(({ width }) => width === "device");
    const place = { width: "wide", key: `passkey ${placeOf(request.ip)}` } as const;
    const keys = device.length > 0 ? device : [place];
    const allowed = await attempts.take(keys);
    if (allowed.outcome === "wait") {
      response.setHeader("Retry-After", String(allowed.seconds));
      throw new PageError(429);
    }
    const proven = known && (await factors.prove(known, { code: "", passkey }, "sign-in"));
    if (known === undefined || proven?.outcome !== "proven") {
      log.warn("passkey refused", { place: placeOf(request.ip) });
      return show(request, response, { suite: ownPath(suite, facility), error: UNKNOWN });
    }
    await attempts.succeeded(keys);
    await entrance.enter(request, response, known, "passkey");
    response.redirect(303, ownPath(suite, facility));
  });

  return router;
}

/** Challenges for the passkeys of the person signed in, as a second factor; only behind `signedIn`. */
export function passkeyChallenges({
  desk,
  store,
  passkeys,
}: Pick<SignInParts, "desk" | "store" | "passkeys">): Router {
  const router = Router({ mergeParams: true });
  router.get("/cle/defi", async (request, response) => {
    const { acte } = request.query;
    if (typeof acte !== "string" || !/^[a-z]{1,20}( [0-9a-f]{64})?$/.test(acte)) throw new PageError(400);
    const { factors } = await store.reads.factors(desk.facility.id, response.locals.person.id);
    response.json(await passkeys.challenge(passkeyPurpose(request, acte), factors.passkeys));
  });
  return router;
}
