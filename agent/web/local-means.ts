import type { Request } from "express";
import { PageError } from "./page-error.ts";

/** Refuses who came in by a provider that an incident has reached since: it no longer says who they are. */
export function requireLocalMeans(request: Request): void {
  const access: { untrusted?: boolean } | undefined = request.res?.locals.access;
  if (!access?.untrusted) return;
  throw new PageError(403, {
    title: "Reconnectez-vous avec vos moyens locaux",
    message:
      "Vous êtes entré par l'annuaire, et un système dont il dépend est touché par un incident en cours : il ne prouve plus qui vous êtes. Rien n'est enregistré.",
    remedy:
      "Déconnectez-vous, puis entrez avec votre mot de passe Tocsin et votre code, une clé d'accès ou un accès de secours.",
  });
}
