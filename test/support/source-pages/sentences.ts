import type { Family, Language } from "./products.ts";

export const FAMILIES: Readonly<Record<Family, Record<Language, string>>> = {
  security: { fr: "Sécurité", en: "Security" },
  network: { fr: "Réseau", en: "Network" },
  access: { fr: "Accès", en: "Access" },
  availability: { fr: "Disponibilité", en: "Availability" },
  standard: { fr: "Standards", en: "Standards" },
};

/** What every page says, in its two languages. */
export const SENTENCES = {
  made: {
    fr: "Page produite par `node test/support/source-pages/write.ts docs` ; ce qui est à corriger se corrige dans",
    en: "Page made by `node test/support/source-pages/write.ts docs`; what is to be corrected is corrected in",
  },
  colon: { fr: " :", en: ":" },
  family: { fr: "Famille", en: "Family" },
  readBy: { fr: "Lu par", en: "Read by" },
  mapping: { fr: "la correspondance", en: "the mapping" },
  format: { fr: "le format", en: "the format" },
  cited: {
    fr: "Format lu dans les documents cités en bas de page ; **jamais essayé sur une installation**.",
    en: "Format read in the documents cited at the end of the page; **never tried on an installation**.",
  },
  uncited: {
    fr: "**Non vérifié** : aucun document citable n’a été lu pour ce format.",
    en: "**Unverified**: no citable document was read for this format.",
  },
  there: { fr: "À régler là-bas", en: "To configure there" },
  placeholders: {
    fr: "`TOCSIN` est l’adresse de la machine de Tocsin ; `5514` le port syslog (UDP ou TCP), `6514` le même en TLS.",
    en: "`TOCSIN` is the address of the machine of Tocsin; `5514` the syslog port (UDP or TCP), `6514` the same over TLS.",
  },
  placeholdersHttp: {
    fr: "`TOCSIN` est l’adresse de la machine de Tocsin ; `8471` son port HTTP, en TLS hors de la machine elle-même.",
    en: "`TOCSIN` is the address of the machine of Tocsin; `8471` its HTTP port, over TLS save on the machine itself.",
  },
  unread: {
    fr: "La manière de le régler n’a été lue dans aucune source : cherchez dans sa documentation comment il envoie",
    en: "How to configure it was read in no source: look into its documentation for how it sends",
  },
  told: { fr: "Le réglage est dans le guide :", en: "The guide tells how (in French):" },
  kit: { fr: "Prêt à poser dans le produit :", en: "Ready to be put into the product (in French):" },
  toSyslog: {
    fr: "en syslog, à `TOCSIN`, port `5514` ou `6514`.",
    en: "by syslog, to `TOCSIN`, port `5514` or `6514`.",
  },
  toHttp: { fr: "en HTTP, à", en: "over HTTP, to" },
  stepsFrom: { fr: "Lu le", en: "Read on" },
  block: { fr: "La source, dans `config/tocsin.yml`", en: "The source, in `config/tocsin.yml`" },
  shared: {
    fr: "Une seule source syslog sert à tous les produits : si ce port est déjà écouté, il n’y a rien à ajouter.",
    en: "One syslog source serves all products: where this port is listened on already, there is nothing to add.",
  },
  alone: {
    fr: "Ses enregistrements ne se reconnaissent pas parmi d’autres : il lui faut un port à lui.",
    en: "Its records cannot be told from others: it needs a port of its own.",
  },
  token: {
    fr: "Le jeton est un fichier à vous, de 32 octets au hasard ; il se donne comme `Bearer`, ou comme mot de passe.",
    en: "The token is a file of yours, of 32 random bytes; it is given as `Bearer`, or as the password.",
  },
  polled: {
    fr: "Tocsin ne relève pas cette interface lui-même. Si un index Elasticsearch garde ces documents tels quels, il peut y lire : `poll` à la place de `token`.",
    en: "Tocsin does not ask this interface itself. Where an Elasticsearch index keeps these documents as they are, it can read them there: `poll` instead of `token`.",
  },
  arrives: { fr: "Ce qui arrive", en: "What arrives" },
  examples: { fr: "enregistrement(s) d’exemple", en: "example record(s)" },
  kinds: {
    fr: ["nature", "catégorie", "action", "code", "message"],
    en: ["kind", "category", "action", "code", "message"],
  },
  fieldsRead: {
    fr: "Champs ECS qui en sont lus, et dans combien d’enregistrements :",
    en: "ECS fields that are read of them, and in how many records:",
  },
  states: { fr: "États", en: "States" },
  statesRead: {
    fr: "Ces enregistrements disent qu’un service ou une machine est arrêté ou rétabli par",
    en: "These records say that a service or a machine is down or back by",
  },
  stateless: {
    fr: "Aucun de ces enregistrements ne dit qu’un service ou une machine est arrêté ou rétabli.",
    en: "None of these records says that a service or a machine is down or back.",
  },
  severity: { fr: "Gravité", en: "Severity" },
  severityTold: {
    fr: "Ce que dit le produit, et sa place sur l’échelle commune de 0 à 100 (`event.risk_score_norm`) :",
    en: "What the product says, and its place on the common scale of 0 to 100 (`event.risk_score_norm`):",
  },
  severityFrom: { fr: "lu dans", en: "read in" },
  severityWhen: { fr: "si", en: "when" },
  severitySyslog: {
    fr: "échelle de syslog, de 0 (la plus grave) à 7",
    en: "scale of syslog, from 0 (the gravest) to 7",
  },
  severityScale: {
    fr: "échelle en proportion, du moins au plus grave",
    en: "scale in proportion, from the least to the gravest",
  },
  severityWords: {
    fr: "les autres mots usuels (`low`, `medium`, `high`, `critical`…) ont leur place habituelle",
    en: "the other usual words (`low`, `medium`, `high`, `critical`…) have their usual place",
  },
  severitySeen: {
    fr: "Elle vient du format. Dans ces enregistrements, nombre du produit puis place de 0 à 100 :",
    en: "It comes from the format. In these records, number of the product, then place of 0 to 100:",
  },
  severityNone: {
    fr: "Aucun de ces enregistrements ne dit de gravité.",
    en: "None of these records tells a severity.",
  },
  test: { fr: "Essayer", en: "To test it" },
  testBefore: {
    fr: "Mettez à la place de l’enregistrement une ligne collée du vôtre, entre apostrophes :",
    en: "Put a line of yours, pasted between apostrophes, in place of the record:",
  },
  testAfter: { fr: "De cet enregistrement sont lus :", en: "Of this record is read:" },
  testLive: {
    fr: "Sans terminal : page *Sources*, collez cette ligne sous *Essayer un message*, bouton *Essayer*. Puis faites envoyer au produit un message d’essai : la source le compte sur la même page. `--explain` dit ce qui a donné chaque champ.",
    en: "Without a terminal: page *Sources*, paste the line under *Try a message*, button *Test*. Then have the product send a test message: the source counts it on the same page. `--explain` tells what gave each field.",
  },
  notRead: { fr: "Ce qui n’est pas lu", en: "What is not read" },
  holes: { fr: "Aucun enregistrement d’exemple ne donne :", en: "No example record gives:" },
  noHoles: {
    fr: "Chaque famille de champs est donnée par un enregistrement au moins.",
    en: "Each family of fields is given by one record at least.",
  },
  references: { fr: "Documents", en: "Documents" },
  noReferences: { fr: "Aucun.", en: "None." },
} as const satisfies Record<string, Record<Language, string | readonly string[]>>;
