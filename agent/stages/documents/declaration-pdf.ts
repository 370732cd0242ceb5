import type { Instant } from "../../core/clock.ts";
import { fingerprintGroups } from "../../core/decision.ts";
import { DECLARATION_KINDS, type Declaration, type DeclarationContent } from "../../core/declaration.ts";
import { TocsinError } from "../../core/errors.ts";
import { originsOf } from "./origins-of.ts";
import { COLUMN, openPaper, SOFT } from "./paper.ts";
import { printableLine, printableText } from "./printable-text.ts";

/** The text to put on paper, and what has to stand on every page of it. */
export interface PaperText {
  declaration: Pick<Declaration, "sha256" | "version">;
  content: Pick<
    DeclarationContent,
    "kind" | "reference" | "version" | "exercise" | "facility" | "sections" | "text"
  >;
  /** What the document is called. (Default: what the kind of declaration is called.) */
  title?: string;
  /** What it is not, in French. (Default: that it is not the annex of the arrêté.) */
  notice?: string;
  /** `PROJET`, `VALIDÉ, PAS ENCORE DÉPOSÉ`…, as it is when it is printed. */
  state: string;
  /** The state in few words, on every page. (Default: the state.) */
  head?: string;
  /** Who decided, in French; null while nobody has. */
  decision: string | null;
  /** Where it is on line. */
  address: string;
  made: Instant;
  /** An instant in words of the facility. */
  time: (instant: Instant) => string;
}

const NOTICE =
  "Ce document reprend les informations de l'article 1er de l'arrêté du 30 octobre 2017 ; il ne reproduit pas l'annexe officielle : ce n'est pas le formulaire de l'autorité.";

/** Longest text put on paper, in characters: beyond, laying it out would hold up everybody's pages. */
export const PAPER_LIMIT = 200_000;
/**
 * The exact text as a tagged PDF (A4, French, PDF/UA-1), with the origin of each value beside it, and state, version and
 * fingerprint on every page. Throws TocsinError `paper_too_long` beyond PAPER_LIMIT.
 */
export async function declarationPdf(paper: PaperText): Promise<Buffer> {
  const { content, declaration } = paper;
  if (content.text.length > PAPER_LIMIT) {
    throw new TocsinError({
      code: "paper_too_long",
      message: `a text of ${content.text.length} characters is not put on paper`,
      remedy: "print the page instead",
    });
  }
  const title = printableLine(
    paper.title ?? `${DECLARATION_KINDS[content.kind]} ${content.reference}, version ${content.version}`,
  );
  const facility = printableLine(content.facility.name);
  const subject = `SHA-256 ${declaration.sha256}`;
  const { pdf, write, rule, finish } = await openPaper({ title, facility, subject, made: paper.made });
  const body = printableText(content.text);
  write("H1", title, { size: 17, bold: true, after: 2 });
  write("P", `Incident de sécurité des systèmes d'information – ${facility}`, { color: SOFT, after: 8 });
  const entries = [
    ["État : ", `${paper.state}.`],
    ["Décision : ", paper.decision === null ? "aucune." : `${paper.decision}.`],
    ["Imprimé le : ", paper.time(paper.made)],
    ["En ligne : ", paper.address],
  ] as const;
  for (const [label, text] of entries) write("P", `${label}${printableLine(text)}`, { label, after: 1 });
  rule();
  write("H2", `Texte exact de la version ${declaration.version}`, { size: 12.5, bold: true, after: 1 });
  write(
    "P",
    "À droite de chaque réponse, son origine : machine, réglage de l'établissement, personne, ou inconnue. L'origine n'est pas dans le texte.",
    { size: 8, color: SOFT, after: 6 },
  );
  const lines = body.text.split("\n");
  const origins = originsOf(content.sections, lines, paper.time);
  for (const [n, line] of lines.entries()) {
    if (line.trim() === "") continue;
    // A value that a person or an alert gave is indented or follows its label: only ours begin a line in capitals.
    const heading = (n === 0 || lines[n - 1] === "") && !/^[-\s]/.test(line);
    if (heading) {
      pdf.moveDown(0.5);
      write("H3", line, { bold: true, size: 10.5, width: COLUMN, after: 2 });
      continue;
    }
    const indent = line.startsWith("    ") ? 12 : 0;
    const label = indent === 0 ? (/^- [^:]{1,160} :(?: |$)/.exec(line)?.[0] ?? "") : "";
    write("P", line.trimStart(), { indent, label, width: COLUMN, beside: origins.get(n) });
  }
  rule();
  if (body.replaced > 0) write("P", replacedWords(body.replaced), { size: 8, color: SOFT });
  write("P", printableLine(paper.notice ?? NOTICE), { size: 8, color: SOFT });
  return finish({
    head: printableLine(paper.head ?? paper.state),
    under: `${facility} – ${title}`,
    foot: `Version ${declaration.version}`,
    fine: `SHA-256 ${fingerprintGroups(declaration.sha256).join(" ")}`,
    exercise: content.exercise,
  });
}

function replacedWords(count: number): string {
  return count === 1
    ? "1 caractère qui ne s'imprime pas ici est écrit par son numéro, entre crochets ; l'empreinte porte sur le texte d'origine."
    : `${count} caractères qui ne s'impriment pas ici sont écrits par leur numéro, entre crochets ; l'empreinte porte sur le texte d'origine.`;
}
