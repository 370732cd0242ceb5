import { SaxesParser } from "saxes";
import { type Draft, putField } from "../shared/draft.ts";

/** Elements open at once, and faults, beyond which nothing sensible follows. */
const MOST_OPEN = 32;
const MOST_ERRORS = 32;

/** Not an error of the record: what follows is not read. */
class Enough extends Error {}

/**
 * Makes fields of the innermost elements of an XML text, and of attributes, under the names of all that stands around
 * them but the first: `Machine.Name`. What a cut or faulty text has before its end counts. False when it has no element.
 */
export function takeXml(draft: Draft, text: string): boolean {
  const from = text.indexOf("<");
  if (from < 0) return false;
  const open: string[] = [];
  let pieces = "";
  let found = false;
  let errors = 0;
  const parser = new SaxesParser({ position: false, fragment: true });
  parser.on("opentag", ({ name, attributes }) => {
    if (open.length >= MOST_OPEN || draft.room <= 0) throw new Enough();
    open.push(localName(name));
    pieces = "";
    for (const [attribute, value] of Object.entries(attributes as Record<string, string>)) {
      if (value !== "" && !attribute.startsWith("xmlns"))
        putField(draft, [...open.slice(1), localName(attribute)].join("."), value);
    }
    found = true;
  });
  parser.on("text", (piece) => {
    pieces += piece;
  });
  parser.on("cdata", (piece) => {
    pieces += piece;
  });
  parser.on("closetag", () => {
    const value = pieces.trim();
    if (value !== "" && open.length > 1) putField(draft, open.slice(1).join("."), value);
    pieces = "";
    open.pop();
  });
  parser.on("error", () => {
    if (errors++ >= MOST_ERRORS) throw new Enough();
  });
  try {
    parser.write(text.slice(from)).close();
  } catch (thrown) {
    if (!(thrown instanceof Enough)) throw thrown;
    draft.cut = true;
  }
  return found;
}

const localName = (name: string): string => name.slice(name.indexOf(":") + 1);
