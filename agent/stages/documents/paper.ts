import type { Instant } from "../../core/clock.ts";
import { paperFonts } from "./paper-fonts.ts";

const PAGE = { width: 595.28, height: 841.89, left: 56, right: 48, top: 96, bottom: 76 };
const WIDTH = PAGE.width - PAGE.left - PAGE.right;
const BOTTOM = PAGE.height - PAGE.bottom;
/** Where the origin of a value stands, beside it. */
const ORIGIN = { width: 104, gap: 16 };
/** Width of what has something beside it. */
export const COLUMN = WIDTH - ORIGIN.width - ORIGIN.gap;
const INK = "#141a22";
export const SOFT = "#4a5563";
const RULE = "#c3cad3";
/** A word without a blank is cut at this length: finding where it has to break costs its square. */
const LONG_WORD = { line: /\S{80}(?=\S)/g, column: /\S{56}(?=\S)/g };

type Tag = "H1" | "H2" | "H3" | "P";
interface Look {
  size?: number;
  bold?: boolean;
  color?: string;
  indent?: number;
  width?: number;
  after?: number;
  /** Beginning of the text that is set in bold. */
  label?: string;
  /** Words set beside, and read after. */
  beside?: string | undefined;
}

/** What a paper says of itself to who lists or searches it. */
export interface PaperAbout {
  title: string;
  facility: string;
  subject: string;
  made: Instant;
}

/** What stands on every page. */
export interface PaperFrame {
  /** In the box at the top, in few words. */
  head: string;
  /** Beneath the box. */
  under: string;
  /** At the foot, beside the number of the page. */
  foot: string;
  /** The last line, small. */
  fine: string;
  exercise: boolean;
}

/** Opens a tagged PDF (A4, French, PDF/UA-1) to write paragraphs on; `finish` draws what stands on every page, and gives the bytes. */
export async function openPaper(about: PaperAbout) {
  const pdf = await openDocument(about);
  const parts: Buffer[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  pdf.on("data", (part: Buffer) => parts.push(part));
  pdf.on("end", () => resolve(Buffer.concat(parts)));
  pdf.on("error", reject);
  const { write, rule, lines, end } = openWriter(pdf);
  return {
    pdf,
    write,
    rule,
    lines,
    finish(frame: PaperFrame): Promise<Buffer> {
      end();
      drawFrame(pdf, frame);
      pdf.end();
      return promise;
    },
  };
}

async function openDocument({ title, facility, subject, made }: PaperAbout): Promise<PDFKit.PDFDocument> {
  // Read on first use: it is large, and a start must not wait for it.
  const { default: PDFDocument } = await import("pdfkit");
  const options = {
    size: [PAGE.width, PAGE.height] as [number, number],
    margins: { left: PAGE.left, right: PAGE.right, top: PAGE.top, bottom: PAGE.bottom },
    pdfVersion: "1.7" as const,
    // Declared, as ISO 14289-1 asks, in the metadata; @types/pdfkit does not know it yet.
    subset: "PDF/UA" as "PDF/A-2a",
    tagged: true,
    lang: "fr-FR",
    displayTitle: true,
    bufferPages: true,
    info: {
      Title: title,
      // The library writes it as it is into XML.
      Author: facility.replaceAll("&", "et").replace(/[<>]/g, " "),
      Subject: subject,
      Creator: "Tocsin",
      Producer: "Tocsin",
      CreationDate: new Date(made / 1000),
    },
  };
  const pdf = new PDFDocument(options);
  const { regular, bold } = paperFonts();
  pdf.registerFont("regular", regular).registerFont("bold", bold);
  return pdf;
}

/** Writes paragraphs one under the other, each one element of the structure in the order of reading. */
function openWriter(pdf: PDFKit.PDFDocument) {
  const root = pdf.struct("Document");
  pdf.addStructure(root);
  let y = PAGE.top;

  const set = (bold: boolean, size: number, color: string) =>
    pdf
      .font(bold ? "bold" : "regular")
      .fontSize(size)
      .fillColor(color);

  const write = (tag: Tag, given: string, look: Look = {}) => {
    const { size = 9.5, bold = false, color = INK, indent = 0, label = "", beside } = look;
    const width = (look.width ?? WIDTH) - indent;
    const text = given.replace(LONG_WORD[width < COLUMN + 1 ? "column" : "line"], "$&\n");
    const element = pdf.struct(tag);
    root.add(element);

    set(false, 7, SOFT);
    const besideHeight = beside === undefined ? 0 : pdf.heightOfString(beside, { width: ORIGIN.width });
    set(bold, size, color);
    // A heading, or a label alone, stays with what follows it; an origin is never cut.
    const leads = tag !== "P" || (label !== "" && label.length >= text.length);
    const least = Math.max(pdf.currentLineHeight(true) * (leads ? 4 : 1), besideHeight);
    if (pdf.y + least > BOTTOM) pdf.addPage();
    y = pdf.y;
    const page = pdf.bufferedPageRange().count;

    element.add(pdf.markStructureContent(tag));
    const options = { width, lineGap: 1.5 };
    if (label !== "" && text.startsWith(label)) {
      set(true, size, color).text(label, PAGE.left + indent, y, { ...options, continued: true });
      set(false, size, color).text(text.slice(label.length), options);
    } else pdf.text(text, PAGE.left + indent, y, options);
    pdf.endMarkedContent();
    const after = { y: pdf.y + (look.after ?? 3), page: pdf.bufferedPageRange().count };

    if (beside !== undefined) {
      if (after.page !== page) pdf.switchToPage(page - 1);
      const span = pdf.struct("Span");
      element.add(span);
      span.add(pdf.markStructureContent("Span"));
      set(false, 7, SOFT).text(beside, PAGE.left + COLUMN + ORIGIN.gap, y + 2, { width: ORIGIN.width });
      pdf.endMarkedContent();
      span.end();
      if (after.page !== page) pdf.switchToPage(after.page - 1);
      else after.y = Math.max(after.y, y + 2 + besideHeight + 3);
    }
    element.end();
    pdf.y = after.y;
  };

  /** A thin line across, which says nothing to who listens. */
  const rule = () => {
    pdf.markContent("Artifact", { type: "Layout" });
    const at = pdf.y + 6;
    pdf
      .moveTo(PAGE.left, at)
      .lineTo(PAGE.left + WIDTH, at)
      .lineWidth(0.75)
      .strokeColor(RULE)
      .stroke();
    pdf.endMarkedContent();
    pdf.y = at + 10;
  };

  /** Empty lines to write on by hand. */
  const lines = (count: number) => {
    // Two lines at the foot of a page are no room.
    if (pdf.y + 24 * Math.min(count, 6) > BOTTOM) pdf.addPage();
    pdf.markContent("Artifact", { type: "Layout" });
    for (let n = 0; n < count; n++) {
      if (pdf.y + 24 > BOTTOM) break;
      pdf.y += 24;
      pdf
        .moveTo(PAGE.left, pdf.y)
        .lineTo(PAGE.left + WIDTH, pdf.y)
        .lineWidth(0.5)
        .strokeColor(RULE)
        .stroke();
    }
    pdf.endMarkedContent();
    pdf.y += 10;
  };

  return { write, rule, lines, end: () => root.end() };
}

/** What stands on every page: drawn last, when their number is known, and no part of the text that is read aloud. */
function drawFrame(pdf: PDFKit.PDFDocument, { head, under, foot, fine, exercise }: PaperFrame): void {
  const { start, count } = pdf.bufferedPageRange();
  const line = (text: string, y: number, align: "left" | "center" | "right" = "left") =>
    pdf.text(fitted(pdf, text, WIDTH - 16), PAGE.left, y, { width: WIDTH, align, lineBreak: false });
  for (let page = 0; page < count; page++) {
    pdf.switchToPage(start + page);
    // Beneath the margin, where a text would begin another page.
    pdf.page.margins = { left: 0, right: 0, top: 0, bottom: 0 };
    if (exercise) watermark(pdf);
    pdf.markContent("Artifact", { type: "Pagination" });
    pdf.rect(PAGE.left, 32, WIDTH, 30).lineWidth(1.5).strokeColor(INK).stroke();
    pdf.font("bold").fontSize(12.5).fillColor(INK);
    line(head, 40, "center");
    pdf.font("regular").fontSize(8).fillColor(SOFT);
    line(under, 69);
    line(foot, PAGE.height - 54);
    line(`Page ${page + 1} sur ${count}`, PAGE.height - 54, "right");
    pdf.fontSize(7);
    line(fine, PAGE.height - 40);
    pdf.endMarkedContent();
  }
}

/** The letters of EXERCICE as lines, 100 high: as a text they would get into what a reader copies or searches. */
const LETTERS: Readonly<Record<string, { path: string; width: number }>> = {
  E: { path: "M58 0 L0 0 L0 100 L58 100 M0 49 L50 49", width: 58 },
  X: { path: "M0 0 L64 100 M64 0 L0 100", width: 64 },
  R: { path: "M0 100 L0 0 L34 0 A27 27 0 0 1 34 54 L0 54 M30 54 L64 100", width: 62 },
  C: { path: "M68 15 C10 -35 -20 60 14 88 C30 102 54 102 68 86", width: 66 },
  I: { path: "M0 0 L0 100", width: 0 },
};

/** EXERCICE across the page, pale enough to read through. */
function watermark(pdf: PDFKit.PDFDocument): void {
  const letters = [..."EXERCICE"].flatMap((letter) => LETTERS[letter] ?? []);
  const gap = 30;
  const width = letters.reduce((sum, letter) => sum + letter.width + gap, -gap);
  pdf.markContent("Artifact", { type: "Layout" });
  pdf.save().rotate(-52, { origin: [PAGE.width / 2, PAGE.height / 2] });
  pdf.translate(PAGE.width / 2 - width / 2, PAGE.height / 2 - 50);
  pdf.lineWidth(16).lineJoin("round").lineCap("round").strokeColor("#a3201b").strokeOpacity(0.1);
  for (const letter of letters) {
    pdf.path(letter.path).stroke();
    pdf.translate(letter.width + gap, 0);
  }
  pdf.strokeOpacity(1).restore();
  pdf.endMarkedContent();
}

/** As much of a line as fits. */
function fitted(pdf: PDFKit.PDFDocument, text: string, width: number): string {
  if (pdf.widthOfString(text) <= width) return text;
  let end = Math.min(text.length, 200);
  while (end > 0 && pdf.widthOfString(`${text.slice(0, end)}…`) > width) end -= 1;
  return `${text.slice(0, end)}…`;
}
