import { doubleCsrf } from "csrf-csrf";
import type { NextFunction, Request, Response } from "express";
import type { Clock, Instant } from "../core/clock.ts";
import { type Account, type Act, calledName, delegationAt, mayAct } from "../core/person.ts";
import type { Desk } from "../stages/desk/desk.ts";
import { duration } from "../stages/french.ts";
import type { Store } from "../store/store.ts";
import { frenchTime } from "./french-time.ts";
import { type Language, languageOf } from "./language.ts";
import { maskToken, unmaskToken } from "./mask-token.ts";
import { PageError } from "./page-error.ts";
import { sendPage } from "./send-page.ts";
import { type Sessions, SIGN_IN_WAYS } from "./session-store.ts";
import { templates } from "./templates.ts";

/** What every page is made with: who asks, that the form is ours, and the frame around the page. */
export interface Gate {
  /** Loads the account of the session into `response.locals`; nobody is turned away here. */
  recognise(request: Request, response: Response, next: NextFunction): Promise<void>;
  /** Turns away who is not signed in: a reader to the sign-in page, a form with 401. */
  signedIn(request: Request, response: Response, next: NextFunction): void;
  /** Refuses a form that did not come from one of our pages. */
  ownForm(request: Request, response: Response, next: NextFunction): void;
  render(request: Request, response: Response, page: Page): void;
}

/** How the person came in, as pages show it. */
interface Access {
  via: string;
  emergency: boolean;
  /** Who opened the envelope of an *accès de secours*. */
  holder: string | null;
  unnamed: boolean;
  /** Came in through an identity provider that is not to be trusted now. */
  untrusted: boolean;
}

interface Page {
  view: string;
  title: string;
  status?: number;
  model: object;
  /** Where it is not the browser's choice. */
  language?: Language;
}

/** The person signed in; only behind `signedIn`. */
function personOf(response: Response): Account {
  const person: Account | undefined = response.locals.person;
  if (person === undefined) throw new PageError(401);
  return person;
}

/** True for a form of another site; a sibling under the same domain is another site too. */
export function isFromElsewhere(request: Request): boolean {
  const site = request.headers["sec-fetch-site"];
  return site === "cross-site" || site === "same-site";
}

/** The person signed in, when their role, and their delegation at this instant, allow the act; else 403. */
export function personWho(response: Response, act: Act): Account {
  const person = personOf(response);
  const now: Instant = response.locals.now;
  if (mayAct(person, act, now)) return person;
  if (act === "decide" && delegationAt(person, now) === "lapsed")
    throw new PageError(403, {
      message: "Votre délégation n'est pas en cours à cette date : vous ne pouvez pas décider.",
      remedy: "Passez la main au directeur ou à une autre personne déléguée.",
    });
  throw new PageError(403);
}

/** The account as it acts in a session: what is done by an *accès de secours* names who opened it. */
function actingAs(account: Account, holder: string | undefined): Account {
  if (account.emergency === undefined || holder === undefined) return account;
  const held = { ...account, emergency: { ...account.emergency, holder } };
  return { ...held, name: calledName(held) };
}

export function gate(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  secret: string;
  secure: boolean;
  sessions: Sessions;
  /** Whether a system that the identity provider needs is in an incident now. */
  providerAttacked: () => Promise<boolean>;
  /** Whether browsers can offer passkeys here. */
  passkeys: boolean;
}): Gate {
  const { desk, store, clock, secret, secure, sessions } = parts;
  const { render } = templates();
  const time = frenchTime(desk.facility.timeZone);
  const csrf = doubleCsrf({
    getSecret: () => secret,
    // A token serves one session; before sign-in the double cookie alone ties it to the browser.
    getSessionIdentifier: (request) =>
      request.session?.account === undefined ? "signed-out" : request.sessionID,
    cookieName: secure ? "__Host-tocsin-form" : "tocsin-form",
    cookieOptions: { sameSite: "lax", secure, httpOnly: true, path: "/" },
    getCsrfTokenFromRequest: (request) => unmaskToken(request.body?.csrf),
  });

  /** What the frame around each page says of how the person came in. */
  const accessOf = async (session: Request["session"], { emergency }: Account): Promise<Access> => ({
    via: SIGN_IN_WAYS[session.via ?? "password"],
    emergency: emergency !== undefined,
    holder: session.holder ?? null,
    unnamed: emergency !== undefined && session.holder === undefined,
    untrusted: session.via === "oidc" && (await parts.providerAttacked()),
  });

  return {
    async recognise(request, response, next) {
      request.cookies = cookiesOf(request.headers.cookie);
      const account = request.session?.account;
      const stored =
        account === undefined ? undefined : await store.reads.record(desk.facility.id, "account", account);
      response.locals.now = clock.now();
      if (stored?.content.active && sessions.stands(request, stored.content)) {
        response.locals.person = actingAs(stored.content, request.session.holder);
        response.locals.access = await accessOf(request.session, stored.content);
      }
      next();
    },

    signedIn(request, response, next) {
      const emergency = `/${desk.facility.id}/secours`;
      if (response.locals.access?.unnamed && request.originalUrl.split("?")[0] !== emergency) {
        if (request.method !== "GET" && request.method !== "HEAD") throw new PageError(403, UNNAMED);
        return response.redirect(303, `${emergency}?${new URLSearchParams({ suite: request.originalUrl })}`);
      }
      if (response.locals.person !== undefined) return next();
      if (request.method !== "GET" && request.method !== "HEAD") throw new PageError(401);
      const wanted = new URLSearchParams({ suite: request.originalUrl });
      response.redirect(303, `/${desk.facility.id}/connexion?${wanted}`);
    },

    ownForm(request, _response, next) {
      if (request.method === "GET" || request.method === "HEAD") return next();
      if (isFromElsewhere(request) || !csrf.validateRequest(request)) {
        throw new PageError(403, {
          title: "Formulaire périmé",
          message:
            "Ce formulaire ne vient pas d'une page ouverte dans cette session : rien n'a été enregistré.",
          remedy: "Rouvrez la page depuis la liste des incidents, puis recommencez.",
        });
      }
      next();
    },

    render(request, response, { view, title, status = 200, model, language: asked }) {
      const now = clock.now();
      const language = asked ?? languageOf(request.cookies);
      const values = {
        ...model,
        title,
        facility: desk.facility,
        base: `/${desk.facility.id}`,
        mode: desk.mode,
        person: response.locals.person ?? null,
        access: response.locals.access ?? null,
        passkeys: parts.passkeys,
        // Whether the navigation leads this person to the group.
        seesGroup: response.locals.seesGroup ?? false,
        // Decisions recorded by telephone in this person's name, for them to confirm or contest.
        recordedForMe: response.locals.oral ?? [],
        // Where no session was loaded (unknown address), a token would spoil those of the open pages.
        csrf: request.session === undefined ? "" : maskToken(csrf.generateCsrfToken(request, response)),
        now,
        when: (instant: number) => time.when(instant, now),
        time: time.time,
        since: (instant: number) => duration(now - instant),
        until: (instant: number) => duration(instant - now),
        long: duration,
        count: (count: number) => count.toLocaleString(language === "en" ? "en-GB" : "fr-FR"),
        iso: (instant: number) => new Date(Math.floor(instant / 1000)).toISOString(),
        // Where the switch of the language leads back to: a form that was refused has no page of its own.
        self: request.method === "GET" ? request.originalUrl : "",
      };
      const html = render(view, values, language);
      sendPage(request, response.status(status), html);
    },
  };
}

const UNNAMED = {
  title: "Qui êtes-vous ?",
  message: "Un accès de secours ne fait rien avant que la personne qui l'a ouvert se soit nommée.",
  remedy: "Ouvrez n'importe quelle page : elle vous demande votre nom.",
};

// csrf-csrf reads `request.cookies`; ours are plain tokens without escapes.
function cookiesOf(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null);
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0) cookies[pair.slice(0, equals).trim()] ??= pair.slice(equals + 1).trim();
  }
  return cookies;
}
