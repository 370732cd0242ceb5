import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import helmet from "helmet";
import type { Asset, Site, System } from "../core/asset.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Masks } from "../core/masked.ts";
import type { RuleTroubles } from "../core/rule-troubles.ts";
import type { Desk } from "../stages/desk/desk.ts";
import type { unknownAssets } from "../stages/note-unknown.ts";
import type { Store } from "../store/store.ts";
import { attempts } from "./attempts.ts";
import { decisionsApi } from "./decisions-api.ts";
import { type Gate, gate } from "./gate.ts";
import { PageError } from "./page-error.ts";
import { closingsPage } from "./pages/closings.ts";
import { declarationPages } from "./pages/declaration.ts";
import { factsPage } from "./pages/facts.ts";
import { filingPages } from "./pages/filing.ts";
import { incidentPage } from "./pages/incident.ts";
import { incidentsPage } from "./pages/incidents.ts";
import { originalPage } from "./pages/original.ts";
import { printPage } from "./pages/print.ts";
import { refusedPage } from "./pages/refused.ts";
import { regroupPages } from "./pages/regroup.ts";
import { reportPage } from "./pages/report.ts";
import { ruleTroublesPage } from "./pages/rule-troubles.ts";
import { silencesPage } from "./pages/silences.ts";
import { systemsPage } from "./pages/systems.ts";
import { unknownAssetsPage } from "./pages/unknown-assets.ts";
import { SESSION_HOURS, sessionStore } from "./session-store.ts";
import { signIn } from "./sign-in.ts";
import { ASSETS } from "./templates.ts";
import type { WebLog } from "./web-log.ts";

export interface PeopleParts {
  desk: Desk;
  store: Store;
  clock: Clock;
  /** How people reach the pages; `https:` makes every cookie Secure. */
  publicUrl: string;
  /** Signs session cookies and form tokens. */
  sessionSecret: string;
  /** Tools whose signed decisions are heard, by id; secrets are Standard Webhooks' (base64, `whsec_` allowed). */
  tools: ReadonlyMap<string, { secret: string }>;
  /** The facility's systems, its places, and the machines that were imported. */
  systems: readonly System[];
  sites: readonly Site[];
  assets: readonly Pick<Asset, "system">[];
  /** For what pages show beside dossiers, which come without patients. */
  masks: Masks;
  /** What of the rules does not run now. */
  troubles: () => RuleTroubles;
  /** The hosts that no system claims. */
  unknown: () => ReturnType<typeof unknownAssets>;
  /** Mounts the sign-in by ticket. */
  demo: boolean;
  log: WebLog;
}

/** Builds the people's listener: pages for one facility, and the decisions that tools sign. */
export function peopleApp(parts: PeopleParts): express.Express {
  const { desk, store, clock, publicUrl, sessionSecret, systems, sites, demo, log } = parts;
  const names = new Map(systems.map(({ id, name }) => [id, name]));
  const secure = publicUrl.startsWith("https:");
  const facility = desk.facility.id;
  const limits = attempts();
  const pages = gate({ desk, store, clock, secret: sessionSecret, secure });

  const app = express();
  app.disable("x-powered-by");
  // Behind a reverse proxy on the same machine the limits see the person's address, not the proxy's.
  app.set("trust proxy", "loopback");
  app.use(headers(secure));
  app.use("/assets", express.static(ASSETS, { index: false, redirect: false, maxAge: "1h" }));
  app.use(decisionsApi({ desk, store, clock, tools: parts.tools, attempts: attempts(), log }));
  app.get("/", (_request, response) => response.redirect(303, `/${facility}/incidents`));

  const site = express.Router({ mergeParams: true });
  site.use((request: Request<{ facility?: string }>, _response: Response, next: NextFunction) => {
    if (request.params.facility !== facility) throw new PageError(404);
    next();
  });
  site.use(
    session({
      name: secure ? "__Host-tocsin" : "tocsin",
      secret: sessionSecret,
      store: sessionStore(store, clock, facility),
      resave: false,
      saveUninitialized: false,
      // Lax, since the link of a call or a mail must open the page; every form carries its own token.
      cookie: { httpOnly: true, sameSite: "lax", secure, path: "/", maxAge: SESSION_HOURS * 3_600_000 },
    }),
    pages.recognise,
    express.urlencoded({ extended: false, limit: "128kb", parameterLimit: 500 }),
  );
  site.get("/", (_request, response) => response.redirect(303, `/${facility}/incidents`));
  site.use(signIn({ desk, store, clock, gate: pages, attempts: limits, demo, log }));
  site.use(pages.signedIn, pages.ownForm);
  site.use(incidentsPage({ desk, gate: pages, systems }));
  site.use(reportPage({ desk, clock, gate: pages }));
  site.use(factsPage({ desk, clock, gate: pages }));
  site.use(closingsPage({ desk, gate: pages }));
  site.use(incidentPage({ desk, clock, gate: pages, systems: { sites, names } }));
  site.use(regroupPages({ desk }));
  site.use(silencesPage({ desk, clock, gate: pages }));
  site.use(declarationPages({ desk, store, clock, gate: pages, attempts: limits }));
  site.use(filingPages({ desk, gate: pages }));
  site.use(originalPage({ desk, gate: pages }));
  site.use(refusedPage({ store, gate: pages, facility, masks: parts.masks }));
  site.use(ruleTroublesPage({ troubles: parts.troubles, gate: pages, masks: parts.masks }));
  site.use(unknownAssetsPage({ unknown: parts.unknown, gate: pages, masks: parts.masks }));
  site.use(systemsPage({ systems, sites, assets: parts.assets, gate: pages }));
  site.use(printPage({ desk, gate: pages, publicUrl }));
  app.use("/:facility", site);

  app.use(() => {
    throw new PageError(404);
  });
  app.use(errorPage(pages, facility, log));
  return app;
}

function headers(secure: boolean): express.RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          "default-src": ["'none'"],
          "style-src": ["'self'"],
          "script-src": ["'self'"],
          "img-src": ["'self'"],
          "form-action": ["'self'"],
          "frame-ancestors": ["'none'"],
          "base-uri": ["'none'"],
        },
      },
      strictTransportSecurity: secure ? { maxAge: 31_536_000, includeSubDomains: false } : false,
      referrerPolicy: { policy: "same-origin" },
      xFrameOptions: { action: "deny" },
    }),
    (request, response, next) => {
      if (!request.path.startsWith("/assets/")) response.setHeader("Cache-Control", "no-store");
      next();
    },
  ];
}

function errorPage(pages: Gate, facility: string, log: WebLog): express.ErrorRequestHandler {
  return (thrown, request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = pageErrorOf(thrown);
    if (error.status === 500) log.warn("page failed", { path: request.path, error: messageOf(thrown) });
    try {
      pages.render(request, response, {
        view: "error",
        title: error.title,
        status: error.status,
        model: {
          status: error.status,
          message: error.message,
          remedy: error.remedy,
          home: `/${facility}/incidents`,
        },
      });
    } catch (failed) {
      log.warn("error page failed", { path: request.path, error: messageOf(failed) });
      response.status(error.status).type("text").send(`${error.title}\n${error.message}\n${error.remedy}\n`);
    }
  };
}

function pageErrorOf(thrown: unknown): PageError {
  if (thrown instanceof PageError) return thrown;
  const status = (thrown as { status?: unknown } | null)?.status;
  if (status === 413 || status === 404) return new PageError(status);
  return new PageError(typeof status === "number" && status >= 400 && status < 500 ? 400 : 500);
}
