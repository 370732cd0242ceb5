/** What an HTTP status says, in French, after who answered: « le portail », « a refusé l'envoi (réponse 422) ». */
export function sayStatus(status: number, detail = ""): string {
  return `${meaningOf(status)} (réponse ${status}${detail})`;
}

const MEANINGS = new Map([
  [401, "refuse nos identifiants"],
  [403, "nous interdit cet envoi"],
  [404, "ne trouve rien à cette adresse"],
  [408, "n'a pas reçu l'envoi à temps"],
  [410, "n'a plus rien à cette adresse"],
  [413, "trouve l'envoi trop volumineux"],
  [425, "demande de renvoyer plus tard"],
  [429, "reçoit trop d'appels et demande d'attendre"],
  [501, "ne sait pas traiter cet envoi"],
  [505, "ne sait pas traiter cet envoi"],
]);

function meaningOf(status: number): string {
  const own = MEANINGS.get(status);
  if (own !== undefined) return own;
  if (status >= 500) return "est en panne";
  if (status >= 400) return "a refusé l'envoi";
  return status >= 300 ? "renvoie à une autre adresse" : "a pris l'envoi";
}
