import { promisify } from "node:util";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import type { Account } from "../core/person.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { Desk } from "../stages/desk/desk.ts";
import type { Store } from "../store/store.ts";
import { changeAccount } from "./accounts.ts";
import { type Attempts, placeOf } from "./attempts.ts";
import type { Entrance } from "./enter.ts";
import { Line, readForm } from "./form.ts";
import type { Gate } from "./gate.ts";
import type { Oidc } from "./oidc.ts";
import { PageError } from "./page-error.ts";
import type { Passkeys } from "./passkeys.ts";
import { verifyPassword } from "./password.ts";
import type { SecondFactors } from "./second-factor.ts";
import type { WebLog } from "./web-log.ts";

const SignInForm = z.object({
  login: z.string().max(200),
  password: z.string().max(1000),
  code: z.string().max(40),
  suite: z.string().max(500).default(""),
});
const TicketForm = z.object({ jeton: z.string().min(1).max(500) });
const HolderForm = z.object({
  name: Line(120).pipe(z.string().min(3)),
  reason: Line(500).pipe(z.string().min(5)),
  suite: z.string().max(500).default(""),
});

export interface SignInParts {
  desk: Desk;
  store: Store;
  clock: Clock;
  gate: Gate;
  attempts: Attempts;
  entrance: Entrance;
  factors: SecondFactors;
  passkeys: Passkeys;
  /** Undefined where no identity provider is configured. */
  oidc: Oidc | undefined;
  /** Whether a system that the identity provider needs is in an incident now. */
  providerAttacked: () => Promise<boolean>;
  demo: boolean;
  log: WebLog;
}

/** Shows the sign-in page, with what went wrong. */
export type ShowSignIn = (
  request: Request,
  response: Response,
  model: { suite: string; login?: string; error?: string; status?: number },
) => Promise<void>;

/** The sign-in page: every way in that this installation has, and why one of them is closed now. */
export function signInPage({ gate, oidc, providerAttacked }: SignInParts): ShowSignIn {
  return async (request, response, { suite, login = "", error, status }) =>
    gate.render(request, response, {
      view: "sign-in",
      title: "Connexion",
      status: status ?? (error === undefined ? 200 : 401),
      model: {
        suite,
        login,
        error: error ?? null,
        provider: oidc?.label ?? null,
        attacked: oidc !== undefined && (await providerAttacked()),
      },
    });
}

/** Sign-in with password and second factor together, sign-out, and the demonstration's tickets. */
export function signIn(parts: SignInParts & { show: ShowSignIn }): Router {
  const { desk, store, gate, attempts, entrance, factors, show, log } = parts;
  const facility = desk.facility.id;
  const router = Router({ mergeParams: true });

  router.get("/connexion", (request, response) => {
    const suite = ownPath(typeof request.query.suite === "string" ? request.query.suite : "", facility);
    if (response.locals.person !== undefined) return response.redirect(303, suite);
    return show(request, response, { suite });
  });

  router.post("/connexion", gate.ownForm, async (request, response) => {
    const { login, password, code, suite } = readForm(request, SignInForm);
    const name = login.trim().toLowerCase();
    const account = (await store.reads.accountByLogin(facility, name))?.content;
    const known = account?.active ? account : undefined;
    const keys = entrance.keysFor(request, name, known);
    const stranger = keys.every(({ width }) => width !== "device");
    const allowed = await attempts.take(keys, { stranger });
    if (allowed.outcome === "wait") {
      log.warn("sign-in held back", { place: placeOf(request.ip) });
      response.setHeader("Retry-After", String(allowed.seconds));
      throw new PageError(429);
    }
    const credentials = known === undefined ? undefined : await store.reads.credentials(facility, known.id);
    const passwordRight = await verifyPassword(password, credentials?.password);
    // The code is used up only with the right password: else anyone could burn the director's codes.
    const whose = passwordRight ? known : undefined;
    const proven = await factors.prove(whose, { code, passkey: "" }, "sign-in");
    if (known === undefined || !passwordRight || proven.outcome !== "proven") {
      log.warn("sign-in refused", { place: placeOf(request.ip) });
      const error =
        "Identifiant, mot de passe ou code incorrect. Un code ne sert qu'une fois : attendez le suivant au besoin.";
      return show(request, response, { suite: ownPath(suite, facility), login, error });
    }
    await attempts.succeeded(keys, { stranger });
    await entrance.enter(request, response, known, "password");
    response.redirect(303, ownPath(suite, facility));
  });

  router.post("/deconnexion", gate.ownForm, async (request, response) => {
    await promisify(request.session.destroy.bind(request.session))();
    response.redirect(303, `/${facility}/connexion`);
  });

  if (parts.demo) router.use(tickets(parts));
  return router;
}

/** Opening the link only shows a button: mail scanners and previews sign nobody in. */
function tickets({ desk, store, clock, gate, entrance }: SignInParts): Router {
  const facility = desk.facility.id;
  const router = Router({ mergeParams: true });

  router.get("/connexion/billet", (request, response) => {
    const jeton = typeof request.query.jeton === "string" ? request.query.jeton : "";
    gate.render(request, response, { view: "ticket", title: "Entrer", model: { jeton } });
  });

  router.post("/connexion/billet", gate.ownForm, async (request, response) => {
    const { jeton } = readForm(request, TicketForm);
    const hash = sha256Hex(jeton);
    const at = clock.now();
    const ticket = await store.reads.ticket(facility, hash, at);
    const account = ticket && (await store.reads.record(facility, "account", ticket.account))?.content;
    const used =
      account?.active && (await store.commit({ facility, at, writes: [{ write: "ticket_use", hash }] }));
    if (!account || !used || used.outcome !== "committed") {
      throw new PageError(403, {
        title: "Billet refusé",
        message: "Ce billet d'entrée est inconnu, périmé ou a déjà servi.",
        remedy: "Demandez-en un nouveau, ou connectez-vous avec votre mot de passe et votre code.",
      });
    }
    await entrance.enter(request, response, account, "ticket");
    response.redirect(303, `/${facility}/incidents`);
  });

  return router;
}

/** Who opened the envelope of an *accès de secours*, asked before anything else; only behind `signedIn`. */
export function emergencyPage({
  desk,
  store,
  clock,
  gate,
}: Pick<SignInParts, "desk" | "store" | "clock" | "gate">): Router {
  const facility = desk.facility.id;
  const router = Router({ mergeParams: true });
  const ofEmergency = (response: Response): Account => {
    const person: Account = response.locals.person;
    if (person.emergency === undefined) throw new PageError(404);
    return person;
  };

  router.get("/secours", (request, response) => {
    ofEmergency(response);
    const suite = ownPath(typeof request.query.suite === "string" ? request.query.suite : "", facility);
    const model = { suite, holder: request.session.holder ?? "" };
    gate.render(request, response, { view: "emergency", title: "Accès de secours", model });
  });

  router.post("/secours", async (request, response) => {
    const person = ofEmergency(response);
    const { name, reason, suite } = readForm(request, HolderForm);
    const content = { account: person.id, holder: name, reason };
    const named = await changeAccount(
      { store, clock, facility: desk.facility },
      person.id,
      (all) => ({ ...all, ...(all.emergency && { emergency: { ...all.emergency, holder: name } }) }),
      () => [{ write: "note", what: "emergency_holder", incident: null, content }],
    );
    if (named === undefined) throw new PageError(409);
    request.session.holder = name;
    await promisify(request.session.save.bind(request.session))();
    response.redirect(303, ownPath(suite, facility));
  });

  return router;
}

/** The page asked for, when it is one of this facility's; else its list: no redirect leaves the site. */
export function ownPath(wanted: string, facility: string): string {
  const list = `/${facility}/incidents`;
  if (!wanted.startsWith(`/${facility}/`) || /[\\\u0000-\u0020\u007f]/.test(wanted)) return list;
  const url = URL.parse(wanted, "http://here.invalid");
  if (url === null || url.origin !== "http://here.invalid" || !url.pathname.startsWith(`/${facility}/`))
    return list;
  return url.pathname.startsWith(`/${facility}/connexion`) ? list : `${url.pathname}${url.search}`;
}
