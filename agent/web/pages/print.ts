import { Router } from "express";
import type { Clock } from "../../core/clock.ts";
import { contentOf, DECLARATION_KINDS } from "../../core/declaration.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { noteRows } from "./attachments.ts";
import { declarationPdf, PAPER_LIMIT } from "./declaration-pdf.ts";
import { criterionRow, fieldRow, fingerprintGroups, paperState, stateWords } from "./dossier-view.ts";
import { dossierOf } from "./incident.ts";

/** One version on paper, for the ARS when the portal cannot be reached, and for the file. */
export function printPage(parts: { desk: Desk; clock: Clock; gate: Gate; publicUrl: string }): Router {
  const { desk, clock, gate, publicUrl } = parts;
  const time = frenchTime(desk.facility.timeZone);
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });

  const versionOf = async (params: { id: string; version: string }) => {
    const dossier = await dossierOf(desk, params.id);
    const declaration = dossier.declarations.findLast((each) => String(each.version) === params.version);
    if (declaration !== undefined) return { dossier, declaration, content: contentOf(declaration) };
    throw new PageError(404, { message: "Cette version du texte n'existe pas pour cet incident." });
  };

  router.get("/incidents/:id/declaration/:version/imprimer", async (request, response) => {
    personWho(response, "read");
    const { dossier, declaration, content } = await versionOf(request.params);
    const decision = dossier.decisions.findLast((each) => each.sha256 === declaration.sha256) ?? null;
    const here = `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`;
    gate.render(request, response, {
      view: "print",
      title: `${DECLARATION_KINDS[content.kind]} ${content.reference}, version ${content.version}`,
      model: {
        here,
        sheet: `${here}/declaration/${declaration.version}/imprimer.css`,
        address: new URL(`${here}/declaration`, publicUrl).href,
        declaration,
        content,
        kind: DECLARATION_KINDS[content.kind],
        stateLabel: stateWords(declaration, content.exercise, dossier.deliveries),
        criteria: content.criteria.map(criterionRow),
        sections: content.sections.map((section) => ({ ...section, fields: section.fields.map(fieldRow) })),
        fingerprint: fingerprintGroups(declaration.sha256),
        decision,
        attached: noteRows(dossier).flatMap((note) =>
          note.files.map((file) => ({ ...file, at: note.at, by: note.author.name })),
        ),
      },
    });
  });

  // The current one, or the one named: `?version=2`.
  router.get("/incidents/:id/declaration.pdf", async (request, response) => {
    personWho(response, "read");
    const { current, declarations, decisions, deliveries, incident } = await dossierOf(
      desk,
      request.params.id,
    );
    const { version } = request.query;
    const declaration =
      version === undefined
        ? current?.declaration
        : declarations.findLast((each) => String(each.version) === version);
    if (declaration === undefined)
      throw new PageError(404, { message: "Cette version du texte n'existe pas pour cet incident." });
    const content = contentOf(declaration);
    if (content.text.length > PAPER_LIMIT)
      throw new PageError(413, {
        message: "Ce texte est trop long pour être mis en PDF.",
        remedy: "Ouvrez « Version à imprimer » et imprimez la page.",
      });
    const decision = decisions.findLast((each) => each.sha256 === declaration.sha256);
    const now = clock.now();
    const pdf = await declarationPdf({
      declaration,
      content,
      state: paperState(declaration, content.exercise, deliveries),
      decision:
        decision === undefined
          ? null
          : `${decision.decision === "approved" ? "validé" : "non déclaré"} par ${decision.delegate.name}, ${time.when(decision.at, now)}`,
      address: new URL(`${base}/incidents/${encodeURIComponent(incident.id)}/declaration`, publicUrl).href,
      made: now,
      madeWords: time.when(now),
    });
    const name = `${content.exercise ? "EXERCICE-" : ""}${content.reference}-v${declaration.version}.pdf`;
    response
      .type("application/pdf")
      .setHeader("Content-Disposition", `inline; filename="${name.replace(/[^A-Za-z0-9.-]/g, "_")}"`)
      .setHeader("X-Content-Type-Options", "nosniff")
      .send(pdf);
  });

  // Footers of pages come from a style sheet, and ours may not be inline: it is made for the document.
  router.get("/incidents/:id/declaration/:version/imprimer.css", async (request, response) => {
    personWho(response, "read");
    const { declaration, content } = await versionOf(request.params);
    const name = `${content.exercise ? "EXERCICE - " : ""}${content.reference} - version ${content.version}`;
    const foot = `${name} - SHA-256 ${fingerprintGroups(declaration.sha256).join(" ")}`.replace(
      /[^A-Za-z0-9 -]/g,
      "",
    );
    response.type("css").send(`@page { @bottom-left { content: "${foot}"; font: 6pt monospace; } }\n`);
  });

  return router;
}
