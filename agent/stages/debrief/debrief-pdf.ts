import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Masked } from "../../core/masked.ts";
import { openPaper, SOFT } from "../documents/paper.ts";
import { printableLine } from "../documents/printable-text.ts";
import { duration } from "../french.ts";
import { type Debrief, type DebriefDelay, LINE_KINDS, OUTCOMES } from "./debrief.ts";

/** What a debrief is put on paper with. */
export interface DebriefPaper {
  debrief: Masked<Debrief>;
  made: Instant;
  /** An instant in words of the facility: with its day, and without. */
  when: (instant: Instant) => string;
  clock: (instant: Instant) => string;
}

/** Empty lines to write on by hand. */
const EMPTY_LINES = 12;

/** The debrief as a tagged PDF (A4, French, PDF/UA-1), with room for what the facilitator writes by hand. */
export async function debriefPdf({ debrief, made, when, clock: minutes }: DebriefPaper): Promise<Buffer> {
  const clock = clockOf(debrief, minutes);
  const name = debrief.run === null ? "Retour d’expérience" : "Débriefing";
  const title = printableLine(`${name} – ${debrief.title}`);
  const facility = printableLine(debrief.facility);
  const paper = await openPaper({ title, facility, subject: name, made });
  const { write, rule, lines } = paper;
  const line = (label: string, text: string) =>
    write("P", `${label}${printableLine(text)}`, { label, after: 1 });
  const heading = (text: string) => {
    paper.pdf.moveDown(0.6);
    write("H2", text, { size: 12.5, bold: true, after: 3 });
  };
  const none = (text: string) => write("P", text, { color: SOFT });

  write("H1", title, { size: 17, bold: true, after: 2 });
  if (debrief.run !== null) write("P", printableLine(debrief.run.summary), { color: SOFT, after: 6 });
  line("Établissement : ", facility);
  line("Du : ", `${when(debrief.from)} au ${when(debrief.until)}`);
  if (debrief.run !== null) line("Joué : ", playedWords(debrief.run));
  for (const { reference, state, sentence, gone } of debrief.incidents)
    line(`Incident ${reference} : `, [`${state}.`, sentence ?? [], gone ?? []].flat().join(" "));
  if (debrief.incidents.length === 0) line("Incidents : ", "aucun.");
  line("Imprimé le : ", when(made));
  rule();

  if (debrief.expectations.length > 0) {
    heading(`Ce qui était attendu : ${tallyWords(debrief)}`);
    for (const each of debrief.expectations) {
      const label = `${OUTCOMES[each.outcome]} : `;
      write("P", `${label}${printableLine(each.text)}${dueWords(each, clock)}`, {
        label,
        after: each.why ? 0 : 2,
      });
      if (each.why !== null)
        write("P", printableLine(each.why), { size: 8, color: SOFT, indent: 12, after: 3 });
    }
  }

  heading("Délais depuis la première alerte");
  if (debrief.incidents.length === 0) none("Aucun incident : rien à mesurer.");
  for (const { reference, delays, gone } of debrief.incidents) {
    if (debrief.incidents.length > 1) write("H3", `Incident ${reference}`, { bold: true });
    if (delays.length === 0 && gone !== null) none(gone);
    for (const delay of delays) line(`${delay.label} : `, delayWords(delay, clock));
  }

  heading("Ce qui a manqué");
  const failed = debrief.expectations.filter(({ outcome }) => outcome === "missed" || outcome === "late");
  if (failed.length + debrief.missed.length === 0) none("Rien que le dossier montre.");
  for (const { text, outcome } of failed)
    write("P", `- ${printableLine(text)} (${OUTCOMES[outcome].toLowerCase()})`, { after: 1 });
  for (const text of debrief.missed) write("P", `- ${printableLine(text)}`, { after: 1 });

  heading("Déroulé");
  let day = "";
  for (const each of debrief.lines) {
    const [date = ""] = when(each.at).split(" ");
    if (date !== day) {
      day = date;
      write("H3", date, { bold: true, after: 2 });
    }
    const label = `${clock(each.at)}  ${LINE_KINDS[each.kind]} : `;
    const by = each.by === null ? "" : ` – ${each.by}`;
    write("P", `${label}${printableLine(`${each.text}${by}`)}`, { size: 9, label, after: 1.5 });
  }
  if (debrief.more > 0) none(`Et ${debrief.more} lignes de plus, dans le dossier.`);

  heading("Notes de l’animateur");
  for (const { at, author, text } of debrief.remarks) {
    const label = `${author}, ${when(at)} : `;
    write("P", `${printableLine(label)}${printableLine(text)}`, { label: printableLine(label), after: 3 });
  }
  write("P", "Ce qui a bien marché, ce qui est à changer, qui s’en charge et pour quand :", { color: SOFT });
  lines(EMPTY_LINES);

  return paper.finish({
    head: debrief.exercise ? "EXERCICE – DÉBRIEFING" : "RETOUR D’EXPÉRIENCE",
    under: `${facility} – ${title}`,
    foot: `Fait du dossier tel qu’il était le ${when(made)}`,
    fine: "Document interne. Il n’est ni une déclaration, ni une preuve : le journal scellé l’est.",
    exercise: debrief.exercise,
  });
}

/** How times are written: with their seconds when the story was played faster than it runs. */
export function clockOf(
  { run }: Pick<Debrief, "run">,
  minutes: (instant: Instant) => string,
): (instant: Instant) => string {
  if (run === null || run.speed === 1) return minutes;
  return (instant) => {
    const seconds = Math.floor(instant / MICROSECONDS.second) % 60;
    return `${minutes(instant)}:${String(seconds).padStart(2, "0")}`;
  };
}

/** How it was played, in French. */
export function playedWords({ speed, whole, ended, records }: NonNullable<Debrief["run"]>): string {
  const how =
    speed === null
      ? "tout d’un coup"
      : speed === 1
        ? "à la vitesse de l’histoire"
        : `${speed} fois plus vite que l’histoire`;
  const end = ended === null ? ", en cours ou interrompu" : whole ? "" : ", arrêté avant la fin";
  return `${how}${end} ; ${records.toLocaleString("fr-FR")} lignes et messages envoyés.`;
}

/** How many expectations came to what, in French. */
export function tallyWords({ expectations }: Pick<Debrief, "expectations">): string {
  const count = (wanted: string) => expectations.filter(({ outcome }) => outcome === wanted).length;
  const rest = [
    [count("late"), "en retard"],
    [count("missed"), "manqués"],
    [count("waiting"), "encore attendus"],
    [count("erased"), "plus connus"],
  ] as const;
  return [
    `${count("met")} tenu${count("met") > 1 ? "s" : ""} sur ${expectations.length}`,
    ...rest.flatMap(([n, words]) => (n === 0 ? [] : [`${n} ${n === 1 ? words.replace(/s$/, "") : words}`])),
  ].join(", ");
}

function dueWords({ due, at }: Debrief["expectations"][number], clock: (instant: Instant) => string): string {
  const parts = [
    ...(due === null ? [] : [`attendu avant ${clock(due)}`]),
    ...(at === null ? [] : [`à ${clock(at)}`]),
  ];
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}

/** When it was and how long after the first alert, in French. */
export function delayWords({ at, after }: DebriefDelay, clock: (instant: Instant) => string): string {
  if (at === null || after === null) return "pas encore, ou jamais";
  if (after < 0) return `${clock(at)}, avant la première alerte`;
  return `${clock(at)}, ${lapse(after)}`;
}

function lapse(after: number): string {
  if (after < MICROSECONDS.second) return "aussitôt";
  if (after < MICROSECONDS.minute) return `${Math.floor(after / MICROSECONDS.second)} s après`;
  return `${duration(after)} après`;
}
