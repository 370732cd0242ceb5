import { type Document, isNode, LineCounter, type Node, parseAllDocuments } from "yaml";

/** Where in a YAML text things stand; found by a parser that keeps positions, many times slower than one that does not. */
export interface YamlPlaces {
  /** `file:line:column` of what is at a path of a document, or of the nearest thing around it that exists. */
  placeOf(document: number, path: readonly PropertyKey[]): string;
  /** Faults of the syntax, each with its place. */
  faults: { where: string; message: string }[];
}

/** Reads where things stand in the text of a file. */
export function openPlaces(text: string, file: string): YamlPlaces {
  const lines = new LineCounter();
  const read = parseAllDocuments(text, { lineCounter: lines, logLevel: "silent" });
  const documents: Document[] = Array.isArray(read) ? read : [];
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  return {
    placeOf(index, path) {
      const document = documents[index];
      if (document === undefined) return file;
      for (let length = path.length; length >= 0; length -= 1) {
        const range = rangeOf(document, path.slice(0, length));
        if (range !== undefined) return at(range);
      }
      return file;
    },
    faults: documents.flatMap(({ errors }) =>
      errors.map((error) => ({
        where: at(error.pos[0]),
        message: (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, ""),
      })),
    ),
  };
}

/** Where the key of the last step stands, or the value when it is a member of a list. */
function rangeOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  if (path.length === 0) return isNode(document.contents) ? document.contents.range?.[0] : undefined;
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  const pairs = (parent as { items?: unknown[] } | undefined)?.items;
  if (!Array.isArray(pairs)) return undefined;
  if (typeof last === "number") return (pairs[last] as Node | undefined)?.range?.[0];
  for (const pair of pairs) {
    const key = (pair as { key?: { value?: unknown; range?: [number, number, number] | null } }).key;
    if (key?.value === last) return key?.range?.[0];
  }
  return undefined;
}
