/** What parts the attributes, and where they begin. */
export interface Delimited {
  delimiter: string;
  from: number;
}

/** What stands for a tab where a relay or a product could not write one; rsyslog writes `#011`. */
const STAND_INS = ["\t", "#011", "<009>", "\\0x09", "\\t", "^"];

/** Characters that the field of the header has at most. */
const LONGEST_FIELD = 8;

/**
 * Finds the character that parts the attributes after the header's five fields.
 *
 * LEEF 2.0 states it: a character, `\t`, or its hexadecimal number (`0x5E`, `x5E`); when it does not, or in LEEF 1.0,
 * it is a tab, or what stands for one. An empty delimiter says that spaces before keys part them.
 */
export function readDelimiter(text: string, from: number, version: string): Delimited {
  let start = text.charCodeAt(from) === 0x7c ? from + 1 : from;
  const pipe = version.startsWith("2") ? text.indexOf("|", from) : -1;
  if (pipe >= 0 && pipe - from <= LONGEST_FIELD) {
    const field = text.slice(from, pipe);
    const stated = statedIn(field);
    if (stated !== undefined) return { delimiter: stated, from: pipe + 1 };
    // What states none that can be read is still no attribute.
    if (!field.includes("=")) start = pipe + 1;
  }
  for (const delimiter of STAND_INS) {
    const at = text.indexOf(delimiter, start);
    if (at >= 0 && /^[\w.\- ]{1,64}=/.test(text.slice(at + delimiter.length, at + delimiter.length + 70)))
      return { delimiter, from: start };
  }
  return { delimiter: "", from: start };
}

/** The delimiter that a header field states; undefined when it states none. */
function statedIn(field: string): string | undefined {
  const text = field.trim();
  if (text === "") return field.length === 1 ? field : "\t";
  if (text.length === 1) return text;
  if (/^(?:\\t|<?tab>?)$/i.test(text)) return "\t";
  const hexadecimal = /^\\?(?:0?x|u)([0-9a-f]{1,4})$/i.exec(text);
  return hexadecimal === null ? undefined : String.fromCharCode(Number.parseInt(hexadecimal[1] ?? "", 16));
}
