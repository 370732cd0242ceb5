import canonicalize from "canonicalize";
import { TocsinError } from "./errors.ts";
import { quickJson } from "./quick-json.ts";

/** RFC 8785 canonical JSON; throws `not_canonical` on what JSON cannot carry. */
export function canonicalJson(value: unknown): string {
  const text = quickJson(value) ?? canonicalize(value);
  if (text === undefined)
    throw new TocsinError({ code: "not_canonical", message: "the value has no JSON form" });
  return text;
}
