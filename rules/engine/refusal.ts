import { type Document, isNode, LineCounter, type Node, parseAllDocuments } from "yaml";
import type { Problem } from "../../agent/core/errors.ts";

export type Path = (string | number)[];

/** A reason to refuse one document of rules, with the path of what is wrong in it. */
export interface Refusal {
  code: string;
  message: string;
  remedy: string;
  path: Path;
}

/** Thrown while one document is read; it is refused alone. */
export class Refused extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** Refuses the document that is being read. */
export function refuse(code: string, path: Path, message: string, remedy: string): never {
  throw new Refused({ code, message, remedy, path });
}

/** One document of a file, as far as the slow parser can read it. */
export interface SlowDocument {
  value: unknown;
  /** Null when its syntax holds. */
  fault: Problem | null;
}

/** Reads a file that the quick parser refused: each document whose syntax holds is kept, the others are told. */
export function readSlowly(text: string, file: string): SlowDocument[] {
  const lines = new LineCounter();
  return documentsOf(text, lines).map((document) => {
    const error = document.errors[0];
    if (error !== undefined) return { value: null, fault: yamlProblem(file, error, lines) };
    try {
      return { value: document.toJS({ maxAliasCount: 10_000 }), fault: null };
    } catch (thrown) {
      return {
        value: null,
        fault: yamlProblem(file, thrown instanceof Error ? thrown : new Error(String(thrown)), lines),
      };
    }
  });
}

/** Tells what is wrong with the syntax of a file, and where. */
export function yamlProblem(
  file: string,
  error: { message: string; pos?: readonly [number, number] },
  lines?: LineCounter,
): Problem {
  const place = error.pos === undefined ? undefined : lines?.linePos(error.pos[0]);
  const message = error.message.split(/ at line \d|\n/, 1)[0];
  return {
    code: "yaml_invalid",
    where: place === undefined ? file : `${file}:${place.line}:${place.col}`,
    message: `not valid YAML: ${message}`,
    remedy: "correct the line; quote texts that hold `: `, `#`, `*` or `%`",
  };
}

/** Finds the line of a refusal by reading the file again with a parser that keeps positions. */
export function problemAt(text: string, file: string, index: number, refusal: Refusal): Problem {
  const { code, message, remedy } = refusal;
  const lines = new LineCounter();
  const document = documentsOf(text, lines)[index];
  const offset = document === undefined ? undefined : offsetOf(document, refusal.path);
  const place = offset === undefined ? undefined : lines.linePos(offset);
  return { code, where: place === undefined ? file : `${file}:${place.line}:${place.col}`, message, remedy };
}

function documentsOf(text: string, lines: LineCounter): Document[] {
  const read = parseAllDocuments(text, { lineCounter: lines, logLevel: "silent", merge: true });
  return Array.isArray(read) ? read : [];
}

/** Offset of the deepest part of the path that the document holds. */
function offsetOf(document: Document, path: Path): number | undefined {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && (node as Node).range) return (node as Node).range?.[0];
  }
  return undefined;
}
