import { isoFromInstant } from "../../agent/core/clock.ts";
import type { Inbound } from "../contract.ts";
import { parseTemplate } from "./parse.ts";

/** Copy this folder to `inbound/<name>/`, rename what says template, and add the connector to `registry.ts`. */
export const template: Inbound = {
  name: "template",
  summary: "Lines of DATE|HOST|MESSAGE.",
  ways: ["text"],
  example: (text, at) => `${isoFromInstant(at)}|tocsin|${text}`,
  parse: parseTemplate,
  recognise(text) {
    // Reads the beginning only: every record passes here when the format is to be guessed.
    return /^\d{4}-\d\d-\d\dT[^|]{8,24}\|[^|]{1,255}\|/.test(text.slice(0, 300))
      ? { certainty: 0.9, because: "it begins with a date and a host between bars" }
      : { certainty: 0, because: "no date and host between bars" };
  },
};
