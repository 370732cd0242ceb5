import { CRITERION_VALUES, DEGREE_LABELS } from "../../core/qualification.ts";
import type { Dossier } from "../../stages/desk/desk.ts";

const COLOURS = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
type Colour = keyof typeof COLOURS;

export interface Screen {
  line(text?: string): void;
  title(text: string): void;
  /** One thing that happens, with the story's clock. */
  event(story: string, text: string, colour?: Colour): void;
  dossier(dossier: Dossier): void;
}

/** Writes the demonstration on a terminal; colours only where they are understood. */
export function openScreen(out: NodeJS.WriteStream): Screen {
  const coloured = out.isTTY && process.stdout.hasColors?.();
  const paint = (colour: Colour, text: string) =>
    coloured ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;
  const line = (text = "") => void out.write(`${text}\n`);
  const title = (text: string) => {
    line();
    line(paint("bold", text));
    line(paint("dim", "─".repeat(Math.min(text.length, 100))));
  };
  return {
    line,
    title,
    event: (story, text, colour) =>
      line(`${paint("dim", story.padStart(6))}  ${colour === undefined ? text : paint(colour, text)}`),
    dossier({ incident, qualification, current }) {
      if (qualification === undefined || current === undefined) return;
      title(`Incident ${incident.reference} : ${qualification.sentence}`);
      line("Critères (évaluation proposée)");
      for (const { id, label, value, degree, article, because } of qualification.criteria) {
        const shown = `${CRITERION_VALUES[value]}${degree === null ? "" : ` (${DEGREE_LABELS[degree]})`}`;
        const colour = value === "met" ? "red" : value === "unknown" ? "yellow" : "green";
        line(`  ${id}  ${label} : ${paint(colour, shown)}  ${paint("dim", `[${article}]`)}`);
        for (const each of because.slice(0, 4)) line(`        ${paint("dim", `parce que : ${each.text}`)}`);
      }
      title(`Projet de déclaration, version ${current.declaration.version}`);
      for (const section of current.content.sections) {
        line(paint("cyan", section.title));
        for (const field of section.fields) {
          const value = field.value ?? paint("dim", "inconnu à ce stade");
          const indented = value.replaceAll("\n", "\n      ");
          line(`  ${field.label} : ${value.includes("\n") ? `\n      ${indented}` : indented}`);
        }
      }
      title("Ce que seule une personne peut savoir");
      for (const question of qualification.questions) line(`  ? ${question.text}`);
    },
  };
}
