import { isoFromInstant } from "../../../agent/core/clock.ts";
import type { Inbound } from "../../contract.ts";
import { readsCut } from "../../shared/mend-json.ts";
import { decodeGeneric, listGeneric, parseGeneric } from "./parse.ts";

export const generic: Inbound = {
  name: "generic",
  summary:
    "Any JSON: Elastic Common Schema, GELF, the journal, containers, or objects with common field names.",
  ways: ["http", "text"],
  begins: ["{", "[{"],
  example: (text, at) => JSON.stringify({ "@timestamp": isoFromInstant(at), message: text }),
  parse: readsCut(parseGeneric),
  decode: decodeGeneric,
  list: listGeneric,
  recognise,
};

function recognise(text: string): { certainty: number; because: string } {
  const beginning = text.slice(0, 64).trimStart();
  if (/^\{\s*["}]/.test(beginning)) return { certainty: 0.5, because: "it begins as a JSON object" };
  if (/^\[\s*\{/.test(beginning)) return { certainty: 0.4, because: "it begins as a list of JSON objects" };
  return { certainty: 0, because: "it does not begin as a JSON object" };
}
