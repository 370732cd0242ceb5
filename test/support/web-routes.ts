import type { Express } from "express";

/** Who opens a page, beyond their role: what the role does not say. */
export const VISITORS = [
  "delegate",
  "director",
  "rssi",
  "dpo",
  "operator",
  "auditor",
  "lapsed",
  "sealed",
  "emergency",
  "inactive",
  "signed out",
] as const;
export type VisitorKind = (typeof VISITORS)[number];

/** One route of the people's listener: who may, and what they are told. */
export interface RouteRow {
  /** Method and path, as the router has them. */
  route: string;
  /** Who may; `doors` for what is open to who is signed out. */
  who: readonly VisitorKind[] | "doors";
  /** Status of the page, or of a form that carries only its token. */
  status: number;
  /** A form that fits, with ids that are none. */
  form?: Readonly<Record<string, string>>;
  /** True when the empty form is enough to act. */
  acts?: true;
}

const ALL = ["delegate", "director", "rssi", "dpo", "operator", "auditor", "lapsed", "emergency"] as const;
const ALL_NAMED = ALL.filter((kind) => kind !== "emergency");
const DECIDE = ["delegate", "director", "emergency"] as const;
const EDIT = ["delegate", "director", "rssi", "lapsed", "emergency"] as const;
const ANSWER = [...EDIT, "dpo", "operator"] as const;
const DUTY = [...EDIT, "dpo"] as const;
const ORAL = ["rssi", "operator"] as const;
const MANAGE = ["director", "rssi"] as const;

/** Whom the configuration of the scene lets see the group, and those of them who may say something. */
const GROUP = ["delegate", "rssi", "auditor"] as const;
const GROUP_ANSWER = ["delegate", "rssi"] as const;

const TEXT = { declaration: "dec-0", version: "1", sha256: "0".repeat(64) };
const CODE = { code: "000000" };
const SEEN = { version: "1", sha256: "0".repeat(64) };
const FACT = { form: "form-0", kinds: "degraded_mode", who: "self" };

const pages = (who: RouteRow["who"], ...paths: string[]): RouteRow[] =>
  paths.map((path) => ({ route: `GET ${path}`, who, status: 200 }));
const form = (
  path: string,
  who: RouteRow["who"],
  { status = 422, form: fields = {}, ...rest }: Partial<RouteRow> = {},
): RouteRow => ({ route: `POST ${path}`, who, status, form: fields, ...rest });
const decision = (act: string, more: object = {}) =>
  form(`/incidents/:id/decision/${act}`, DECIDE, { form: { ...TEXT, ...CODE, ...more } });

/** Every route of the people's listener; `agent/web/routes.test.ts` fails for one that has no row here. */
export const ROUTES: readonly RouteRow[] = [
  { route: "POST /api/v1/decisions", who: "doors", status: 401 },
  { route: "POST /api/v1/facilities/:facility/decisions", who: "doors", status: 401 },
  { route: "GET /", who: "doors", status: 303 },
  { route: "GET /:facility/", who: "doors", status: 303 },

  // Ways in and out.
  ...pages("doors", "/connexion", "/connexion/billet", "/connexion/cle"),
  { route: "GET /connexion/annuaire/retour", who: "doors", status: 401 },
  form("/langue", "doors"),
  form("/connexion", "doors"),
  form("/connexion/billet", "doors"),
  form("/connexion/cle", "doors"),
  form("/connexion/annuaire", "doors", { status: 503 }),
  form("/deconnexion", "doors", { status: 303, acts: true }),
  ...pages(["emergency", "sealed"], "/secours"),
  form("/secours", ["emergency", "sealed"], { form: { name: "x", reason: "x" } }),

  // The door of who holds a link: its forms carry tokens of their own.
  ...pages("doors", "/question"),
  { route: "GET /question/:code", who: "doors", status: 404 },
  form("/question", "doors"),
  form("/question/:code", "doors", { status: 404 }),

  // One's own access.
  ...pages(ALL, "/acces"),
  { route: "GET /cle/defi", who: ALL, status: 400 },
  form("/acces/sessions/fin", ALL, { form: { mark: "0".repeat(16) } }),
  form("/acces/sessions/autres", ALL, { status: 303, acts: true }),
  form("/acces/codes", ALL, { status: 403, form: CODE }),
  form("/acces/moyens", ALL_NAMED, { status: 403, form: CODE }),
  form("/acces/signature", DECIDE, { form: { ...CODE, name: "x" } }),
  form("/acces/signature/retrait", ALL, { form: { ...CODE, id: "0".repeat(16) } }),
  form("/acces/cles", ALL, { form: { ...CODE, name: "x" } }),
  form("/acces/cles/nouvelle", ALL, { form: { grant: "x", passkey: "{}" } }),
  form("/acces/cles/retrait", ALL, { form: { ...CODE, id: "x" } }),

  // People.
  ...pages(ALL, "/personnes", "/personnes/:id"),
  form("/personnes", MANAGE),
  form("/personnes/:id", MANAGE, { form: { ...CODE, name: "Qui que ce soit", role: "auditor" } }),
  form("/personnes/:id/activite", MANAGE, { status: 403, form: CODE }),
  form("/personnes/:id/moyens", MANAGE, { status: 403, form: CODE }),
  form("/personnes/:id/delegation", MANAGE),
  form("/personnes/:id/delegation/fin", MANAGE, { form: { ...CODE, index: "0" } }),
  form("/personnes/:id/revue", MANAGE, { status: 403, form: CODE }),

  // Lists and the house.
  ...pages(
    ALL,
    "/incidents",
    "/incidents/version",
    "/registre",
    "/registre/rapport",
    "/registre/export.:format",
    "/registre/violations",
    "/registre/violations.:format",
    "/registre/hors-tocsin/:id",
    "/clotures",
    "/astreinte",
    "/releve",
    "/sourdines",
    "/sources",
    "/regles",
    "/reglages",
    "/sante",
    "/messages-non-compris",
    "/regles-refusees",
    "/actifs-inconnus",
    "/systemes",
    "/bulletins",
    "/exercices",
    "/conservation",
    "/conservation/bordereaux/:id",
    "/conservation/bordereaux/:id/liste.csv",
  ),
  form("/conservation/bordereaux", ["director", "dpo"], { status: 409 }),
  form("/conservation/bordereaux/:id/visa", ["director", "dpo"], {
    form: { sha256: "0".repeat(64), by: "Archives", date: "2026-01-05", reference: "V-1" },
  }),
  form("/conservation/bordereaux/:id/retirer", ["director", "dpo"], {
    form: { motif: "Une liste de trop." },
  }),
  ...pages(EDIT, "/registre/hors-tocsin"),
  ...pages(ANSWER, "/incidents/signaler"),
  form("/incidents/signaler", ANSWER),
  form("/registre/hors-tocsin", EDIT),
  form("/registre/hors-tocsin/:id", EDIT),
  form("/clotures", EDIT),
  form("/astreinte/essai", EDIT),
  form("/sourdines", EDIT),
  form("/sources/essai", ANSWER, { form: { mark: "0".repeat(32) } }),
  form("/bulletins", EDIT),
  form("/bulletins/etat", EDIT, { form: { bulletin: "x", state: "handled" } }),
  form("/bulletins/abonnes", EDIT),
  form("/bulletins/abonnes/fin", EDIT, { form: { subscriber: "x" } }),
  form("/sourdines/travaux", EDIT),
  form("/sourdines/fin", EDIT),

  // The group.
  ...pages(GROUP, "/groupe"),
  form("/groupe/lier", GROUP_ANSWER, {
    form: { form: "form-0", ici: "x", etablissement: "chy", autre: "2026-0007", motif: "Le même compte." },
  }),
  form("/incidents/:id/groupe/confirmer", GROUP_ANSWER, {
    form: { form: "form-0", etablissement: "chy", lien: "x", motif: "Le même compte." },
  }),
  form("/incidents/:id/groupe/retirer", GROUP_ANSWER, { form: { lien: "x", motif: "Un autre compte." } }),

  // One dossier.
  ...pages(
    ALL,
    "/incidents/:id",
    "/incidents/:id/faits",
    "/incidents/:id/declaration",
    "/incidents/:id/declaration.pdf",
    "/incidents/:id/declaration.json",
    "/incidents/:id/declaration.md",
    "/incidents/:id/indicateurs.stix.json",
    "/incidents/:id/indicateurs.misp.json",
    "/incidents/:id/declaration/historique",
    "/incidents/:id/declaration/comparer",
    "/incidents/:id/declaration/:version/imprimer",
    "/incidents/:id/declaration/:version/imprimer.css",
    "/incidents/:id/decision",
    "/incidents/:id/decision-orale",
    "/incidents/:id/depot",
    "/incidents/:id/suivi",
    "/incidents/:id/demandes",
    "/incidents/:id/recherche",
    "/incidents/:id/obligations",
    "/incidents/:id/obligations/:regime",
    "/incidents/:id/obligations/:regime/texte.pdf",
    "/incidents/:id/obligations/:regime/texte.json",
    "/incidents/:id/debriefing",
    "/incidents/:id/debriefing.pdf",
  ),
  form("/incidents/:id/debriefing/notes", ANSWER),
  { route: "GET /exercices/:run", who: ALL, status: 404 },
  { route: "GET /exercices/:run/debriefing.pdf", who: ALL, status: 404 },
  form("/exercices/:run/notes", ANSWER, { status: 404 }),
  { route: "GET /incidents/:id/notes/:note/pieces/:number", who: ALL, status: 404 },
  { route: "GET /incidents/:id/appel/:way", who: ALL, status: 404 },
  form("/incidents/:id/recherche/fichier", ANSWER),
  form("/incidents/:id/recherche/source", ANSWER),
  form("/incidents/:id/recherche/confirmer", ANSWER, { form: { search: "x" } }),
  form("/incidents/:id/recherche/abandonner", ANSWER, { form: { search: "x" } }),
  form("/incidents/:id/reponse", ANSWER, { form: { question: "x", answer: "yes" } }),
  form("/incidents/:id/demandes", ANSWER, { form: { form: "form-0", question: "x", person: "care" } }),
  form("/incidents/:id/demandes/retrait", ANSWER, { form: { link: "0".repeat(64) } }),
  form("/incidents/:id/prise-en-charge", ANSWER, { status: 303, acts: true }),
  form("/incidents/:id/delai", DUTY, { form: { deadline: "x", from: "found" } }),
  form("/incidents/:id/obligations/:regime/champs", DUTY, { form: SEEN }),
  form("/incidents/:id/obligations/:regime/valider", ["director", "dpo"], { form: { ...SEEN, ...CODE } }),
  form("/incidents/:id/obligations/:regime/ne-pas-notifier", ["director", "dpo"], {
    form: { ...SEEN, ...CODE, reason: "Aucune donnée personnelle." },
  }),
  form("/incidents/:id/obligations/:regime/notifier", DUTY, {
    form: { version: "1", where: "CNIL", by: "DPO" },
  }),
  form("/incidents/:id/obligations/:regime/complement", DUTY, { status: 409 }),
  form("/incidents/:id/secret", ANSWER, { form: { secret: "oui" } }),
  form("/incidents/:id/notes", ANSWER, { form: { form: "form-0", text: "x" } }),
  form("/incidents/:id/notes/:note/pieces/:number/effacer", MANAGE, {
    form: { motif: "Photo d'un patient." },
  }),
  form("/incidents/:id/vu", ANSWER, { status: 303, acts: true }),
  form("/incidents/:id/suivi/echanges", ANSWER),
  form("/incidents/:id/suivi/echanges/annuler", ANSWER, { form: { exchange: "x" } }),
  form("/incidents/:id/suivi/repondre", EDIT, { form: { request: "x", version: "2" } }),
  form("/incidents/:id/suivi/recommandations", EDIT),
  form("/incidents/:id/suivi/recommandations/etat", EDIT, {
    form: { recommendation: "x", state: "done" },
  }),
  form("/incidents/:id/suivi/accompagnement", EDIT),
  form("/incidents/:id/suivi/accompagnement/etat", EDIT, {
    form: { accompaniment: "x", state: "granted" },
  }),
  form("/incidents/:id/suivi/prevenus", ANSWER),
  form("/incidents/:id/suivi/objet", EDIT, { form: { kind: "resolution" } }),
  form("/incidents/:id/original", EDIT, { form: { alert: "a", reason: "Pour vérifier l'heure." } }),
  form("/incidents/:id/faits", ANSWER, { form: FACT }),
  form("/incidents/:id/faits/fin", ANSWER, { form: { fact: "x", who: "self" } }),
  form("/incidents/:id/faits/retrait", ANSWER, { form: { fact: "x", reason: "Saisi par erreur." } }),
  form("/incidents/:id/clore", EDIT),
  form("/incidents/:id/conservation", DUTY, {
    form: { acte: "suspendre", motif: "Un contentieux est ouvert." },
  }),
  form("/incidents/:id/rouvrir", EDIT),
  form("/incidents/:id/reunir", EDIT, { form: { autre: "2026-9999", motif: "Le même câble." } }),
  form("/incidents/:id/distinguer", EDIT, { form: { autre: "2026-9999", motif: "Un autre câble." } }),
  form("/incidents/:id/separer", EDIT, { form: { part: "x", motif: "Un autre câble." } }),
  form("/incidents/:id/defaire", EDIT, { form: { motif: "Un autre câble." } }),
  form("/incidents/:id/champs", EDIT, { form: TEXT }),
  form("/incidents/:id/brouillon", EDIT, {
    status: 303,
    form: { "m.description": "x", "v.description": "y" },
  }),
  decision("valider"),
  decision("ecarter", { comment: "Exercice interne." }),
  decision("confirmer"),
  decision("ne-pas-confirmer", { comment: "Il faut déclarer." }),
  decision("renvoyer", { comment: "L'heure est fausse." }),
  form("/incidents/:id/decision/passer", DECIDE, { status: 409, form: { to: "acc-dora" } }),
  form("/incidents/:id/decision/rendre", DECIDE, { status: 409 }),
  form("/incidents/:id/decision-orale/preparer", ORAL, { status: 409, form: { delegate: "acc-claire" } }),
  form("/incidents/:id/decision-orale/enregistrer", ORAL, {
    form: { ...TEXT, ...CODE, delegate: "acc-claire", number: "0123456789", six: "000000", entendu: "oui" },
  }),
  form("/incidents/:id/decision-orale/ecouter", ANSWER, {
    form: { ...TEXT, ...CODE, six: "000000", entendu: "oui" },
  }),
  form("/incidents/:id/decision-orale/retirer", ORAL, { form: TEXT }),
  form("/incidents/:id/decision-orale/confirmer", DECIDE, { form: { ...CODE, decision: "x" } }),
  form("/incidents/:id/decision-orale/contester", DECIDE, {
    form: { ...CODE, decision: "x", comment: "Je n'ai rien dit." },
  }),
  form("/incidents/:id/depot", EDIT, { form: { delivery: "x", reference: "S-1" } }),
  form("/incidents/:id/appel/:way", ANSWER, { status: 404 }),
  form("/incidents/:id/depot/impossible", EDIT, {
    form: { tried: "Page injoignable deux fois." },
  }),
  form("/incidents/:id/depot/envoyer", EDIT, { form: { channel: "x" } }),
  form("/incidents/:id/depot/renvoyer", EDIT, {
    form: { delivery: "x", reason: "Perdu en route." },
  }),
  form("/incidents/:id/depot/perdu", EDIT, {
    form: { delivery: "x", reason: "Perdu en route." },
  }),
];

interface Layer {
  rawPath?: unknown;
  route?: { path: string | string[]; methods: Record<string, boolean> };
  handle?: { stack?: Layer[] };
}

/** The routes of an express application, in order, as `METHOD path`; those of a facility without its segment. */
export function routesOf(app: Express): string[] {
  const walk = (stack: readonly Layer[], mount: string): string[] =>
    stack.flatMap(({ route, handle, rawPath }) => {
      if (route === undefined) {
        const below = typeof rawPath === "string" && rawPath !== "/" ? `${mount}${rawPath}` : mount;
        return walk(handle?.stack ?? [], below);
      }
      return Object.keys(route.methods).flatMap((method) =>
        [route.path].flat().map((path) => `${method.toUpperCase()} ${mount}${path}`),
      );
    });
  const found = walk((app as unknown as { router: { stack: Layer[] } }).router.stack, "");
  return found.map((route) => (route.endsWith("/:facility/") ? route : route.replace(" /:facility/", " /")));
}
