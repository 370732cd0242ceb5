import express, { type NextFunction, type Request, type Response } from "express";
import session from "express-session";
import helmet from "helmet";
import type { Asset, Site, System } from "../core/asset.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { HouseView } from "../core/house-view.ts";
import { uuidv7 } from "../core/id.ts";
import type { Masks } from "../core/masked.ts";
import type { RuleTroubles } from "../core/rule-troubles.ts";
import type { Desk } from "../stages/desk/desk.ts";
import type { WayReach } from "../stages/effects/reachability.ts";
import { openBulletins } from "../stages/followup/bulletins-desk.ts";
import type { GroupDesk } from "../stages/group/group-desk.ts";
import type { Searches } from "../stages/hunt/searches.ts";
import type { unknownAssets } from "../stages/note-unknown.ts";
import type { Register } from "../stages/register/open-register.ts";
import { openOutsideDesk } from "../stages/register/outside-desk.ts";
import type { OnCall } from "../stages/roster/open-on-call.ts";
import type { Store } from "../store/store.ts";
import { type AccessSettings, openAccess } from "./access.ts";
import { type Attempts, attempts } from "./attempts.ts";
import { decisionsApi } from "./decisions-api.ts";
import type { Gate } from "./gate.ts";
import { journalAccess } from "./journal-access.ts";
import { languageSwitch } from "./language-switch.ts";
import { PageError } from "./page-error.ts";
import { askQuestionPages } from "./pages/ask-question.ts";
import { attachmentPages } from "./pages/attachments.ts";
import { breachesPage } from "./pages/breaches.ts";
import { bulletinsPage } from "./pages/bulletins.ts";
import { callSheetPages } from "./pages/call-sheet.ts";
import { closingsPage } from "./pages/closings.ts";
import { debriefingPages } from "./pages/debriefing.ts";
import { decisionPages } from "./pages/decision.ts";
import { declarationPages } from "./pages/declaration.ts";
import { dutiesPages } from "./pages/duties.ts";
import { exportPages } from "./pages/export.ts";
import { factsPage } from "./pages/facts.ts";
import { fieldsPages } from "./pages/fields.ts";
import { filingPages } from "./pages/filing.ts";
import { followUpPages } from "./pages/follow-up.ts";
import { groupPages } from "./pages/group.ts";
import { handoverPage } from "./pages/handover.ts";
import { historyPages } from "./pages/history.ts";
import { housePages } from "./pages/house.ts";
import { incidentPage } from "./pages/incident.ts";
import { incidentsPage } from "./pages/incidents.ts";
import { onCallPages } from "./pages/on-call.ts";
import { oralPages, oralReminder } from "./pages/oral.ts";
import { originalPage } from "./pages/original.ts";
import { ownAccessPages } from "./pages/own-access.ts";
import { peoplePages } from "./pages/people.ts";
import { printPage } from "./pages/print.ts";
import { questionLinkPages, withoutCodes } from "./pages/question-link.ts";
import { refusedPage } from "./pages/refused.ts";
import { registerPage } from "./pages/register.ts";
import { outsidePages } from "./pages/register-outside.ts";
import { registerReportPage } from "./pages/register-report.ts";
import { regroupPages } from "./pages/regroup.ts";
import { reportPage } from "./pages/report.ts";
import { retentionPages } from "./pages/retention.ts";
import { ruleTroublesPage } from "./pages/rule-troubles.ts";
import { searchPages } from "./pages/search.ts";
import { silencesPage } from "./pages/silences.ts";
import { sourcesPage } from "./pages/sources.ts";
import { systemsPage } from "./pages/systems.ts";
import { unknownAssetsPage } from "./pages/unknown-assets.ts";
import { provePerson } from "./prove-person.ts";
import { openAssets } from "./serve-assets.ts";
import { endSlowRequests } from "./slow-requests.ts";
import { tellErased } from "./tell-erased.ts";
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
  /** Whether the receiver of a way out can be reached; absent where nobody looks. */
  reach?: ((way: string) => WayReach | null) | undefined;
  /** The hosts that no system claims. */
  unknown: () => ReturnType<typeof unknownAssets>;
  /** All incidents and declarations, for lists and figures. */
  register: Register;
  /** What the daemon tells of itself. */
  house: HouseView;
  /** How people sign in. */
  access: AccessSettings;
  /** Who is on call and how they are reached; without it those pages are not there. */
  onCall?: OnCall | undefined;
  /** Searches of old records; without them their page is not there. */
  searches?: Searches | undefined;
  /** What a group of facilities sees of its dossiers; without it those pages are not there. */
  group?: GroupDesk | undefined;
  /** Receives the files that people send. */
  uploads: express.RequestHandler;
  /** What is counted of failed attempts, where it outlives these pages. (Default: counted from now.) */
  attempts?: { pages: Attempts; tools: Attempts; links: Attempts } | undefined;
  /** How long what is kept is kept, and how public archives are eliminated. */
  retention: Pick<Parameters<typeof retentionPages>[0], "eliminations" | "rules" | "inForce">;
  /** Mounts the sign-in by ticket. */
  demo: boolean;
  log: WebLog;
}

/** Nothing of the machine but passkeys, and copying a text. */
const PERMISSIONS =
  "accelerometer=(), camera=(), display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), clipboard-read=(), publickey-credentials-get=(self), publickey-credentials-create=(self)";
const METHODS = ["GET", "HEAD", "POST"];

/** Builds the people's listener: pages for one facility, and the decisions that tools sign. */
export function peopleApp(parts: PeopleParts): express.Express {
  const { desk, store, clock, publicUrl, sessionSecret, systems, sites, group, log } = parts;
  const names = new Map(systems.map(({ id, name }) => [id, name]));
  const secure = publicUrl.startsWith("https:");
  const facility = desk.facility.id;
  const counted = parts.attempts ?? { pages: attempts(), tools: attempts(), links: attempts() };
  const limits = counted.pages;
  const { access: settings } = parts;
  const access = openAccess({ ...parts, settings });
  const pages = access.gate;

  const app = express();
  app.disable("x-powered-by");
  // Behind a reverse proxy on the same machine the limits see the person's address, not the proxy's.
  app.set("trust proxy", ["loopback", ...settings.proxies]);
  app.use(endSlowRequests(), headers(secure));
  app.use("/assets", openAssets().serve);
  app.use(decisionsApi({ desk, store, clock, tools: parts.tools, attempts: counted.tools, log }));
  app.use((request, response, next) => {
    if (METHODS.includes(request.method)) return next();
    response.setHeader("Allow", METHODS.join(", "));
    throw new PageError(405);
  });
  app.get("/", (_request, response) => response.redirect(303, `/${facility}/incidents`));

  const site = express.Router({ mergeParams: true });
  site.use((request: Request<{ facility?: string }>, _response: Response, next: NextFunction) => {
    if (request.params.facility !== facility) throw new PageError(404);
    next();
  });
  // Before any session: who holds a link has none, and gets none.
  site.use(questionLinkPages({ desk, clock, gate: pages, attempts: counted.links, log }));
  site.use(
    session({
      name: secure ? "__Host-tocsin" : "tocsin",
      secret: sessionSecret,
      store: access.sessions.store,
      resave: false,
      saveUninitialized: false,
      // Lax, since the link of a call or a mail must open the page; every form carries its own token.
      cookie: {
        httpOnly: true,
        sameSite: "lax",
        secure,
        path: "/",
        maxAge: settings.sessions.absolute / 1000,
      },
    }),
    pages.recognise,
    express.urlencoded({ extended: false, limit: "128kb", parameterLimit: 500 }),
  );
  site.get("/", (_request, response) => response.redirect(303, `/${facility}/incidents`));
  site.use(languageSwitch({ facility, secure, gate: pages }));
  site.use(access.doors(limits));
  site.use(pages.signedIn, parts.uploads, pages.ownForm, oralReminder({ desk, clock }));
  site.use(tellErased({ store, facility, timeZone: desk.facility.timeZone }));
  site.use(journalAccess({ store, clock, facility, log }));
  site.use((_request, { locals }, next) => {
    locals.seesGroup = group !== undefined && locals.person !== undefined && group.isMember(locals.person);
    next();
  });
  site.use(access.rooms());
  site.use(ownAccessPages({ desk, store, clock, access, attempts: limits }));
  site.use(peoplePages({ desk, store, clock, access, attempts: limits, newId: uuidv7(clock) }));
  site.use(incidentsPage({ desk, gate: pages, clock, register: parts.register, systems }));
  const registerParts = {
    desk,
    store,
    clock,
    gate: pages,
    register: parts.register,
    systems,
    masks: parts.masks,
  };
  const described = new Map(systems.map((each) => [each.id, each]));
  const outside = openOutsideDesk({ store, facility, systems: described, now: () => clock.now() });
  site.use(outsidePages({ ...registerParts, outside }));
  site.use(registerReportPage({ ...registerParts, whole: systems }));
  site.use(breachesPage(registerParts));
  site.use(registerPage(registerParts));
  site.use(sourcesPage({ store, gate: pages, house: parts.house, facility, masks: parts.masks }));
  site.use(
    housePages({
      ...registerParts,
      ...{ house: parts.house, facility, troubles: parts.troubles, reach: parts.reach, onCall: parts.onCall },
    }),
  );
  site.use(reportPage({ desk, clock, gate: pages }));
  site.use(factsPage({ desk, clock, gate: pages }));
  site.use(closingsPage({ desk, gate: pages }));
  site.use(retentionPages({ desk, clock, gate: pages, ...parts.retention }));
  if (group !== undefined) site.use(groupPages({ desk, group, gate: pages }));
  site.use(incidentPage({ desk, store, clock, gate: pages, group, systems: { sites, names } }));
  site.use(attachmentPages({ desk, store, clock, log }));
  if (parts.searches !== undefined)
    site.use(searchPages({ desk, clock, gate: pages, searches: parts.searches }));
  site.use(fieldsPages({ desk, store, clock, gate: pages }));
  site.use(askQuestionPages({ desk, clock, gate: pages, publicUrl }));
  site.use(regroupPages({ desk }));
  if (parts.onCall !== undefined) {
    site.use(onCallPages({ desk, onCall: parts.onCall, gate: pages }));
    site.use(handoverPage({ desk, onCall: parts.onCall, gate: pages }));
  }
  site.use(silencesPage({ desk, clock, gate: pages }));
  site.use(declarationPages({ desk, store, clock, gate: pages }));
  const prove = provePerson({ attempts: limits, factors: access.factors });
  site.use(decisionPages({ desk, clock, gate: pages, prove }));
  site.use(dutiesPages({ desk, clock, gate: pages, prove, publicUrl }));
  site.use(oralPages({ desk, clock, gate: pages, prove }));
  site.use(filingPages({ desk, gate: pages, clock, reach: parts.reach }));
  site.use(followUpPages({ desk, clock, gate: pages }));
  const kept = { id: facility, timeZone: desk.facility.timeZone };
  const serviceParts = {
    store,
    facility: kept,
    systems: described,
    masks: parts.masks,
    now: () => clock.now(),
  };
  site.use(bulletinsPage({ desk, bulletins: openBulletins(serviceParts), clock, gate: pages }));
  site.use(callSheetPages({ desk, gate: pages, clock }));
  site.use(originalPage({ desk, gate: pages }));
  site.use(refusedPage({ store, gate: pages, facility, masks: parts.masks }));
  site.use(ruleTroublesPage({ troubles: parts.troubles, gate: pages, masks: parts.masks }));
  site.use(unknownAssetsPage({ unknown: parts.unknown, gate: pages, masks: parts.masks }));
  site.use(systemsPage({ systems, sites, assets: parts.assets, gate: pages }));
  site.use(printPage({ desk, clock, gate: pages, publicUrl }));
  site.use(exportPages({ desk }));
  site.use(historyPages({ desk, store, gate: pages }));
  site.use(debriefingPages({ desk, store, clock, gate: pages, names, masks: parts.masks }));
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
          "object-src": ["'none'"],
          "style-src": ["'self'"],
          "script-src": ["'self'"],
          "img-src": ["'self'"],
          "connect-src": ["'self'"],
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
      response.setHeader("Permissions-Policy", PERMISSIONS);
      if (!request.path.startsWith("/assets/")) response.setHeader("Cache-Control", "no-store");
      next();
    },
  ];
}

function errorPage(pages: Gate, facility: string, log: WebLog): express.ErrorRequestHandler {
  return (thrown, request, response, next) => {
    if (response.headersSent) return next(thrown);
    const error = pageErrorOf(thrown);
    if (error.status === 500)
      log.warn("page failed", { path: withoutCodes(request.path), error: messageOf(thrown) });
    const account: string | undefined = response.locals.person?.id;
    if (error.status === 403 && account !== undefined)
      log.info("page refused", { path: withoutCodes(request.path), method: request.method, account });
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
          reference: error.status === 500 ? response.getHeader("x-request-id") : undefined,
        },
      });
    } catch (failed) {
      log.warn("error page failed", { path: withoutCodes(request.path), error: messageOf(failed) });
      response.status(error.status).type("text").send(`${error.title}\n${error.message}\n${error.remedy}\n`);
    }
  };
}

const DAMAGED = {
  title: "Dossier illisible",
  message: "Une ligne de ce dossier a changé sur le disque : Tocsin ne la lit plus, et ne la réécrit pas.",
  remedy:
    "Suivez-le à la main (portail, registre) et prévenez l’astreinte informatique : la page Santé dit quoi faire.",
};

function pageErrorOf(thrown: unknown): PageError {
  if (thrown instanceof PageError) return thrown;
  const { status, code } = (thrown ?? {}) as { status?: unknown; code?: unknown };
  if (code === "value_damaged") return new PageError(500, DAMAGED);
  if (status === 413 || status === 404) return new PageError(status);
  return new PageError(typeof status === "number" && status >= 400 && status < 500 ? 400 : 500);
}
