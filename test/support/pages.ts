/** What stands in the record for pages to show. */
export interface Place {
  /** An incident with a draft. */
  incident: string;
  /** One whose text is approved. */
  approved: string;
  person: string;
  /** A declaration made outside. */
  outside: string;
  /** A scenario that was played. */
  run: string;
}

/** An address of a page, below the facility's; `as` tells apart several pictures of one page. */
export interface Visit {
  path: string;
  as?: string;
  /** Who opens it, when it is not a person who is signed in and may all. */
  who?: "nobody" | "envelope";
}

/**
 * Where each page of the server is seen: the tests of hostile text, of looks and of accessibility open them all. A page
 * that is added has its line here, by the path of its route in the table of routes (`web-routes.ts`).
 */
export const PAGES: Readonly<Record<string, (place: Place) => readonly Visit[]>> = {
  "/connexion": () => [{ path: "connexion", who: "nobody" }],
  "/connexion/billet": () => [{ path: "connexion/billet?jeton=x", who: "nobody" }],
  "/question": () => [{ path: "question", who: "nobody" }],
  "/question/:code": () => [{ path: "question/inconnu", who: "nobody", as: "perime" }],
  "/secours": () => [{ path: "secours", who: "envelope" }],
  "/acces": () => [{ path: "acces" }],
  "/personnes": () => [{ path: "personnes" }],
  "/personnes/:id": ({ person }) => [{ path: `personnes/${person}` }],
  "/incidents": () => [
    { path: "incidents" },
    { path: "incidents?q=introuvable&etat=", as: "sans-resultat" },
    { path: "incidents?etat=candidate", as: "surveiller" },
    { path: "incidents?etat=closed", as: "clos" },
  ],
  "/incidents/signaler": () => [{ path: "incidents/signaler" }],
  "/incidents/:id": ({ incident, approved }) => [
    { path: `incidents/${incident}` },
    { path: `incidents/${approved}`, as: "valide" },
    { path: "incidents/inconnu", as: "introuvable" },
  ],
  "/incidents/:id/faits": ({ incident }) => [{ path: `incidents/${incident}/faits` }],
  "/incidents/:id/demandes": ({ incident }) => [{ path: `incidents/${incident}/demandes` }],
  "/incidents/:id/recherche": ({ incident }) => [{ path: `incidents/${incident}/recherche` }],
  "/incidents/:id/declaration": ({ incident }) => [{ path: `incidents/${incident}/declaration` }],
  "/incidents/:id/declaration/historique": ({ incident }) => [
    { path: `incidents/${incident}/declaration/historique` },
    { path: `incidents/${incident}/declaration/historique?champ=description`, as: "champ" },
  ],
  "/incidents/:id/declaration/comparer": ({ incident }) => [
    { path: `incidents/${incident}/declaration/comparer` },
  ],
  "/incidents/:id/declaration/:version/imprimer": ({ incident }) => [
    { path: `incidents/${incident}/declaration/1/imprimer` },
  ],
  "/incidents/:id/decision": ({ incident, approved }) => [
    { path: `incidents/${incident}/decision` },
    { path: `incidents/${approved}/decision`, as: "valide" },
  ],
  "/incidents/:id/decision-orale": ({ incident }) => [{ path: `incidents/${incident}/decision-orale` }],
  "/incidents/:id/obligations": ({ incident }) => [{ path: `incidents/${incident}/obligations` }],
  "/incidents/:id/obligations/:regime": ({ incident }) => [
    { path: `incidents/${incident}/obligations/rgpd-33` },
  ],
  "/incidents/:id/appel/:way": ({ incident }) => [{ path: `incidents/${incident}/appel/cert` }],
  "/incidents/:id/depot": ({ approved }) => [{ path: `incidents/${approved}/depot` }],
  "/incidents/:id/suivi": ({ incident, approved }) => [
    { path: `incidents/${incident}/suivi` },
    { path: `incidents/${approved}/suivi`, as: "valide" },
  ],
  "/incidents/:id/debriefing": ({ incident, approved }) => [
    { path: `incidents/${incident}/debriefing` },
    { path: `incidents/${approved}/debriefing`, as: "valide" },
  ],
  "/exercices": () => [{ path: "exercices" }],
  "/exercices/:run": ({ run }) => [{ path: `exercices/${run}` }],
  "/bulletins": () => [{ path: "bulletins" }],
  "/registre": () => [{ path: "registre" }],
  "/registre/violations": () => [{ path: "registre/violations" }],
  "/registre/rapport": () => [{ path: "registre/rapport" }],
  "/registre/hors-tocsin": () => [{ path: "registre/hors-tocsin" }],
  "/registre/hors-tocsin/:id": ({ outside }) => [{ path: `registre/hors-tocsin/${outside}` }],
  "/astreinte": () => [{ path: "astreinte" }],
  "/releve": () => [{ path: "releve" }],
  "/clotures": () => [{ path: "clotures" }],
  "/conservation": () => [{ path: "conservation" }],
  "/sourdines": () => [{ path: "sourdines" }],
  "/sources": () => [{ path: "sources" }],
  "/systemes": () => [{ path: "systemes" }],
  "/actifs-inconnus": () => [{ path: "actifs-inconnus" }],
  "/messages-non-compris": () => [{ path: "messages-non-compris" }],
  "/regles": () => [{ path: "regles" }],
  "/regles-refusees": () => [{ path: "regles-refusees" }],
  "/reglages": () => [{ path: "reglages" }],
  "/sante": () => [{ path: "sante" }],
};

/** What the server gives on GET that no person reads as a page. */
export const NOT_PAGES: Readonly<Record<string, string>> = {
  "/": "leads to the list",
  "/connexion/annuaire/retour": "leads on, or shows the sign-in page",
  "/connexion/cle": "JSON for the browser",
  "/cle/defi": "JSON for the browser",
  "/incidents/version": "JSON for the browser",
  "/incidents/:id/notes/:note/pieces/:number": "a file, to be kept",
  "/incidents/:id/declaration.pdf": "a PDF",
  "/incidents/:id/debriefing.pdf": "a PDF",
  "/exercices/:run/debriefing.pdf": "a PDF",
  "/incidents/:id/declaration.json": "JSON",
  "/incidents/:id/declaration.md": "Markdown",
  "/incidents/:id/indicateurs.stix.json": "JSON",
  "/incidents/:id/indicateurs.misp.json": "JSON",
  "/incidents/:id/declaration/:version/imprimer.css": "a style sheet",
  "/groupe": "there is none without a record that facilities share: test/browser/group.test.ts",
  "/conservation/bordereaux/:id":
    "there is none until a dossier is years old: agent/web/pages/retention.test.ts",
  "/conservation/bordereaux/:id/liste.csv": "CSV",
  "/registre/export.:format": "CSV and JSON",
  "/registre/violations.:format": "CSV and JSON",
  "/incidents/:id/obligations/:regime/texte.pdf": "a PDF",
  "/incidents/:id/obligations/:regime/texte.json": "JSON",
};

/** Every visit of every page, or of one, each with a name for its pictures. */
export function visitsOf(place: Place, only?: string): (Visit & { name: string })[] {
  const routes = Object.entries(PAGES).filter(([route]) => only === undefined || route === only);
  return routes.flatMap(([route, at]) =>
    at(place).map((visit) => {
      const page = route.slice(1).replaceAll("/", "-").replace(/:\w+/g, "n");
      return { ...visit, name: visit.as === undefined ? page : `${page}-${visit.as}` };
    }),
  );
}
