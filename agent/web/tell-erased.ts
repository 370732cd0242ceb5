import type { NextFunction, Request, Response } from "express";
import type { Store } from "../store/store.ts";
import { frenchTime } from "./french-time.ts";
import { PageError } from "./page-error.ts";

// Whatever its case, as the router takes it.
const DOSSIER = /^\/incidents\/([^/]{1,100})(?:\/|$)/i;

/** Says on every page of a dossier whose content a rule of conservation erased that it was there, and why it is not. */
export function tellErased(parts: { store: Store; facility: string; timeZone: string }) {
  const { store, facility, timeZone } = parts;
  const time = frenchTime(timeZone);
  return async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const named = DOSSIER.exec(request.path)?.[1];
    if (named === undefined || response.locals.person === undefined) return next();
    const incident = (await store.reads.record(facility, "incident", decoded(named)))?.content;
    if (incident?.erased === undefined) return next();
    const { erased, reference } = incident;
    const ended = erased.set_aside ? "non déclaré et sans suite depuis" : "clos";
    throw new PageError(410, {
      title: "Dossier effacé",
      message: `Le dossier ${reference}, ${ended} le ${time.date(erased.closed)}, a été effacé le ${time.date(erased.at)} selon la règle « ${erased.policy} ».`,
      remedy: "Le journal scellé en garde la preuve : les empreintes, les dates et cet effacement.",
    });
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}
