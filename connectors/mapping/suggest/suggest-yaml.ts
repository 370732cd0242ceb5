import { Document, visit } from "yaml";

/** What a reader does not see, or sees as something else: controls, format characters, separators, lone surrogates, marks. */
const UNSEEN =
  /[^\P{Cc}\n]|\p{Cf}|\p{Cs}|\p{Co}|\p{Zl}|\p{Zp}|\p{M}|\p{Default_Ignorable_Code_Point}|[\u0085\ufffe\uffff]/gu;
/** Texts that stand as they are written, if YAML takes them for texts. */
const PLAIN = /^[A-Za-z][\w.-]*$/;
/** Characters of a comment's sample. */
const SAMPLE = 80;

/** Writes one section of a mapping, `key: value`: every text that is not a plain word in quotes, what is unseen by its number. */
export function yamlSection(key: string, value: unknown): string {
  return yamlOf({ [key]: value });
}

/** Writes a value as YAML. */
export function yamlOf(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && !PLAIN.test(node.value)) node.type = "QUOTE_DOUBLE";
    },
    // A list of names on one line, as the shipped mappings have it.
    Seq(_, node) {
      if (Array.isArray(node.items) && node.items.every((item) => !("items" in (item as object))))
        node.flow = true;
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedAsJSON: true, flowCollectionPadding: false });
  // They only stand in double quotes.
  return text.replace(UNSEEN, numbered);
}

/** One word or text as it stands in a mapping. */
export function yamlText(text: string): string {
  return yamlOf(text).trimEnd();
}

/** A value for a comment: one line, bounded, nothing unseen in it. */
export function sampleText(value: string): string {
  const cut = value.length > SAMPLE ? `${value.slice(0, SAMPLE)}…` : value;
  return JSON.stringify(cut).replace(UNSEEN, numbered);
}

/** Comment lines; what is told in them is ours, or went through `sampleText` and `yamlText`. */
export function yamlComment(lines: readonly string[], indent = ""): string {
  return lines.map((line) => `${indent}# ${line.replace(/[\r\n]/g, " ")}\n`).join("");
}

function numbered(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code > 0xffff ? `\\U${digits.padStart(8, "0")}` : `\\u${digits.padStart(4, "0")}`;
}
