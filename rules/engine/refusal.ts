import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { faultOf, openPlaces } from "./yaml-places.ts";

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
  /** Its own text, and where that begins. */
  text: string;
  where: string;
}

/** Reads a file that the quick parser refused: each document whose syntax holds is kept, the others are told. */
export function readSlowly(text: string, file: string): SlowDocument[] {
  const { documents, placeAt } = openPlaces(text, file);
  let end = 0;
  return documents.map((document) => {
    const begin = end;
    end = document.range[2];
    const own = {
      text: text.slice(begin, end),
      where: placeAt(document.contents?.range?.[0] ?? begin),
    };
    // A tag that nobody knows is a warning to this parser.
    const error = document.errors[0] ?? document.warnings[0];
    if (error !== undefined)
      return { ...own, value: null, fault: yamlProblem(placeAt(error.pos[0]), error.message) };
    try {
      return { ...own, value: document.toJS({ maxAliasCount: 10_000 }), fault: null };
    } catch (thrown) {
      return { ...own, value: null, fault: yamlProblem(file, messageOf(thrown)) };
    }
  });
}

/** Tells what is wrong with the syntax of a file, and where; `said` are the words of a parser. */
export function yamlProblem(where: string, said: string): Problem {
  // The parsers say of the stack what is true of the text.
  const message = said.includes("call stack") ? "it is nested too deeply" : faultOf(said);
  return {
    code: "yaml_invalid",
    where,
    message: `not valid YAML: ${message}`,
    remedy: "correct the line; quote texts that hold `: `, `#`, `*` or `%`",
  };
}

/** Finds the line of a refusal by reading the file again with a parser that keeps positions. */
export function problemAt(text: string, file: string, index: number, refusal: Refusal): Problem {
  const { code, message, remedy, path } = refusal;
  return { code, where: openPlaces(text, file).valuePlaceOf(index, path), message, remedy };
}
