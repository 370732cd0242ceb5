import { expect, it } from "vitest";
import { sayStatus } from "./say-status.ts";

it.each([
  [200, "a pris l'envoi (réponse 200)"],
  [302, "renvoie à une autre adresse (réponse 302)"],
  [401, "refuse nos identifiants (réponse 401)"],
  [413, "trouve l'envoi trop volumineux (réponse 413)"],
  [422, "a refusé l'envoi (réponse 422)"],
  [499, "a refusé l'envoi (réponse 499)"],
  [429, "reçoit trop d'appels et demande d'attendre (réponse 429)"],
  [501, "ne sait pas traiter cet envoi (réponse 501)"],
  [503, "est en panne (réponse 503)"],
  [599, "est en panne (réponse 599)"],
])("puts %i into words", (status, said) => {
  expect(sayStatus(status)).toBe(said);
});

it("says a detail after the status", () => {
  expect(sayStatus(503, ", pas avant 120 s")).toBe("est en panne (réponse 503, pas avant 120 s)");
});
