import { type Request, Router } from "express";
import { z } from "zod";
import type { Account } from "../core/person.ts";
import { placeOf } from "./attempts.ts";
import { readForm } from "./form.ts";
import type { Oidc } from "./oidc.ts";
import { PageError } from "./page-error.ts";
import { ownPath, type ShowSignIn, type SignInParts } from "./sign-in.ts";

const BeginForm = z.object({ suite: z.string().max(500).default("") });
/** Accounts looked through for the person that the provider names; a hospital has far fewer. */
const MOST_ACCOUNTS = 2000;

/** Which of an account's own words the provider's claim is compared with. */
export type OidcMatch = "login" | "email" | "identity";

const REFUSED =
  "L'annuaire n'a pas permis de vous reconnaître. Connectez-vous avec votre mot de passe Tocsin et votre code.";
const UNREACHABLE =
  "L'annuaire ne répond pas. Connectez-vous avec votre mot de passe Tocsin et votre code, une clé d'accès, ou un accès de secours.";
const ATTACKED =
  "La connexion par l'annuaire est suspendue : un système dont elle dépend est touché par un incident en cours, et ne prouve plus qui vous êtes. Connectez-vous avec votre mot de passe Tocsin et votre code, une clé d'accès, ou un accès de secours.";

/** Sign-in by way of the hospital's identity provider: it opens an existing account, and decides nothing more. */
export function oidcRoutes(
  parts: SignInParts & { oidc: Oidc; match: OidcMatch; publicUrl: string; secure: boolean; show: ShowSignIn },
): Router {
  const { desk, store, gate, attempts, entrance, oidc, show, log } = parts;
  const facility = desk.facility.id;
  const cookie = parts.secure ? "__Host-tocsin-annuaire" : "tocsin-annuaire";
  // Lax, since the person comes back from another site.
  const options = { httpOnly: true, sameSite: "lax", secure: parts.secure, path: "/" } as const;
  const redirect = `${parts.publicUrl}/${facility}/connexion/annuaire/retour`;
  const keysFor = (request: Request) => [{ width: "wide", key: `provider ${placeOf(request.ip)}` }] as const;
  const router = Router({ mergeParams: true });

  // A form, not a link: a link in a mail would sign in whoever has a session at the provider.
  router.post("/connexion/annuaire", gate.ownForm, async (request, response) => {
    const suite = ownPath(readForm(request, BeginForm).suite, facility);
    if (await parts.providerAttacked())
      return show(request, response, { suite, error: ATTACKED, status: 403 });
    const allowed = await attempts.take(keysFor(request));
    if (allowed.outcome === "wait") {
      response.setHeader("Retry-After", String(allowed.seconds));
      throw new PageError(429);
    }
    const begun = await oidc.begin(redirect, suite);
    if (begun.outcome === "unreachable") {
      log.warn("identity provider unreachable", { because: begun.because });
      return show(request, response, { suite, error: UNREACHABLE, status: 503 });
    }
    response.cookie(cookie, begun.kept, { ...options, maxAge: 600_000 });
    // The policy of forms allows no redirect to another site: a page that leads there does.
    response.setHeader("Refresh", `0; url=${begun.url}`);
    gate.render(request, response, {
      view: "provider",
      title: "Connexion par l'annuaire",
      model: { url: begun.url, host: new URL(begun.url).host, label: oidc.label },
    });
  });

  router.get("/connexion/annuaire/retour", async (request, response) => {
    const kept = request.cookies?.[cookie];
    response.clearCookie(cookie, options);
    if (typeof kept !== "string") return show(request, response, { suite: "", error: REFUSED });
    if (await parts.providerAttacked())
      return show(request, response, { suite: "", error: ATTACKED, status: 403 });
    const query = request.originalUrl.slice(request.originalUrl.indexOf("?"));
    const finished = await oidc.finish(new URL(query, redirect), kept);
    if (finished.outcome !== "proven") {
      log.warn("sign-in by the identity provider failed", {
        outcome: finished.outcome,
        because: finished.because,
      });
      const error = finished.outcome === "refused" ? REFUSED : UNREACHABLE;
      return show(request, response, {
        suite: "",
        error,
        status: finished.outcome === "refused" ? 401 : 503,
      });
    }
    await attempts.succeeded(keysFor(request));
    const account = await accountOf(finished.value);
    if (account === undefined) {
      log.warn("the identity provider names nobody who may enter", { place: placeOf(request.ip) });
      const error =
        "L'annuaire vous reconnaît, mais aucun compte Tocsin actif ne vous correspond. Demandez-en un au RSSI ou au directeur.";
      return show(request, response, { suite: finished.suite, error, status: 403 });
    }
    await entrance.enter(request, response, account, "oidc");
    response.redirect(303, ownPath(finished.suite, facility));
  });

  /** The one active account that the claim names; none when two do, and never an *accès de secours*. */
  async function accountOf(value: string): Promise<Account | undefined> {
    const wanted = value.trim();
    const all = await store.reads.byState(facility, "account", [], { limit: MOST_ACCOUNTS });
    const same = (account: Account) => {
      if (parts.match === "identity") return account.identity === wanted;
      const own = parts.match === "email" ? account.email : account.login;
      return own !== "" && own.toLowerCase() === wanted.toLowerCase();
    };
    const found = all.map(({ content }) => content).filter(same);
    const [only] = found;
    return found.length === 1 && only?.active && only.emergency === undefined ? only : undefined;
  }

  return router;
}
