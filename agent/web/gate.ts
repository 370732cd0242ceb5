import { doubleCsrf } from "csrf-csrf";
import type { NextFunction, Request, Response } from "express";
import type { Clock } from "../core/clock.ts";
import { type Account, type Act, mayAct } from "../core/person.ts";
import type { Desk } from "../stages/desk/desk.ts";
import { duration } from "../stages/french.ts";
import type { Store } from "../store/store.ts";
import { frenchTime } from "./french-time.ts";
import { PageError } from "./page-error.ts";
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

interface Page {
  view: string;
  title: string;
  status?: number;
  model: object;
}

/** The person signed in; only behind `signedIn`. */
function personOf(response: Response): Account {
  const person: Account | undefined = response.locals.person;
  if (person === undefined) throw new PageError(401);
  return person;
}

/** The person signed in, when their role allows the act; else 403. */
export function personWho(response: Response, act: Act): Account {
  const person = personOf(response);
  if (!mayAct(person, act)) throw new PageError(403);
  return person;
}

export function gate(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  secret: string;
  secure: boolean;
}): Gate {
  const { desk, store, clock, secret, secure } = parts;
  const { render } = templates();
  const time = frenchTime(desk.facility.timeZone);
  const csrf = doubleCsrf({
    getSecret: () => secret,
    // A token serves one session; before sign-in the double cookie alone ties it to the browser.
    getSessionIdentifier: (request) =>
      request.session?.account === undefined ? "signed-out" : request.sessionID,
    cookieName: secure ? "__Host-tocsin-form" : "tocsin-form",
    cookieOptions: { sameSite: "lax", secure, httpOnly: true, path: "/" },
    getCsrfTokenFromRequest: (request) => request.body?.csrf,
  });

  return {
    async recognise(request, response, next) {
      request.cookies = cookiesOf(request.headers.cookie);
      const account = request.session?.account;
      const stored =
        account === undefined ? undefined : await store.reads.record(desk.facility.id, "account", account);
      if (stored?.content.active) response.locals.person = stored.content;
      next();
    },

    signedIn(request, response, next) {
      if (response.locals.person !== undefined) return next();
      if (request.method !== "GET" && request.method !== "HEAD") throw new PageError(401);
      const wanted = new URLSearchParams({ suite: request.originalUrl });
      response.redirect(303, `/${desk.facility.id}/connexion?${wanted}`);
    },

    ownForm(request, _response, next) {
      if (request.method === "GET" || request.method === "HEAD") return next();
      if (request.headers["sec-fetch-site"] === "cross-site" || !csrf.validateRequest(request)) {
        throw new PageError(403, {
          title: "Formulaire périmé",
          message:
            "Ce formulaire ne vient pas d'une page ouverte dans cette session : rien n'a été enregistré.",
          remedy: "Rouvrez la page depuis la liste des incidents, puis recommencez.",
        });
      }
      next();
    },

    render(request, response, { view, title, status = 200, model }) {
      const now = clock.now();
      const html = render(view, {
        ...model,
        title,
        facility: desk.facility,
        base: `/${desk.facility.id}`,
        mode: desk.mode,
        person: response.locals.person ?? null,
        // Where no session was loaded (unknown address), a token would spoil those of the open pages.
        csrf: request.session === undefined ? "" : csrf.generateCsrfToken(request, response),
        now,
        when: (instant: number) => time.when(instant, now),
        time: time.time,
        since: (instant: number) => duration(now - instant),
        iso: (instant: number) => new Date(Math.floor(instant / 1000)).toISOString(),
      });
      response.status(status).type("html").send(html);
    },
  };
}

// csrf-csrf reads `request.cookies`; ours are the only two, plain tokens without escapes.
function cookiesOf(header: string | undefined): Record<string, string> {
  const cookies: Record<string, string> = Object.create(null);
  for (const pair of (header ?? "").split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0) cookies[pair.slice(0, equals).trim()] ??= pair.slice(equals + 1).trim();
  }
  return cookies;
}
