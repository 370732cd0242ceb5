import { Router } from "express";
import type { Clock } from "../../core/clock.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { Store } from "../../store/store.ts";
import { type Gate, personWho } from "../gate.ts";
import { dossierOf } from "./incident.ts";
import { showDeclaration } from "./show-declaration.ts";

/** The form of the declaration and its text; it is decided on in a page of its own. */
export function declarationPages(parts: { desk: Desk; store: Store; clock: Clock; gate: Gate }): Router {
  const { desk } = parts;
  const router = Router({ mergeParams: true });
  const show = showDeclaration(parts);

  router.get("/incidents/:id/declaration", async (request, response) => {
    personWho(response, "read");
    await show(request, response, await dossierOf(desk, request.params.id));
  });

  return router;
}
