import PDFDocument from "pdfkit";
import type { Instant } from "../../core/clock.ts";
import { DECLARATION_KINDS, type Declaration, type DeclarationContent } from "../../core/declaration.ts";
import { fingerprintGroups } from "./dossier-view.ts";

/** The text to put on paper, and what has to stand on every page of it. */
export interface PaperText {
  declaration: Pick<Declaration, "sha256" | "version">;
  content: Pick<DeclarationContent, "kind" | "reference" | "version" | "exercise" | "facility" | "text">;
  /** `PROJET`, `VALIDÉ, PAS ENCORE DÉPOSÉ`…, as it is when it is printed. */
  state: string;
  /** Who decided, in French; null while nobody has. */
  decision: string | null;
  /** Where it is on line. */
  address: string;
  made: Instant;
  /** The same instant in words. */
  madeWords: string;
}

const PAGE = { width: 595.28, height: 841.89, left: 56, right: 56, top: 92, bottom: 78 };
const WIDTH = PAGE.width - PAGE.left - PAGE.right;
const INK = "#141a22";
const SOFT = "#4a5563";
const NOTICE = "Ce document n'est pas le formulaire de l'autorité.";

/** Characters of windows-1252 beyond Latin-1: the rest is not in the fonts that every reader has. */
const BEYOND_LATIN = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ";
const ALIKE: Readonly<Record<string, string>> = {
  "\u202f": "\u00a0",
  "\u2009": " ",
  "\u2010": "-",
  "\u2011": "-",
  "\u2212": "-",
  "\t": "    ",
};

/** A text in the characters that the fonts have: the others are written by their number, `[U+4E2D]`, and counted. */
export function printableText(text: string): { text: string; replaced: number } {
  let replaced = 0;
  const out: string[] = [];
  for (const character of text.replace(/\r\n?/g, "\n").normalize("NFC")) {
    const code = character.codePointAt(0) ?? 0;
    const plain = character === "\n" || (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code <= 0xff);
    // The soft hyphen is not seen, so that it could hide in a word.
    if ((plain && code !== 0xad) || BEYOND_LATIN.includes(character)) out.push(character);
    else if (ALIKE[character] !== undefined) out.push(ALIKE[character]);
    else {
      replaced += 1;
      out.push(`[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`);
    }
  }
  return { text: out.join(""), replaced };
}

/** Longest text put on paper, in characters: beyond, laying it out would hold up everybody's pages. */
export const PAPER_LIMIT = 200_000;
/** A word without a blank is cut at this length: finding where it has to break costs its square. */
const LONG_WORD = /\S{60}(?=\S)/g;

/** The exact text as a tagged PDF (A4, French), with its state, version and fingerprint on every page. */
export function declarationPdf(paper: PaperText): Promise<Buffer> {
  const { content, declaration } = paper;
  const title = printable(
    `${DECLARATION_KINDS[content.kind]} ${content.reference}, version ${content.version}`,
  );
  const pdf = new PDFDocument({
    size: [PAGE.width, PAGE.height],
    margins: { left: PAGE.left, right: PAGE.right, top: PAGE.top, bottom: PAGE.bottom },
    pdfVersion: "1.7",
    tagged: true,
    lang: "fr-FR",
    displayTitle: true,
    bufferPages: true,
    info: {
      Title: title,
      Author: printable(content.facility.name),
      Subject: `SHA-256 ${declaration.sha256}`,
      Creator: "Tocsin",
      Producer: "Tocsin",
      CreationDate: new Date(paper.made / 1000),
    },
  });
  const parts: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    pdf.on("data", (part: Buffer) => parts.push(part));
    pdf.on("end", () => resolve(Buffer.concat(parts)));
    pdf.on("error", reject);
  });

  const root = pdf.struct("Document");
  pdf.addStructure(root);
  const write = (
    tag: "H1" | "H2" | "P",
    text: string,
    look: { size?: number; bold?: boolean; color?: string; gap?: number; indent?: number } = {},
  ) => {
    root.add(
      pdf.struct(tag, {}, () => {
        pdf
          .font(look.bold ? "Helvetica-Bold" : "Helvetica")
          .fontSize(look.size ?? 10.5)
          .fillColor(look.color ?? INK)
          .text(text.replace(LONG_WORD, "$&\n"), PAGE.left + (look.indent ?? 0), undefined, {
            width: WIDTH - (look.indent ?? 0),
            paragraphGap: look.gap ?? 2,
            lineGap: 1.5,
          });
      }),
    );
  };

  const body = printableText(content.text);
  write("H1", title, { size: 17, bold: true, gap: 4 });
  write("P", printable(`Incident de sécurité des systèmes d'information, ${content.facility.name}`), {
    color: SOFT,
  });
  write("P", printable(`État : ${paper.state}. Imprimé le ${paper.madeWords}.`), { bold: true });
  write("P", printable(paper.decision === null ? "Décision : aucune." : `Décision : ${paper.decision}.`), {
    gap: 12,
  });
  const lines = body.text.split("\n");
  for (const [n, line] of lines.entries()) {
    if (line.trim() === "") continue;
    // A value that a person or an alert gave is indented or follows its label: only ours begin a line in capitals.
    const heading = (n === 0 || lines[n - 1] === "") && !/^[-\s]/.test(line);
    const indent = line.startsWith("    ") ? 18 : 0;
    if (heading && n > 0) pdf.moveDown(0.6);
    if (heading) write("H2", line, { bold: true, size: 11 });
    else write("P", line.trimStart(), { indent });
  }
  pdf.moveDown(0.5);
  if (body.replaced > 0)
    write(
      "P",
      `${body.replaced === 1 ? "1 caractère que cette police n'a pas est écrit ici par son" : `${body.replaced} caractères que cette police n'a pas sont écrits ici par leur`} numéro, entre crochets ; l'empreinte porte sur le texte d'origine.`,
      { size: 9, color: SOFT },
    );
  write("P", printable(`${NOTICE} En ligne : ${paper.address}`), { size: 8, color: SOFT });
  root.end();

  frame(pdf, paper, title);
  pdf.end();
  return done;
}

function printable(text: string): string {
  return printableText(text.replace(/\s+/g, " ")).text;
}

/** What stands on every page: drawn last, when their number is known, and no part of the text that is read aloud. */
function frame(pdf: PDFKit.PDFDocument, { declaration, content, state }: PaperText, title: string): void {
  const { start, count } = pdf.bufferedPageRange();
  const fingerprint = `SHA-256 ${fingerprintGroups(declaration.sha256).join(" ")}`;
  for (let page = 0; page < count; page++) {
    pdf.switchToPage(start + page);
    // Beneath the margin, where a text would begin another page.
    pdf.page.margins = { left: 0, right: 0, top: 0, bottom: 0 };
    pdf.markContent("Artifact", { type: "Pagination" });
    pdf.rect(PAGE.left, 34, WIDTH, 30).lineWidth(1.5).strokeColor(INK).stroke();
    pdf.font("Helvetica-Bold").fontSize(13).fillColor(INK);
    pdf.text(fitted(pdf, printable(state), WIDTH - 16), PAGE.left, 43, {
      width: WIDTH,
      align: "center",
      lineBreak: false,
    });
    pdf.font("Helvetica").fontSize(8).fillColor(SOFT);
    const facility = fitted(pdf, printable(`${content.facility.name} – ${title}`), WIDTH);
    pdf.text(facility, PAGE.left, 70, { lineBreak: false });
    pdf.text(`Page ${page + 1} sur ${count}`, PAGE.left, PAGE.height - 56, {
      width: WIDTH,
      align: "right",
      lineBreak: false,
    });
    pdf.text(`Version ${declaration.version}`, PAGE.left, PAGE.height - 56, { lineBreak: false });
    pdf
      .font("Courier")
      .fontSize(7)
      .text(fingerprint, PAGE.left, PAGE.height - 42, { lineBreak: false });
    pdf.endMarkedContent();
  }
}

/** As much of a line as fits. */
function fitted(pdf: PDFKit.PDFDocument, text: string, width: number): string {
  if (pdf.widthOfString(text) <= width) return text;
  let end = Math.min(text.length, 200);
  while (end > 0 && pdf.widthOfString(`${text.slice(0, end)}…`) > width) end -= 1;
  return `${text.slice(0, end)}…`;
}
