import { fingerprintGroups } from "../../core/decision.ts";
import { contentOf, DECLARATION_KINDS, type Declaration } from "../../core/declaration.ts";
import { CRITERION_VALUES, DEGREE_LABELS } from "../../core/qualification.ts";
import { formatInstant } from "../french.ts";
import { originWords } from "./origins-of.ts";
import type { Standing } from "./print-declaration.ts";
import { printableText } from "./printable-text.ts";
import { paperState } from "./text-state.ts";

/** A stored text as Markdown (CommonMark), with its state and where each value comes from. */
export function declarationMarkdown(
  declaration: Declaration,
  { deliveries }: Pick<Standing, "deliveries">,
  zone: string,
): string {
  const content = contentOf(declaration);
  const time = (instant: number) => formatInstant(instant, zone);
  const lines = [
    `# ${plain(`${DECLARATION_KINDS[content.kind]} ${content.reference}, version ${content.version}`)}`,
    "",
    `**${plain(paperState(declaration, content.exercise, deliveries))}**`,
    "",
    plain(content.facility.name),
    "",
    `Empreinte du texte : \`${fingerprintGroups(declaration.sha256).join(" ")}\``,
  ];
  for (const { title, fields } of content.sections) {
    lines.push("", `## ${plain(title)}`, "");
    for (const { label, value, unknown, provenance } of fields) {
      const [first = "", ...more] = (value ?? (unknown ? "inconnu à ce stade" : "")).split(/\r\n|\n/);
      const rest = more.map((line) => `  ${plain(line) || "&nbsp;"}`);
      const written = [`- **${plain(label)} :** ${plain(first)}`, ...rest].join("\\\n");
      lines.push(`${written} *(${plain(originWords(provenance, time))})*`);
    }
  }
  lines.push("", "## Critères (évaluation proposée)", "");
  for (const { id, label, value, degree, article } of content.criteria) {
    const words = `${CRITERION_VALUES[value].toLowerCase()}${degree === null ? "" : ` (${DEGREE_LABELS[degree]})`}`;
    lines.push(`- **${plain(`${id} ${label}`)} :** ${plain(words)}, ${plain(article)}`);
  }
  lines.push(
    "",
    plain(
      "Ce document reprend les informations de l'article 1er de l'arrêté du 30 octobre 2017 ; il ne reproduit pas l'annexe officielle.",
    ),
    "",
  );
  return lines.join("\n");
}

/** Every ASCII sign that CommonMark or its extensions may take for more than itself (CommonMark 0.31, 2.4). */
const SIGNS = /[\\`*_{}[\]()<>#+\-.!|~&$^=:"'/%;,?]/g;
/** Signs that mean nothing within a line of words: escaping them would only make the source hard to read. */
const HARMLESS = /[-.,:;?!'"()/%=+]/;
/** What makes of a bare text a link, in the readers that guess (GFM autolinks): the address is broken where it begins. */
const ADDRESS = /(:\/\/|\bwww\.|@)/gi;

/** Words that no reader of Markdown takes for a link, an image, HTML or a mark of its own. */
function plain(text: string): string {
  const { text: shown } = printableText(text.replace(/\s*\n\s*/g, " "));
  const escaped = shown.replace(SIGNS, (sign, at: number) =>
    HARMLESS.test(sign) && !beginsBlock(shown, at) && !(sign === "!" && shown[at + 1] === "[")
      ? sign
      : `\\${sign}`,
  );
  // A character reference is the same letter to who reads, and no address to who guesses.
  return escaped.replace(ADDRESS, (start) =>
    start === "@" ? "&#64;" : start === "://" ? "&#58;//" : `${start.slice(0, 3)}&#46;`,
  );
}

/** Whether a sign stands where a list, a heading or a rule would begin: first, or after the figures of a numbered item. */
function beginsBlock(text: string, at: number): boolean {
  return /^\s*\d*$/.test(text.slice(0, at));
}
