import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import type { Store, Write } from "../../store/store.ts";
import { readForm, TextFields } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import {
  keptFields,
  standsAsShown,
  type TypedField,
  touchedFields,
  typedFields,
  unsentText,
} from "./amendment.ts";
import { dossierOf } from "./incident.ts";
import { showDeclaration } from "./show-declaration.ts";

const AmendForm = z.looseObject({ ...TextFields, section: z.string().max(100).default("") });
const UnsentForm = z.looseObject({
  section: z.string().max(100).default(""),
  /** Sent by the page itself while the person types: nothing is to be shown. */
  tacite: z.literal("1").optional(),
  jeter: z.literal("1").optional(),
});

/** Times that an edit is tried on a text that the machine keeps writing anew. */
const TRIES = 4;

/** Corrections of the text: sent, or kept unsent for the person who types them. */
export function fieldsPages(parts: { desk: Desk; store: Store; clock: Clock; gate: Gate }): Router {
  const { desk, store, clock } = parts;
  const facility = desk.facility.id;
  const show = showDeclaration(parts);
  const router = Router({ mergeParams: true });

  const pageOf = ({ incident }: Dossier, done: string, section: string) => {
    const place = /^[\w-]+$/.test(section) ? `#sec-${section}` : "";
    return `/${facility}/incidents/${encodeURIComponent(incident.id)}/declaration?fait=${done}${place}`;
  };
  const keep = async (
    { incident, account }: { incident: string; account: string },
    fields: readonly (readonly [string, string | null])[],
  ) => {
    const writes = fields.map(
      ([field, content]): Write => ({ write: "unsent", account, incident, field, content }),
    );
    if (writes.length > 0) await store.commit({ facility, at: clock.now(), writes });
  };
  /** Only fields of the form, and those that a person may change: the rest of what is posted is nobody's. */
  const known = ({ current }: Dossier, typed: readonly TypedField[]) => {
    const ids = new Set(current?.content.sections.flatMap(({ fields }) => fields.map(({ id }) => id)));
    return typed.filter(({ id }) => ids.has(id) && !desk.fixedFields.has(id));
  };

  router.post("/incidents/:id/champs", async (request: Request<{ id: string }>, response: Response) => {
    const person = personWho(response, "edit");
    const { declaration, version, sha256, section } = readForm(request, AmendForm);
    const typed = typedFields(request.body);
    const fields = touchedFields(typed);
    let dossier = await dossierOf(desk, request.params.id);
    const mine = { incident: dossier.incident.id, account: person.id };
    const forget = () =>
      keep(
        mine,
        known(dossier, typed).map(({ id }) => [id, null]),
      );
    if (fields.length === 0) {
      await forget();
      return response.redirect(303, pageOf(dossier, "inchange", section));
    }
    const text = { incident: dossier.incident.id, declaration, version, sha256 };
    let result = await desk.amend({ text, fields }, person);
    // The machine writes the text anew while people type: what they changed is tried on the new one, while nobody
    // changed these very fields and the text still waits for a decision.
    for (let tries = 1; tries < TRIES && result.outcome === "stale"; tries++) {
      dossier = await dossierOf(desk, request.params.id);
      const now = dossier.current;
      if (now?.declaration.state !== "draft" || now.declaration.version !== version) break;
      if (!standsAsShown(typed, now.content)) break;
      result = await desk.amend({ text: { ...text, sha256: now.declaration.sha256 }, fields }, person);
    }
    if (result.outcome === "amended") {
      await forget();
      return response.redirect(303, pageOf(dossier, "texte", section));
    }
    dossier = await dossierOf(desk, request.params.id);
    await keep(
      mine,
      known(dossier, typed).map((field) => [field.id, unsentText(field)]),
    );
    const message =
      result.outcome === "stale"
        ? `Le texte a changé pendant votre saisie (vous aviez la version ${version}${
            result.current === null ? "" : `, voici la version ${result.current.version}`
          }). Rien n'est enregistré ; votre saisie est gardée ci-dessous : choisissez, puis enregistrez de nouveau.`
        : `Modification non enregistrée : ${result.because} Votre saisie est gardée ci-dessous.`;
    const kept = keptFields(typed, dossier.current?.content);
    await show(request, response, dossier, { status: 409, message, kept });
  });

  router.post("/incidents/:id/brouillon", async (request: Request<{ id: string }>, response: Response) => {
    const person = personWho(response, "edit");
    const { section, tacite, jeter } = readForm(request, UnsentForm);
    const dossier = await dossierOf(desk, request.params.id);
    const typed = known(dossier, typedFields(request.body));
    await keep(
      { incident: dossier.incident.id, account: person.id },
      typed.map((field) => [field.id, jeter === undefined ? unsentText(field) : null]),
    );
    if (tacite !== undefined) return response.status(204).end();
    response.redirect(303, pageOf(dossier, jeter === undefined ? "brouillon" : "jete", section));
  });

  return router;
}
