import { Router } from "express";
import { z } from "zod";
import { readForm } from "./form.ts";
import type { Gate } from "./gate.ts";
import { LANGUAGE_COOKIE, LANGUAGES } from "./language.ts";
import { ownPath } from "./sign-in.ts";

/** A year. */
const KEPT = 365 * 24 * 3600 * 1000;

const LanguageForm = z.object({ langue: z.enum(LANGUAGES), retour: z.string().max(500).default("") });

/** The switch between the languages, for who is signed in and who is not. */
export function languageSwitch(parts: { facility: string; secure: boolean; gate: Gate }): Router {
  const router = Router({ mergeParams: true });
  router.post("/langue", parts.gate.ownForm, (request, response) => {
    const { langue, retour } = readForm(request, LanguageForm);
    response.cookie(LANGUAGE_COOKIE, langue, {
      httpOnly: true,
      sameSite: "lax",
      secure: parts.secure,
      path: "/",
      maxAge: KEPT,
    });
    response.redirect(303, ownPath(retour, parts.facility));
  });
  return router;
}
