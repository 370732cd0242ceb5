/** What a person is told when a page cannot be given: what happened and what to do, in French. */
export class PageError extends Error {
  readonly status: number;
  readonly title: string;
  readonly remedy: string;

  constructor(
    status: keyof typeof PAGE_ERRORS,
    told: { title?: string; message?: string; remedy?: string } = {},
  ) {
    const usual = PAGE_ERRORS[status];
    super(told.message ?? usual.message);
    this.name = "PageError";
    this.status = status;
    this.title = told.title ?? usual.title;
    this.remedy = told.remedy ?? usual.remedy;
  }
}

const PAGE_ERRORS = {
  400: {
    title: "Demande illisible",
    message: "Le navigateur a envoyé une demande que Tocsin ne sait pas lire.",
    remedy: "Revenez à la liste des incidents et recommencez.",
  },
  401: {
    title: "Vous n'êtes pas connecté",
    message: "La session est terminée : rien n'a été enregistré.",
    remedy: "Connectez-vous, puis refaites votre saisie.",
  },
  403: {
    title: "Action non autorisée",
    message: "Votre rôle ne permet pas cette action.",
    remedy: "Demandez au directeur ou à la personne déléguée de la faire.",
  },
  404: {
    title: "Page introuvable",
    message: "Aucune page n'existe à cette adresse.",
    remedy: "Vérifiez l'adresse, ou revenez à la liste des incidents.",
  },
  405: {
    title: "Demande illisible",
    message: "Cette façon de demander une page n'existe pas : rien n'a été enregistré.",
    remedy: "Revenez à la liste des incidents et recommencez.",
  },
  409: {
    title: "La situation a changé",
    message: "Quelqu'un a agi entre-temps : rien n'a été enregistré.",
    remedy: "Rouvrez l'incident, relisez, puis recommencez si c'est encore utile.",
  },
  410: {
    title: "Pièce effacée",
    message: "Cette pièce a été effacée.",
    remedy: "Le motif est à la main courante de l'incident ; l'empreinte de la pièce reste au journal.",
  },
  413: {
    title: "Envoi trop volumineux",
    message: "Le texte envoyé dépasse la taille acceptée : rien n'a été enregistré.",
    remedy: "Raccourcissez le texte, puis recommencez.",
  },
  422: {
    title: "Saisie incomplète",
    message: "Une des valeurs envoyées manque ou n'est pas lisible : rien n'a été enregistré.",
    remedy: "Revenez à la page précédente, corrigez et recommencez.",
  },
  429: {
    title: "Trop d'essais",
    message: "Trop d'essais erronés depuis cette adresse ou cette session.",
    remedy: "Attendez quelques minutes, puis réessayez. En attendant, un autre appareil peut servir.",
  },
  500: {
    title: "Tocsin a rencontré une erreur",
    message: "La demande n'a pas abouti. Ne supposez pas qu'elle est enregistrée.",
    remedy:
      "Rechargez la page pour voir ce qui est enregistré. Si l'erreur revient, prévenez l'astreinte informatique.",
  },
  503: {
    title: "Pas encore prêt",
    message: "Tocsin vient de démarrer et relit ses dossiers.",
    remedy: "Rechargez la page dans quelques secondes.",
  },
} as const;
