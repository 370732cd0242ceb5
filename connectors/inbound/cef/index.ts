import type { Inbound } from "../../contract.ts";
import { isBare, isQuoted, parseCef } from "./parse.ts";

export const cef: Inbound = {
  name: "cef",
  summary: "ArcSight Common Event Format (CEF), versions 0 and 1, alone or after a syslog header.",
  ways: ["text"],
  begins: ["CEF:", "0|", "1|"],
  example: (text, at) => `CEF:0|Tocsin|Tocsin|1|canary|Canary|0|rt=${Math.floor(at / 1000)} msg=${text}`,
  parse: parseCef,
  recognise,
};

const BEGINNING = 1024;

/** A record after a syslog header is CEF's only weakly: the syslog connector reads both. */
function recognise(text: string): { certainty: number; because: string } {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  if (text.startsWith("CEF:", start)) return { certainty: 1, because: "it begins with CEF:" };
  if (isQuoted(text)) return { certainty: 1, because: "it is a CEF: record between quotes" };
  if (isBare(text)) return { certainty: 0.9, because: "it begins with the fields of a CEF: header" };
  const beginning = text.slice(0, BEGINNING);
  if (beginning.includes("CEF:") && /CEF: ?\d/.test(beginning))
    return { certainty: 0.6, because: "it contains a CEF: header" };
  return { certainty: 0, because: "no CEF: header" };
}
