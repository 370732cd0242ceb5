import type { Inbound } from "../../contract.ts";
import { isBare, parseLeef } from "./parse.ts";

export const leef: Inbound = {
  name: "leef",
  summary:
    "IBM QRadar Log Event Extended Format (LEEF), versions 1.0 and 2.0, alone or after a syslog header.",
  ways: ["text"],
  begins: ["LEEF:"],
  example: (text, at) => `LEEF:1.0|Tocsin|Tocsin|1|canary|devTime=${Math.floor(at / 1000)}\tmsg=${text}`,
  parse: parseLeef,
  recognise,
};

const BEGINNING = 1024;

/** A record after a syslog header is LEEF's only weakly: the syslog connector reads both. */
function recognise(text: string): { certainty: number; because: string } {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  if (text.startsWith("LEEF:", start)) return { certainty: 1, because: "it begins with LEEF:" };
  if (isBare(text)) return { certainty: 0.9, because: "it begins with the fields of a LEEF: header" };
  const beginning = text.slice(0, BEGINNING);
  if (beginning.includes("LEEF:") && /LEEF: ?\d/.test(beginning))
    return { certainty: 0.6, because: "it contains a LEEF: header" };
  return { certainty: 0, because: "no LEEF: header" };
}
