import { type Request, Router } from "express";
import type { Clock } from "../../core/clock.ts";
import { fingerprintGroups } from "../../core/decision.ts";
import { contentOf, DECLARATION_KINDS, type Declaration } from "../../core/declaration.ts";
import { impossibilityOf } from "../../stages/delivery/open-way.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { PAPER_LIMIT } from "../../stages/documents/declaration-pdf.ts";
import { printDeclaration } from "../../stages/documents/print-declaration.ts";
import { arsWords, stateWords } from "../../stages/documents/text-state.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { noteRows } from "./attachments.ts";
import { criterionRow, fieldRow } from "./dossier-view.ts";
import { dossierOf } from "./incident.ts";

/** One version on paper, for the ARS when the portal cannot be reached, and for the file. */
export function printPage(parts: { desk: Desk; clock: Clock; gate: Gate; publicUrl: string }): Router {
  const { desk, clock, gate, publicUrl } = parts;
  const page = (path: string) => new URL(`/${desk.facility.id}/${path}`, publicUrl).href;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const versionOf = async (params: { id: string; version: string }) => {
    const dossier = await dossierOf(desk, params.id);
    const declaration = dossier.declarations.findLast((each) => String(each.version) === params.version);
    if (declaration !== undefined) return { dossier, declaration, content: contentOf(declaration) };
    throw new PageError(404, { message: "Cette version du texte n'existe pas pour cet incident." });
  };

  /** Why the paper that is asked for is itself the declaration to the ARS: `?pour=ars`; undefined for the archive's copy. */
  const toArs = (request: Request<object>, dossier: Dossier, declaration: Declaration) => {
    if (request.query.pour !== "ars") return undefined;
    const impossibility =
      declaration.state === "approved" || declaration.state === "filed"
        ? impossibilityOf(dossier, declaration)
        : undefined;
    if (impossibility !== undefined) return impossibility;
    throw new PageError(409, {
      message: "Ce texte n'est déclaré à l'ARS que si la déclaration électronique est impossible.",
      remedy: "Notez d'abord, sur la page du dépôt, ce qui a été essayé.",
    });
  };

  router.get("/incidents/:id/declaration/:version/imprimer", async (request, response) => {
    personWho(response, "read");
    const { dossier, declaration, content } = await versionOf(request.params);
    const decision = dossier.decisions.findLast((each) => each.sha256 === declaration.sha256) ?? null;
    const here = `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`;
    const leaves = toArs(request, dossier, declaration);
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
        stateLabel:
          leaves === undefined
            ? stateWords(declaration, content.exercise, dossier.deliveries)
            : upperFirst(arsWords(leaves, content.exercise, time.when).state),
        toArs: leaves !== undefined,
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
    const dossier = await dossierOf(desk, request.params.id);
    const { version } = request.query;
    const declaration =
      version === undefined
        ? dossier.current?.declaration
        : dossier.declarations.findLast((each) => String(each.version) === version);
    if (declaration === undefined)
      throw new PageError(404, { message: "Cette version du texte n'existe pas pour cet incident." });
    const content = contentOf(declaration);
    if (content.text.length > PAPER_LIMIT)
      throw new PageError(413, {
        message: "Ce texte est trop long pour être mis en PDF.",
        remedy: "Ouvrez « Version à imprimer » et imprimez la page.",
      });
    const leaves = toArs(request, dossier, declaration);
    const parts = { facility: desk.facility, clock, page };
    const pdf = await printDeclaration(declaration, dossier, parts, leaves);
    const mark = `${content.exercise ? "EXERCICE-" : ""}${leaves === undefined ? "" : "ARS-"}`;
    const name = `${mark}${content.reference}-v${declaration.version}.pdf`;
    response
      .type("application/pdf")
      .setHeader("Content-Disposition", `inline; filename="${name.replace(/[^A-Za-z0-9.-]/g, "_")}"`)
      .setHeader("X-Content-Type-Options", "nosniff")
      .send(Buffer.from(pdf));
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

const upperFirst = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
