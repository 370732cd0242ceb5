import { type Response, Router } from "express";
import { DECLARATION_KINDS } from "../../core/declaration.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { exportDeclaration } from "../../stages/documents/declaration-export.ts";
import { declarationMarkdown } from "../../stages/documents/declaration-markdown.ts";
import { mispEvent } from "../../stages/documents/misp-event.ts";
import { stixBundle } from "../../stages/documents/stix-bundle.ts";
import { Tlp, USUAL_TLP } from "../../stages/documents/tlp.ts";
import { personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { dossierOf } from "./incident.ts";

const NO_VERSION = "Cette version du texte n'existe pas pour cet incident.";

/** A version of the declaration and the indicators of the incident as files for other programs. */
export function exportPages({ desk }: { desk: Desk }): Router {
  const router = Router({ mergeParams: true });

  // The current one, or the one named: `?version=2`.
  const versionOf = async (id: string, version: unknown) => {
    const dossier = await dossierOf(desk, id);
    const declaration =
      version === undefined
        ? dossier.current?.declaration
        : dossier.declarations.findLast((each) => String(each.version) === version);
    if (declaration === undefined) throw new PageError(404, { message: NO_VERSION });
    const exercise = desk.mode === "exercise" ? "EXERCICE-" : "";
    const kind = DECLARATION_KINDS[declaration.kind].split(" ")[0];
    return {
      dossier,
      declaration,
      name: `${exercise}${kind}-${dossier.incident.reference}-v${declaration.version}`,
    };
  };

  router.get("/incidents/:id/declaration.json", async (request, response) => {
    personWho(response, "read");
    const { dossier, declaration, name } = await versionOf(request.params.id, request.query.version);
    hand(response, {
      name: `${name}.json`,
      type: "json",
      text: jsonText(exportDeclaration(declaration, dossier)),
    });
  });

  router.get("/incidents/:id/declaration.md", async (request, response) => {
    personWho(response, "read");
    const { dossier, declaration, name } = await versionOf(request.params.id, request.query.version);
    const text = declarationMarkdown(declaration, dossier, desk.facility.timeZone);
    hand(response, { name: `${name}.md`, type: "text/markdown; charset=utf-8", text });
  });

  for (const [format, made] of [
    ["stix", stixBundle],
    ["misp", mispEvent],
  ] as const) {
    router.get(`/incidents/:id/indicateurs.${format}.json`, async (request, response) => {
      personWho(response, "read");
      const tlp = Tlp.safeParse(request.query.tlp ?? USUAL_TLP);
      if (!tlp.success)
        throw new PageError(400, {
          message: `Ce partage n'existe pas : ${Tlp.options.join(", ")}.`,
          remedy: "Choisissez-le sur la page de la déclaration.",
        });
      const { incident } = await dossierOf(desk, request.params.id);
      const indicators = await desk.indicators(incident.id);
      if (indicators === undefined) throw new PageError(404);
      const sharing = {
        facility: desk.facility,
        incident,
        tlp: tlp.data,
        exercise: desk.mode === "exercise",
        cut: indicators.cut,
      };
      const name = `${sharing.exercise ? "EXERCICE-" : ""}indicateurs-${incident.reference}-TLP-${tlp.data}.${format}.json`;
      hand(response, { name, type: "json", text: jsonText(made(indicators.found, sharing)) });
    });
  }

  return router;
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Hands a file over to be kept: nothing of it is shown by the browser. */
function hand(response: Response, { name, type, text }: { name: string; type: string; text: string }): void {
  response
    .type(type)
    .setHeader("Content-Disposition", `attachment; filename="${name.replace(/[^A-Za-z0-9.-]/g, "_")}"`)
    .setHeader("X-Content-Type-Options", "nosniff")
    .send(text);
}
