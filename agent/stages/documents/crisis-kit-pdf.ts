import { formatInstant } from "../french.ts";
import type { CrisisKit } from "./crisis-kit.ts";
import { openPaper, SOFT } from "./paper.ts";
import { printableLine } from "./printable-text.ts";

const KEEP = "Contient des numéros personnels : à garder sous clé, à détruire quand il est remplacé.";

/** The kit as a PDF to print (A4, tagged): what is to be filled in has a line to write on. */
export async function crisisKitPdf(kit: CrisisKit): Promise<Buffer> {
  const { made, exercise } = kit;
  const day = formatInstant(made, kit.timeZone);
  const facility = printableLine(kit.facility);
  const title = `Kit de crise du ${day}`;
  const subject = "Ce qu'il faut quand tout est coupé";
  const { pdf, write, lines, finish } = await openPaper({ title, facility, subject, made });
  write("H1", "Kit papier de crise", { size: 17, bold: true, after: 2 });
  write("P", `${facility} – fait le ${day}`, { after: 2 });
  write("P", KEEP, { size: 8, color: SOFT, after: 6 });
  for (const each of kit.lines) {
    const words = printableLine(each.text);
    if (each.line === "blank") {
      const label = `${words || "…"} :`;
      write("P", label, { label, after: 0 });
      lines(each.rows);
    } else if (each.line === "part") {
      pdf.moveDown(0.6);
      write("H2", words, { size: 13, bold: true, after: 3 });
    } else if (each.line === "head") write("H3", words, { bold: true, size: 10.5, after: 2 });
    else if (each.line === "text") write("P", words, { size: 8, color: SOFT });
    else write("P", words, { indent: 8, after: 2 });
  }
  return finish({
    head: exercise ? "EXERCICE – KIT DE CRISE" : "KIT DE CRISE",
    under: `${facility} – ${title}`,
    foot: `Valable 30 jours : refaites-le avant, ou quand un numéro change`,
    fine: KEEP,
    exercise,
  });
}
