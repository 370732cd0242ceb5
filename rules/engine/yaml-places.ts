import type { Document, Node } from "yaml";
import { placingYaml } from "../../agent/core/placing-yaml.ts";

/** Where in a YAML text things stand; found by a parser that keeps positions, many times slower than one that does not. */
export interface YamlPlaces {
  documents: readonly Document.Parsed[];
  /** `file:line:column` of what is at a path of a document, or of the nearest thing around it that exists. */
  placeOf(document: number, path: readonly PropertyKey[]): string;
  /** The same of the value, where `placeOf` says where its key stands. */
  valuePlaceOf(document: number, path: readonly PropertyKey[]): string;
  placeAt(offset: number): string;
  /** Faults of the syntax, each with its place. */
  faults: { where: string; message: string }[];
}

/** Reads where things stand in the text of a file. */
export function openPlaces(text: string, file: string): YamlPlaces {
  const { LineCounter, parseAllDocuments } = placingYaml();
  const lines = new LineCounter();
  const read = parseAllDocuments(text, { lineCounter: lines, logLevel: "silent", merge: true });
  const documents: Document.Parsed[] = Array.isArray(read) ? read : [];
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const nearest =
    (offsetOf: (document: Document, path: readonly PropertyKey[]) => number | undefined) =>
    (index: number, path: readonly PropertyKey[]) => {
      const document = documents[index];
      if (document === undefined) return file;
      for (let length = path.length; length >= 0; length -= 1) {
        const offset = offsetOf(document, path.slice(0, length));
        if (offset !== undefined) return at(offset);
      }
      return file;
    };
  return {
    documents,
    placeOf: nearest(keyOffset),
    valuePlaceOf: nearest(valueOffset),
    placeAt: at,
    faults: documents.flatMap(({ errors }) =>
      errors.map((error) => ({
        where: at(error.pos[0]),
        message: faultOf(error.message),
      })),
    ),
  };
}

/** What a parser says is wrong, without the place that it adds. */
export const faultOf = (message: string): string => message.split(/ at line \d|\n/, 1)[0] as string;

function valueOffset(document: Document, path: readonly PropertyKey[]): number | undefined {
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  return placingYaml().isNode(node) ? node.range?.[0] : undefined;
}

/** Where the key of the last step stands, or the value when it is a member of a list. */
function keyOffset(document: Document, path: readonly PropertyKey[]): number | undefined {
  if (path.length === 0) return valueOffset(document, path);
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
