/** What was just done, shown after the redirect; the address only picks one of these. */
export const DONE: Readonly<Record<string, string>> = {
  reponse: "Réponse enregistrée. L'évaluation a été revue.",
  vu: "C'est noté : les appels s'arrêtent. L'incident attend toujours ce qu'il attendait.",
  charge:
    "Vous avez pris l'incident en charge. Le texte est à votre nom si vous pouvez déclarer : relisez-le.",
  texte: "Modification enregistrée : le texte la contient.",
  secret: "Secret de la défense nationale : le signalement est enregistré.",
  signale: "Incident signalé. L'évaluation est faite : lisez-la.",
  constate: "Fait enregistré. L'évaluation a été revue.",
  termine: "Fin enregistrée. Ce qui était rempli le reste.",
  retire: "Fait retiré. L'évaluation a été revue ; le fait reste lisible.",
  clos: "Surveillance close. Elle se retrouve dans les clôtures.",
  fini: "Dossier clos. Ce qui suivrait ouvrirait un autre incident.",
  delai: "Délai fixé. L'échéance a été recalculée ; les autres instants restent au dossier.",
  rouvert: "Incident rouvert.",
  reuni: "Incidents réunis. L'évaluation a été revue.",
  distingue: "C'est noté : Tocsin ne réunira pas ces incidents.",
  separe: "Voici l'incident séparé : il est évalué de son côté.",
  defait: "C'est annulé : chaque incident est de nouveau ce qu'il était.",
  inchange: "Rien à enregistrer : aucun champ n'a changé.",
  brouillon:
    "Votre saisie est gardée, pour vous seul. Elle n'est pas dans le texte tant que vous ne l'enregistrez pas.",
  jete: "Votre saisie est oubliée. Le texte n'a pas changé.",
  demande: "La question est prête : copiez le lien ou dictez le code ci-dessous.",
  "demande-retiree": "Le lien est retiré : il ne sert plus.",
  note: "Note écrite dans la main courante.",
  piece: "Pièce effacée. Son empreinte, qui l'a effacée et pourquoi restent au dossier.",
};
